"""Token embeddings: the same as one-hot rows and a dense layer without biases."""

import jax
import numpy as np
import pytest

from chainrule.engine.numpy import NumpyEngine
from chainrule.engine.xla import XlaEngine
from chainrule.errors import ParameterError
from chainrule.network import (
    GRU,
    LAYERS,
    LSTM,
    Bidirectional,
    Dense,
    GlobalAveragePool,
    GlobalMaxPool,
    Layer,
    Network,
    TokenEmbedding,
)

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


@pytest.mark.parametrize("code", [-1, LEVELS, np.nan])
def test_a_code_that_is_none_is_refused(code):
    layer, E, codes, _ = given()
    codes[2, 1] = code
    with pytest.raises(ParameterError, match=f"codes must be from 0 to levels - 1 = 4, however: {code}; "):
        layer.forward({"E": E}, codes, None)
    if not np.isnan(code):  # within a program of JAX nothing can be refused
        told = jax.jit(lambda E, z: layer.forward({"E": E}, z, None)[0])(E, codes).reshape(6, STEPS, UNITS)
        np.testing.assert_array_equal(np.isnan(told).any(axis=2), (codes < 0) | (codes >= LEVELS))


def test_code_0_is_padding_where_a_mask_is_wanted(central_differences):
    _, E, codes, rng = given()
    layer = TokenEmbedding(LEVELS, UNITS, STEPS, masked=True)
    codes[0] = [3, 1, 0, 0]
    codes[1] = 0
    out, saved = layer.forward({"E": E}, codes, None)
    grid = out.reshape(6, STEPS, UNITS + 1)
    np.testing.assert_array_equal(grid[0, :2, :UNITS], E[[3, 1]])
    np.testing.assert_array_equal(grid[0, 2:, :UNITS], 0)
    np.testing.assert_array_equal(grid[:, :, UNITS], codes > 0)

    dout = rng.normal(size=out.shape)
    dp, dz = layer.backward({"E": E}, saved, dout)

    def value(E):
        return (dout * layer.forward({"E": E}, codes, None)[0]).sum()

    np.testing.assert_allclose(dp["E"], central_differences(value, E), rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(dp["E"][0], 0)
    np.testing.assert_array_equal(dz, 0)
    with jax.enable_x64(True):
        found, pull_back = jax.vjp(lambda E: layer.forward({"E": E}, jax.numpy.asarray(codes), None)[0], E)
        np.testing.assert_array_equal(found, out)
        np.testing.assert_allclose(pull_back(dout)[0], dp["E"], rtol=1e-12, atol=1e-15)
        own = jax.jit(lambda E, z, d: layer.parameter_gradients({"E": E}, z, d))(E, codes, dout)
    np.testing.assert_allclose(own["E"], dp["E"], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "behind",
    [
        lambda steps, masked: (LSTM(2, steps, masked=masked),),
        lambda steps, masked: (Bidirectional(GRU(2, steps, masked=masked)),),
        lambda steps, masked: (GRU(2, steps, "sequence", masked=masked), GlobalAveragePool(2, masked)),
        lambda _, masked: (GlobalMaxPool(UNITS, masked),),
    ],
    ids=["lstm", "both ways", "average", "max"],
)
def test_a_padded_sequence_counts_as_the_shorter_one(behind):
    rng = np.random.default_rng(1)
    codes = rng.integers(1, LEVELS, size=(3, 2)).astype(float)
    short, padded = (
        Network(steps, (TokenEmbedding(LEVELS, UNITS, steps, masked), *behind(steps, masked), Dense(1)))
        for steps, masked in ((2, False), (STEPS, True))
    )
    theta = short.initialize(rng, np.float64)
    wanted = short.predict(theta, codes)
    np.testing.assert_allclose(padded.predict(theta, np.pad(codes, ((0, 0), (0, 2)))), wanted, rtol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.thorough
def test_both_engines_learn_the_same_from_tokens(train, masked):
    codes = given()[2]
    layers = (TokenEmbedding(LEVELS, UNITS, STEPS, masked), LSTM(2, STEPS, masked=masked), Dense(1))
    network = Network(STEPS, layers)
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
    masked = TokenEmbedding(LEVELS, UNITS, STEPS, masked=True)
    assert masked.out_shape == (STEPS, UNITS + 1)
    assert masked.n_out(STEPS) == STEPS * (UNITS + 1)
    assert LAYERS["token_embedding"].from_description(masked.describe()) == masked


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: TokenEmbedding(0, 2, 3), "levels must be a positive integer, however: 0"),
        (lambda: TokenEmbedding(5, 2.5, 3), "units must be a positive integer, however: 2.5"),
        (lambda: TokenEmbedding(5, 2, True), "steps must be a positive integer, however: True"),
        (lambda: TokenEmbedding(5, 2, 3, 0), "masked must be True or False, however: 0"),
        (lambda: TokenEmbedding(5, 2, 3).n_out(4), "takes rows of steps=3 codes, however: 4"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_value(make, words):
    with pytest.raises(ParameterError, match=words):
        make()
