"""chainrule explain: the row, the target, the neuron and the form that were asked for."""

import json

import polars as pl
import pytest

from chainrule import load, trace


def test_a_row_is_traced_as_in_python(report, table, models):
    frame = pl.read_csv("data.csv")
    model = load("risk.safetensors")
    found = report("explain", "risk.safetensors", "data.csv", "--row", 3)
    row = frame[2:3]
    expected = trace(model, row.drop("risk"), row["risk"].to_numpy())
    assert found["trace"] == json.loads(json.dumps(expected.to_dict()))
    assert found["data"]["row"] == 3
    values = {column["name"]: column["value"] for column in found["trace"]["columns"]}
    assert values["city"] == frame["city"][2]


def test_text_shows_the_row_and_the_loss(run, table, models):
    shown = run("explain", "cost.safetensors", "data.csv", "--units", 2)
    assert shown.exit_code == 0, shown.stderr
    for words in (
        "Trace of 1 row",
        "Forward, layer 1",
        "member 1 of",
        "Backward, output layer",
        "city",
        "L = ",
    ):
        assert words in shown.stdout


def test_the_target_may_be_another_than_in_the_table(report, table, models):
    pl.read_csv("data.csv").drop("risk").write_csv("without.csv")
    high = report("explain", "risk.safetensors", "without.csv", "--target", "high")["trace"]["loss"]
    low = report("explain", "risk.safetensors", "without.csv", "--target", "low")["trace"]["loss"]
    own = report("explain", "risk.safetensors", "data.csv")["trace"]["loss"]
    assert own in (high, low)
    assert high != low


def test_a_neuron_is_opened(run, table, models):
    shown = run("explain", "risk.safetensors", "data.csv", "--neuron", "2,3", "--member", 2)
    assert shown.exit_code == 0, shown.stderr
    assert shown.stdout.startswith("Neuron z_3^(2)")


@pytest.mark.parametrize(
    ("form", "sign"), [("markdown", "$$"), ("latex", "\\begin{tabular}"), ("html", "<table>")]
)
def test_forms_go_to_a_file(run, folder, table, models, form, sign):
    words = ("explain", "risk.safetensors", "data.csv", "--format", form, "--output", "page")
    assert run(*words).exit_code == 0
    assert sign in (folder / "page").read_text()
    again = run(*words)
    assert again.exit_code == 2
    assert "exists" in again.stderr
    assert run(*words, "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--row", 241), "has the rows 1 to 240, however: 241"),
        (("--target", "medium"), "'medium'"),
        (("--neuron", "9,1"), "layer must be a whole number from 1 to"),
        (("--neuron", "9"), "is not a layer and a unit"),
        (("--format", "word"), "word"),
    ],
)
def test_what_there_is_not_is_named(run, table, models, words, message):
    ended = run("explain", "risk.safetensors", "data.csv", *words)
    assert ended.exit_code == 2
    assert message in " ".join(ended.stderr.replace("│", " ").split())
    assert not ended.stdout


def test_a_table_without_the_target_asks_for_it(run, table, models):
    pl.read_csv("data.csv").drop("risk").write_csv("without.csv")
    ended = run("explain", "risk.safetensors", "without.csv")
    assert ended.exit_code == 2
    assert "--target VALUE" in ended.stderr
    bad = run("explain", "cost.safetensors", "data.csv", "--target", "cheap")
    assert "is a number, however: 'cheap'" in bad.stderr
