"""chainrule train and predict on data sets that are read piece by piece."""

import json

import polars as pl
import pytest

from chainrule import TabularRegressor, load, save
from chainrule.cli import main
from chainrule.errors import TableError
from chainrule.scale.source import source_of

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
    assert "spoiled.parquet: column 'a' is infinite in row 501;" in err
    assert output.read_text() == "old"
    code, _, err = command("predict", model, parquet)
    assert code == 2
    assert "--output: name a file" in err


TRAINING = ("--preset", "fast", "--epochs", "1", "--engine", "numpy")


def test_a_class_that_training_never_saw_is_left_out_of_the_scores(command, table, tmp_path):
    """The rare class is in one row, which is held out for some of the first rows."""
    model, path = tmp_path / "m.safetensors", tmp_path / "t.csv"
    held_out = source_of(table.lazy()).divided(0.2, 0)[1].counted(0, table.height)
    frame = table.select("a", label=pl.col("flag").cast(pl.String))
    first = int(held_out.argmax())
    frame = frame.with_columns(
        label=pl.when(pl.int_range(pl.len()) == first).then(pl.lit("rare")).otherwise("label")
    )
    frame.write_csv(path)
    code, out, err = command(
        "train", path, "--stream", "--target", "label", "--model", model, *TRAINING, "--json"
    )
    assert code == 0, err
    assert f"1 of {held_out.sum()} held-out rows have a class that training never saw, such as 'rare'" in err
    report = json.loads(out)
    assert report["scores"]["rows"] == held_out.sum() - 1
    assert report["classes"]["rare"] == 1
    assert set(load(model).classes_) == {"true", "false"}


def test_without_a_row_to_score_there_is_a_model(command, table, tmp_path):
    model, path = tmp_path / "m.safetensors", tmp_path / "t.parquet"
    held_out = source_of(table.lazy()).divided(0.2, 0)[1].counted(0, table.height)
    table.with_columns(y=pl.when(pl.lit(~held_out)).then("y")).write_parquet(path)
    code, out, err = command(
        "train", path, "--stream", "--target", "y", "--model", model, *TRAINING, "--json"
    )
    assert code == 0, err
    report = json.loads(out)
    assert report["scores"] is None
    assert report["rows"] == {"training": int((~held_out).sum()), "held_out": 0}
    assert load(model).predict(table).shape == (600,)


def test_the_model_is_saved_before_it_is_scored(command, parquet, tmp_path, monkeypatch):
    def fail(*_):
        raise TableError("no scores today")

    monkeypatch.setattr("chainrule.cli.train_streamed.scores_of", fail)
    model = tmp_path / "m.safetensors"
    code, _, err = command("train", parquet, "--target", "y", "--model", model, *TRAINING)
    assert code == 2
    assert "no scores today" in err
    assert load(model)


def test_the_baseline_of_whole_numbers_is_the_most_frequent_class(command, table, tmp_path):
    model, path = tmp_path / "m.safetensors", tmp_path / "t.parquet"
    table.select("a", label=(pl.col("a") > -0.5).cast(pl.Float64)).write_parquet(path)
    code, out, err = command(
        "train", path, "--stream", "--target", "label", "--model", model, *TRAINING, "--json"
    )
    assert code == 0, err
    report = json.loads(out)
    n_above = int((table["a"] > -0.5).sum())
    assert report["classes"] == {"0": 600 - n_above, "1": n_above}
    assert report["scores"]["baseline"] == "1"


def test_files_that_are_read_are_never_written(command, parquet, csv, tmp_path):
    model, inside = tmp_path / "m.safetensors", parquet / "1.parquet"
    before = inside.read_bytes()
    code, _, err = command("train", parquet, "--target", "y", "--model", inside, "--overwrite")
    assert code == 2
    assert "1.parquet of the data set that is read; choose another name" in err
    code, _, err = command("train", parquet, "--target", "y", "--model", model, *TRAINING)
    assert code == 0, err
    for data in (parquet, f"{parquet}/*.parquet"):
        code, _, err = command("predict", model, data, "--output", inside, "--overwrite")
        assert code == 2
        assert "1.parquet of the data set that is read; choose another name" in err
    assert inside.read_bytes() == before
    code, _, err = command("predict", model, csv, "--stream", "--output", csv, "--overwrite")
    assert code == 2
    assert "choose another name" in err


def test_limits_are_refused_where_none_are_kept(command, parquet, tmp_path):
    for words in (("train", parquet, "--target", "y"), ("predict", tmp_path / "m.safetensors", parquet)):
        code, _, err = command(*words, "--limit", "rows=3")
        assert code == 2
        assert "--limit 'rows=3' does not go with a data set that is read piece by piece" in err


def test_no_rows_have_no_predictions(command, parquet, table, tmp_path):
    model, output = tmp_path / "m.safetensors", tmp_path / "p.csv"
    command("train", parquet, "--target", "y", "--model", model, *TRAINING)
    table.clear().write_csv(tmp_path / "t.csv")
    code, _, err = command("predict", model, tmp_path / "t.csv", "--stream", "--output", output)
    assert code == 2
    assert "has no rows; there is nothing to predict" in err
    assert not output.exists()


@pytest.mark.filterwarnings("ignore::chainrule.errors.DegradedWarning")
def test_a_model_that_goes_by_no_column_answers_every_row(command, tmp_path):
    frame = pl.DataFrame({"a": [1.0] * 60, "y": [float(i % 7) for i in range(60)]})
    frame.write_parquet(tmp_path / "t.parquet")
    fitted = TabularRegressor("fast", max_iter=1, random_state=0, engine="numpy").fit(
        frame.select("a"), frame["y"]
    )
    save(fitted, tmp_path / "m", record={"target": "y"})
    code, _, err = command(
        "predict", tmp_path / "m", tmp_path / "t.parquet", "--stream", "--output", tmp_path / "p"
    )
    assert code == 0, err
    assert pl.read_csv(tmp_path / "p").height == 60
