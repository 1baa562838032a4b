"""A table model written as ONNX answers as the model does, whatever its columns are."""

import datetime as dt
import json
import warnings

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest

from chainrule import TabularClassifier, TabularRegressor
from chainrule.errors import ParameterError
from chainrule.export import onnx_inputs, to_onnx

QUICK = {"preset": "fast", "max_iter": 2, "engine": "numpy", "random_state": 0}
CLASSES = {
    "one class": lambda x: np.full(len(x), "only"),
    "two classes": lambda x: x > 0,
    "three classes": lambda x: np.array(["ä", "b", "c"])[np.digitize(x, [-0.5, 0.5])],
    "numbers as classes": lambda x: np.digitize(x, [-0.5, 0.5]) * 1.0,
    "several labels": lambda x: np.column_stack([x > 0, x > 1]).astype(int),
}
NUMBERS = {
    "mean": ({}, lambda x: 1e6 + 1e3 * x),
    "two means": ({}, lambda x: np.column_stack([x, -x])),
    "quantiles": ({"quantiles": [0.1, 0.5, 0.9]}, lambda x: x),
    "median": ({"loss": "absolute_error"}, lambda x: x),
    "counts": ({"loss": "poisson"}, lambda x: np.round(np.exp(x))),
    "no bounds": ({"clip_predictions": False}, lambda x: x),
}
NETWORKS = [
    {"members": 1, "folds": 0},
    {"hidden_layer_sizes": (), "embedding": "none"},
    {"embedding": "periodic", "activation": "gelu"},
    {"embedding": "piecewise_linear", "hidden_layer_sizes": (5,)},
    {"validation_fraction": 0.2, "activation": "mish"},
]


def make_table(n=160, seed=0):
    """Columns of every kind that ONNX can express, most with missing values."""
    rng = np.random.default_rng(seed)
    moments = pd.Timestamp("1967-11-30 10:30") + pd.to_timedelta(rng.integers(0, 30_000, n) * 37.11, unit="h")
    table = pd.DataFrame(
        {
            "number": rng.normal(size=n) * 1e4,
            "two values": rng.choice([3.0, 8.0], n),
            "whole": rng.integers(0, 5, n),
            "category": rng.choice(["red", "green", "blue"], n).astype(object),
            "many": [f"level {i}" for i in rng.integers(0, 70, n)],
            "very many": [f"level {i}" for i in np.arange(n) * 2 // 3],
            "boolean": rng.random(n) > 0.5,
            "moment": moments.as_unit("us"),
            "day": [moment.date() for moment in moments],
            "clock": [dt.time(int(hour), int(hour)) for hour in rng.integers(0, 24, n)],
            "duration": pd.to_timedelta(rng.integers(0, 10_000, n), unit="s"),
            "mixed": np.where(rng.random(n) < 0.2, "?", rng.normal(size=n).round(3).astype(str)).astype(
                object
            ),
            "constant": 1.0,
            "empty": None,
        }
    )
    for place, name in enumerate(
        ["number", "two values", "category", "moment", "clock", "duration", "mixed"]
    ):
        table.loc[place :: 11 + place, name] = None
    return table


def fit(kind, X, y, **parameters):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind(**QUICK | parameters).fit(X, y)


def run(model, X=None, feed=None):
    written = to_onnx(model)
    onnx.checker.check_model(written, full_check=True)
    session = onnxruntime.InferenceSession(written.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, feed or onnx_inputs(model, X)), strict=True))


def assert_same_answers(model, X):
    found, predicted = run(model, X), model.predict(X)
    if isinstance(model, TabularRegressor):
        np.testing.assert_allclose(found["prediction"], predicted.reshape(len(X), -1), rtol=1e-7, atol=1e-7)
        return
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(X), rtol=0, atol=1e-7)
    assert found["label"].tolist() == predicted.tolist()


@pytest.fixture(scope="module")
def table():
    return make_table()


@pytest.fixture(scope="module")
def truth(table):
    return (table["number"].fillna(0) / 1e4 + (table["category"] == "red")).to_numpy()


@pytest.fixture(scope="module")
def new_rows():
    """Rows with levels, words and dates that training never saw, and columns in another order."""
    rows = make_table(60, seed=1).astype({"boolean": object, "whole": float})
    rows.loc[0, ["category", "many", "mixed"]] = ["violet", "none", "word"]
    rows.loc[1] = None
    rows.loc[2, "moment"] = pd.Timestamp("2248-02-29 23:59:59.999999")
    rows.loc[3, ["number", "two values"]] = [1e300, -5.0]
    return rows[list(rows)[::-1]]


@pytest.fixture(scope="module")
def model(table, truth):
    return fit(TabularClassifier, table, CLASSES["three classes"](truth))


@pytest.mark.parametrize("task", CLASSES)
def test_classes(table, new_rows, truth, task):
    assert_same_answers(fit(TabularClassifier, table, CLASSES[task](truth)), new_rows)


@pytest.mark.parametrize("task", NUMBERS)
def test_numbers(table, new_rows, truth, task):
    parameters, targets = NUMBERS[task]
    assert_same_answers(fit(TabularRegressor, table, targets(truth), **parameters), new_rows)


@pytest.mark.parametrize("parameters", NETWORKS, ids=str)
@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
def test_networks(table, new_rows, truth, kind, parameters):
    target = truth > 0 if kind is TabularClassifier else truth
    assert_same_answers(fit(kind, table, target, **parameters), new_rows)


def test_a_matrix_has_an_input_for_each_column(truth):
    X = np.random.default_rng(0).normal(size=(len(truth), 3))
    model = fit(TabularRegressor, X, truth)
    assert list(onnx_inputs(model, X)) == ["x0", "x1", "x2"]
    assert_same_answers(model, X)


def test_temperature_and_shares_of_members_count(model, new_rows):
    model.temperature_, before = 3.0, model.temperature_
    shares, model.member_shares_ = model.member_shares_, np.array([0.7, 0.2, 0.1, 0.0])
    assert_same_answers(model, new_rows)
    model.temperature_, model.member_shares_ = before, shares


@pytest.mark.parametrize("n", [0, 1])
def test_one_row_and_none(model, table, n):
    feed = {name: array[:n] for name, array in onnx_inputs(model, table).items()}
    found = run(model, feed=feed)
    assert found["label"].shape == (n,)
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(table)[:n], atol=1e-7)


def test_every_part_of_every_date(truth):
    days = np.concatenate(
        [np.arange(-800_000, 800_000, 9973), np.arange(-1, 1500), [-719_469, 10_956, 11_016]]
    )
    moments = (days * 86_400_000_000 + np.arange(len(days)) * 53_000_003).astype("M8[us]")
    X = pd.DataFrame({"moment": moments})
    model = fit(TabularRegressor, X, days.astype(float))
    parts = model.encoder_.schema.columns[0].parts
    assert len(parts) == 6
    assert_same_answers(model, X)


@pytest.mark.parametrize(
    "text",
    [
        "12",
        " 12 ",
        "-1.5e3",
        "+.5",
        "1.",
        "1_000",
        "nan",
        "inf",
        "1e999",
        "?",
        "word",
        "0x10",
        "",
        "²",
        "1,5",
    ],
)
def test_text_among_numbers_is_read_as_the_column_reads_it(model, table, text):
    row = table[:1].assign(mixed=text or None)
    np.testing.assert_allclose(run(model, row)["probabilities"], model.predict_proba(row), atol=1e-7)


def test_levels_are_matched_by_value_where_their_spelling_is_usual(truth):
    levels = np.array([0, 1, 2.5, 1000])[np.arange(len(truth)) % 4]
    X = pd.DataFrame({"code": levels, "flag": truth > 0})
    model = fit(TabularRegressor, X, truth + levels, column_kinds={"code": "category"})
    texts = np.array(["1", "1.0", "true", "TRUE", "0.0", "2.5", "1000", "1000.0", "7", ""], dtype=object)
    feed = {"code": texts[:, None], "flag": np.array([["True"], ["1"]] * 5, dtype=object)}
    rows = pd.DataFrame({"code": [*texts[:-1], None], "flag": ["True", "1"] * 5})
    np.testing.assert_allclose(run(model, feed=feed)["prediction"][:, 0], model.predict(rows), atol=1e-7)


def test_the_empty_text_is_a_level_where_training_knew_it_as_one(truth):
    X = pd.DataFrame({"a": np.where(truth > 0, "", "x"), "b": truth})
    model = fit(TabularRegressor, X, truth)
    assert_same_answers(model, X)
    X.loc[0, "a"] = None
    with pytest.raises(
        ParameterError, match="column 'a' has the empty text among its levels and missing values"
    ):
        to_onnx(fit(TabularRegressor, X, truth))


def test_names_that_onnx_cannot_have_are_replaced_and_told(truth):
    names = ["", "label", "prediction", "column_0", "constant_0", "a\nb/c:0", "💥", "\ud800", 'x" y']
    numbers = np.random.default_rng(0).normal(size=(len(truth), len(names)))
    X = pd.DataFrame(numbers, columns=pd.Index(names, dtype=object))
    model = fit(TabularRegressor, X, truth)
    feed = onnx_inputs(model, X)
    assert list(feed) == ["column_0_", "column_1", "column_2", *names[3:7], "column_7", names[8]]
    assert_same_answers(model, X)
    metadata = {entry.key: entry.value for entry in to_onnx(model).metadata_props}
    assert [port["column"] for port in json.loads(metadata["inputs"])] == names


def test_the_file_says_what_each_input_holds(model):
    written = to_onnx(model)
    metadata = {entry.key: entry.value for entry in written.metadata_props}
    described = {port["column"]: port for port in json.loads(metadata["inputs"])}
    assert described["moment"] == {
        "input": "moment",
        "column": "moment",
        "kind": "date",
        "holds": "days since 1970-01-01 in UTC",
        "missing": "NaN",
    }
    assert described["mixed"]["holds"] == "text"
    assert described["clock"]["holds"] == "hours"
    assert "constant" not in described
    assert [value.name for value in written.graph.input] == list(described)
    assert json.loads(metadata["classes"]) == ["b", "c", "ä"]


def test_operations_are_as_old_as_the_columns_allow(model, table, truth):
    def opset(model):
        return next(entry.version for entry in to_onnx(model).opset_import if not entry.domain)

    assert opset(model) == 20  # text among numbers
    assert opset(fit(TabularRegressor, table.drop(columns="mixed"), truth)) == 18


def test_a_column_of_sentences_is_refused_by_name(truth):
    X = pd.DataFrame({"note": [f"the quick fox has {i} words" for i in range(len(truth))], "x": truth})
    with pytest.raises(ParameterError, match=r"column 'note' is text.*column_kinds={'note': 'ignore'}"):
        to_onnx(fit(TabularRegressor, X, truth))


def test_a_model_without_columns_to_go_by_is_refused(truth):
    X = pd.DataFrame({"a": np.ones(len(truth)), "b": np.ones(len(truth))})
    with pytest.raises(ParameterError, match="goes by none of its columns"):
        to_onnx(fit(TabularRegressor, X, truth))


def test_a_level_that_is_no_unicode_is_refused_by_name(truth):
    X = np.where(truth > 0, "\ud800", "x").astype(object)[:, None]
    with pytest.raises(ParameterError, match=r"column 'x0' has the level '\\ud800'"):
        to_onnx(fit(TabularRegressor, X, truth))


def test_without_onnx_one_sentence_says_what_to_install(model, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(ImportError, match=r'pip install "chainrule\[onnx\]"'):
        to_onnx(model)
