"""Train, predict, evaluate and inspect: what they print, write and return."""

import csv
import hashlib
import io
import json
import os
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


FAST = ("--engine", "numpy", "--epochs", 40)


def test_train_reports_and_saves(report, table):
    found = report("train", "data.csv", "--target", "risk", "--ignore", "cost", *FAST)
    assert (found["task"], found["target"]) == ("classification", "risk")
    assert found["rows"] == {"training": 192, "held_out": 48}
    assert found["data"] | {"file": ""} == {
        "file": "",
        "rows": 240,
        "columns": 3,
        "kinds": {"number": 1, "category": 1, "boolean": 1},
        "rows_without_target": 0,
    }
    assert found["network"]["widths"] == [7, 64, 64, 1]
    assert found["network"]["n_parameters"] == 7 * 64 + 64 + 64 * 64 + 64 + 64 + 1
    assert found["scores"]["accuracy"] > found["scores"]["baseline_accuracy"]
    assert np.sum(found["scores"]["confusion"]) == 48
    assert found["model"]["file"] == "data.safetensors"
    assert found["model"]["sha256"] == digest("data.safetensors")
    assert sorted(os.listdir()) == ["data.csv", "data.safetensors"]
    assert chainrule.load("data.safetensors").target == "risk"


def test_train_reports_for_people(run, table):
    result = run("train", "data.csv", "--target", "risk", "--ignore", "cost", *FAST)
    assert result.exit_code == 0
    for fact in ("240 rows", "192 for training, 48 held out", "7 → 64 → 64 → 1", "accuracy", "always 'high'"):
        assert fact in result.stdout
    assert "Confusion matrix" in result.stdout
    assert result.stderr == ""
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert not any(line.endswith(" ") for line in result.stdout.splitlines())
    assert "\x1b" not in result.stdout

    result = run("train", "data.csv", "--target", "cost", "--ignore", "risk", "--model", "c", *FAST)
    for fact in ("a number (regression)", "RMSE", "R²", "always the mean", "Residuals", "median"):
        assert fact in result.stdout


def test_the_same_seed_gives_the_same_file(run, table):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert (
            run("train", "data.csv", "--target", "risk", "--model", name, "--seed", seed, *FAST).exit_code
            == 0
        )
    a, b, c = map(digest, "abc")
    assert a == b
    assert a != c


def test_options_reach_the_network(report, table):
    found = report(
        "train", "data.csv", "--target", "cost", "--hidden", "5,3", "--activation", "tanh", "--dropout", 0.1,
        "--learning-rate", 0.01, "--epochs", 3, "--engine", "numpy", "--test-fraction", 0,
    )  # fmt: skip
    assert found["network"]["widths"][1:] == [5, 3, 1]
    assert found["network"]["activations"] == ["tanh", "tanh"]
    assert (found["training"]["epochs"], found["scores"], found["rows"]["held_out"]) == (3, None, 0)
    assert chainrule.load("data.safetensors").estimator.dropout == 0.1
    found = report("train", "data.csv", "--target", "cost", "--hidden", "0", "--overwrite", *FAST)
    assert len(found["network"]["widths"]) == 2


def test_the_held_out_score_is_that_of_unseen_rows(report, table):
    found = report("train", "data.csv", "--target", "cost", "--ignore", "risk", *FAST)
    model = chainrule.load("data.safetensors")
    rng = np.random.default_rng(0)
    from chainrule.training import hold_out

    _, held_out = hold_out(240, 0.2, rng)
    rows = pl.read_csv("data.csv")[held_out]
    predicted = model.predict(rows)
    assert found["scores"]["rmse"] == pytest.approx(mean_squared_error(rows["cost"], predicted) ** 0.5)
    assert found["scores"]["r2"] == pytest.approx(r2_score(rows["cost"], predicted))


def test_predict_writes_csv(run, table, models):
    result = run("predict", "risk.safetensors", "data.csv", "--proba")
    rows = list(csv.reader(io.StringIO(result.stdout)))
    assert rows[0] == ["predicted_risk", "probability_high", "probability_low"]
    assert len(rows) == 241
    model = chainrule.load("risk.safetensors")
    assert [row[0] for row in rows[1:]] == model.predict(pl.read_csv("data.csv")).tolist()
    p = np.array([row[1:] for row in rows[1:]], dtype=float)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)


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
    assert [layer["layer"] for layer in found["layers"]] == [
        "dense",
        "activation",
        "dense",
        "activation",
        "dense",
    ]
    assert sum(layer["parameters"] for layer in found["layers"]) == found["network"]["n_parameters"]
    assert [column["name"] for column in found["columns"]] == ["age", "city", "member"]
    assert found["classes"] == ["high", "low"]
    assert found["record"]["rows"] == 192
    assert found["record"]["baseline"] == "high"
    assert found["sha256"] == digest("risk.safetensors")
    shown = run("inspect", "risk.safetensors").stdout
    for fact in (
        found["sha256"],
        "relu: max(0, a)",
        "W 64 × 7, b 64",
        "total",
        "=1+1, Oslo, Rome",
        "Held-out",
    ):
        assert fact in shown
    assert max(map(len, shown.splitlines())) <= 80


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

    table.with_columns(day=dt.date(2020, 1, 1), nothing=None).write_parquet("t.parquet")
    found = {column["name"]: column for column in report("inspect", "t.parquet")["columns"]}
    assert found["age"]["missing"] == table["age"].null_count()
    assert found["cost"]["max"] == table["cost"].max()
    assert found["city"]["levels"] == dict(table["city"].value_counts().rows())
    assert (found["day"]["kind"], found["nothing"]["kind"]) == ("unsupported", "empty")
    assert not found["city"]["levels_cut"]
    shown = run("inspect", "t.parquet").stdout
    assert "Rome" in shown
    assert "dates or times" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_many_classes_and_long_names_fit_80_columns(run, folder):
    rng = np.random.default_rng(0)
    for n_classes in (12, 30):
        code = np.arange(600) % n_classes
        labels = [f"a class with a rather long name {i}" for i in code]
        pl.DataFrame({"x" * 100: code + rng.normal(0, 2, 600), "y": labels}).write_csv(f"d{n_classes}.csv")
        shown = run("train", f"d{n_classes}.csv", "--target", "y", "--engine", "numpy", "--epochs", 2).stdout
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
    shown = run("train", "d.csv", "--target", "y", "--engine", "numpy", "--epochs", 2).stdout
    if "Confusion matrix" in shown:
        heading = next(line for line in shown.splitlines() if "predicted →" in line)
        assert heading.split()[4:] == [*sorted(f"c{i}" for i in range(n_classes)), "recall"]
    else:
        assert f"mistakes among {n_classes} classes" in shown


def test_a_class_with_one_row_is_trained_on(report, folder):
    rng = np.random.default_rng(0)
    pl.DataFrame({"x": rng.normal(size=121), "y": ["a", "b"] * 60 + ["once"]}).write_csv("d.csv")
    found = report("train", "d.csv", "--target", "y", *FAST)
    assert found["classes"]["once"] == 1
    assert found["scores"]["confusion"][2] == [0, 0, 0]


@pytest.mark.parametrize("n_rows", [6, 12, 40])
def test_small_tables(report, folder, n_rows):
    pl.DataFrame({"x": range(n_rows), "y": ["a", "b"] * (n_rows // 2)}).write_csv("d.csv")
    assert report("train", "d.csv", "--target", "y", *FAST)["rows"]["held_out"] == -(-n_rows // 5)


def test_demo(run, report, folder):
    result = run("demo")
    assert result.exit_code == 0, result.stderr
    for line in (
        "$ chainrule train demo/breast_cancer.csv --target diagnosis --model demo/breast_cancer.safetensors",
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
    again = report("demo")
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
