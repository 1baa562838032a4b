"""Several quantiles of one target: scikit-learn's pinball loss of each."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

from chainrule.errors import ParameterError
from chainrule.network import get_loss

QUANTILES = (0.1, 0.5, 0.95)
LOSS = get_loss({"loss": "quantiles", "quantiles": QUANTILES})


def example(n_rows=9):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n_rows, 3)), rng.normal(size=(n_rows, 1)), rng.uniform(0.2, 3, n_rows)


@pytest.mark.parametrize("weighted", [False, True])
def test_value_and_gradient_belong_together(weighted, central_differences):
    a, y, w = example()
    w = w if weighted else np.ones(len(a))
    value, da = LOSS(a, y, w)
    each = [mean_pinball_loss(y, a[:, k], sample_weight=w, alpha=q) for k, q in enumerate(QUANTILES)]
    assert value == pytest.approx(np.mean(each), rel=1e-12)
    np.testing.assert_allclose(da, central_differences(lambda a: LOSS(a, y, w)[0], a), rtol=1e-6, atol=1e-9)
    with jax.enable_x64(True):
        slope = jax.grad(lambda a: LOSS(a, jnp.asarray(y), jnp.asarray(w))[0])(jnp.asarray(a))
    np.testing.assert_allclose(da, slope, rtol=1e-12)


def test_the_best_constants_are_the_quantiles():
    y = np.random.default_rng(0).exponential(size=(2001, 1))
    best = np.broadcast_to(np.quantile(y, QUANTILES, method="inverted_cdf"), (2001, 3))
    value = LOSS(best, y, np.ones(2001))[0]
    for step in (-0.01, 0.01):
        for k in range(3):
            assert LOSS(best + step * np.eye(3)[k], y, np.ones(2001))[0] > value


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_engines_see_the_same_numbers(dtype):
    arrays = [part.astype(dtype) for part in example()]
    value, da = LOSS(*arrays)
    with jax.enable_x64(dtype == np.float64):
        value_jax, da_jax = jax.jit(LOSS)(*map(jnp.asarray, arrays))
    assert da.dtype == da_jax.dtype == dtype
    np.testing.assert_allclose(value_jax, value, rtol=10 * np.finfo(dtype).eps)
    np.testing.assert_allclose(da_jax, da, rtol=4 * np.finfo(dtype).eps)


def test_slope_where_the_target_is_hit_is_0():
    np.testing.assert_array_equal(LOSS.rows(np.zeros((1, 3)), np.zeros((1, 1)))[1], np.zeros((1, 3)))


@pytest.mark.parametrize("quantiles", [(), (0.5, 0.5), (0.9, 0.1), (0.0, 0.5), (0.5, 1.0), (np.nan,)])
def test_quantiles_must_ascend_within_0_and_1(quantiles):
    with pytest.raises(ParameterError, match="quantiles must ascend and be in"):
        get_loss({"loss": "quantiles", "quantiles": quantiles})


@pytest.mark.parametrize(("width", "y_shape"), [(2, (5, 1)), (3, (5,)), (3, (5, 3)), (3, (4, 1))])
def test_shapes_that_would_broadcast_are_refused(width, y_shape):
    with pytest.raises(ParameterError, match=r"3 quantiles take outputs \(n, 3\), targets \(n, 1\)"):
        LOSS(np.zeros((5, width)), np.zeros(y_shape), np.ones(5))
