"""chainrule train and predict on data sets that are read piece by piece."""

import json

import polars as pl
import pytest

from chainrule import load
from chainrule.cli import main

pytestmark = pytest.mark.usefixtures("small_pieces")


@pytest.fixture
def command(monkeypatch, capsys):
    """``command("train", ...)``: (exit code, standard output, standard error)."""

    def run(*words):
        monkeypatch.setattr("sys.argv", ["chainrule", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


def test_train_and_predict_on_a_folder(command, parquet, table, tmp_path):
    model, output = tmp_path / "m.safetensors", tmp_path / "p.csv"
    code, out, err = command(
        "train", parquet, "--target", "y", "--ignore", "w", "--preset", "fast", "--epochs", "4",
        "--engine", "numpy", "--model", model, "--json",
    )  # fmt: skip
    assert code == 0, err
    report = json.loads(out)
    assert report["data"]["rows"] == 600
    assert sum(report["rows"].values()) == 600
    assert report["rows"]["held_out"] == report["scores"]["rows"] > 80
    assert report["scores"]["rmse"] < report["scores"]["baseline_rmse"]
    assert "w" not in {column["name"] for column in report["columns"]}

    code, out, err = command("predict", model, f"{parquet}/*.parquet", "--output", output, "--with-input")
    assert code == 0, err
    found = pl.read_csv(output)
    assert found.height == 600
    assert found.columns == [*table.columns, "predicted_y"]
    expected = load(model).predict(table)
    assert (found["predicted_y"] - pl.Series(expected)).abs().max() < 1e-9


def test_classes_of_a_file_by_wish(command, table, tmp_path):
    frame = table.drop("w", "y").with_columns(
        label=pl.when(pl.col("a") > 0).then(pl.lit("up")).otherwise(pl.lit("down"))
    )
    frame.write_csv(tmp_path / "t.csv")
    model = tmp_path / "m.safetensors"
    code, out, err = command(
        "train", tmp_path / "t.csv", "--stream", "--target", "label", "--preset", "fast", "--epochs", "6",
        "--engine", "numpy", "--model", model, "--json",
    )  # fmt: skip
    assert code == 0, err
    report = json.loads(out)
    assert report["task"] == "classification"
    assert report["classes"] == dict(frame["label"].value_counts().rows())
    assert report["scores"]["accuracy"] > 0.8
    code, out, err = command(
        "predict", model, tmp_path / "t.csv", "--stream", "--proba", "--output", tmp_path / "p.csv"
    )
    assert code == 0, err
    assert pl.read_csv(tmp_path / "p.csv").columns == [
        "predicted_label",
        "probability_down",
        "probability_up",
    ]


def test_what_cannot_be_is_said_in_one_sentence(command, parquet, tmp_path):
    code, _, err = command("train", parquet, "--target", "why")
    assert code == 2
    assert "why" in err
    code, _, err = command("train", f"{tmp_path}/nothing*.parquet", "--target", "y")
    assert code == 2
    assert "matches no file" in err
    code, _, err = command("train", parquet, "--target", "y", "--time-limit", "3")
    assert code == 2
    assert "time_limit=3.0 does not go with a data set" in err


def test_predictions_that_fail_leave_the_old_file(command, parquet, table, tmp_path):
    model, output = tmp_path / "m.safetensors", tmp_path / "p.csv"
    command(
        "train",
        parquet,
        "--target",
        "y",
        "--preset",
        "fast",
        "--epochs",
        "1",
        "--engine",
        "numpy",
        "--model",
        model,
    )
    output.write_text("old")
    spoiled = table.with_columns(a=pl.when(pl.int_range(pl.len()) == 500).then(float("inf")).otherwise("a"))
    spoiled.write_parquet(tmp_path / "spoiled.parquet")
    code, _, err = command(
        "predict", model, tmp_path / "spoiled.parquet", "--stream", "--output", output, "--overwrite"
    )
    assert code == 2
    assert "infinite" in err
    assert output.read_text() == "old"
    code, _, err = command("predict", model, parquet)
    assert code == 2
    assert "--output: name a file" in err
