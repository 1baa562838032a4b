"""Train: what it reports, saves and compares with."""

import hashlib
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss, mean_squared_error, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import chainrule
from chainrule.files.model_file import load_with_record
from chainrule.training import hold_out


def digest(file):
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


FAST = ("--engine", "numpy", "--preset", "fast", "--epochs", 3)
BETTER = ("--engine", "numpy", "--preset", "fast", "--epochs", 12)


def test_train_reports_and_saves(report, table):
    found = report("train", "data.csv", "--target", "risk", "--ignore", "cost", *BETTER)
    assert (found["task"], found["target"]) == ("classification", "risk")
    assert found["rows"] == {"training": 192, "held_out": 48}
    assert found["data"] | {"file": ""} == {
        "file": "",
        "rows": 240,
        "columns": 3,
        "kinds": {"number": 1, "category": 1, "boolean": 1},
        "rows_without_target": 0,
    }
    model, record = load_with_record("data.safetensors")
    assert found["network"]["widths"] == [model.network_.n_inputs, 64, 64, 64, 1]
    assert found["network"]["n_parameters"] == len(model.theta_)
    assert found["columns"][0]["name"] == "age"
    assert (model.preset, model.max_iter, found["training"]["epochs"]) == ("fast", 12, 12)
    assert found["scores"]["accuracy"] > found["scores"]["baseline_accuracy"]
    assert np.sum(found["scores"]["confusion"]) == 48
    assert found["model"]["file"] == "data.safetensors"
    assert found["model"]["sha256"] == digest("data.safetensors")
    assert sorted(os.listdir()) == ["data.csv", "data.safetensors"]
    assert (record["target"], record["rows"], record["held_out"]) == ("risk", 192, 48)
    assert record["scores"]["log_loss"] == found["scores"]["log_loss"]


@pytest.mark.parametrize(("target", "other"), [("risk", "cost"), ("cost", "risk")])
def test_a_linear_model_is_scored_on_the_same_rows(report, table, target, other):
    found = report("train", "data.csv", "--target", target, "--ignore", other, *FAST)
    read = pl.read_csv("data.csv")
    classes = read[target].to_numpy() if target == "risk" else None
    known, held_out = hold_out(240, 0.2, np.random.default_rng(0), classes)
    X = read.drop("risk", "cost").to_pandas()
    ages = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = ColumnTransformer([("n", ages, ["age"]), ("c", OneHotEncoder(), ["city", "member"])])
    last = RidgeCV(np.logspace(-3, 3, 13)) if classes is None else LogisticRegression(max_iter=1000)
    y = read[target].to_numpy() if classes is not None else read[target].to_numpy() / read[target].std()
    linear = make_pipeline(columns, last).fit(X.iloc[known], y[known])
    assert found["linear"]["rows"] == len(known)
    assert found["linear"]["seconds"] > 0
    if classes is None:
        errors = (linear.predict(X.iloc[held_out]) - y[held_out]) * read[target].std()
        assert found["linear"]["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=0.02)
    else:
        expected = log_loss(y[held_out], linear.predict_proba(X.iloc[held_out]))
        assert found["linear"]["log_loss"] == pytest.approx(expected, rel=1e-3)
        assert found["linear"]["accuracy"] == linear.score(X.iloc[held_out], y[held_out])


def test_a_linear_model_that_fails_is_said_and_the_network_kept(run, table, monkeypatch):
    def broken(*_):
        raise ValueError("Input X contains infinity")

    monkeypatch.setattr(RidgeCV, "fit", broken)
    result = run("train", "data.csv", "--target", "cost", *FAST)
    assert (result.exit_code, Path("data.safetensors").exists()) == (0, True)
    says = "no linear model could be trained for comparison (Input X contains infinity)"
    assert says in result.stderr
    assert "linear model" not in result.stdout


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_targets_of_any_size_are_compared(report, folder, unit):
    x = np.random.default_rng(0).normal(size=60)
    pl.DataFrame({"x": x, "y": (3 + 2 * x) * unit}).write_csv("d.csv")
    found = report("train", "d.csv", "--target", "y", *FAST)
    assert found["linear"]["mae"] < 1e-3 * unit
    assert found["scores"]["mae"] < 4 * unit


def test_train_reports_for_people(run, table):
    result = run("train", "data.csv", "--target", "risk", "--ignore", "cost", *FAST)
    assert result.exit_code == 0
    for fact in (
        "240 rows, 1 number, 1 category, 1 boolean",
        "192 for training, 48 held out",
        "4 members of ",
        " → 64 → 64 → 64 → 1, ",
        "3 epochs in ",
        "preset fast",
        "always 'high'",
        "linear model",
        "accuracy",
        "calibration error",
        "seconds",
    ):
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
        "--learning-rate", 0.01, "--epochs", 3, "--batch-size", 50, "--engine", "numpy", "--test-fraction", 0,
        "--kind", "age=category", "--kind", "city=ignore", "--preset", "fast", "--seed", 3,
        "--time-limit", 99,
    )  # fmt: skip
    assert found["network"]["widths"][1:] == [5, 3, 1]
    assert found["network"]["activations"] == ["tanh", "tanh"]
    assert (found["training"]["epochs"], found["scores"], found["rows"]["held_out"]) == (3, None, 0)
    assert found["linear"] is None
    model = chainrule.load("data.safetensors")
    settings = model.settings_
    assert (settings.dropout, settings.learning_rate_init, settings.members) == (0.1, 0.01, 4)
    assert (model.batch_size, model.random_state, model.time_limit) == (50, 3, 99.0)
    assert model.encoder_.schema.kinds == {
        "age": "category", "city": "ignore", "member": "boolean", "risk": "category",
    }  # fmt: skip
    found = report("train", "data.csv", "--target", "cost", "--hidden", "0", "--overwrite", *FAST)
    assert len(found["network"]["widths"]) == 2


def test_the_time_limit_is_kept_and_said(report, run, table):
    words = ("train", "data.csv", "--target", "risk", "--time-limit", 1, "--engine", "numpy")
    found = report(*words, "--epochs", 100_000, "--preset", "fast")
    assert found["training"]["out_of_time"]
    assert found["training"]["seconds"] < 2
    result = run(*words, "--epochs", 100_000, "--preset", "fast", "--overwrite")
    assert "ended by the time limit of 1 s" in result.stdout
    assert "time_limit" not in result.stderr


def test_dates_and_mixed_columns_are_learned_from_and_said(report, run, folder):
    rng = np.random.default_rng(0)
    day = [str(d) for d in np.datetime64("2024-01-01") + rng.integers(0, 700, 120)]
    lab = rng.integers(0, 40, 120).astype(str).astype(object)
    lab[7] = "> 90"
    rows = {"day": day, "lab": lab, "id": [f"u{i}" for i in range(120)], "y": rng.normal(size=120)}
    pl.DataFrame(rows).write_csv("d.csv")
    found = report("train", "d.csv", "--target", "y", *FAST)
    assert found["data"]["kinds"] == {"date": 1, "mixed": 1, "ignore": 1}
    shown = run("inspect", "d.safetensors").stdout
    assert "days, year, month" in shown
    assert "ignored: identifier" in shown
    run("train", "d.csv", "--target", "y", "--kind", "id=ignore", "--overwrite", *FAST)
    pl.DataFrame(rows | {"day": "", "lab": "never seen"}).write_csv("new.csv")
    result = run("predict", "d.safetensors", "new.csv")
    assert result.exit_code == 0, result.stderr
    assert len(result.stdout.splitlines()) == 121


def test_the_held_out_score_is_that_of_unseen_rows(report, table):
    found = report("train", "data.csv", "--target", "cost", "--ignore", "risk", *FAST)
    model = chainrule.load("data.safetensors")
    rng = np.random.default_rng(0)
    _, held_out = hold_out(240, 0.2, rng)
    rows = pl.read_csv("data.csv")[held_out]
    predicted = model.predict(rows)
    assert found["scores"]["rmse"] == pytest.approx(mean_squared_error(rows["cost"], predicted) ** 0.5)
    assert found["scores"]["r2"] == pytest.approx(r2_score(rows["cost"], predicted))


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
