"""Targets of a regression in every container: the same model, or a refusal that says what to do."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from small_models import REGRESSORS, data, meant, refusing, small
from tried import counted, examples

N_ROWS = 24

CONTAINERS = {
    "list": lambda y: y.tolist(),
    "objects": lambda y: y.astype(object),
    "decimals": lambda y: np.array([Decimal(int(v)) for v in y]),
    "fractions": lambda y: np.array([Fraction(int(v)) for v in y]),
    "text": lambda y: y.astype(str),
    "column": lambda y: y[:, None],
    "sparse": lambda y: scipy.sparse.csr_matrix(y[:, None]),
    "float16": lambda y: y.astype(np.float16),
    "float32": lambda y: y.astype(np.float32),
    "longdouble": lambda y: y.astype(np.longdouble),
    "uint8": lambda y: y.astype(np.uint8),
    "int64": lambda y: y.astype(np.int64),
    "big-endian": lambda y: y.astype(">f8"),
    "reversed twice": lambda y: y[::-1].copy()[::-1],
    "pandas": pd.Series,
    "nullable": lambda y: pd.Series(y, dtype="Float64"),
    "nullable whole": lambda y: pd.Series(y.astype(int), dtype="UInt8"),
    "category": lambda y: pd.Series(pd.Categorical(y.astype(int), categories=range(255, -1, -1))),
    "frame": lambda y: pd.DataFrame({"y": y}),
    "polars": pl.Series,
    "pyarrow": lambda y: pa.chunked_array([pa.array(y)]),
    "masked nowhere": np.ma.array,
}


@pytest.mark.parametrize("kind", REGRESSORS)
@examples(20)
@given(
    values=st.lists(st.integers(0, 255), min_size=N_ROWS, max_size=N_ROWS),
    container=st.sampled_from(list(CONTAINERS)),
)
def test_the_container_makes_no_difference(kind, values, container):
    X, _ = data(kind, N_ROWS)
    y = np.array(values, dtype=np.float64)
    with meant():
        expected = small(kind).fit(X, y).predict(X)
        found = small(kind).fit(X, CONTAINERS[container](y)).predict(X)
    np.testing.assert_array_equal(found, expected)
    counted("targets: of any type and container", "answered")


def test_yes_and_no_are_1_and_0():
    for kind in REGRESSORS:
        X, y = data(kind, N_ROWS)
        with meant():
            found = small(kind).fit(X, y > 0).predict(X)
            np.testing.assert_array_equal(found, small(kind).fit(X, (y > 0).astype(float)).predict(X))


STRANGE = {
    "NaN": lambda y: np.where(np.arange(N_ROWS) == 3, np.nan, y),
    "infinity": lambda y: np.where(np.arange(N_ROWS) == 3, -np.inf, y),
    "None": lambda y: np.where(np.arange(N_ROWS) == 3, None, y),
    "NA": lambda y: pd.Series(y, dtype="Float64").where(np.arange(N_ROWS) != 3, pd.NA),
    "NA among objects": lambda y: pd.Series(y, dtype=object).where(np.arange(N_ROWS) != 3, pd.NA),
    "null": lambda y: pl.Series([None if i == 3 else v for i, v in enumerate(y)]),
    "words": lambda y: np.where(np.arange(N_ROWS) == 3, "many", y.astype(str)),
    "beyond float64": lambda y: np.where(np.arange(N_ROWS) == 3, np.array(10**400, dtype=object), y),
    "longdouble beyond float64": lambda y: y.astype(np.longdouble) * np.longdouble("1e400"),
    "complex": lambda y: y + 1j,
    "dates": lambda y: y.astype("M8[D]"),
    "durations": lambda y: pd.Series(y.astype("m8[s]")),
    "timestamps": lambda y: np.array([pd.Timestamp(2020, 1, 1 + i) for i in range(N_ROWS)], dtype=object),
    "masked": lambda y: np.ma.array(y, mask=np.arange(N_ROWS) == 3),
    "lists": lambda y: np.fromiter(([v] for v in y), dtype=object, count=N_ROWS),
    "nothing": lambda y: None,
    "one number": lambda y: 3.0,
    "no columns": lambda y: np.zeros((N_ROWS, 0)),
    "three dimensions": lambda y: np.zeros((N_ROWS, 1, 1)),
    "no rows": lambda y: y[:0],
    "a row less": lambda y: y[1:],
    "words only": lambda y: np.array(["a"] * N_ROWS),
}


@pytest.mark.parametrize("kind", REGRESSORS)
@pytest.mark.parametrize("strange", STRANGE)
def test_what_is_no_number_is_refused_by_fit_and_partial_fit(kind, strange):
    X, y = data(kind, N_ROWS)
    with meant():
        model = small(kind).fit(X, y)
    before = model.predict(X)
    for method in (model.fit, model.partial_fit):
        assert refusing(lambda method=method: method(X, STRANGE[strange](y))) is not None
        np.testing.assert_array_equal(model.predict(X), before)
        counted("targets: no numbers", "refused")
