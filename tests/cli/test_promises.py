"""What a user relies on: inputs stay as they are, scores do not flatter, and what is unusual is said."""

import csv
import io
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from chainrule.files.model_file import load_with_record

FAST = ("--engine", "numpy", "--preset", "fast", "--epochs", 3)


def rows_of(text):
    return list(csv.reader(io.StringIO(text)))


# -- inputs stay as they are -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("train", "data.csv", "--target", "risk", "--model", "data.csv"),
        ("train", "data.csv", "--target", "risk", "--model", "link.csv"),
        ("train", "link.csv", "--target", "risk", "--model", "../{folder}/data.csv"),
        ("predict", "risk.safetensors", "data.csv", "--output", "data.csv"),
        ("predict", "risk.safetensors", "data.csv", "--output", "link.csv"),
        ("predict", "risk.safetensors", "data.csv", "--output", "./risk.safetensors"),
    ],
)
def test_no_input_is_ever_overwritten(run, table, models, folder, words):
    os.symlink("data.csv", "link.csv")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    result = run(*(word.format(folder=folder.name) for word in words), "--overwrite")
    assert result.exit_code == 2
    assert "that is read; choose another name" in result.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_columns_of_the_input_pass_through_as_they_stand(run, table, models, folder):
    header, *rows = rows_of(
        "age,city,member,zip,x,flag,note\n"
        '30,Oslo,True,00013,1e1,TRUE,"a, b"\n'
        "+31, Rome,false,0100,1.50,n/a,\n"
        'NA,Oslo ,FALSE,7,-0,,"say ""hi"""\n'
    )
    with open("new.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    found = rows_of(run("predict", "risk.safetensors", "new.csv", "--with-input").stdout)
    assert found[0] == [*header, "predicted_risk"]
    rows[1][1] = "Rome"  # blanks before a field do not belong to it
    assert [row[:-1] for row in found[1:]] == rows


def test_an_empty_field_stays_empty(run, table, models):
    Path("new.csv").write_text("age,city,member,note\n1,Oslo,true,\n")
    assert (
        run("predict", "risk.safetensors", "new.csv", "--with-input")
        .stdout.splitlines()[1]
        .startswith("1,Oslo,true,,")
    )


def test_class_labels_keep_their_leading_zeros(run, report, folder):
    x = np.random.default_rng(0).normal(size=120)
    labels = np.where(x > 0, "00001", "00008")
    pl.DataFrame({"x": x, "y": labels}).write_csv("d.csv")
    assert report("train", "d.csv", "--target", "y", *FAST)["classes"].keys() == {"00001", "00008"}
    found = {value for (value,) in rows_of(run("predict", "d.safetensors", "d.csv").stdout)[1:]}
    assert found == {"00001", "00008"}
    assert report("evaluate", "d.safetensors", "d.csv")["scores"]["labels"] == ["00001", "00008"]


# -- scores do not flatter ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "options", "cure"),
    [
        ("y", ("--learning-rate", 1e4), "try a --learning-rate below 10000"),
        ("y", ("--epochs", 1, "--learning-rate", 1e-9), "try more --epochs than 1"),
        ("noise", ("--epochs", 40), "it may need more rows, or columns that say more about the target"),
    ],
)
def test_a_model_that_is_no_better_than_the_mean_is_pointed_out(run, folder, target, options, cure):
    X = np.random.default_rng(4).normal(size=(80, 11))
    columns = {f"x{i}": X[:, i] for i in range(10)}
    pl.DataFrame(columns | {target: 3 * X[:, 0] if target == "y" else X[:, 10]}).write_csv("d.csv")
    result = run("train", "d.csv", "--target", target, "--engine", "numpy", "--preset", "fast", *options)
    assert result.exit_code == 0
    (line,) = result.stderr.splitlines()
    assert line.startswith("chainrule: warning: the model is no better than a constant answer (RMSE ")
    assert line.endswith(cure)
    assert Path("d.safetensors").exists()


def test_evaluate_points_out_a_model_that_is_no_better(run, table, models):
    table.with_columns(risk=pl.when(pl.col("risk") == "low").then(pl.lit("high")).otherwise(pl.lit("low")))[
        :100
    ].write_csv("turned.csv")
    result = run("evaluate", "risk.safetensors", "turned.csv")
    assert result.exit_code == 0
    assert "no better than a constant answer (accuracy 0." in result.stderr


def test_evaluating_on_the_training_table_is_pointed_out(run, report, table, models):
    said = "chainrule: note: these rows were used for training"
    table.write_parquet("same.parquet")
    table.select("risk", "member", "age", "city").write_csv("same.csv")
    table[:-1].write_csv("other.csv")
    assert said in run("evaluate", "risk.safetensors", "data.csv").stderr
    assert said in run("evaluate", "risk.safetensors", "same.csv").stderr
    assert run("evaluate", "risk.safetensors", "other.csv").stderr == ""
    assert report("evaluate", "risk.safetensors", "data.csv")["data"]["used_for_training"]
    assert not report("evaluate", "risk.safetensors", "other.csv")["data"]["used_for_training"]
    assert len(load_with_record("risk.safetensors")[1]["table_sha256"]) == 64


# -- what is unusual is said -------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_levels_that_training_never_saw_are_named(run, table, models, command):
    table.with_columns(city=pl.lit("Paris")).write_csv("new.csv")
    (line,) = run(command, "risk.safetensors", "new.csv").stderr.splitlines()
    assert line == (
        "chainrule: warning: column 'city' holds in 240 rows what training never saw, such as 'Paris'; it "
        "counts as unknown"
    )


def test_numbers_with_commas_are_refused_by_name(run, folder):
    pl.DataFrame({"c": [f"{n},5" for n in range(28)], "y": ["a", "b"] * 14}).write_csv("d.csv")
    result = run("train", "d.csv", "--target", "y", *FAST)
    assert (result.exit_code, os.listdir()) == (2, ["d.csv"])
    says = "chainrule: error: d.csv: column 'c' holds numbers with commas (such as '0,5'), which"
    assert result.stderr.startswith(says)
    assert run("train", "d.csv", "--target", "y", "--ignore", "c", *FAST).exit_code == 2  # nothing is left
    assert "unsupported" in run("inspect", "d.csv").stdout


def test_a_word_among_numbers_in_a_held_out_row_is_no_surprise(report, folder):
    values = [*map(str, range(60)), "unknown"]
    for seed in range(8):  # in some of them the last row is held out
        y = np.random.default_rng(seed).normal(size=61)
        pl.DataFrame({"x": values, "y": y}).write_csv("d.csv")
        words = ("--seed", seed, "--overwrite", "--epochs", 1, "--engine", "numpy", "--preset", "fast")
        assert report("train", "d.csv", "--target", "y", *words)["data"]["kinds"] == {"mixed": 1}


def test_the_line_is_that_of_the_file_and_not_of_the_rows_in_training(run, folder):
    lines = ["x,note,y", *(f'{n},"two\nlines",{"ab"[n % 2]}' for n in range(30)), "", "inf,x,a"]
    Path("d.csv").write_text("\n".join(lines))
    result = run("train", "d.csv", "--target", "y", *FAST)
    assert "d.csv: column 'x' is infinite in line 63;" in result.stderr
