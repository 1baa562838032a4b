"""Columns of every kind that frames can hold, another one at predict: finite answers, or one sentence."""

import datetime as dt
import decimal
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tables import answers, check_sentence, fitted, outcome
from tried import counted, examples

from chainrule.errors import ChainruleError, TableError
from chainrule.table import known_labels

N = 24
UTC = dt.UTC


def cycle(*values):
    return [values[i % len(values)] for i in range(N)]


def objects(*values):
    made = np.empty(N, dtype=object)
    made[:] = cycle(*values)
    return pd.Series(made, dtype=object)


# Each is made of a random generator: a pandas or polars series, or a list.
PANDAS = {
    "numbers": lambda rng: pd.Series(rng.normal(size=N)),
    "float16": lambda rng: pd.Series(rng.normal(size=N).astype(np.float16)),
    "int8": lambda rng: pd.Series(rng.integers(-9, 9, N).astype(np.int8)),
    "huge numbers": lambda rng: pd.Series(rng.normal(size=N) * 1e300),
    "tiny numbers": lambda rng: pd.Series(rng.normal(size=N) * 1e-310),
    "infinite": lambda _: pd.Series(cycle(1.0, np.inf, 2.0)),
    "with gaps": lambda rng: pd.Series(np.where(rng.random(N) < 0.5, np.nan, rng.normal(size=N))),
    "constant": lambda rng: pd.Series([float(rng.integers(9))] * N),
    "all NaN": lambda _: pd.Series([np.nan] * N),
    "all None": lambda _: objects(None),
    "all NA": lambda _: pd.Series(pd.array([pd.NA] * N, "Int64")),
    "all NaT": lambda _: pd.Series([pd.NaT] * N),
    "uint64": lambda _: pd.Series(np.array(cycle(2**64 - 1, 2**63, 0), dtype=np.uint64)),
    "beyond 2**64": lambda _: objects(2**64, -(2**70), 10**40),
    "beyond floats": lambda _: objects(10**400, 1),
    "Int64": lambda _: pd.Series(pd.array(cycle(1, pd.NA, 2**62), "Int64")),
    "Float64": lambda _: pd.Series(pd.array(cycle(1.5, pd.NA), "Float64")),
    "boolean": lambda _: pd.Series(pd.array(cycle(True, pd.NA, False), "boolean")),
    "bools": lambda rng: pd.Series(rng.random(N) < 0.5),
    "bools and None": lambda _: objects(True, None, False),
    "words": lambda rng: pd.Series(rng.choice(list("abc"), N).astype(object)),
    "str": lambda rng: pd.Series(rng.choice(list("abc"), N)).astype("str"),
    "string and NA": lambda _: pd.Series(pd.array(cycle("a", pd.NA, "b"), "string")),
    "empty strings": lambda _: objects("", " ", "a", None),
    "Unicode": lambda _: objects("é", "e\u0301", "ﬁ", "\u202eabc", "日本", "a\0b", "\U0001f600"),
    "surrogates": lambda _: objects("\ud800", "a\udfff", "b"),
    "numbers as text": lambda rng: pd.Series(rng.integers(0, 99, N).astype(str)),
    "numbers among words": lambda rng: pd.Series([str(i) for i in rng.normal(size=N - 1)] + ["?"]),
    "commas": lambda _: objects("1,5", "2,5", "3,75"),
    "sentences": lambda _: objects("so it is", "so it was not", "what was that now"),
    "identifiers": lambda _: pd.Series([f"u{i}" for i in range(N)]),
    "dates": lambda rng: pd.Series(
        pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 999, N), unit="D")
    ),
    "dates with a zone": lambda _: pd.Series(
        pd.date_range("2020-03-28", periods=N, freq="h", tz="Europe/Berlin")
    ),
    "dates of other zones": lambda _: objects(
        *(dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=h))) for h in (-5, 0, 9))
    ),
    "dates with and without a zone": lambda _: objects(
        dt.datetime(2020, 1, 1, tzinfo=UTC), dt.datetime(2021, 1, 1)
    ),
    "the ends of time": lambda _: objects(
        dt.datetime.min, dt.datetime.max, dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=23)))
    ),
    "days": lambda _: objects(dt.date(1, 1, 1), dt.date(9999, 12, 31), None),
    "far years": lambda _: pd.Series(np.array(cycle("2020", "100000", "-5000"), dtype="M8[s]")),
    "times": lambda _: objects(dt.time(1), dt.time(23, 59), None),
    "timedelta": lambda rng: pd.Series(pd.to_timedelta(rng.integers(-999, 999, N), unit="s")),
    "long timedelta": lambda _: objects(dt.timedelta.max, dt.timedelta.min, dt.timedelta(0)),
    "dates as text": lambda _: objects("2024-01-31", "31.12.9999", "0001-01-01", "2024-02-30"),
    "times as text": lambda _: objects("10:30", "24:00", "9:05 PM"),
    "dates and numbers": lambda _: objects(dt.date(2020, 1, 1), 1.5, "x"),
    "complex": lambda _: pd.Series(np.array(cycle(1j, 2))),
    "arrays": lambda _: objects(np.zeros(2), np.ones(2)),
    "lists": lambda _: objects([1], [2, 3]),
    "dictionaries": lambda _: objects({"a": 1}),
    "bytes": lambda _: objects(b"a", b"b"),
    "decimals": lambda _: objects(
        decimal.Decimal("1.5"), decimal.Decimal("NaN"), decimal.Decimal("1e400"), None
    ),
    "fractions": lambda _: objects(__import__("fractions").Fraction(1, 3), 2),
    "everything": lambda _: objects(1, "1", 1.0, True, None, np.nan, pd.NA, pd.NaT, "x"),
    "category": lambda rng: pd.Series(pd.Categorical(rng.choice(list("abc"), N), categories=list("zcba"))),
    "category of numbers": lambda rng: pd.Series(pd.Categorical(rng.integers(0, 3, N))),
    "category of dates": lambda _: pd.Series(
        pd.Categorical(pd.to_datetime(cycle("2020-01-01", "2021-01-01")))
    ),
    "category of nothing": lambda _: pd.Series(pd.Categorical([None] * N, categories=["a"])),
    "period": lambda _: pd.Series(pd.period_range("2020", periods=N, freq="M")),
    "interval": lambda _: pd.Series(pd.interval_range(0, N, periods=N)),
    "sparse": lambda _: pd.Series(pd.arrays.SparseArray(np.array(cycle(0.0, 0.0, 1.0)))),
    "own type": lambda _: objects(object()),
    "NumPy strings": lambda _: objects(np.str_("a"), np.str_("b")),
}
POLARS = {
    "null": lambda _: pl.Series([None] * N),
    "Int128": lambda _: pl.Series(cycle(2**100, -1, None), dtype=pl.Int128),
    "UInt64": lambda _: pl.Series(cycle(2**64 - 1, 0, None), dtype=pl.UInt64),
    "Decimal": lambda _: pl.Series(cycle(decimal.Decimal("1.50"), None, decimal.Decimal("2"))),
    "Categorical": lambda _: pl.Series(cycle("a", None, "b"), dtype=pl.Categorical),
    "Enum": lambda _: pl.Series(cycle("a", None, "b"), dtype=pl.Enum(["unused", "b", "a"])),
    "Struct": lambda _: pl.Series(cycle({"a": 1}, {"a": 2})),
    "List": lambda _: pl.Series(cycle([1], [], None)),
    "Array": lambda _: pl.Series(cycle([1, 2], [3, 4]), dtype=pl.Array(pl.Int64, 2)),
    "Binary": lambda _: pl.Series(cycle(b"a", b"b")),
    "Object": lambda _: pl.Series(cycle(object(), object()), dtype=pl.Object),
    "Date": lambda _: pl.Series(cycle(dt.date(2020, 1, 1), None, dt.date(9999, 12, 31))),
    "Time": lambda _: pl.Series(cycle(dt.time(1), None, dt.time(2))),
    "Duration": lambda _: pl.Series(cycle(dt.timedelta(1), None, dt.timedelta(-9))),
    "ns": lambda _: pl.Series(
        cycle(dt.datetime(2020, 1, 1), None, dt.datetime(2262, 1, 1)), dtype=pl.Datetime("ns")
    ),
    "zone": lambda _: pl.Series(cycle(dt.datetime(2020, 1, 1), dt.datetime(2021, 7, 1))).dt.replace_time_zone(
        "America/New_York"
    ),
    "text": lambda _: pl.Series(cycle("a", None, "")),
    "NaN and null": lambda _: pl.Series(cycle(1.0, float("nan"), None)),
    "infinite": lambda _: pl.Series(cycle(1.0, float("-inf"))),
}


def pandas_frame(series, x):
    return pd.DataFrame({"x": x, "c": pd.Series(series).reset_index(drop=True)})


@st.composite
def frames(draw, library):
    """A frame with numbers in x and anything in c, and what that is."""
    seed = draw(st.integers(0, 2**32))
    rng = np.random.default_rng(seed)
    x = rng.normal(size=N)
    if library == "polars":
        name = draw(st.sampled_from(sorted(POLARS)))
        return f"polars {name}", pl.DataFrame({"x": x, "c": POLARS[name](rng)})
    name = draw(st.sampled_from(sorted(PANDAS)))
    frame = pandas_frame(PANDAS[name](rng), x)
    if library == "pandas":
        return f"pandas {name}", frame
    if library == "pyarrow":
        try:
            return f"pyarrow {name}", pa.Table.from_pandas(frame)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            return f"pandas {name}", frame
    rows = [list(row) for row in frame.astype(object).itertuples(index=False)]
    if library == "lists":
        return f"lists of {name}", rows
    matrix = np.empty((N, 2), dtype=object)
    matrix[:] = frame.astype(object).to_numpy()
    return f"array of {name}", matrix


any_frame = st.sampled_from(["pandas", "polars", "pyarrow", "lists", "array"]).flatmap(frames)
same_form = st.sampled_from(["pandas", "polars", "pyarrow", "lists", "array"]).flatmap(
    lambda library: st.tuples(frames(library), frames(library))
)


@examples(40)
@given(pair=same_form | st.tuples(any_frame, any_frame), seed=st.integers(0, 99), is_regression=st.booleans())
def test_any_column_at_fit_and_any_other_at_predict(pair, seed, is_regression):
    (_, X), (_, new) = pair
    rng = np.random.default_rng(seed)
    y = rng.normal(size=N) if is_regression else rng.choice(["yes", "no"], N)
    model = None
    with outcome("columns: any kind at fit"):
        model = fitted(X, y)
        answers(model, X)
    if model is None:
        return
    with outcome("columns: another kind at predict"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names|X has feature names")
        answers(model, new)


@pytest.fixture(scope="module")
def models():
    """Models that were trained on other columns: numbers, words, dates, one value."""
    x, y = np.arange(N) / 7, np.arange(N) % 2
    names = ("numbers", "words", "dates", "constant")
    return [fitted(pandas_frame(PANDAS[name](np.random.default_rng(1)), x), y) for name in names]


@pytest.mark.parametrize("name", sorted(PANDAS))
def test_every_kind_of_pandas(name, models):
    check_alone(pandas_frame(PANDAS[name](np.random.default_rng(0)), np.arange(N) / 7), models)


@pytest.mark.parametrize("name", sorted(POLARS))
def test_every_kind_of_polars(name, models):
    check_alone(pl.DataFrame({"x": np.arange(N) / 7, "c": POLARS[name](np.random.default_rng(0))}), models)


def check_alone(X, models):
    """At fit, and at predict where another kind was trained."""
    with outcome("columns: any kind at fit"):
        answers(fitted(X, np.arange(N) % 2), X)
    for model in models:
        with outcome("columns: another kind at predict"):
            answers(model, X)


def refused(form, word):
    """Something in which the word must be said."""
    X = pd.DataFrame({"x": np.arange(N) / 7, "c": cycle(1.5, 2.5, 3.5)})
    y = np.arange(N) % 2
    if form == "twice the same name":
        fitted(X.set_axis([word, word], axis=1), y)
    elif form == "text among numbers":
        fitted(X, y).predict(X.assign(c=word))
    elif form == "absent":
        fitted(X.rename(columns={"c": word}), y).predict(X.rename(columns={"c": word + "x"}))
    elif form == "target":
        known_labels(pl.DataFrame({"y": [word]}), "y", np.array([word + "a", word + "b"]))
    else:
        fitted(X.assign(c=cycle(f"1,5{'0' * len(word)}", "2,5")), y)


@examples(10)
@given(
    word=st.sampled_from(["w" * 300, "w" * 5_000, "a\nb", "\r\n" * 200]),
    form=st.sampled_from(["twice the same name", "text among numbers", "target", "absent", "commas"]),
)
def test_what_is_refused_is_said_in_a_line_however_long_it_is(word, form):
    with pytest.raises(ChainruleError) as refusal:
        refused(form, word)
    check_sentence(str(refusal.value))
    counted("columns: long words in errors", "refused")


def test_nested_columns_are_refused_by_name():
    for name in ("Struct", "List", "Array", "Binary"):
        with pytest.raises(TableError, match=f"column 'c' holds {name}"):
            fitted(pl.DataFrame({"x": np.arange(N) / 7, "c": POLARS[name](None)}), np.arange(N) % 2)
