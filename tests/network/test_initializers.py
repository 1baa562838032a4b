"""Initial weights: shapes, variances, orthogonality, and the choice by activation."""

from dataclasses import replace
from math import prod

import numpy as np
import pytest
from scipy.stats import kstest

from chainrule.errors import ParameterError
from chainrule.network import (
    ACTIVATIONS,
    GRU,
    INITIALIZERS,
    LSTM,
    RNN,
    Activation,
    Bidirectional,
    Columns,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    GlobalAveragePool,
    LayerNormalization,
    MaxPool1D,
    MemberDense,
    Network,
    ParametricActivation,
    Periodic,
)
from chainrule.network.initializers import initial_weights

FAN_OUT, FAN_IN = 300, 500
VARIANCES = {"he": 2 / FAN_IN, "glorot": 2 / (FAN_IN + FAN_OUT), "lecun": 1 / FAN_IN}


@pytest.mark.parametrize("family", VARIANCES)
@pytest.mark.parametrize("shape", ["normal", "uniform"])
def test_weights_have_the_distribution_that_the_name_says(family, shape):
    W = initial_weights(f"{family}_{shape}", np.random.default_rng(0), (FAN_OUT, FAN_IN))
    width = np.sqrt(VARIANCES[family])
    expected = (
        ("norm", (0, width)) if shape == "normal" else ("uniform", (-width * 3**0.5, 2 * width * 3**0.5))
    )
    assert W.shape == (FAN_OUT, FAN_IN)
    assert W.var() == pytest.approx(VARIANCES[family], rel=0.02)
    assert kstest(W.ravel(), *expected).pvalue > 1e-3


@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (7, 3), (1, 5), (5, 1)])
def test_orthogonal_weights_have_orthonormal_rows_or_columns_times_the_gain(shape):
    W = initial_weights("orthogonal", np.random.default_rng(0), shape, gain=3.0)
    gram = W @ W.T if shape[0] <= shape[1] else W.T @ W
    assert W.shape == shape
    np.testing.assert_allclose(gram, 9 * np.eye(min(shape)), atol=1e-12)


def test_orthogonal_weights_do_not_prefer_a_sign():
    rng = np.random.default_rng(0)
    corners = [initial_weights("orthogonal", rng, (3, 3))[0, 0] for _ in range(400)]
    assert abs(np.mean(corners)) < 5 * np.sqrt(1 / 3 / 400)


def test_zeros_are_zeros_and_an_unknown_name_is_refused():
    np.testing.assert_array_equal(
        initial_weights("zeros", np.random.default_rng(0), (2, 3)), np.zeros((2, 3))
    )
    with pytest.raises(ParameterError, match="'he' is unknown; use one of"):
        initial_weights("he", np.random.default_rng(0), (2, 3))


@pytest.mark.parametrize(
    ("activation", "initializer"),
    [
        ("identity", "glorot_uniform"),
        ("logistic", "glorot_uniform"),
        ("tanh", "glorot_uniform"),
        ("relu", "he_normal"),
        ("leaky_relu", "he_normal"),
        ("gelu", "he_normal"),
        ("selu", "lecun_normal"),
    ],
)
def test_the_activation_chooses_its_layers_initializer(activation, initializer):
    """For the layer in front of it, even with dropout between them, and not for the layer behind."""
    network = Network(4, (Dense(3), Dropout(0.1), Activation(activation), Dense(2)))
    p = network.views(network.initialize(np.random.default_rng(0), np.float64))
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(p[0]["W"], initial_weights(initializer, rng, (3, 4)))
    np.testing.assert_array_equal(p[3]["W"], initial_weights("glorot_uniform", rng, (2, 3)))


def test_the_activation_chooses_for_the_layer_right_in_front_of_it_only():
    network = Network(4, (Dense(3), Dense(2), Activation("relu")))
    p = network.views(network.initialize(np.random.default_rng(0), np.float64))
    np.testing.assert_array_equal(
        p[0]["W"], initial_weights("glorot_uniform", np.random.default_rng(0), (3, 4))
    )


@pytest.mark.parametrize(
    ("first", "between", "is_of_the_activation"),
    [
        (Dense(12), (), True),
        (Dense(12), (LayerNormalization(3),), True),
        (Dense(12), (MaxPool1D(2, (4, 3)),), True),
        (Dense(12), (GlobalAveragePool(3),), True),
        (Conv1D(3, 1, (4, 3)), (MaxPool1D(2, (4, 3)),), True),
        (Dense(12), (RNN(2, 4),), False),
        (Dense(12), (Bidirectional(GRU(2, 4, "sequence")),), False),
        (Dense(12), (Conv1D(2, 3, (4, 3)),), False),
        (Dense(12), (MemberDense(2),), False),
        (Dense(12), (Periodic(2),), False),
        (Dense(12), (Columns(((0, 12, Network(12, (LSTM(2, 4),))),)),), False),
        (Dense(12), (Columns(((0, 12, Network(12, ())),)),), True),
        (Conv1D(3, 1, (4, 3)), (LSTM(2, 4),), False),
    ],
    ids=str,
)
def test_what_has_weights_of_its_own_is_not_looked_through(first, between, is_of_the_activation):
    network = Network(12, (first, *between, Activation("relu"), Dense(1)))
    W = network.views(network.initialize(np.random.default_rng(0), np.float64))[0]["W"]
    name = "he_normal" if is_of_the_activation else "glorot_uniform"
    np.testing.assert_array_equal(W, initial_weights(name, np.random.default_rng(0), W.shape))


def test_a_parametric_activation_chooses_as_an_activation_does():
    weights = [
        Network(4, (Dense(3), activation, Dense(2))).initialize(np.random.default_rng(0))[:12]
        for activation in (Activation("relu"), ParametricActivation("relu"))
    ]
    np.testing.assert_array_equal(*weights)


@pytest.mark.parametrize(
    ("layer", "fan_in", "fan_out"),
    [
        (Conv2D(24, (3, 5), (9, 9, 16)), 3 * 5 * 16, 3 * 5 * 24),
        (Conv1D(40, 4, (9, 60)), 4 * 60, 4 * 40),
    ],
    ids=["images", "sequences"],
)
@pytest.mark.parametrize("name", ["glorot_normal", "glorot_uniform", "he_normal", "lecun_uniform"])
def test_a_value_goes_into_a_convolution_at_every_place_of_the_kernel(layer, fan_in, fan_out, name):
    """Glorot and Bengio 2010, (12): Var W = 2 / (fan_in + fan_out); He et al. 2015, (10): 2 / fan_in."""
    layer = replace(layer, initializer=name)
    network = Network(prod(layer.shape), (layer,))
    W = network.views(network.initialize(np.random.default_rng(0), np.float64))[0]["W"]
    variance = {"glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in, "lecun": 1 / fan_in}[name.split("_")[0]]
    assert W.var() == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_orthogonal_weights_take_the_gain_of_the_activation(name):
    network = Network(3, (Dense(3, "orthogonal"), Activation(name)))
    W = network.views(network.initialize(np.random.default_rng(0), np.float64))[0]["W"]
    np.testing.assert_allclose(W @ W.T, Activation(name).function.gain ** 2 * np.eye(3), atol=1e-12)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_a_layer_keeps_the_initializer_that_it_was_given(name):
    network = Network(3, (Dense(5, name), Activation("relu"), Dense(1, "zeros")))
    named = network.named(network.initialize(np.random.default_rng(2), np.float64))
    gain = 2**0.5 if name == "orthogonal" else 1.0
    expected = initial_weights(name, np.random.default_rng(2), (5, 3), gain)
    np.testing.assert_array_equal(named["0.W"], expected)
    np.testing.assert_array_equal(named["2.W"], np.zeros((1, 5)))


@pytest.mark.parametrize("nested", [(Dense(5), Activation("relu")), (Dense(5),)], ids=["inside", "outside"])
def test_a_layer_of_layers_starts_where_its_layers_would(nested):
    """Wherever the activation stands: in the nested network, or behind it."""
    layers = (Dense(5), Activation("relu"), Dense(2))
    flat = Network(3, layers)
    with_nested = Network(3, (Network(3, nested), *layers[len(nested) :]))
    one, other = (network.initialize(np.random.default_rng(0)) for network in (flat, with_nested))
    np.testing.assert_array_equal(one, other)


def test_float32_and_float64_start_at_the_same_point_and_biases_at_0():
    network = Network.mlp(4, (5,), 2)
    single, double = (
        network.initialize(np.random.default_rng(3), dtype) for dtype in (np.float32, np.float64)
    )
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(single, double.astype(np.float32))
    np.testing.assert_array_equal(double[~network.decay_mask()], np.zeros(5 + 2))
    assert (double[network.decay_mask()] != 0).all()


def test_the_activation_inside_a_nested_network_counts_too():
    def weights(*behind):
        network = Network(4, (Dense(3, "orthogonal"), *behind))
        return network.views(network.initialize(np.random.default_rng(0), np.float64))[0]["W"]

    nested = Network(3, (Activation("relu"), Dense(2)))
    np.testing.assert_array_equal(weights(nested), weights(Activation("relu"), Dense(2)))
    assert (weights(nested) != weights(Dense(2))).any()
