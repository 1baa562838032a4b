"""Layer normalization by hand, and its backward against central differences and `jax.vjp`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chainrule.errors import ParameterError
from chainrule.network import LayerNormalization, Network


def test_a_row_of_two_places_by_hand():
    """(1, 3): mean 2, deviation 1; (5, 5): deviation 0, nothing but the offset comes out."""
    layer = LayerNormalization(2, epsilon=1e-30)
    p = {"g": np.asarray([10.0, 1.0]), "b": np.asarray([0.0, 0.5])}
    out, saved = layer.forward(p, np.asarray([[1.0, 3.0, 5.0, 5.0]]), None)
    np.testing.assert_array_equal(out, [[-10.0, 1.5, 0.0, 0.5]])
    dp, _ = layer.backward(p, saved, np.asarray([[1.0, 2.0, 3.0, 4.0]]))
    np.testing.assert_array_equal(dp["g"], [-1.0, 2.0])
    np.testing.assert_array_equal(dp["b"], [4.0, 6.0])


def test_every_place_comes_out_with_mean_0_and_deviation_1():
    network = Network(12, (LayerNormalization(4),))
    theta = network.initialize(np.random.default_rng(0))
    np.testing.assert_array_equal(theta, [1, 1, 1, 1, 0, 0, 0, 0])
    places = network.predict(theta, np.random.default_rng(1).normal(5, 100, (6, 12))).reshape(-1, 4)
    np.testing.assert_allclose(places.mean(1), 0, atol=1e-12)
    np.testing.assert_allclose(places.std(1), 1, rtol=1e-6)
    assert network.decayed == ()


@pytest.mark.parametrize("features", [1, 3, 6])
def test_backward_is_the_derivative_of_forward(features, central_differences):
    layer, rng = LayerNormalization(features, 0.01), np.random.default_rng(0)
    p = {name: rng.normal(size=shape) for name, shape in layer.shapes(6).items()}
    z, da = rng.normal(size=(4, 6)), rng.normal(size=(4, 6))
    dp, dz = layer.backward(p, layer.forward(p, z, None)[1], da)
    numeric = central_differences(lambda z: (da * layer.forward(p, z, None)[0]).sum(), z)
    np.testing.assert_allclose(dz, numeric, rtol=1e-6, atol=1e-8)
    with jax.enable_x64(True):
        pull_back = jax.vjp(lambda p, z: layer.forward(p, z, None)[0], p, z)[1]
        dp_oracle, dz_oracle = pull_back(jnp.asarray(da))
    np.testing.assert_allclose(dz, dz_oracle, rtol=1e-10, atol=1e-12)
    for name in p:
        np.testing.assert_allclose(dp[name], dp_oracle[name], rtol=1e-10, atol=1e-12)
    assert LayerNormalization.from_description(layer.describe()) == layer


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LayerNormalization(0), "features must be a positive integer, however: 0"),
        (lambda: LayerNormalization(2, 0.0), "epsilon must be a number between 0 and 1, however: 0.0"),
        (lambda: LayerNormalization(2, "1e-5"), "however: '1e-5'"),
        (
            lambda: Network(5, (LayerNormalization(2),)).n_outputs,
            "places of 2 values, however: 5 values go in",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_value(make, words):
    with pytest.raises(ParameterError, match=words):
        make()
