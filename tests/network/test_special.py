"""Angles in turns against cosines of exactly reduced arguments in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chainrule.network.special import cos_turns, sin_turns

TURNS = [(cos_turns, np.cos), (sin_turns, np.sin)]
of_turns = pytest.mark.parametrize(("function", "truth"), TURNS, ids=["cos", "sin"])


def angles(dtype, largest):
    rng = np.random.default_rng(0)
    fractions = [0, 1 / 8, 1 / 4, 3 / 8, 1 / 2, 1, 1 + 1 / 4, 255.5, 511.75, 1000]
    drawn = [rng.uniform(-scale, scale, 20_000) for scale in (1e-3, 0.5, 1, 30, largest)]
    x = np.concatenate([fractions, np.negative(fractions), *drawn]).astype(dtype)
    near = [np.nextafter(x[:20], dtype(side)) for side in (-np.inf, np.inf)]
    return np.concatenate([x, *near])


def exact(truth, x):
    """In float64, of the angle without its whole turns; `x` itself counts as exact."""
    r = x.astype(np.float64)
    return truth(2 * np.pi * (r - np.round(r)))


@of_turns
@pytest.mark.parametrize("compiled", [False, True], ids=["numpy", "jax"])
def test_float32_turns_are_as_exact_as_their_numbers(function, truth, compiled):
    x = angles(np.float32, 1000)
    out = np.asarray(jax.jit(function)(jnp.asarray(x))) if compiled else function(x)
    assert out.dtype == np.float32
    assert abs(out - exact(truth, x)).max() < (2e-7 if compiled else 2.5e-7)


@of_turns
def test_float64_turns_are_exact(function, truth):
    x = angles(np.float64, 1000)
    np.testing.assert_array_equal(function(x), exact(truth, x))
    with jax.enable_x64(True):
        compiled = np.asarray(jax.jit(function)(jnp.asarray(x)))
    np.testing.assert_allclose(compiled, exact(truth, x), rtol=0, atol=5e-16)


def test_whole_and_quarter_turns():
    x = np.asarray([0, 0.25, 0.5, 0.75, 1, -0.25, 1000.0], np.float32)
    for array in (x, jnp.asarray(x)):
        np.testing.assert_allclose(cos_turns(array), [1, 0, -1, 0, 1, 0, 1], atol=2e-7)
        np.testing.assert_allclose(sin_turns(array), [0, 1, 0, -1, 0, -1, 0], atol=2e-7)
