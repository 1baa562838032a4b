"""Columns go by what they hold: the same values in another type, order or library get the same answers."""

import datetime as dt
import tracemalloc
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tables import answers, fitted, outcome, same_answers
from tried import counted, examples

from chainrule.errors import DegradedWarning, ParameterError, TableError

SEEDS = st.integers(0, 2**32)


@st.composite
def tables(draw):
    """A pandas frame with a column of every usual kind, gaps in some of them, and a target."""
    n = draw(st.integers(12, 40))
    rng = np.random.default_rng(draw(SEEDS))
    with_gaps = draw(st.booleans())
    X = pd.DataFrame(
        {
            "x": rng.normal(size=n) * 10.0 ** draw(st.integers(-3, 3)),
            "count": rng.integers(-5, 5, n),
            "color": rng.choice(["red", "green", "blue"], n).astype(object),
            "flag": rng.random(n) < 0.5,
            "bought": pd.Timestamp("2020-02-27") + pd.to_timedelta(rng.integers(0, 900, n), unit="h"),
        }
    )
    if with_gaps:
        X = X.astype({"flag": object})
        for name in ("x", "color", "flag", "bought"):
            X.loc[rng.random(n) < 0.3, name] = None
    y = rng.normal(size=n) if draw(st.booleans()) else rng.choice(["yes", "no"], n)
    y[:2] = [0.0, 1.0] if y.dtype.kind == "f" else ["yes", "no"]
    return X, y


def agree(fault, model, *frames):
    same_answers(model, *frames)
    counted(f"columns: {fault}", "answered", len(frames) - 1)


# -- which columns, in which order -------------------------------------------------------------------------


@examples(4)
@given(table=tables(), order=st.randoms(use_true_random=False))
def test_columns_in_another_order_and_further_ones(table, order):
    X, y = table
    model = fitted(X, y)
    names = list(X.columns)
    order.shuffle(names)
    further = X.assign(more=["?"] * len(X), **{"": [[1]] * len(X)})[["", *names, "more"]]
    agree(
        "order, further ones", model, X, X[names], further, X.assign(target=y), X.assign(target="never seen")
    )


@examples(4)
@given(table=tables(), data=st.data())
def test_absent_and_doubled_columns_are_named(table, data):
    X, y = table
    model = fitted(X, y)
    name = data.draw(st.sampled_from([c.name for c in model.encoder_.schema.columns if c.features]))
    with pytest.raises(TableError, match=f"no column '{name}'"):
        model.predict(X.drop(columns=name))
    with pytest.raises(TableError, match=f"no column '{name}'.* did you mean '{name.upper()}'"):
        model.predict(X.rename(columns={name: name.upper()}))
    for doubled in (pd.concat([X, X[[name]]], axis=1), X.rename(columns={name: 1}).assign(**{"1": 2})):
        for call in (model.predict, lambda frame: fitted(frame, y)):
            with pytest.raises(TableError, match=r"columns? .*(different names|are called)"):
                call(doubled)
    counted("columns: absent, doubled", "refused", 6)


@examples(4)
@given(names=st.permutations([0, 1.5, ("a", 1), None, True, dt.date(2020, 1, 1), "x", "", " x", "x\n", b"x"]))
def test_names_that_are_no_text(names):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({i: rng.normal(size=20) for i in range(3)})
    X.columns = pd.Index(names[:3], dtype=object, tupleize_cols=False)
    y = rng.choice(["a", "b"], 20)
    with outcome("columns: names"):
        model = fitted(X, y)
        agree("names", model, X, X.iloc[:, ::-1], X.rename(columns=str))


# -- constant, empty, missing ------------------------------------------------------------------------------

EMPTY = {
    "NaN": lambda n: pd.Series([np.nan] * n),
    "None": lambda n: pd.Series([None] * n, dtype=object),
    "NA": lambda n: pd.Series(pd.array([pd.NA] * n, "Int64")),
    "NaT": lambda n: pd.Series([pd.NaT] * n),
    "category": lambda n: pd.Series(pd.Categorical([None] * n, categories=["a"])),
    "string": lambda n: pd.Series(pd.array([None] * n, "string")),
}
LATER = st.sampled_from(["text", 7, 1e300, np.inf, None, True, dt.date(2020, 1, 1), b"x", 1j, "", np.nan])


@examples(8)
@given(
    table=tables(), empty=st.sampled_from(sorted(EMPTY)), constant=LATER.filter(lambda c: c == c), later=LATER
)
def test_constant_and_empty_columns_count_for_nothing(table, empty, constant, later):
    X, y = table
    without = fitted(X, y)
    added = X.assign(e=EMPTY[empty](len(X)))
    if constant is not None and type(constant) not in (bytes, complex) and constant != np.inf:
        added["c"] = pd.Series([constant] * len(X), dtype=object)
    model = fitted(added, y)
    values = pd.Series([later] * len(X), dtype=object)
    expected = answers(without, X)
    for frame in (added, added.assign(e=values), *([added.assign(c=values)] if "c" in added else [])):
        np.testing.assert_array_equal(answers(model, frame), expected)
        counted("columns: constant, empty", "answered")


@examples(4)
@given(seed=SEEDS)
def test_nothing_but_constants(seed):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": [1.0] * 20, "b": ["x"] * 20, "e": [np.nan] * 20})
    y = rng.choice(["a", "b"], 20)
    y[:2] = "a", "b"
    agree("constant, empty", fitted(X, y), X, X.assign(a=np.nan, b=3, e="text"))


@examples(8)
@given(table=tables(), data=st.data())
def test_missing_where_training_had_none_and_the_reverse(table, data):
    X, y = table
    name = data.draw(st.sampled_from(sorted(X.columns)))
    model = fitted(X, y)
    gaps = [X.assign(**{name: EMPTY[kind](len(X))}) for kind in ("NaN", "None", "NA", "NaT", "string")]
    agree("missing at predict", model, *gaps)
    if not X[name].isna().all():
        held = X.copy().astype({name: object})
        held.loc[X.index[: len(X) // 2], name] = None
        answers(fitted(held, y), X)
        counted("columns: missing at fit only", "answered")


MISSING = [None, np.nan, pd.NA, pd.NaT, float("nan"), np.datetime64("NaT")]


@examples(6)
@given(table=tables(), absent=st.lists(st.sampled_from(MISSING), min_size=1, max_size=4), data=st.data())
def test_every_way_of_missing_is_one(table, absent, data):
    X, y = table
    name = data.draw(st.sampled_from(["x", "count", "color", "flag"]))
    model = fitted(X, y)
    frames = []
    for way in (*absent, None):
        values = X[name].astype(object).to_list()
        values[::3] = [way] * len(values[::3])
        frames.append(X.assign(**{name: pd.Series(values, dtype=object)}))
    agree("ways of missing", model, *frames)


# -- the same values in other types ------------------------------------------------------------------------


def typed(values, missing):
    """The same whole numbers in every type that holds them; None where `missing`."""
    held = [None if gone else int(value) for value, gone in zip(values, missing, strict=True)]
    yield pd.Series(held, dtype=object)
    yield pd.Series(pd.array(held, "Int64"))
    yield pd.Series(pd.array(held, "Float64"))
    yield pd.Series([np.nan if value is None else float(value) for value in held])
    yield pd.Series(held, dtype="Int64").astype("category")
    yield pd.Series([None if value is None else str(value) for value in held], dtype=object)
    yield pd.Series([None if value is None else f"{value}.0" for value in held], dtype="string")
    yield pd.Series([None if value is None else Decimal(value) for value in held], dtype=object)
    yield pd.Series([None if value is None else f" {value}" for value in held], dtype=object).str.strip()
    if not any(missing):
        yield pd.Series(held, dtype="int64")
        yield pd.Series(held, dtype="float32")


@examples(10)
@given(seed=SEEDS, with_gaps=st.booleans(), kind=st.sampled_from(["category", "number"]), data=st.data())
def test_numbers_in_every_type_are_the_same(seed, with_gaps, kind, data):
    rng = np.random.default_rng(seed)
    n = 30
    values, missing = rng.integers(0, 6, n), (rng.random(n) < 0.2) & with_gaps
    x, y = rng.normal(size=n), rng.choice(["yes", "no"], n)
    frames = [pd.DataFrame({"x": x, "c": column}) for column in typed(values, missing)]
    trained = data.draw(st.sampled_from(frames))
    agree("types of numbers", fitted(trained, y, column_kinds={"c": kind}), *frames)


TRUTHS = {
    "bool": lambda v: pd.Series(v, dtype=bool),
    "boolean": lambda v: pd.Series(pd.array(v, "boolean")),
    "object": lambda v: pd.Series(v, dtype=object),
    "category": lambda v: pd.Series(v).astype("category"),
    "text": lambda v: pd.Series([str(one) for one in v], dtype=object),
    "small text": lambda v: pd.Series([str(one).lower() for one in v], dtype="string"),
    "numbers": lambda v: pd.Series([int(one) for one in v]),
    "floats": lambda v: pd.Series([float(one) for one in v]),
}


@examples(6)
@given(seed=SEEDS, trained=st.sampled_from(["bool", "boolean", "object", "category", "text", "small text"]))
def test_truths_in_every_type_are_the_same(seed, trained):
    rng = np.random.default_rng(seed)
    values = (rng.random(30) < 0.5).tolist()
    values[:2] = True, False
    frames = {
        name: pd.DataFrame({"x": np.arange(30) / 7, "c": make(values)}) for name, make in TRUTHS.items()
    }
    agree("types of truths", fitted(frames[trained], rng.choice(["a", "b"], 30)), *frames.values())


@examples(6)
@given(seed=SEEDS, categories=st.permutations(["a", "b", "c", "unused", "b "]), trained=st.booleans())
def test_categories_go_by_their_names(seed, categories, trained):
    rng = np.random.default_rng(seed)
    words = rng.choice(["a", "b", "c"], 30)
    x = np.arange(30) / 7
    plain = pd.DataFrame({"x": x, "c": words.astype(object)})
    kinds = (
        pd.Categorical(words, categories=categories),
        pd.Categorical(words, categories=categories, ordered=True),
    )
    frames = [plain, *(plain.assign(c=kind) for kind in kinds)]
    enum = pl.DataFrame({"x": x, "c": pl.Series(words.tolist(), dtype=pl.Enum(categories))})
    frames += [
        enum,
        enum.with_columns(pl.col("c").cast(pl.Categorical)),
        pa.table({"x": x, "c": pa.array(words.tolist()).dictionary_encode()}),
    ]
    model = fitted(frames[1] if trained else plain, rng.choice(["yes", "no"], 30))
    agree("categories", model, *frames)
    renamed = plain.assign(
        c=pd.Categorical(words, categories=["a", "b", "c"]).rename_categories({"a": "new"})
    )
    agree("renamed categories", model, renamed, plain.assign(c=renamed["c"].astype(object)))


@examples(6)
@given(table=tables())
def test_libraries_agree(table):
    X, y = table
    model = fitted(X, y)
    frames = [X, X.convert_dtypes(), X.convert_dtypes(dtype_backend="pyarrow")]
    frames += [pl.from_pandas(X), pa.Table.from_pandas(X)]
    agree("libraries", model, *frames)
    rows = [[None if pd.isna(cell) else cell for cell in row] for row in X.astype(object).to_numpy().tolist()]
    matrix = np.empty((len(rows), X.shape[1]), dtype=object)
    matrix[:] = rows
    agree("libraries", fitted(rows, y), matrix, rows)
    for trained in (fitted(matrix, y), fitted(rows, y)):
        np.testing.assert_array_equal(answers(trained, rows), answers(model, X))


# -- numbers and dates at their ends -----------------------------------------------------------------------


@examples(6)
@given(
    values=st.lists(
        st.integers(-(2**80), 2**80) | st.sampled_from([2**63, 2**63 - 1, 2**64, -(2**63) - 1]),
        min_size=2,
        max_size=9,
    )
)
def test_very_large_integers_are_numbers(values):
    column = (values * 15)[:30]
    y = np.arange(30) % 2
    frames = [pd.DataFrame({"x": np.arange(30) / 7, "c": pd.Series(column, dtype=object)})]
    frames += [
        frames[0].assign(c=[float(value) for value in column]),
        pl.DataFrame({"x": np.arange(30) / 7, "c": pl.Series(column, dtype=pl.Int128)}),
    ]
    frames.append(frames[0].assign(c=pd.Series([str(value) for value in column], dtype=object)))
    agree("very large integers", fitted(frames[0], y, column_kinds={"c": "number"}), *frames)


ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati"]


@examples(6)
@given(seed=SEEDS, trained=st.sampled_from(ZONES), later=st.sampled_from(ZONES))
def test_the_same_moment_in_another_zone(seed, trained, later):
    rng = np.random.default_rng(seed)
    hours = pd.Series(pd.Timestamp("2020-03-25") + pd.to_timedelta(rng.integers(0, 20_000, 30), unit="h"))
    frames = {
        zone: pd.DataFrame({"d": hours.dt.tz_localize("UTC").dt.tz_convert(zone)})
        for zone in (trained, later)
    }
    model = fitted(frames[trained], rng.choice(["a", "b"], 30))
    text = pd.DataFrame({"d": frames[later]["d"].map(pd.Timestamp.isoformat).astype(object)})
    agree(
        "time zones",
        model,
        frames[trained],
        frames[later],
        pl.from_pandas(frames[later]),
        text,
        pd.DataFrame({"d": hours}),
    )


@examples(10)
@given(
    days=st.lists(st.dates() | st.sampled_from([dt.date.min, dt.date.max]), min_size=3, max_size=30),
    later=st.lists(st.datetimes() | st.datetimes(timezones=st.timezones()), min_size=1, max_size=5),
)
def test_dates_from_the_first_year_to_the_last(days, later):
    X = pd.DataFrame({"x": np.arange(30) / 7, "d": pd.Series((days * 10)[:30], dtype=object)})
    model = fitted(X, np.arange(30) % 2)
    answers(model, X)
    answers(model, pd.DataFrame({"x": 0.0, "d": pd.Series(later, dtype=object)}))
    in_polars = pl.DataFrame({"x": X["x"].to_numpy(), "d": X["d"].to_list()})
    agree("dates at the ends", model, X, in_polars)


# -- text --------------------------------------------------------------------------------------------------


@examples(10)
@given(
    words=st.lists(
        st.text(max_size=5) | st.sampled_from(["é", "e\u0301", "", " ", "ﬁ", "\ud800", "a\0"]),
        min_size=2,
        max_size=6,
        unique=True,
    ),
    later=st.lists(st.text(max_size=5), min_size=1, max_size=5),
    kind=st.sampled_from(["category", "text"]),
)
def test_any_text_is_a_level_of_its_own(words, later, kind):
    X = pd.DataFrame({"x": np.arange(30) / 7, "c": pd.Series((words * 15)[:30], dtype=object)})
    with outcome(f"columns: any text, {kind}"):
        model = fitted(X, np.arange(30) % 2, column_kinds={"c": kind})
        answers(model, X)
        answers(model, pd.DataFrame({"x": 0.0, "c": pd.Series(later, dtype=object)}))


@pytest.mark.thorough
def test_a_hundred_thousand_levels_take_bounded_memory():
    n = 100_000
    y = np.arange(n) % 2
    unique = pl.DataFrame({"x": np.arange(n) / 7, "c": [f"level {i}" for i in range(n)]})
    tenth = unique.with_columns(pl.Series("c", [f"level {i // 10}" for i in range(n)]))
    tracemalloc.start()
    answers(fitted(unique[:5_000], y[:5_000], column_kinds={"c": "category"}), unique)
    with pytest.warns(DegradedWarning, match="'c' has 1,200 different values; the 1000 most frequent"):
        model = fitted(tenth[:12_000], y[:12_000])
    answers(model, tenth)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300e6
    counted("columns: 100,000 levels", "answered", 2)


def test_numbers_beside_text_in_a_list_of_rows_are_numbers():
    rows = [[i / 7, "ab"[i % 2], i % 3 == 0] for i in range(15)]
    kinds = {"x0": "number", "x1": "category", "x2": "boolean"}
    for X in (rows, tuple(map(tuple, rows))):
        assert fitted(X, np.arange(15) % 2).encoder_.schema.kinds == kinds
    with pytest.raises(ParameterError, match="rows of a table must all have the same length"):
        fitted([*rows[:-1], rows[-1][:2]], np.arange(15) % 2)
    with pytest.raises(TableError, match="column 'x1' holds list values"):
        fitted([[i, [i] * (i % 3)] for i in range(15)], np.arange(15) % 2)
