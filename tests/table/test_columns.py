"""The cases of columns: constant, empty, of another type later, of very many levels, of no use at all."""

import datetime as dt
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from chainrule.errors import DegradedWarning, ParameterError, TableError
from chainrule.table import Feature, Schema


def read(frame, new=None, **kinds):
    """What a table, or another one, becomes; a list is the one column c."""
    frame, new = (
        pd.DataFrame({"c": values}) if isinstance(values, list) else values for values in (frame, new)
    )
    return Schema.learn(frame, kinds).read(frame if new is None else new)


# -- the kinds that the user tells -----------------------------------------------------------------------


def test_kinds_can_be_told():
    frame = pd.DataFrame(
        {"zip": [10115, 20095, 10115], "t": list("aba"), "n": ["1", "2", "1"], "k": [5, 5, 5]}
    )
    schema = Schema.learn(frame, {"zip": "category", "t": "ignore", "n": "number", "k": "number"})
    assert schema.kinds == {"zip": "category", "t": "ignore", "n": "number", "k": "number"}
    np.testing.assert_array_equal(schema.read(frame), [[2, 1, 5], [3, 2, 5], [2, 1, 5]])
    np.testing.assert_array_equal(read(["yes", "no", None], c="boolean"), [[3], [2], [0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ids = [f"u{i}" for i in range(25)]
        np.testing.assert_array_equal(read(ids, c="category")[:, 0], np.argsort(np.argsort(ids)) + 2)
        assert read(ids, c="text").shape == (25, 32)
    big = [2**62, 2**62 + 1, None]
    np.testing.assert_array_equal(
        read(pd.DataFrame({"c": pd.array(big, "Int64")}), c="category"), [[2], [3], [0]]
    )


@pytest.mark.parametrize(
    ("kinds", "error", "says"),
    [
        ({"colour": "number"}, ParameterError, r"no column 'colour'; did you mean 'color'\?"),
        ({"color": "categorical"}, ParameterError, "kind of column 'color' must be one of .*: 'categorical'"),
        ({"color": "number"}, TableError, "'color' must hold numbers, however row 1 holds '[a-z]+'"),
        ({"color": "boolean"}, TableError, "'color' cannot be boolean: it has 3 different values"),
        ({"color": "date"}, TableError, "'color' cannot be dates: it holds text values"),
        ({"count": "date"}, TableError, "'count' cannot be dates: it holds number values"),
        ({"bought": "number"}, TableError, "'bought' must hold numbers, however row 1 holds '202"),
        ({"x": "text"}, TableError, "'x' cannot be text"),
    ],
)
def test_kinds_that_cannot_be_are_refused(table, kinds, error, says):
    with pytest.raises(error, match=says):
        Schema.learn(table, kinds)


# -- the cases of columns --------------------------------------------------------------------------------


def test_constant_columns_become_nothing_whatever_they_hold_later():
    schema = Schema.learn(pd.DataFrame({"n": [0.1] * 3, "s": ["a"] * 3, "d": [dt.date(2020, 1, 1)] * 3}))
    assert schema.features == ()
    assert schema.read(pd.DataFrame({"n": ["text"], "s": [[1]], "d": [None]})).shape == (1, 0)
    assert Schema.learn(pd.DataFrame({"a": [1], "b": ["x"]})).features == ()
    np.testing.assert_array_equal(read([1.0, None, 1.0]), [[1], [np.nan], [1]])


@pytest.mark.parametrize(
    "missing", [[None] * 3, [np.nan] * 3, pd.array([None] * 3, dtype="Int64"), [pd.NaT] * 3]
)
def test_an_empty_column_becomes_nothing_whatever_it_holds_later(missing):
    schema = Schema.learn(pd.DataFrame({"e": missing, "x": [1, 2, 3]}), {"e": "number"})
    assert [column.becomes for column in schema.columns] == ["ignored: empty", "1 number"]
    np.testing.assert_array_equal(schema.read(pd.DataFrame({"e": ["text"], "x": [2]})), [[2]])


def test_missing_where_training_had_none_and_the_reverse(table):
    schema = Schema.learn(table)
    nothing = pd.DataFrame({name: [None] for name in table.columns})
    for gaps in (nothing, nothing.astype(float), pl.from_pandas(nothing), np.full((1, 10), np.nan)):
        row = schema.read(gaps)[0]
        for feature, value in zip(schema.features, row, strict=True):
            is_bucket = feature.column == "comment"
            assert value == 0 if feature.role == "code" or is_bucket else np.isnan(value)
    gaps = pd.concat([table, nothing])
    np.testing.assert_array_equal(Schema.learn(gaps).read(table)[:, 0], table["x"])


def _objects(*values):
    return pd.Series(values, dtype=object)


@pytest.mark.parametrize(
    ("training", "today", "codes"),
    [
        (["1", "2", "a"], [1, 2, 2], [2, 3, 3]),
        (["1", "2", "a"], [1.0, 2.0, 3.0], [2, 3, 1]),
        (_objects("1", 2, "a"), np.array([1, 2, 3]), [2, 3, 1]),
        (["1.0", "2.5", "a"], [1, 2.5, None], [2, 3, 0]),
        (["007", "2", "a"], [7, 2, 2], [2, 3, 3]),
        (pd.Categorical([1, 2, 3]), ["1", "2.0", "x"], [2, 3, 1]),
        (pd.Categorical(["b", "a", "b"], categories=["a", "b", "unused"]), list("abc"), [2, 3, 1]),
        ([True, False, True], ["true", "FALSE", "True"], [3, 2, 3]),
        ([True, False, True], [1, 0, 2.0], [3, 2, 1]),
        (pd.array([True, False, None], "boolean"), [pd.NA, True, False], [0, 3, 2]),
        (["True", "False", "x"], [True, False, True], [3, 2, 3]),
        (pd.array(["a", None, "b"], "string"), _objects("b", pd.NA, np.nan), [3, 0, 0]),
        (_objects(1, "a", True), _objects(1.0, "A", True), [2, 1, 3]),
        (["2020-01-01", "x", "y"], [dt.datetime(2020, 1, 1)] * 3, [2, 2, 2]),
    ],
)
def test_levels_are_matched_by_value(training, today, codes):
    schema = Schema.learn(pd.DataFrame({"c": training}))
    np.testing.assert_array_equal(schema.read(pd.DataFrame({"c": today}))[:, 0], codes)


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_infinities_are_refused(bad):
    frame = pd.DataFrame({"a": [1.0, 2.0], "x": [1.0, bad]})
    fine = Schema.learn(pd.DataFrame({"a": [1.0, 2.0], "x": [1.0, 2.0]}))
    for name, new in {"x": frame, "x1": frame.to_numpy()}.items():
        with pytest.raises(TableError, match=f"column '{name}' is infinite in row 2"):
            Schema.learn(new)
        with pytest.raises(TableError, match=f"column '{name}' is infinite in row 2"):
            fine.read(new)
    for constant in (pd.DataFrame({"x": [bad]}), np.array([[bad]])):
        with pytest.raises(TableError, match="is infinite in row 1"):
            Schema.learn(constant)


def test_text_among_numbers_is_named_and_numbers_as_text_are_read():
    numbers = [1.0, 3.0]
    np.testing.assert_array_equal(read(numbers, ["3.5", None]), [[3.5], [np.nan]])
    np.testing.assert_array_equal(read(numbers, [True, False]), [[1], [0]])
    with pytest.raises(TableError, match="column 'c' must hold numbers, however row 2 holds 'abc'"):
        read(numbers, ["3", "abc"])
    with pytest.raises(TableError, match="column 'c' must hold numbers, however row 1 holds '2020-01-02'"):
        read(numbers, [dt.date(2020, 1, 2)])


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (pl.Series([[1, 2]]), "'c' holds List"),
        (pl.Series([{"a": 1}]), "'c' holds Struct"),
        (pl.Series([b"x"]), "'c' holds Binary"),
        (_objects(b"x"), "'c' holds bytes"),
        (_objects([1], [2]), "'c' holds list"),
        (_objects(np.zeros(2), 1), "'c' holds ndarray"),
        (_objects(1j, 2), "'c' holds complex"),
        (pd.Series([1j, 2]), "'c' holds complex"),
        (pd.Series(pd.period_range("2020", periods=2, freq="M")), "'c' holds Period"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(values, says):
    frame = pl.DataFrame({"c": values}) if isinstance(values, pl.Series) else pd.DataFrame({"c": values})
    with pytest.raises(TableError, match=says):
        Schema.learn(frame)
    for training in (["a", "b"], [1, 2], [dt.date(2020, 1, 1), dt.date(2020, 1, 2)]):
        with pytest.raises(TableError, match=says):
            Schema.learn(pd.DataFrame({"c": training})).read(frame)


def test_huge_integers_are_numbers():
    for values in ([2**70, 1, None], [-(2**63), 2**63, None]):
        expected = np.array([[value] for value in values], dtype=np.float64)
        for frame in (pl.DataFrame({"c": pl.Series(values, dtype=pl.Int128)}), [[value] for value in values]):
            np.testing.assert_array_equal(Schema.learn(frame).read(frame), expected)
    with pytest.raises(TableError, match="'x0' is infinite in row 2"):
        Schema.learn([[1], [10**400]])


@pytest.mark.parametrize("dtype", [complex, "S3", "V2"])
def test_arrays_that_are_not_supported_are_refused(dtype):
    with pytest.raises(TableError, match=r"column 'x0' holds .* values, which are not supported"):
        Schema.learn(np.zeros((2, 2), dtype=dtype))


def test_many_levels_take_bounded_memory():
    values = np.random.default_rng(0).integers(0, 10_000, 100_000)
    frame = pl.DataFrame({"c": [f"level {v}" for v in values]})
    tracemalloc.start()
    with pytest.warns(
        DegradedWarning, match="'c' has 10,000 different values; the 1000 most frequent"
    ) as caught:
        schema = Schema.learn(frame)
    codes, frequency = schema.read(frame).T
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(caught) == 1
    assert peak < 50e6
    assert schema.features == (Feature("c", "c", "code", 1002), Feature("c frequency", "c", "number"))
    counts = np.bincount(values)[values]
    kept = codes > 1
    assert counts[~kept].max() <= counts[kept].min()
    np.testing.assert_allclose(frequency, np.log1p(np.where(kept, counts, 1)))
    assert schema.unseen(pl.DataFrame({"c": ["never"]})) == {}


def test_levels_that_occur_once_are_pooled_where_there_are_many():
    few = [f"v{i}" for i in range(30)]
    np.testing.assert_array_equal(read([*few, "v0"])[:, 0], read([*few, "v0"], c="category")[:, 0])
    assert Schema.learn(pd.DataFrame({"c": [*few, "v0"]})).features[0].n_levels == 32
    many = [f"v{i}" for i in range(31)]
    schema = Schema.learn(pd.DataFrame({"c": [*many, "v0", "v5"]}))
    np.testing.assert_array_equal(
        schema.read(pd.DataFrame({"c": ["v0", "v5", "v1", "w"]}))[:, 0], [2, 3, 1, 1]
    )


def test_frequencies_of_unseen_levels():
    frame = pd.DataFrame({"c": [f"v{i:03}" for i in range(101)] * 2 + ["v000"]})
    np.testing.assert_allclose(
        Schema.learn(frame).read(pd.DataFrame({"c": ["v000", "v001", "w", None]})),
        np.transpose([[2, 3, 1, 0], np.log1p([3, 2, 0, 0])]),
    )


def test_unseen_levels_are_found(table):
    schema = Schema.learn(table)
    assert schema.unseen(table) == {}
    new = table.assign(
        color=["violet", *table["color"][1:]], city=None, x=1e9, lab=["17.5", "odd", *table["lab"][2:]]
    )
    assert schema.unseen(new) == {"color": ["violet"], "lab": ["odd"]}


def test_numbers_with_words_among_them_are_both(table):
    schema = Schema.learn(table[["lab"]])
    new = pd.DataFrame({"lab": ["12.5", "?", "> 90", "odd", None, "1_000"]})
    expected = [[12.5, 2], [np.nan, 4], [np.nan, 3], [np.nan, 1], [np.nan, 0], [np.nan, 1]]
    np.testing.assert_array_equal(schema.read(new), expected)
    np.testing.assert_array_equal(
        schema.read(pd.DataFrame({"lab": [12.5, np.nan]})), [[12.5, 2], [np.nan, 0]]
    )
