"""A table as the matrix for a network: which column is what, and finite whatever the table holds."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import ParameterError
from chainrule.table.network_encoder import CodeInput, Layout, NetworkEncoder
from chainrule.table.scaling import scaled


def through_json(encoder):
    return NetworkEncoder.from_description(json.loads(json.dumps(encoder.describe())))


# -- what becomes what --------------------------------------------------------------------------------


def test_the_columns_of_the_matrix_by_hand():
    frame = pd.DataFrame(
        {
            "x": [0.0, 1.0, 3.0, 7.0, np.nan],
            "yes": [1.0, 5.0, 5.0, 1.0, 5.0],
            "gone": [2.0, 2.0, 2.0, np.nan, 2.0],
            "color": ["red", "blue", None, "red", "green"],
        }
    )
    encoder, read = NetworkEncoder.fit(frame)
    assert encoder.layout == Layout(n_numbers=1, n_flags=1 + 2 + 5, levels=())
    matrix = encoder.transform(frame)
    assert matrix.dtype == np.float32
    assert matrix.shape == (5, encoder.layout.width)
    filled = np.asarray([[0.0], [1.0], [3.0], [7.0], [1.0]])
    np.testing.assert_allclose(matrix[:, 0], scaled(filled, encoder.numbers[:1])[:, 0], rtol=1e-6)
    np.testing.assert_array_equal(matrix[:, 1], [0, 1, 2, 3, 1])  # positions
    np.testing.assert_array_equal(matrix[:, 2], [-1, 1, 1, -1, 1])  # two values
    np.testing.assert_array_equal(matrix[:, 3:5], np.eye(5)[:, [4, 3]])  # missing: x, gone
    codes = [4, 2, 0, 4, 3]  # 0 missing, 1 unseen, then blue, green, red
    np.testing.assert_array_equal(matrix[:, 5:], np.eye(5)[codes])
    np.testing.assert_array_equal(encoder.encode(read), matrix)


def test_what_training_never_saw():
    train = pd.DataFrame({"x": [0.0, 1.0, 3.0, 7.0], "color": ["red", "blue", "red", "blue"]})
    encoder, _ = NetworkEncoder.fit(train)
    assert encoder.layout == Layout(1, 3, ())
    later = pd.DataFrame({"color": [None, "pink", "red"], "x": [np.nan, 1e9, -1e9]})
    matrix = encoder.transform(later)
    assert np.isfinite(matrix).all()
    np.testing.assert_array_equal(matrix[:, 2:], [[1, 0, 0], [1, 0, 0], [0, 0, 1]])
    # a missing number is the median where training had none
    np.testing.assert_array_equal(matrix[0, :2], encoder.transform(train)[1, :2])
    np.testing.assert_array_equal(matrix[1:, 1], [3, 0])


@pytest.mark.parametrize(("n_levels", "as_flags"), [(5, True), (62, True), (63, False), (1000, False)])
def test_few_levels_become_flags_and_many_a_code(n_levels, as_flags):
    texts = [f"level {i % n_levels:04d}" for i in range(2 * n_levels)]
    encoder, _ = NetworkEncoder.fit(pd.DataFrame({"c": texts}), {"c": "category"})
    frequency = 0  # "how often", which is a number, is constant here
    matrix = encoder.transform(pd.DataFrame({"c": [*texts[:n_levels], "other", None]}))
    if as_flags:
        assert encoder.layout == Layout(0, n_levels + 1, ())
        np.testing.assert_array_equal(matrix[:n_levels, 1:], np.eye(n_levels))
        np.testing.assert_array_equal(matrix[n_levels:], [[1.0, *[0] * n_levels]] * 2)
    else:
        assert encoder.layout.levels == (n_levels + 2,)
        assert encoder.layout.n_numbers == frequency
        np.testing.assert_array_equal(matrix[:, -1], [*range(2, n_levels + 2), 1, 1])


def test_some_codes_count_as_unseen_while_training():
    texts = [f"level {i % 100}" for i in range(20_000)]
    few = ["yes", "no"] * 10_000
    encoder, read = NetworkEncoder.fit(pd.DataFrame({"many": texts, "few": few}))
    plain, drawn = encoder.encode(read), encoder.encode(read, np.random.default_rng(0))
    unseen = drawn[:, -1] == 1
    assert 0.007 < unseen.mean() < 0.013
    np.testing.assert_array_equal(drawn[~unseen, -1], plain[~unseen, -1])
    first = encoder.layout.n_flags - 3
    assert 0.007 < drawn[:, first].mean() < 0.013
    np.testing.assert_array_equal(drawn[:, :-1].sum(1), np.ones(20_000))
    assert not plain[:, first].any()


def test_a_table_of_constants_is_one_flag_that_is_always_0():
    encoder, _ = NetworkEncoder.fit(pd.DataFrame({"a": [1.0, 1.0], "b": [2.0, 2.0]}))
    assert encoder.layout == Layout(0, 1, ())
    np.testing.assert_array_equal(encoder.transform(pd.DataFrame({"a": [5.0], "b": [np.nan]})), [[0.0]])


def test_weights_are_repeated_rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=30), "c": rng.choice(["a", "b"], 30)})
    schema = NetworkEncoder.fit(frame)[0].schema
    read, times = schema.read(frame), rng.integers(1, 4, 30)
    weighted = NetworkEncoder.of_read(schema, read, times.astype(float))
    repeated = np.repeat(read, times, axis=0)
    np.testing.assert_allclose(
        weighted.encode(read),
        NetworkEncoder.of_read(schema, repeated, np.ones(len(repeated))).encode(read),
        atol=1e-6,
    )


# -- whatever stands in the table -----------------------------------------------------------------------

CELLS = {
    "n": st.none() | st.floats(allow_nan=True, allow_infinity=False),
    "i": st.none() | st.integers(-3, 3),
    "c": st.none() | st.sampled_from("abcdefgh"),
    "d": st.none() | st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2250, 1, 1)),
    "b": st.none() | st.booleans(),
}
KINDS = {"n": "number", "i": "number", "c": "category", "d": "date", "b": "boolean"}
tables = st.lists(st.tuples(*CELLS.values()), min_size=2, max_size=12)


def frame_of(rows):
    columns = {
        name: pd.Series(list(values), dtype=object)
        for name, values in zip(CELLS, zip(*rows, strict=True), strict=True)
    }
    for name in ("n", "i"):
        columns[name] = columns[name].astype(float)
    columns["d"] = pd.to_datetime(columns["d"]).astype("datetime64[us]")
    return pd.DataFrame(columns)


@given(tables, tables)
def test_every_number_is_finite_and_in_its_range(train, later):
    encoder, read = NetworkEncoder.fit(frame_of(train), KINDS, bins=4)
    again, layout = through_json(encoder), encoder.layout
    assert again == encoder
    np.testing.assert_array_equal(encoder.encode(read), encoder.transform(frame_of(train)))
    for rows in (train, later):
        matrix = encoder.transform(frame_of(rows))
        assert matrix.shape == (len(rows), layout.width)
        assert np.isfinite(matrix).all()
        assert abs(matrix[:, : layout.n_numbers]).max(initial=0) <= 3
        positions = matrix[:, layout.n_numbers : 2 * layout.n_numbers]
        assert ((positions >= 0) & (positions <= 4)).all()
        assert abs(matrix[:, 2 * layout.n_numbers :]).max(initial=0) <= 1
        np.testing.assert_array_equal(again.transform(frame_of(rows)), matrix)


def test_a_table_with_every_kind_of_column(table):
    encoder, read = NetworkEncoder.fit(table)
    matrix = encoder.transform(table)
    assert np.isfinite(matrix).all()
    assert matrix.shape == (200, encoder.layout.width)
    np.testing.assert_array_equal(through_json(encoder).encode(read), matrix)
    np.testing.assert_array_equal(encoder.transform(table[::-1])[::-1], matrix)
    nothing = pd.DataFrame({name: pd.Series([None] * 3, dtype=object) for name in table})
    assert np.isfinite(encoder.transform(nothing)).all()
    assert encoder.transform(table.iloc[:0]).shape == (0, encoder.layout.width)


# -- as plain data ----------------------------------------------------------------------------------------


def changed(description, **changes):
    return {**description, **changes}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: changed(d, more=1), "not the description of an encoder"),
        (lambda d: changed(d, numbers=d["numbers"][:-1]), "do not fit its schema"),
        (lambda d: changed(d, numbers=d["numbers"][::-1]), "do not fit its schema"),
        (lambda d: changed(d, has_missing=[]), "do not fit its schema"),
        (lambda d: changed(d, has_missing=[1]), "do not fit its schema"),
        (lambda d: changed(d, numbers=[3, 4]), "not the description of"),
        (lambda d: changed(d, numbers=3), "not the description of"),
        (lambda d: changed(d, has_missing=None), "not the description of"),
    ],
)
def test_what_is_no_description_is_refused(change, words):
    frame = pd.DataFrame({"x": [1.0, 2.0, 4.0], "y": [3.0, 1.0, 2.0], "c": ["a", "b", "a"]})
    description = NetworkEncoder.fit(frame)[0].describe()
    with pytest.raises(ParameterError, match=words):
        NetworkEncoder.from_description(change(json.loads(json.dumps(description))))


def test_codes_without_a_missing_one_in_training():
    codes = np.asarray([0.0, 1.0, 2.0])
    np.testing.assert_array_equal(CodeInput("c", 4, True).known(codes), codes)
    np.testing.assert_array_equal(CodeInput("c", 4, False).known(codes), [1, 1, 2])
