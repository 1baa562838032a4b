"""Predict, evaluate, inspect and demo: what they print, write and return; what all reports have."""

import csv
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score

import chainrule
from chainrule.cli.drawing import sparkline
from chainrule.cli.scores import classification_scores, regression_scores


def digest(file):
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


FAST = ("--engine", "numpy", "--preset", "fast", "--epochs", 3)
BETTER = ("--engine", "numpy", "--preset", "fast", "--epochs", 12)


def test_predict_writes_csv(run, table, models):
    result = run("predict", "risk.safetensors", "data.csv", "--proba")
    rows = list(csv.reader(io.StringIO(result.stdout)))
    assert rows[0] == ["predicted_risk", "probability_high", "probability_low"]
    assert len(rows) == 241
    model = chainrule.load("risk.safetensors")
    assert [row[0] for row in rows[1:]] == model.predict(pl.read_csv("data.csv")).tolist()
    p = np.array([row[1:] for row in rows[1:]], dtype=float)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)


def test_predict_writes_bounds(run, table, models):
    rows = list(
        csv.reader(io.StringIO(run("predict", "cost.safetensors", "data.csv", "--interval", 0.8).stdout))
    )
    assert rows[0] == ["predicted_cost", "lower_cost", "upper_cost"]
    found = np.array(rows[1:], dtype=float)
    model = chainrule.load("cost.safetensors")
    np.testing.assert_array_equal(found[:, 1:], model.predict_interval(pl.read_csv("data.csv"), 0.8))
    assert (found[:, 1] <= found[:, 0]).all()
    assert (found[:, 0] <= found[:, 2]).all()
    inside = (found[:, 1] <= table["cost"].to_numpy()) & (table["cost"].to_numpy() <= found[:, 2])
    assert 0.6 < inside.mean() < 0.95


def test_predict_with_input_guards_formulas(run, table, models):
    pl.DataFrame(
        {"age": [-20, 30], "city": ["=1+1", "@x"], "member": ["true", "false"], "-note": ["+1", "-x"]}
    ).write_csv("new.csv")
    result = run("predict", "cost.safetensors", "new.csv", "--with-input", "--output", "out.csv")
    assert result.exit_code == 0
    assert "out.csv (2 predictions of cost)" in result.stdout
    rows = list(csv.reader(io.StringIO(Path("out.csv").read_text(encoding="utf-8"))))
    assert rows[0] == ["age", "city", "member", "'-note", "predicted_cost"]
    assert [row[:4] for row in rows[1:]] == [["-20", "'=1+1", "true", "+1"], ["30", "'@x", "false", "'-x"]]


def test_predict_as_json(report, table, models):
    found = report("predict", "risk.safetensors", "data.csv")
    assert set(found["predictions"]["predicted_risk"]) <= {"high", "low"}
    found = report("predict", "risk.safetensors", "data.csv", "--output", "p.csv")
    assert found["output"] == "p.csv"
    assert "predictions" not in found


def test_order_and_further_columns_do_not_matter(run, table, models):
    expected = run("predict", "risk.safetensors", "data.csv").stdout
    table.select(pl.all().reverse()).select(reversed(table.columns)).with_columns(
        more=pl.lit("x")
    ).reverse().write_csv("b.csv")
    assert run("predict", "risk.safetensors", "b.csv").stdout == expected
    table.write_csv("t.tsv", separator="\t")
    table.write_parquet("t.parquet")
    assert run("predict", "risk.safetensors", "t.tsv").stdout == expected
    assert run("predict", "risk.safetensors", "t.parquet").stdout == expected


def test_evaluate(report, run, table, models):
    found = report("evaluate", "risk.safetensors", "data.csv")
    model, truth = chainrule.load("risk.safetensors"), table["risk"].to_numpy()
    rows = pl.read_csv("data.csv")
    assert found["scores"]["accuracy"] == accuracy_score(truth, model.predict(rows))
    assert found["scores"]["rows"] == 240
    assert "Confusion matrix" in run("evaluate", "risk.safetensors", "data.csv").stdout
    assert report("evaluate", "cost.safetensors", "data.csv")["scores"]["r2"] > 0.8


def test_evaluate_reads_labels_as_text_where_they_were_text(report, folder):
    rng = np.random.default_rng(0)
    x = rng.normal(size=90)
    labels = np.array(["01", "2", "x"])[np.digitize(x, [-0.5, 0.5])]
    pl.DataFrame({"x": x, "y": labels}).write_csv("d.csv")
    report("train", "d.csv", "--target", "y", *FAST)
    only = labels != "x"
    pl.DataFrame({"x": x[only], "y": labels[only]}).write_csv("numbers_only.csv")
    assert report("evaluate", "d.safetensors", "numbers_only.csv")["scores"]["labels"] == ["01", "2", "x"]


def test_inspect_a_model(report, run, table, models):
    found = report("inspect", "risk.safetensors")
    kinds = [layer["layer"] for layer in found["layers"]]
    assert {"periodic", "piecewise_linear", "activation"} <= set(kinds)
    assert sum(layer["parameters"] for layer in found["layers"]) == found["network"]["n_parameters"]
    assert [column["name"] for column in found["columns"]] == ["age", "city", "member"]
    assert found["columns"][1]["levels"] == ["=1+1", "Oslo", "Rome"]
    assert 0 < found["columns"][0]["missing"] < 0.2
    assert found["classes"] == ["high", "low"]
    assert found["record"]["rows"] == 192
    assert found["record"]["baseline"] == "high"
    assert found["training"]["temperature"] == chainrule.load("risk.safetensors").temperature_
    assert found["sha256"] == digest("risk.safetensors")
    shown = run("inspect", "risk.safetensors").stdout
    for fact in (
        found["sha256"],
        "4 members of ",
        "e = L cos 2π(w z + c) + l",
        f"{chainrule.load('risk.safetensors').settings_.activation}: ",
        "total",
        "=1+1, Oslo, Rome",
        "18 to 89",
        "temperature",
        "Held-out",
    ):
        assert fact in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_model_saved_from_python_needs_the_name_of_its_target(report, run, table):
    read = pl.read_csv("data.csv")
    model = chainrule.TabularRegressor("fast", max_iter=2, engine="numpy", random_state=0)
    model.fit(read.drop("risk", "cost"), read["cost"])
    chainrule.save(model, "m")
    assert len(report("inspect", "m")["columns"]) == 3
    refused = run("evaluate", "m", "data.csv")
    assert refused.exit_code == 2
    assert "m does not say which column its TabularRegressor predicts" in refused.stderr
    chainrule.save(model, "m", record={"target": "cost"})
    found = report("evaluate", "m", "data.csv")
    assert found["scores"]["rmse"] == pytest.approx(
        mean_squared_error(read["cost"], model.predict(read)) ** 0.5
    )
    assert found["scores"]["baseline"] == pytest.approx(model.target_mean_[0])
    classes = chainrule.TabularClassifier("fast", max_iter=2, engine="numpy", random_state=0)
    chainrule.save(classes.fit(read.drop("risk", "cost"), read["risk"]), "c", record={"target": "risk"})
    assert report("evaluate", "c", "data.csv")["scores"]["baseline_accuracy"] is None
    assert "always" not in run("evaluate", "c", "data.csv").stdout
    several = chainrule.TabularRegressor("fast", max_iter=2, engine="numpy", quantiles=(0.1, 0.9))
    chainrule.save(several.fit(read.drop("risk", "cost"), read["cost"]), "q", record={"target": "cost"})
    assert "gives several answers per row" in run("predict", "q", "data.csv").stderr


def test_inspect_other_models(report, run, folder):
    X = np.random.default_rng(0).normal(size=(40, 2))
    chainrule.MLPRegressor(hidden_layer_sizes=(3,), tol=1).fit(X, X[:, 0]).save("m")
    assert report("inspect", "m")["model"] == "MLPRegressor"
    chainrule.save((chainrule.Network.mlp(2, (), 1), np.ones(3)), "n")
    assert report("inspect", "n")["layers"][0]["shapes"] == {"W": [1, 2], "b": [1]}
    assert "dense" in run("inspect", "n").stdout
    refused = run("predict", "m", "n.csv")
    assert refused.exit_code == 2
    assert "holds a MLPRegressor without the table" in refused.stderr


def test_inspect_a_table(report, run, table):
    import datetime as dt

    days = [dt.date(2020, 1, 1) + dt.timedelta(days=i % 9) for i in range(table.height)]
    odd = {"day": days, "list": [[1]] * table.height, "id": [f"u{i}" for i in range(table.height)]}
    table = table.with_columns(**{name: pl.Series(values) for name, values in odd.items()})
    table = table.with_columns(nothing=None, same=pl.lit(1.5))
    table.write_parquet("t.parquet")
    found = {column["name"]: column for column in report("inspect", "t.parquet")["columns"]}
    assert found["age"]["missing"] == table["age"].null_count()
    assert found["cost"]["max"] == table["cost"].max()
    assert found["city"]["levels"] == dict(table["city"].value_counts().rows())
    kinds = {name: found[name]["kind"] for name in ("day", "list", "id", "nothing", "same")}
    assert list(kinds.values()) == ["date", "unsupported", "identifier", "empty", "constant"]
    assert found["same"]["max"] == 1.5
    assert not found["city"]["levels_cut"]
    shown = run("inspect", "t.parquet").stdout
    assert "Rome" in shown
    assert "2020-01-01 to 2020-01-09" in shown
    assert "holds List" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_many_classes_and_long_names_fit_80_columns(run, folder):
    rng = np.random.default_rng(0)
    for n_classes in (12, 30):
        code = np.arange(600) % n_classes
        labels = [f"a class with a rather long name {i}" for i in code]
        pl.DataFrame({"x" * 100: code + rng.normal(0, 2, 600), "y": labels}).write_csv(f"d{n_classes}.csv")
        shown = run("train", f"d{n_classes}.csv", "--target", "y", *FAST).stdout
        shown += run("inspect", f"d{n_classes}.csv").stdout
        assert max(map(len, shown.splitlines())) <= 80
    assert "Most frequent mistakes among 30 classes" in shown


def test_levels_are_shown_whole_and_quoted_where_they_hold_commas(report, run, folder):
    n = 60
    towns = ["Llanfair, Wales", "Rome"] + [f"Town number {i}" for i in range(28)]
    pl.DataFrame({"town": towns * 2, "mark": ["a,b", ""] * 30, "y": [0, 1] * 30}).write_csv("d.csv")
    shown = run("inspect", "d.csv").stdout
    (line,) = (line for line in shown.splitlines() if line.startswith("town"))
    assert line.endswith(", …")
    assert "'Llanfair, Wales' 2, Rome 2, 'Town number 0' 2" in line
    assert "'a,b' 30" in shown
    town, mark, _ = report("inspect", "d.csv")["columns"]
    assert (town["different"], len(town["levels"]), town["levels_cut"]) == (30, 20, True)
    assert (mark["missing"], mark["levels_cut"]) == (n // 2, False)


def test_a_narrow_terminal_loses_nothing(run, table, models, monkeypatch):
    expected = run("evaluate", "risk.safetensors", "data.csv").stdout
    monkeypatch.setenv("COLUMNS", "40")
    assert run("evaluate", "risk.safetensors", "data.csv").stdout == expected
    assert "recall" in expected


@pytest.mark.parametrize("n_classes", [2, 5, 8, 10, 14])
def test_every_class_has_its_column_or_there_is_a_list_of_mistakes(run, folder, n_classes):
    labels = [str(i) for i in range(n_classes)] * 20
    pl.DataFrame({"x": range(len(labels)), "y": [f"c{label}" for label in labels]}).write_csv("d.csv")
    shown = run("train", "d.csv", "--target", "y", *FAST).stdout
    if "Confusion matrix" in shown:
        heading = next(line for line in shown.splitlines() if "predicted →" in line)
        assert heading.split()[4:] == [*sorted(f"c{i}" for i in range(n_classes)), "recall"]
    else:
        assert f"mistakes among {n_classes} classes" in shown


def test_demo(run, report, folder):
    result = run("demo", "--preset", "fast")
    assert result.exit_code == 0, result.stderr
    for line in (
        "$ chainrule train demo/breast_cancer.csv --target diagnosis --model demo/breast_cancer.safetensors "
        "--preset fast",
        "$ chainrule evaluate demo/diabetes.safetensors demo/diabetes_new.csv",
        "$ chainrule predict demo/diabetes.safetensors demo/diabetes_new.csv "
        "--output demo/diabetes_predictions.csv",
        "$ chainrule inspect demo/diabetes.safetensors",
    ):
        assert line in result.stdout.splitlines()
    assert (
        pl.read_csv("demo/breast_cancer.csv").height + pl.read_csv("demo/breast_cancer_new.csv").height == 569
    )
    assert pl.read_csv("demo/diabetes_predictions.csv").height == 89
    again = report("demo", "--preset", "fast")
    scores = {
        step["report"]["target"]: step["report"]["scores"]
        for step in again["steps"]
        if "evaluate" in step["command_line"]
    }
    assert scores["diagnosis"]["accuracy"] > 0.93
    assert scores["progression"]["r2"] > 0.3


def test_scores_equal_scikit_learn():
    rng = np.random.default_rng(0)
    truth, p = rng.integers(0, 3, 50), rng.dirichlet([1, 1, 1], 50)
    found = classification_scores(truth, p, ["a", "b", "c"], 1)
    assert found["accuracy"] == accuracy_score(truth, p.argmax(axis=1))
    assert found["log_loss"] == pytest.approx(log_loss(truth, p))
    assert found["baseline_accuracy"] == np.mean(truth == 1)
    top, right = p.max(axis=1), p.argmax(axis=1) == truth
    groups = [np.flatnonzero(np.ceil(top * 15) == k) for k in range(1, 16)]
    gaps = [len(g) * abs(right[g].mean() - top[g].mean()) for g in groups if len(g)]
    assert found["calibration_error"] == pytest.approx(sum(gaps) / 50)
    x, y = rng.normal(size=50), rng.normal(size=50)
    found = regression_scores(x, y, 0.5)
    assert found["r2"] == pytest.approx(r2_score(x, y))
    assert found["baseline_rmse"] == pytest.approx(np.sqrt(np.mean((x - 0.5) ** 2)))
    assert found["residuals"]["quantiles"]["0.5"] == np.median(x - y)
    json.dumps(regression_scores(np.ones(1), np.ones(1), 1.0), allow_nan=False)


@pytest.mark.parametrize(
    ("values", "line"),
    [([], ""), ([1], "▁"), ([0, 1], "▁█"), ([0, np.nan, 1], "▁ █"), ([2, 2], "▁▁"), ([np.inf], "")],
)
def test_sparkline(values, line):
    assert sparkline(values) == line
    assert len(sparkline(range(1000), 30)) == 30
