"""Token embeddings: the same as one-hot rows and a dense layer without biases."""

import jax
import numpy as np
import pytest

from chainrule.engine.numpy import NumpyEngine
from chainrule.engine.xla import XlaEngine
from chainrule.errors import ParameterError
from chainrule.network import LAYERS, LSTM, Dense, Layer, Network, TokenEmbedding

LEVELS, UNITS, STEPS = 5, 3, 4


def given():
    rng = np.random.default_rng(0)
    codes = rng.integers(LEVELS - 1, size=(6, STEPS)).astype(float)  # the last level does not occur
    return TokenEmbedding(LEVELS, UNITS, STEPS), rng.normal(size=(LEVELS, UNITS)), codes, rng


def test_it_is_the_product_with_one_hot_rows():
    layer, E, codes, rng = given()
    onehot = np.eye(LEVELS)[codes.astype(int)].reshape(-1, LEVELS)
    out, saved = layer.forward({"E": E}, codes, None)
    dout = rng.normal(size=out.shape)
    dp, dz = layer.backward({"E": E}, saved, dout)
    np.testing.assert_array_equal(out, (onehot @ E).reshape(6, STEPS * UNITS))
    np.testing.assert_allclose(dp["E"], onehot.T @ dout.reshape(-1, UNITS), rtol=1e-14, atol=1e-15)
    np.testing.assert_array_equal(dp["E"][-1], 0)
    np.testing.assert_array_equal(dz, np.zeros_like(codes))
    np.testing.assert_array_equal(layer.parameter_gradients({"E": E}, saved, dout)["E"], dp["E"])
    with jax.enable_x64(True):
        found = jax.jit(lambda E, z, d: layer.parameter_gradients({"E": E}, z, d))(E, codes, dout)
    np.testing.assert_allclose(found["E"], dp["E"], rtol=1e-14, atol=1e-15)


@pytest.mark.thorough
def test_both_engines_learn_the_same_from_tokens(train):
    codes = given()[2]
    network = Network(STEPS, (TokenEmbedding(LEVELS, UNITS, STEPS), LSTM(2, STEPS), Dense(1)))
    y = (codes[:, :1] == 1).astype(float)
    one, other = (
        train(engine, network, codes, y, batch_size=4, epochs=3) for engine in (NumpyEngine(), XlaEngine())
    )
    np.testing.assert_allclose(one.losses, other.losses, rtol=1e-9)
    np.testing.assert_allclose(one.state.theta, other.state.theta, rtol=1e-7, atol=1e-10)


def test_what_it_is():
    layer = TokenEmbedding(LEVELS, UNITS, STEPS)
    assert isinstance(layer, Layer)
    assert layer.out_shape == (STEPS, UNITS)
    assert layer.n_out(STEPS) == STEPS * UNITS
    assert layer.shapes(STEPS) == {"E": (LEVELS, UNITS)}
    description = layer.describe()
    assert LAYERS[description["layer"]].from_description(description) == layer


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: TokenEmbedding(0, 2, 3), "levels must be a positive integer, however: 0"),
        (lambda: TokenEmbedding(5, 2.5, 3), "units must be a positive integer, however: 2.5"),
        (lambda: TokenEmbedding(5, 2, True), "steps must be a positive integer, however: True"),
        (lambda: TokenEmbedding(5, 2, 3).n_out(4), "takes rows of steps=3 codes, however: 4"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_value(make, words):
    with pytest.raises(ParameterError, match=words):
        make()
