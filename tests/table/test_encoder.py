"""The encoder against scikit-learn's own transformers, and on every odd column."""

import datetime as dt
import json
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from chainrule.errors import DegradedWarning, ParameterError, TableError
from chainrule.table import Column, TableEncoder


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    n = 200
    return pd.DataFrame(
        {
            "x": rng.normal(5, 3, n),
            "gaps": np.where(rng.random(n) < 0.2, np.nan, rng.exponential(1e4, n)),
            "count": rng.integers(0, 50, n),
            "color": rng.choice(["red", "green", "blue"], n),
            "flag": rng.choice([True, False], n),
            "constant": 7.0,
            "city": pd.Series(rng.choice(["Rome", "Oslo", None], n), dtype=object),
        }
    )


def test_equals_scikit_learn(table):
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    gaps = make_union(numbers, MissingIndicator(features="all"))
    reference = ColumnTransformer(
        [
            ("x", numbers, ["x"]),
            ("gaps", gaps, ["gaps"]),
            ("count", numbers, ["count"]),
            ("color", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["color", "flag"]),
            ("constant", numbers, ["constant"]),
            ("city", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city"]),
        ]
    ).fit(table)
    new = table.sample(50, random_state=1).assign(color="violet")
    encoder = TableEncoder.fit(table)
    assert encoder.feature_names == (
        "x", "gaps", "gaps is missing", "count", "color=blue", "color=green", "color=red", "flag=False",
        "flag=True", "constant", "city=Oslo", "city=Rome", "city is missing",
    )  # fmt: skip
    for rows in (table, new):
        np.testing.assert_array_equal(encoder.transform(rows, np.float64), reference.transform(rows))
        assert encoder.transform(rows).dtype == np.float32


def test_frames_of_every_library_are_the_same(table):
    encoder = TableEncoder.fit(table)
    expected = encoder.transform(table)
    for frame in (pl.from_pandas(table), pa.Table.from_pandas(table), table.convert_dtypes()):
        assert TableEncoder.fit(frame) == encoder
        np.testing.assert_array_equal(encoder.transform(frame), expected)


def test_order_and_further_columns_do_not_matter(table):
    encoder = TableEncoder.fit(table)
    shuffled = table[table.columns[::-1]].assign(more="x")
    np.testing.assert_array_equal(encoder.transform(shuffled), encoder.transform(table))


def test_absent_columns_are_named(table):
    encoder = TableEncoder.fit(table)
    with pytest.raises(TableError, match="the table has no columns 'x', 'city'"):
        encoder.transform(table.drop(columns=["x", "city"]))
    with pytest.raises(TableError, match=r"no column 'color'; did you mean 'Color'\?"):
        encoder.transform(table.rename(columns={"color": "Color"}))


def test_describes_itself_exactly(table):
    encoder = TableEncoder.fit(table)
    assert TableEncoder.from_description(json.loads(json.dumps(encoder.describe()))) == encoder


def _objects(*values):
    return pd.Series(values, dtype=object)


_names = st.text(min_size=1, max_size=5)
_finite = st.floats(allow_nan=False, allow_infinity=False)
_columns = st.one_of(
    st.builds(
        lambda n, m, u, s, h: Column(n, "number", m, u, s, h),
        _names, _finite, _finite, _finite, st.booleans(),
    ),
    st.builds(
        lambda n, k, h, le: Column(n, k, has_missing=h, levels=tuple(le)),
        _names, st.sampled_from(["category", "boolean"]), st.booleans(), st.lists(st.text(), unique=True),
    ),
    st.builds(lambda n: Column(n, "empty"), _names),
)  # fmt: skip


@given(st.lists(_columns, unique_by=lambda column: column.name))
def test_any_encoder_describes_itself_exactly(columns):
    encoder = TableEncoder(tuple(columns))
    assert TableEncoder.from_description(json.loads(json.dumps(encoder.describe()))) == encoder


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "object"},
        {"kind": ["number"]},
        {"mean": float("nan")},
        {"mean": "0"},
        {"has_missing": 1},
        {"levels": ["a", "b"]},
        {"name": 3},
        {"surplus": 0},
    ],
)
def test_false_descriptions_are_refused(change):
    described = {
        "name": "x",
        "kind": "number",
        "median": 0.0,
        "mean": 0.0,
        "scale": 1.0,
        "has_missing": False,
    }
    with pytest.raises(ParameterError):
        TableEncoder.from_description({"columns": [described | change]})


@pytest.mark.parametrize(
    ("training", "today", "levels"),
    [
        (["1", "2", "a"], [1, 2, 2], ["1", "2", "2"]),
        (["1", "2", "a"], [1.0, 2.0, 3.0], ["1", "2", None]),
        (["007", "2", "a"], [7, 2, 2], ["007", "2", "2"]),
        (["007", "7", "a"], ["7", "007", "7.0"], ["7", "007", "007"]),
        (pd.Categorical([1, 2, 3]), ["1", "2.0", "x"], ["1", "2", None]),
        (pd.Categorical([1.5, 2.0, 3.0]), ["1.5", "2", "3"], ["1.5", "2", "3"]),
        ([True, False, True], ["true", "FALSE", "True"], ["True", "False", "True"]),
        ([True, False, True], [1, 0, 2], ["True", "False", None]),
        (["True", "False", "x"], [True, False, True], ["True", "False", "True"]),
        (_objects(1, "a", True), _objects(1.0, "A", True), ["1", None, "True"]),
    ],
)
def test_levels_are_matched_by_value(training, today, levels):
    encoder = TableEncoder.fit(pd.DataFrame({"c": training}))
    for row, level in zip(encoder.transform(pd.DataFrame({"c": today})), levels, strict=True):
        found = [name for name, value in zip(encoder.feature_names, row, strict=True) if value]
        assert found == ([] if level is None else [f"c={level}"])


def test_missing_where_training_had_none_and_the_reverse():
    full, gaps = (
        pd.DataFrame({"x": [1.0, 2, 9], "c": list("aba")}),
        pd.DataFrame({"x": [np.nan], "c": [None]}),
    )
    np.testing.assert_array_equal(
        TableEncoder.fit(full).transform(gaps)[0, 1:], [0, 0]
    )  # as an unknown level
    encoder = TableEncoder.fit(pd.concat([full, gaps]))
    assert encoder.transform(full)[:, [1, 4]].sum() == 0
    np.testing.assert_array_equal(encoder.transform(gaps)[0, [1, 2, 3, 4]], [1, 0, 0, 1])


@pytest.mark.parametrize("missing", [[None] * 3, [np.nan] * 3, pd.array([None] * 3, dtype="Int64")])
def test_an_empty_column_becomes_nothing_whatever_it_holds_later(missing):
    encoder = TableEncoder.fit(pd.DataFrame({"e": missing, "x": [1, 2, 3]}))
    assert encoder.feature_names == ("x",)
    assert encoder.transform(pd.DataFrame({"e": ["text"], "x": [2]})).shape == (1, 1)
    with pytest.raises(TableError, match="no column holds any value"):
        TableEncoder.fit(pd.DataFrame({"e": missing}))


def test_a_constant_column_becomes_zeros_whatever_it_holds_later():
    encoder = TableEncoder.fit(pd.DataFrame({"x": [0.1, 0.1, 0.1]}))
    assert not encoder.transform(pd.DataFrame({"x": [0.1, 1e30]})).any()


@pytest.mark.parametrize("unit", [1e200, 1e-200, 1e300])
def test_huge_and_tiny_numbers_are_standardized(unit):
    encoded = TableEncoder.fit(pd.DataFrame({"x": np.array([1.0, 2, 3]) * unit}))
    expected = StandardScaler().fit_transform([[1.0], [2], [3]])
    actual = encoded.transform(pd.DataFrame({"x": np.array([1.0, 2, 3]) * unit}), np.float64)
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_infinities_are_refused(bad):
    frame = pd.DataFrame({"x": [1.0, bad]})
    with pytest.raises(TableError, match="column 'x' is infinite in row 2"):
        TableEncoder.fit(frame)
    with pytest.raises(TableError, match="column 'x' is infinite in row 2"):
        TableEncoder.fit(pd.DataFrame({"x": [1.0, 2.0]})).transform(frame)


def test_what_float32_cannot_hold_is_refused():
    encoder = TableEncoder.fit(pd.DataFrame({"x": [1.0, 2.0]}))
    with pytest.raises(TableError, match=r"column 'x' is so far .* in row 1 that it exceeds float32"):
        encoder.transform(pd.DataFrame({"x": [1e300]}))


def test_text_among_numbers_is_named_and_numbers_as_text_are_read():
    encoder = TableEncoder.fit(pd.DataFrame({"x": [1.0, 3.0]}))
    np.testing.assert_array_equal(encoder.transform(pd.DataFrame({"x": ["3", None]})), [[1], [0]])
    with pytest.raises(TableError, match="column 'x' must hold numbers, however row 2 holds 'abc'"):
        encoder.transform(pd.DataFrame({"x": ["3", "abc"]}))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([dt.date(2020, 1, 1)], "'c' holds dates or times"),
        ([dt.datetime(2020, 1, 1)], "'c' holds dates or times"),
        ([dt.timedelta(1)], "'c' holds dates or times"),
        ([dt.time(1)], "'c' holds dates or times"),
        ([[1, 2]], "'c' holds List"),
        ([{"a": 1}], "'c' holds Struct"),
        ([b"x"], "'c' holds Binary"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(values, says):
    with pytest.raises(TableError, match=says):
        TableEncoder.fit(pl.DataFrame({"c": values, "x": [1]}))
    encoder = TableEncoder.fit(pl.DataFrame({"c": ["a"], "x": [1]}))
    with pytest.raises(TableError, match="'c' held categories in training"):
        encoder.transform(pl.DataFrame({"c": values, "x": [1]}))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize(
    "date",
    [
        "2024-01-02", "2024-1-2", "2024-01-02 10:30", "2024-01-02T10:30:05.123Z", "2024-01-02 10:30:05+01:00",
        "2024/01/02", "01/02/2024", "1/2/24", "02.01.2024", "02.01.2024 10:30", "10:30", "9:05:59", "9:05 PM",
    ],
)  # fmt: skip
def test_dates_as_text_are_refused(frame, date):
    values = [date] * 19 + ["unknown", None]
    with pytest.raises(TableError, match=r"column 'c' holds dates or times .* turn it into numbers"):
        TableEncoder.fit(frame({"c": values}))


@pytest.mark.parametrize(
    "comma", ["1,5", "-0,25", "1,234", "1,234.50", "1,234,567", "1.234,5", "1.234.567,89"]
)
def test_numbers_with_commas_are_refused(comma):
    frame = pd.DataFrame({"c": ["7", "2.5", comma, None]})
    with pytest.raises(
        TableError, match=rf"'c' holds numbers with commas \(such as '{comma}'\), .* write 1.5"
    ):
        TableEncoder.fit(frame)


@pytest.mark.parametrize(
    "text", ["2024", "v1.2.3", "32.01.2024", "1.2.3", "12:75", "2024-13-45", "a,b", "1,2,x", "1,", "Jan 2024"]
)
def test_other_text_is_a_category(text):
    assert TableEncoder.fit(pd.DataFrame({"c": [text, "x"]})).columns[0].kind == "category"
    assert TableEncoder.fit(pd.DataFrame({"c": [text, text]})).columns[0].kind == "category"


def test_unseen_levels_are_found(table):
    encoder = TableEncoder.fit(table)
    assert encoder.unseen(table) == {}
    new = table.assign(color=["violet", *table["color"][1:]], city=None, x=1e9)
    assert encoder.unseen(new) == {"color": ["violet"]}
    many = pd.DataFrame({"c": [f"v{i % 300}" for i in range(600)]})
    with pytest.warns(DegradedWarning, match="300 different values"):
        encoder = TableEncoder.fit(many)
    assert encoder.unseen(many) == {}


def test_nested_and_complex_pandas_columns_are_refused():
    for values in ([[1], [2]], np.array([1j, 2])):
        with pytest.raises(TableError, match="'c' holds"):
            TableEncoder.fit(pd.DataFrame({"c": pd.Series(list(values))}))


def test_the_most_frequent_levels_are_kept_and_it_is_said_once():
    values = [f"v{i}" for i in range(300)] + [f"v{i}" for i in range(250, 300)]
    with pytest.warns(DegradedWarning, match="column 'c' has 300 different values") as caught:
        encoder = TableEncoder.fit(pd.DataFrame({"c": values}))
    assert len(caught) == 1
    assert len(encoder.columns[0].levels) == 200
    assert {f"v{i}" for i in range(250, 300)} <= set(encoder.columns[0].levels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert encoder.transform(pd.DataFrame({"c": values})).sum() == 250


def test_an_identifier_is_pointed_out():
    with pytest.warns(DegradedWarning, match="'id' has another value in every row"):
        TableEncoder.fit(pd.DataFrame({"id": [f"u{i}" for i in range(50)]}))


@pytest.mark.parametrize("frame", [[1, 2], {"a": [1]}, np.zeros((2, 2)), pd.DataFrame([[1, 2]])])
def test_only_frames_with_names_are_tables(frame):
    with pytest.raises(ParameterError, match="must be"):
        TableEncoder.fit(frame)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=12))
def test_numbers_equal_scikit_learn_for_any_values(values):
    frame = pl.DataFrame(
        {"x": values, "other": [1.0] * len(values)}, schema={"x": pl.Float64, "other": pl.Float64}
    )
    if frame["x"].null_count() == len(values):
        return
    x = frame["x"].to_numpy()[:, None]
    reference = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(x)
    encoder = TableEncoder.fit(frame)
    actual = encoder.transform(frame, np.float64)[:, 0]
    if encoder.columns[0].scale == 0:
        assert not actual.any()
    else:
        np.testing.assert_array_equal(actual, reference.transform(x)[:, 0])
