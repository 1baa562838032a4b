"""Networks: the lecture's counts, views of θ, hand-worked backpropagation, XOR, and the linear collapse."""

import json
import pickle

import numpy as np
import pytest
from scipy.sparse import csr_array

from chainrule.errors import ParameterError
from chainrule.network import (
    LSTM,
    Activation,
    Columns,
    Conv2D,
    Dense,
    Draw,
    Dropout,
    MaxPool1D,
    Network,
    Polynomial,
    get_loss,
)

NESTED = Network(
    2,
    (
        Polynomial(2),
        Network(5, (Dense(3), Activation("elu"), Dropout(0.2))),
        Dense(2),
        Activation("leaky_relu"),
    ),
)
NETWORKS = {
    "mlp": Network.mlp(3, (4, 3), 2),
    "linear": Network.mlp(3, (), 1),
    "one of each activation": Network.mlp(2, (3, 3), activation=["tanh", {"name": "elu", "alpha": 2.0}]),
    "dropout": Network.mlp(2, (3, 4), dropout=(0.0, 0.5), initializer="orthogonal"),
    "nested": NESTED,
    "no parameters": Network(2, (Activation("relu"),)),
}
every_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)


@pytest.mark.parametrize(
    ("widths", "layers", "parameters", "neurons", "with_bias_neurons"),
    [((3, 4, 2), 2, 26, 6, 7), ((3, 4, 3, 2), 3, 39, 9, 11), ((5, 1), 1, 6, 1, 1)],
)
def test_counts_are_those_of_the_lecture(widths, layers, parameters, neurons, with_bias_neurons):
    network = Network.mlp(widths[0], widths[1:-1], widths[-1])
    assert network.n_layers == layers
    assert network.n_parameters == parameters
    assert network.n_neurons() == neurons
    assert network.n_neurons(count_bias_neurons=True) == with_bias_neurons
    assert (network.n_inputs, network.n_outputs) == (widths[0], widths[-1])


def test_a_regression_network_has_a_bias_per_hidden_neuron_and_one_for_its_output():
    """M (D + 1) weights and M + 1 biases for D inputs and M hidden neurons."""
    shapes = Network.mlp(7, (5,), 1).shapes(7)
    assert shapes == {"0.W": (5, 7), "0.b": (5,), "2.W": (1, 5), "2.b": (1,)}
    assert sum(np.prod(shape) for name, shape in shapes.items() if name.endswith("W")) == 5 * (7 + 1)
    assert sum(np.prod(shape) for name, shape in shapes.items() if name.endswith("b")) == 5 + 1


def test_counts_of_a_nested_network_are_those_of_its_layers():
    assert NESTED.widths == (2, 5, 3, 2, 2)
    assert NESTED.n_layers == 2
    assert NESTED.n_neurons() == 5
    assert NESTED.n_parameters == (3 * 5 + 3) + (2 * 3 + 2)
    assert [function.name for function in NESTED.activation_functions] == ["elu", "leaky_relu"]
    branches = Network(2, (Columns(((0, 2, Network(2, ())), (0, 2, NESTED))), Activation("tanh")))
    assert [f.name for f in branches.activation_functions] == ["elu", "leaky_relu", "tanh"]
    assert NESTED.is_random
    assert not NETWORKS["mlp"].is_random


def test_mlp_puts_activation_and_dropout_behind_every_hidden_layer():
    by_hand = (Dense(3), Activation("tanh"), Dropout(0.1), Dense(4), Activation("relu"), Dense(2))
    assert Network.mlp(5, (3, 4), 2, ["tanh", "relu"], dropout=(0.1, 0)) == Network(5, by_hand)


@every_network
def test_description_survives_json_and_gives_an_equal_network_back(network):
    described = Network.from_description(json.loads(json.dumps(network.describe())))
    assert described == network
    assert hash(described) == hash(network)
    assert pickle.loads(pickle.dumps(network)) == network


# -- θ -------------------------------------------------------------------------------------------------


@every_network
def test_views_share_memory_with_theta_and_flat_is_their_inverse(network):
    theta = np.arange(network.n_parameters, dtype=np.float64)
    views = network.views(theta)
    np.testing.assert_array_equal(network.flat(views), theta)
    assert {name: view.shape for name, view in network.named(theta).items()} == network.shapes(
        network.n_inputs
    )
    for named in views:
        for view in named.values():
            view += 1
    np.testing.assert_array_equal(theta, 1 + np.arange(network.n_parameters))


def test_theta_of_another_length_is_refused():
    with pytest.raises(ParameterError, match="26 parameters in one vector, however"):
        Network.mlp(3, (4,), 2).views(np.zeros(27))


def test_a_network_without_parameters_is_a_function():
    network = Network(2, (Activation("relu"),))
    np.testing.assert_array_equal(network.predict(np.zeros(0), np.asarray([[-1.0, 2.0]])), [[0.0, 2.0]])


@every_network
def test_decay_acts_on_every_weight_and_on_no_bias(network):
    for name, view in network.named(network.decay_mask()).items():
        assert view.all() == name.endswith("W"), name
        assert view.any() == name.endswith("W"), name


@pytest.mark.parametrize(
    "layer", [Conv2D(2, 3, (2, 3, 1)), LSTM(2, 3), MaxPool1D(2, (6, 1)), Activation("relu")]
)
def test_sparse_rows_are_refused_in_words_where_the_first_layer_cannot_take_them(layer):
    network, rows = Network(6, (layer, Dense(1))), csr_array(np.eye(6))
    theta = network.initialize(np.random.default_rng(0))
    for compute in (
        lambda: network.predict(theta, rows),
        lambda: network.forward(network.views(theta), rows),
    ):
        with pytest.raises(
            ParameterError, match=rf"begins with '{layer.kind}', however they are sparse; give X"
        ):
            compute()
    first = Network(6, (Dropout(0.5), Network(6, (Dense(6),)), *network.layers))
    theta = first.initialize(np.random.default_rng(0))
    np.testing.assert_allclose(first.predict(theta, rows), first.predict(theta, np.eye(6)), rtol=1e-6)


# -- what it computes ------------------------------------------------------------------------------------


def test_backpropagation_by_hand():
    """Two inputs, two ReLU neurons, one output; (o - y)² with o = -½, y = 1."""
    network = Network.mlp(2, (2,), 1)
    theta = np.asarray([0.5, -0.25, 1.0, 1.0, 0.5, -1.0, 2.0, -1.0, 0.5])
    p, X = network.views(theta), np.asarray([[1.0, 2.0]])
    out, saved = network.forward(p, X)
    value, da = get_loss("sum_of_squares")(out, np.ones((1, 1)), np.ones(1))
    dp, dz = network.backward(p, saved, da)
    assert (out.item(), value, da.item()) == (-0.5, 2.25, -3.0)
    np.testing.assert_array_equal(dp[2]["W"], [[-1.5, -6.0]])
    np.testing.assert_array_equal(dp[2]["b"], [-3.0])
    np.testing.assert_array_equal(dp[0]["W"], [[-6.0, -12.0], [3.0, 6.0]])
    np.testing.assert_array_equal(dp[0]["b"], [-6.0, 3.0])
    np.testing.assert_array_equal(dz, [[0.0, 4.5]])
    without, nothing = network.backward(p, saved, da, needs_dz=False)
    assert nothing is None
    np.testing.assert_array_equal(network.flat(without), network.flat(dp))


def test_a_layer_of_layers_computes_what_its_layers_do():
    layers = (Dense(3), Activation("tanh"), Dropout(0.5))
    flat = Network(2, (*layers, Dense(1)))
    nested = Network(2, (Network(2, layers), Dense(1)))
    theta, X = np.random.default_rng(0).normal(size=flat.n_parameters), np.ones((4, 2))
    np.testing.assert_array_equal(nested.predict(theta, X), flat.predict(theta, X))
    training = nested.forward(nested.views(theta), X, Draw.from_seed(0))[0]
    assert not np.array_equal(training, flat.predict(theta, X))


def test_two_dropout_layers_drop_other_values():
    """Of 400 values both keep about a quarter; the same mask twice would keep half."""
    network = Network(20, (Dropout(0.5), Dropout(0.5)))
    kept = network.forward(({}, {}), np.ones((20, 20)), Draw.from_seed(0))[0] > 0
    assert 0.15 < kept.mean() < 0.35


XOR = np.asarray([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def test_two_relu_neurons_solve_xor():
    """Weights of Goodfellow, Bengio, Courville, Deep Learning, section 6.1."""
    network = Network.mlp(2, (2,), 1)
    theta = network.flat(
        (
            {"W": np.ones((2, 2)), "b": np.asarray([0.0, -1.0])},
            {},
            {"W": np.asarray([[1.0, -2.0]]), "b": np.zeros(1)},
        )
    )
    np.testing.assert_array_equal(network.predict(theta, XOR)[:, 0], [0, 1, 1, 0])


def test_identity_activations_collapse_to_the_linear_model():
    deep, linear = Network.mlp(3, (5, 4), 2, "identity"), Network.mlp(3, (), 2)
    rng = np.random.default_rng(0)
    theta, X = rng.normal(size=deep.n_parameters), rng.normal(size=(6, 3))
    W, b = np.eye(3), np.zeros(3)
    for named in deep.views(theta)[::2]:
        W, b = named["W"] @ W, named["W"] @ b + named["b"]
    collapsed = np.concatenate([W.ravel(), b])
    np.testing.assert_allclose(deep.predict(theta, X), linear.predict(collapsed, X), rtol=1e-12)


def test_no_linear_model_solves_xor_but_its_polynomial_of_degree_2_does():
    y = np.asarray([0.0, 1.0, 1.0, 0.0])
    features = Polynomial(2).forward({}, XOR, None)[0]
    best = [np.linalg.lstsq(np.c_[F, np.ones(4)], y, rcond=None)[0] for F in (XOR, features)]
    for F, solution, exact in zip((XOR, features), best, (False, True), strict=True):
        layers = (Dense(1),) if F is XOR else (Polynomial(2), Dense(1))
        predicted = Network(2, layers).predict(solution, XOR)[:, 0]
        np.testing.assert_allclose(predicted, y if exact else np.full(4, 0.5), atol=1e-12)
