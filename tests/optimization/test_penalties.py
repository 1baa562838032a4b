"""Penalties against central differences and hand-worked figures; clipping against its definition."""

import jax.numpy as jnp
import numpy as np
import pytest

from chainrule.optimization.penalties import clip, l1_penalty, l2_penalty

WEIGHTS = np.asarray([3.0, -1.0, 0.5])


@pytest.mark.parametrize(
    ("penalty", "value", "slope"),
    [(l2_penalty, 0.5 * 0.2 * 10.25, [0.6, -0.2, 0.1]), (l1_penalty, 0.2 * 4.5, [0.2, -0.2, 0.2])],
)
def test_penalty_by_hand_and_by_central_differences(penalty, value, slope, central_differences):
    found = penalty(WEIGHTS, 0.2)
    assert found[0] == pytest.approx(value)
    np.testing.assert_allclose(found[1], slope)
    np.testing.assert_allclose(found[1], central_differences(lambda w: penalty(w, 0.2)[0], WEIGHTS))


def test_l1_leaves_a_weight_of_0_where_it_is():
    assert l1_penalty(np.zeros(2), 3.0)[1].tolist() == [0, 0]


@pytest.mark.parametrize("xp", [np, jnp])
@pytest.mark.parametrize(("max_norm", "factor"), [(2.5, 0.5), (5.0, 1.0), (7.0, 1.0)])
def test_a_gradient_is_shortened_to_the_bound_and_never_turned(xp, max_norm, factor):
    for parts in ([[3.0, -4.0]], [[3.0], [-4.0]]):
        clipped = clip(tuple(map(xp.asarray, parts)), max_norm)
        np.testing.assert_allclose(np.concatenate(clipped), factor * np.asarray([3.0, -4.0]), rtol=1e-6)


@pytest.mark.parametrize(("xp", "dtype"), [(np, "float32"), (np, "float64"), (jnp, "float32")])
def test_an_infinite_bound_cuts_nothing(xp, dtype):
    parts = (xp.asarray([3.0, -4e30], dtype=dtype), xp.zeros(2, dtype=dtype))
    for part, clipped in zip(parts, clip(parts, np.inf), strict=True):
        assert clipped.dtype == part.dtype
        np.testing.assert_array_equal(clipped, part)


def test_a_gradient_of_0_stays_0():
    np.testing.assert_array_equal(clip((np.zeros(3),), 1.0)[0], np.zeros(3))
