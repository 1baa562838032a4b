"""A row's answer: the same bits for the same rows, and among other rows the same up to the last digit.

Exact it cannot be at the speed of BLAS, which adds up in an order that depends on the number of rows.
"""

import numpy as np
import pytest
from fitted_bits import PROGRAMS, answers, fitted, rows_for
from hypothesis import given
from hypothesis import strategies as st
from tried import counted, examples

from chainrule import MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore:.*onverge")

MODELS = {}
DIGITS = {"dropout": 2e-6}
"""Relative to 1, which answers here are about: of float32; float64 and tables have fifteen digits."""


def model_of(name):
    if name not in MODELS:
        MODELS[name] = fitted(name)
    return MODELS[name]


def of_rows(rows, chosen):
    return rows[chosen] if isinstance(rows, np.ndarray) else [rows[i] for i in chosen]


@examples(60)
@given(name=st.sampled_from(sorted(PROGRAMS)), n=st.integers(1, 300), seed=st.integers(0, 999))
def test_a_row_among_others(name, n, seed):
    """Chosen rows, several times over, in any order, against the whole table."""
    model = model_of(name)
    rows = rows_for(model)
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(rows), size=n)
    asked = of_rows(rows, chosen)
    found, again, whole = (answers(model, each) for each in (asked, asked, rows))
    for one, other, expected in zip(found, again, whole, strict=True):
        of_chosen = expected[:, chosen] if len(expected) == 2 < len(rows) else expected[chosen]
        if one.dtype == object or one.dtype.kind == "U":
            assert one.tolist() == other.tolist() == of_chosen.tolist()
            continue
        assert one.tobytes() == other.tobytes()
        np.testing.assert_allclose(one, of_chosen, rtol=0, atol=DIGITS.get(name, 1e-14))
    counted("rows: alone and among others", "answered", n)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_of_rows_around_the_size_of_a_piece(dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6000, 3)).astype(dtype)
    model = MLPRegressor(hidden_layer_sizes=(100,), max_iter=2, random_state=0, engine="numpy")
    model.fit(X[:100], X[:100, 0])
    whole = model.predict(X)
    for n in (1, 2, 15, 16, 17, 2620, 2621, 2622, 5241, 5242, 5243):
        found = model.predict(X[:n])
        assert found.tobytes() == model.predict(X[:n].copy()).tobytes()
        np.testing.assert_allclose(found, whole[:n], rtol=0, atol=1e-6 if dtype == "float32" else 1e-14)
        counted("rows: around a piece", "answered", n)
