"""Tables of any kind as typed columns: what is learned, read, refused, described and shown."""

import datetime as dt
import json
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import DegradedWarning, ParameterError, TableError
from chainrule.table import Feature, Schema

# -- what is learned, from whatever library ---------------------------------------------------------------


def test_every_column_has_its_kind_and_features(table):
    schema = Schema.learn(table)
    assert schema.kinds == {
        "x": "number", "gaps": "number", "count": "number", "color": "category", "flag": "boolean",
        "constant": "ignore", "bought": "date", "city": "category", "lab": "mixed", "comment": "text",
    }  # fmt: skip
    assert [feature for feature in schema.features if feature.role == "code"] == [
        Feature("color", "color", "code", 5),
        Feature("flag", "flag", "code", 4),
        Feature("city", "city", "code", 4),
        Feature("lab word", "lab", "code", 5),
    ]
    assert [feature.name for feature in schema.features if feature.column == "bought"] == [
        "bought days", "bought year", "bought month", "bought day", "bought weekday", "bought day of year",
        "bought hour",
    ]  # fmt: skip
    assert [feature.name for feature in schema.features if feature.column == "comment"][3] == "comment ~3"
    assert Schema.learn(table, schema.kinds) == Schema(
        tuple(
            column if column.name != "constant" else type(column)("constant", 0.0, "as asked")
            for column in schema.columns
        )
    )


def test_frames_of_every_library_are_the_same(table):
    schema = Schema.learn(table)
    expected = schema.read(table)
    rows = table.astype(object).where(table.notna(), None).to_numpy()
    frames = {
        "polars": pl.from_pandas(table),
        "pyarrow": pa.Table.from_pandas(table),
        "nullable": table.convert_dtypes(),
        "objects": table.astype(object),
        "categoricals": table.astype({"color": "category", "city": "category"}),
        "array": rows,
        "rows": rows.tolist(),
    }
    for name, frame in frames.items():
        np.testing.assert_array_equal(schema.read(frame), expected, err_msg=name)
        learned = Schema.learn(frame)
        if name in ("array", "rows"):
            assert learned.columns[0].name == "x0"
        else:
            assert learned == schema, name
        np.testing.assert_array_equal(learned.read(frame), expected, err_msg=name)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int8, np.uint64, bool])
def test_numeric_arrays_are_read_as_they_are(dtype):
    x = np.random.default_rng(0).integers(0, 2, (50, 3)).astype(dtype)
    expected = x.astype(np.float64) + (2 if dtype is bool else 0)  # codes of False and True
    np.testing.assert_array_equal(Schema.learn(x).read(x), expected)
    np.testing.assert_array_equal(Schema.learn(x[:, :2]).read(x[::-2, :2]), expected[::-2, :2])
    schema = Schema.learn(np.c_[x, np.zeros(50, dtype)])
    assert schema.columns[3].becomes == "ignored: constant"
    np.testing.assert_array_equal(schema.read(np.c_[x, np.ones(50, dtype)]), expected)


def test_arrays_and_frames_learn_the_same_numbers():
    x = np.random.default_rng(0).normal(size=(30, 3))
    x[::4, 1] = np.nan
    names = ["x0", "x1", "x2"]
    assert Schema.learn(x) == Schema.learn(pd.DataFrame(x, columns=names)) == Schema.learn(x.tolist())
    assert Schema.learn(x, {"x2": "category"}).kinds == {"x0": "number", "x1": "number", "x2": "category"}


def test_masked_values_are_missing():
    masked = np.ma.masked_array([[1.0, 2], [3, 4]], [[True, False], [False, False]])
    np.testing.assert_array_equal(Schema.learn(masked).read(masked), [[np.nan, 2], [3, 4]])


# -- columns by name or by place --------------------------------------------------------------------------


def test_order_and_further_columns_do_not_matter(table):
    schema = Schema.learn(table)
    shuffled = table[table.columns[::-1]].assign(more="x", y="unknown label").drop(columns="constant")
    np.testing.assert_array_equal(schema.read(shuffled), schema.read(table))


def test_absent_columns_are_named(table):
    schema = Schema.learn(table)
    with pytest.raises(TableError, match="the table has no columns 'x', 'city'"):
        schema.read(table.drop(columns=["x", "city"]))
    with pytest.raises(TableError, match=r"no column 'color'; did you mean 'Color'\?"):
        schema.read(table.rename(columns={"color": "Color"}))


def test_arrays_go_by_place():
    frame = pd.DataFrame({"a": [1.0, 2], "b": [3.0, 4]})
    schema = Schema.learn(frame)
    np.testing.assert_array_equal(schema.read(frame.to_numpy()), frame)
    for wrong in (np.zeros((2, 3)), [[1, 2, 3]]):
        with pytest.raises(
            TableError, match="X has 3 features, but this model is expecting 2 features as input"
        ):
            schema.read(wrong)
    np.testing.assert_array_equal(Schema.learn(frame.to_numpy()).read(frame), frame)
    with pytest.raises(TableError, match="the table has no columns 'x0', 'x1'"):
        Schema.learn(frame.to_numpy()).read(frame.assign(c=1.0))


def test_names_are_text_and_different():
    assert list(Schema.learn(pd.DataFrame([[1, "a"], [2, "b"]])).kinds) == ["0", "1"]
    frame = pd.DataFrame([[1, "a"], [2, "b"]])
    np.testing.assert_array_equal(Schema.learn(frame, {0: "category"}).read(frame), [[2, 2], [3, 3]])
    with pytest.raises(TableError, match=r"different names.*'a'"):
        Schema.learn(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(TableError, match=r"two columns are called '0'.*0 and '0'; rename"):
        Schema.learn(pd.DataFrame([[1, 2]], columns=[0, "0"]))


@pytest.mark.parametrize(
    "frame", [[1, 2], np.zeros(3), np.zeros((2, 2, 2)), {"a": [1]}, "a,b", pd.Series([1])]
)
def test_what_is_no_table_is_refused(frame):
    with pytest.raises(ParameterError, match="a table must"):
        Schema.learn(frame)


def test_rows_must_have_one_length():
    with pytest.raises(ParameterError, match="same length"):
        Schema.learn([[1, 2], [3]])


@pytest.mark.parametrize("n", [0, 1])
def test_few_rows_are_enough(table, n):
    schema = Schema.learn(table)
    expected = schema.read(table)[:n]
    for frame in (table[:n], pl.from_pandas(table[:n]), table[:n].to_numpy()):
        np.testing.assert_array_equal(schema.read(frame), expected)
        assert Schema.learn(frame).read(frame).shape == (n, 0)
    assert Schema.learn(np.zeros((n, 3))).features == ()


# -- as data, and shown ----------------------------------------------------------------------------------


def test_describes_itself_exactly(table):
    schema = Schema.learn(table)
    again = Schema.from_description(json.loads(json.dumps(schema.describe())))
    assert again == schema
    np.testing.assert_array_equal(again.read(table), schema.read(table))


_cells = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_infinity=False),
    st.text(max_size=9), st.dates(), st.datetimes(), st.times(),
    st.timedeltas(dt.timedelta(-9), dt.timedelta(9)),
)  # fmt: skip


@given(
    st.lists(st.tuples(_cells, st.floats(allow_infinity=False), st.text(max_size=3)), min_size=1, max_size=40)
)
def test_any_rows_are_learned_described_and_read(rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegradedWarning)
        rows = [list(row) for row in rows]
        schema = Schema.learn(rows)
        assert Schema.from_description(json.loads(json.dumps(schema.describe()))) == schema
        matrix = schema.read(rows)
    assert matrix.shape == (len(rows), len(schema.features))
    assert not np.isinf(matrix).any()
    for feature, values in zip(schema.features, matrix.T, strict=True):
        if feature.role == "code":
            assert set(values) <= set(range(feature.n_levels))


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "object"}, {"kind": ["number"]}, {"kind": "boolean"},
        {"low": float("nan")}, {"low": "0"}, {"low": 2.0},
        {"missing": 1.5}, {"missing": 0}, {"name": 3}, {"surplus": 0},
    ],
)  # fmt: skip
def test_false_descriptions_are_refused(change):
    described = {"name": "x", "kind": "number", "missing": 0.0, "low": 0.0, "high": 1.0}
    Schema.from_description({"columns": [described]})
    with pytest.raises(ParameterError):
        Schema.from_description({"columns": [described | change]})
    with pytest.raises(ParameterError, match="the same name"):
        Schema.from_description({"columns": [described, described]})


@pytest.mark.parametrize(
    "described",
    [
        {"kind": "category", "levels": ["a", "a"], "counts": [], "is_pooled": False},
        {"kind": "category", "levels": ["a", "b"], "counts": [1], "is_pooled": False},
        {"kind": "category", "levels": ["a", 1], "counts": [], "is_pooled": False},
        {"kind": "boolean", "levels": ["a", "b", "c"]},
        {"kind": "ignore", "reason": "why not"},
        {"kind": "date", "form": "date", "low": 0.0, "high": 1.0, "parts": ["century"], "day_first": None},
        {"kind": "date", "form": "time", "low": 0.0, "high": 1.0, "parts": ["year"], "day_first": None},
        {"kind": "date", "form": "date", "low": 0.0, "high": 1.0, "parts": [], "day_first": 1},
        {"kind": "date", "form": "date", "low": 0.0, "high": 1e300, "parts": [], "day_first": None},
        "a column",
    ],
)
def test_descriptions_that_do_not_fit_together_are_refused(described):
    if isinstance(described, dict):
        described = {"name": "c", "missing": 0.0, **described}
    with pytest.raises(ParameterError):
        Schema.from_description({"columns": [described]})


def test_is_shown_as_a_table():
    frame = pd.DataFrame({"age": [1.5, None, 20.0, 3.0], "<b>": list("abab"), "k": [1] * 4})
    lines = str(Schema.learn(frame)).split("\n")
    assert lines == [
        "column  kind      levels or range  missing  becomes",
        "age     number    1.5 to 20        25 %     1 number",
        "<b>     category  a, b             0 %      1 code",
        "k       ignore                     0 %      ignored: constant",
    ]
    html = Schema.learn(frame)._repr_html_()
    assert "<td>&lt;b&gt;</td><td>category</td><td>a, b</td>" in html
    assert html.count("<tr>") == 4
