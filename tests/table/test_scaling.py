"""Numbers as inputs: against NumPy's quantiles, with weights, and finite whatever the numbers are."""

import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chainrule.errors import ParameterError
from chainrule.table.scaling import NumberScaling, bin_edges, scaled

numbers = st.floats(allow_nan=False, allow_infinity=False)


def learn(x, weights=None, bins=8):
    x = np.asarray(x, dtype=float)
    return NumberScaling.learn("x", x, np.ones(len(x)) if weights is None else weights, bins)


# -- bins ---------------------------------------------------------------------------------------------


def test_few_different_values_are_each_an_edge():
    values = np.asarray([-3.0, 0.0, 0.5, 8.0])
    np.testing.assert_array_equal(bin_edges(values, np.asarray([9, 1, 1, 500]), 3), values)
    assert len(bin_edges(values, np.asarray([9, 1, 1, 500]), 2)) <= 3


def test_values_that_come_alike_give_quantiles():
    x = np.random.default_rng(0).normal(size=1001)
    edges = bin_edges(np.sort(x), np.ones(1001), 10)
    np.testing.assert_allclose(edges, np.quantile(x, np.linspace(0, 1, 11)), atol=0.02)
    assert edges[0] == x.min()
    assert edges[-1] == x.max()


def test_a_value_that_fills_half_of_the_rows_leaves_the_others_most_bins():
    """Of the square roots √1000 : 1000 · 1 it has 3 %."""
    values, counts = np.arange(1001.0), np.asarray([1000, *np.ones(1000)])
    edges = bin_edges(values, counts, 16)
    assert len(edges) == 17
    assert (np.diff(edges) > 0).all()
    cumulated = np.cumsum(np.sqrt(counts))
    np.testing.assert_allclose(
        np.diff(np.interp(edges[1:], values, cumulated)), cumulated[-1] / 16, rtol=1e-6
    )


# -- scaling ------------------------------------------------------------------------------------------


def test_scaling_is_robust_and_smoothly_clipped():
    x = np.random.default_rng(0).normal(10, 5, 999)
    low, median, high = np.quantile(x, (0.25, 0.5, 0.75), method="inverted_cdf")
    scaling = learn(x)
    s = (x - median) / (high - low)
    np.testing.assert_allclose(scaled(x[:, None], [scaling])[:, 0], s / np.sqrt(1 + s**2 / 9), rtol=1e-12)
    assert scaling.fill == median
    assert (scaling.role, scaling.has_missing) == ("number", False)
    assert abs(scaled(np.asarray([[1e300], [-1e300]]), [scaling])).max() <= 3


def test_a_number_whose_quartiles_are_equal_is_scaled_by_half_its_range():
    scaling = learn([0.0] * 10 + [5.0, 8.0])
    assert scaling.factor == pytest.approx(2 / 8)


def test_positions_count_bins_and_shares_of_them():
    scaling = learn([0.0, 1.0, 3.0, 7.0], bins=3)
    assert scaling.edges == (0.0, 1.0, 3.0, 7.0)
    u = scaling.position(np.asarray([-9.0, 0.0, 0.5, 1.0, 2.5, 3.0, 6.0, 7.0, 99.0]))
    np.testing.assert_allclose(u, [0, 0, 0.5, 1, 1.75, 2, 2.75, 3, 3])


@given(st.lists(st.tuples(st.integers(-5, 20), st.integers(1, 4)), min_size=1, max_size=30))
def test_a_weight_is_a_row_repeated(rows):
    x, weights = np.asarray(rows, dtype=float).T
    one, other = learn(x, weights, bins=4), learn(np.repeat(x, weights.astype(int)), bins=4)
    assert (one.fill, one.center, one.factor) == (other.fill, other.center, other.factor)
    np.testing.assert_allclose(one.edges, other.edges, rtol=1e-12)


def test_a_common_factor_of_the_weights_changes_nothing():
    x = np.random.default_rng(0).normal(size=50)
    one, other = learn(x), learn(x, np.full(50, 1e-3))
    assert (one.center, one.factor) == (other.center, other.factor)
    np.testing.assert_allclose(one.edges, other.edges, rtol=1e-12)


@pytest.mark.parametrize(
    ("x", "role", "has_missing", "fill"),
    [
        ([7.0] * 5, "nothing", False, 7.0),
        ([7.0, np.nan], "nothing", True, 7.0),
        ([np.nan] * 3, "nothing", True, 0.0),
        ([0.0, 1.0, 1.0], "flag", False, 1.0),
        ([-2.0, np.nan, 5.0], "flag", True, -2.0),
        ([1.0, 2.0, 4.0], "number", False, 2.0),
    ],
)
def test_roles(x, role, has_missing, fill):
    scaling = learn(x)
    assert (scaling.role, scaling.has_missing, scaling.fill) == (role, has_missing, fill)


LARGEST = np.finfo(float).max
BOTH_ENDS = [-LARGEST, -0.9e308, -0.8e308, -0.7e308, 0.7e308, 0.8e308, 0.9e308, LARGEST]


@given(st.lists(numbers, min_size=1, max_size=12), st.lists(numbers, min_size=1, max_size=5))
@example([1e300, -1e300, 1.0, 2.0, 3.0], [LARGEST, -LARGEST, 0.0])
@example([LARGEST, -LARGEST], [0.0, LARGEST, -LARGEST])
@example(BOTH_ENDS, [0.0, 1e308, -LARGEST, LARGEST])
@example([0.0, 1e-310, 3e-310], [2e-310, 1e-311, 1.0, -LARGEST])
@example([0.0, 5e-324], [5e-324, 1.0])
@example([0.0, 1e-310, 1.0, 2.0, 3.0], [5e-311])
@example([1.0, np.nextafter(1.0, 2.0), 1.0 - 2.0**-53], [1.0, LARGEST])
def test_inputs_are_finite_for_all_numbers(x, others):
    scaling = learn(x, bins=4)
    rows = np.asarray(x + others)
    z, edges = scaled(rows[:, None], [scaling])[:, 0], np.asarray(scaling.edges)
    assert np.isfinite(z).all()
    assert abs(z).max() <= 3
    assert np.isfinite(edges).all()
    assert (edges[1:] > edges[:-1]).all()
    assert len(edges) <= 5
    order = np.argsort(rows)
    assert (np.diff(z[order]) >= -1e-12).all(), "a larger number is no smaller input, but for rounding"
    if scaling.role != "nothing":
        u = scaling.position(rows)
        assert (u >= 0).all()
        assert (u <= len(edges) - 1).all()
        assert (np.diff(u[order]) >= -1e-9).all()
    assert NumberScaling.from_description(json.loads(json.dumps(scaling.describe()))) == scaling


@given(st.lists(numbers, min_size=6, max_size=12))
@example(BOTH_ENDS)
def test_weights_of_any_size_keep_edges_finite(x):
    scaling = learn(x, np.full(len(x), 1e-12), bins=3)
    assert np.isfinite(scaling.edges).all()
    assert np.isfinite(scaling.position(np.asarray(x))).all()


@pytest.mark.parametrize(
    "change",
    [
        {"edges": [2.0, 1.0]},
        {"edges": [1.0, float("inf")]},
        {"edges": (1.0, 2.0)},
        {"fill": 1},
        {"factor": float("nan")},
        {"name": 3},
        {"has_missing": 0},
        {"more": 1.0},
    ],
    ids=str,
)
def test_what_is_no_description_is_refused(change):
    with pytest.raises(ParameterError, match="not the description of a number's scaling"):
        NumberScaling.from_description(learn([1.0, 2.0, 4.0]).describe() | change)
