"""Which task a target is, and what is wrong with it."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from chainrule.errors import ParameterError, TableError
from chainrule.table import known_labels, known_numbers, prepare_target


def frame(values, **more):
    return pl.DataFrame({"y": values, "x": range(len(values)), **more}, strict=False)


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b"] * 5, "classification"),
        ([True, False] * 5, "classification"),
        ([0, 1], "classification"),
        ([0, 1] * 50, "classification"),
        ([1.0, 2.0, 3.0] * 10, "classification"),
        (list(range(20)) * 5, "classification"),
        (list(range(21)) * 5, "regression"),
        (list(range(15)), "regression"),
        ([0.5, 1.5] * 20, "regression"),
        ([1.0, 2.0, None, float("nan")] * 10, "classification"),
    ],
)
def test_task_by_the_documented_rule(values, task):
    assert prepare_target(frame(values), "y").task == task


def test_labels_keep_their_type():
    assert prepare_target(frame(["b", "a", "b"]), "y").values.tolist() == ["b", "a", "b"]
    assert prepare_target(frame([True, False]), "y").values.dtype == bool
    assert prepare_target(frame([3.0, 5.0]), "y").values.dtype == np.int64
    big = prepare_target(frame([2**62, -5]), "y", "classification")
    assert big.values.tolist() == [2**62, -5]
    categories = pd.DataFrame({"y": pd.Categorical(["b", "a"], categories=["a", "b", "unused"])})
    assert prepare_target(categories, "y").values.tolist() == ["b", "a"]


def test_rows_without_target_are_counted():
    goal = prepare_target(frame(["a", None, "b", None]), "y")
    assert (goal.rows.tolist(), goal.n_missing) == ([0, 2], 2)
    goal = prepare_target(frame([0.5, None, float("nan"), 1.5]), "y")
    assert (goal.values.tolist(), goal.rows.tolist(), goal.n_missing) == ([0.5, 1.5], [0, 3], 2)


@pytest.mark.parametrize(
    ("values", "task", "says"),
    [
        (["a", "a"], "auto", "target 'y' has only one class, 'a', in 2 rows"),
        (["a", None, "a"], "auto", r"only one class, 'a', in 2 rows \(and none in 1 more"),
        ([1.5, 1.5], "auto", "target 'y' has only one value, 1.5, in 2 rows"),
        ([None, None], "auto", "target 'y' has no value in any row"),
        (["1", "x", "2"], "regression", "column 'y' must hold numbers, however row 2 holds 'x'"),
        ([True, False], "regression", "target 'y' holds true and false, not numbers"),
        ([0.5, 1.5], "classification", r"target 'y' holds numbers such as 0.5 \(row 1\), not classes"),
        ([1.0, float("inf")], "regression", "column 'y' is infinite in row 2"),
        (
            [str(i) for i in range(100)],
            "auto",
            "has 100 different values in 100 rows, too many to be classes",
        ),
        ([dt.date(2020, 1, i) for i in (1, 2)], "auto", "column 'y' holds dates or times"),
    ],
)
def test_refusals(values, task, says):
    with pytest.raises(TableError, match=says):
        prepare_target(frame(values), "y", task)


def test_an_unknown_target_is_told_what_comes_near():
    table = pl.DataFrame({"diagnosis": [1], "radius": [2]})
    with pytest.raises(TableError, match=r"no column 'diagnosi'; did you mean 'diagnosis'\?"):
        prepare_target(table, "diagnosi")
    with pytest.raises(TableError, match="no column 'zzz'; it has 'diagnosis', 'radius'"):
        prepare_target(table, "zzz")
    with pytest.raises(ParameterError, match="task must be"):
        prepare_target(table, "radius", "ranking")


def test_known_labels_are_matched_by_value():
    classes = np.array(["1", "2", "x"])
    places, rows = known_labels(frame([2, None, 1]), "y", classes)
    assert (places.tolist(), rows.tolist()) == ([1, 0], [0, 2])
    places, _ = known_labels(frame(["true", "False"]), "y", np.array([False, True]))
    assert places.tolist() == [1, 0]
    with pytest.raises(
        TableError, match="target 'y' is 'z' in row 2, a class the model never saw; it knows 1, 2, x"
    ):
        known_labels(frame(["x", "z"]), "y", classes)
    with pytest.raises(TableError, match="no value in any row"):
        known_labels(frame([None]), "y", classes)


def test_known_numbers():
    values, rows = known_numbers(frame([1.5, None, 2.5]), "y")
    assert (values.tolist(), rows.tolist()) == ([1.5, 2.5], [0, 2])
    with pytest.raises(TableError, match="row 1 holds 'a'"):
        known_numbers(frame(["a"]), "y")


@pytest.mark.parametrize("table", [[1, 2], {"a": [1]}, np.zeros((2, 2)), pd.DataFrame([[1, 2]])])
def test_only_frames_with_names_have_a_target(table):
    with pytest.raises(ParameterError, match="must be"):
        prepare_target(table, "y")


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([True, False, None] * 5, "classification"),
        (["a", "b", None] * 5, "classification"),
        (["a", 1, None] * 5, "classification"),
        ([1, "a", True] * 5, "classification"),
    ],
)
def test_a_column_of_python_objects_is_what_its_values_are(values, task):
    goal = prepare_target(pd.DataFrame({"y": pd.Series(values, dtype=object), "x": range(15)}), "y")
    assert goal.task == task
    assert goal.n_missing == values.count(None)


def test_objects_that_are_no_values_and_times_are_refused():
    for values in ([[1, 2], [3]], [object(), object()]):
        with pytest.raises(TableError, match=r"'y' holds .*not supported; leave it out"):
            prepare_target(pd.DataFrame({"y": pd.Series(values, dtype=object), "x": [1, 2]}), "y")
    with pytest.raises(TableError, match=r"'y' holds dates or times .* days since a day"):
        prepare_target(pl.DataFrame({"y": [dt.date(2024, 1, 1)] * 2, "x": [1, 2]}), "y")
