"""dL/dθ of whole networks against central differences and `jax.grad` of an independent forward pass.

The independent pass reads the network's description, takes its functions from `jax.nn` and its powers from
scikit-learn, and knows no backward pass.
"""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import PolynomialFeatures

from chainrule.engine import Program
from chainrule.engine.parts import Parts
from chainrule.engine.step import objective
from chainrule.network import Activation, Dense, Draw, Dropout, Network, Polynomial, get_loss
from chainrule.optimization import Adam

# -- the independent forward pass ------------------------------------------------------------------------


def step_with_straight_through_slope(a):
    """Value of the step, derivative of the clipped identity."""
    clipped = jnp.clip(a, -1, 1)
    return jnp.where(a > 0, 1.0, 0.0) + clipped - jax.lax.stop_gradient(clipped)


FUNCTIONS = {
    "identity": lambda a: a,
    "heaviside": step_with_straight_through_slope,
    "logistic": jax.nn.sigmoid,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "softplus": jax.nn.softplus,
    "gelu": partial(jax.nn.gelu, approximate=False),
    "silu": jax.nn.silu,
    "mish": jax.nn.mish,
}


def forward(layer, p, z, draw):
    """The output of a described layer; `p` yields weights and biases in turn."""
    match layer["layer"]:
        case "dense":
            W = next(p).reshape(layer["units"], z.shape[1])
            return jnp.einsum("nd,md->nm", z, W) + next(p)
        case "activation":
            settings = (
                layer["function"] if isinstance(layer["function"], dict) else {"name": layer["function"]}
            )
            settings = dict(settings)
            return FUNCTIONS[settings.pop("name")](z, **settings)
        case "dropout":
            dropped = draw.bits(z.shape) / 2**32 < layer["rate"]
            return jnp.where(dropped, 0.0, z / (1 - layer["rate"]))
        case "polynomial":
            powers = (
                PolynomialFeatures(layer["degree"], include_bias=False).fit(np.ones((1, z.shape[1]))).powers_
            )
            return jnp.prod(z[:, None, :] ** powers, axis=2)
        case "network":
            for i, inner in enumerate(layer["layers"]):
                z = forward(inner, p, z, draw.fold(i))
            return z


def row_losses(loss, a, y):
    match loss:
        case "sum_of_squares":
            return jnp.sum((a - y) ** 2, 1)
        case "mean_squared_error":
            return jnp.mean((a - y) ** 2, 1)
        case "squared_error":
            return jnp.mean((a - y) ** 2, 1) / 2
        case "absolute_error":
            return jnp.mean(jnp.abs(a - y), 1)
        case "huber":
            return jnp.mean(jnp.where(abs(a - y) < 1, (a - y) ** 2 / 2, abs(a - y) - 0.5), 1)
        case "pinball":
            return jnp.mean(jnp.abs(a - y) / 2, 1)
        case "poisson":
            return jnp.mean(jnp.exp(a) - y * a - y + jax.scipy.special.xlogy(y, y), 1)
        case "binary_cross_entropy":
            return -jnp.sum(y * jax.nn.log_sigmoid(a) + (1 - y) * jax.nn.log_sigmoid(-a), 1)
        case "softmax_cross_entropy":
            return -jnp.take_along_axis(jax.nn.log_softmax(a), y.astype(int), 1)[:, 0]


@cache
def forward_with_pull_back(network):
    """(θ, X, key, l2, l1, da, dpenalty) -> (a, penalty, dθ): the forward pass and its `jax.vjp`, compiled."""

    def run(theta, X, key, l2, l1):
        ends = np.cumsum([np.prod(shape) for shape in network.shapes(network.n_inputs).values()])[:-1]
        parameters = jnp.split(theta, ends)
        weights = jnp.concatenate(parameters[::2])
        a = forward(network.describe(), iter(parameters), X, Draw(key))
        return a, l2 / 2 * jnp.sum(weights**2) + l1 * jnp.sum(jnp.abs(weights))

    def run_and_pull_back(theta, X, key, l2, l1, *cotangents):
        (a, penalty), pull_back = jax.vjp(lambda theta: run(theta, X, key, l2, l1), theta)
        return a, penalty, pull_back(cotangents)[0]

    return jax.jit(run_and_pull_back)


@cache
def loss_with_gradient(loss):
    """(a, y, w) -> (L, dL/da), compiled."""

    def value(a, y, w):
        return jnp.sum(w * row_losses(loss, a, y)) / (1 if loss == "sum_of_squares" else jnp.sum(w))

    return jax.jit(jax.value_and_grad(value))


def independent_objective(network, loss, theta, X, y, w, key, l2, l1):
    """L with penalties as its definition reads, and dL/dθ."""
    run, share = forward_with_pull_back(network), 1.0 if loss == "sum_of_squares" else 1 / w.sum()
    with jax.enable_x64(True):
        a, penalty, _ = run(theta, X, key, l2, l1, np.zeros((len(X), network.n_outputs)), 0.0)
        value, da = loss_with_gradient(loss)(a, y, w)
        gradient = run(theta, X, key, l2, l1, da, share)[2]
        return float(value + share * penalty), np.asarray(gradient)


# -- the comparison --------------------------------------------------------------------------------------


def targets(loss, n_rows, n_outputs, rng):
    """Targets that the loss takes; none close to an output, where the absolute loss has its kink."""
    match loss:
        case "softmax_cross_entropy":
            return rng.integers(n_outputs, size=(n_rows, 1)).astype(float)
        case "binary_cross_entropy":
            return rng.integers(2, size=(n_rows, n_outputs)).astype(float)
        case "poisson":
            return rng.poisson(2.0, size=(n_rows, n_outputs)).astype(float)
    return rng.normal(size=(n_rows, n_outputs))


def parts_drawn(rng):
    """How θ is held makes no difference: any bound for packing, matrices lying either way."""
    return rng.choice([0, 3, 8, np.inf]), bool(rng.integers(2))


def check(network, loss, n_rows, seed, oracles, *, l2=0.0, l1=0.0, dropout=False):
    """Value and gradient of `objective` against the oracles; no differences for a step function."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=network.n_parameters) / 2
    X, w = rng.normal(size=(n_rows, network.n_inputs)), rng.uniform(0.5, 2, n_rows)
    y = targets(loss, n_rows, network.n_outputs, rng)
    draw = Draw.from_seed(seed) if dropout else None
    program = Program(network, get_loss(loss), Adam(), l1=l1 > 0)
    parts = Parts(network, *parts_drawn(rng))
    share = 1.0 if program.loss.adds_up else 1 / w.sum()

    def ours(theta):
        found, slopes = objective(
            program, {"l2": l2, "l1": l1}, parts, parts.split(theta), (X, y, share * w, share), draw
        )
        return found, parts.join(slopes)

    value, gradient = ours(theta)
    scale = 1 + np.abs(gradient).max()
    if "jax" in oracles:
        key = Draw.from_seed(seed).key
        expected, expected_gradient = independent_objective(network, loss, theta, X, y, w, key, l2, l1)
        assert value == pytest.approx(expected, rel=1e-11)
        np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-9, atol=1e-12 * scale)
    if "differences" in oracles and not any(f.straight_through for f in network.activation_functions):
        numeric = oracles["differences"](lambda theta: ours(theta)[0], theta)
        np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-7 * scale)


LOSS_NAMES = [
    "sum_of_squares",
    "mean_squared_error",
    "squared_error",
    "absolute_error",
    "huber",
    "pinball",
    "poisson",
    "binary_cross_entropy",
    "softmax_cross_entropy",
]


@pytest.mark.parametrize("activation", FUNCTIONS)
@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_every_activation_with_every_loss(activation, loss, central_differences):
    oracles = {"jax": True, "differences": central_differences}
    check(Network.mlp(2, (3,), 3, activation), loss, 4, 1, oracles, l2=0.3)


NETWORKS = {
    "linear": Network.mlp(3, (), 2),
    "one unit": Network.mlp(1, (1,), 1, "tanh"),
    "deep": Network.mlp(3, (4, 3, 2), 2, ["tanh", "gelu", "elu"]),
    "dropout": Network.mlp(3, (6, 5), 2, "silu", dropout=0.4),
    "polynomial in front": Network(2, (Polynomial(3), Dense(3), Activation("mish"), Dense(2))),
    "polynomial inside": Network(2, (Dense(2), Polynomial(2), Dropout(0.3), Dense(2))),
    "nested": Network(
        3,
        (
            Dropout(0.2),
            Network(3, (Dense(4), Activation("softplus"), Dropout(0.3))),
            Network(4, (Network(4, (Dense(2),)), Activation("logistic"))),
            Dense(2),
        ),
    ),
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("loss", ["sum_of_squares", "squared_error"])
def test_every_kind_of_network_with_penalties_and_dropout(network, loss, central_differences):
    oracles = {"jax": True, "differences": central_differences}
    check(network, loss, 6, 2, oracles, l2=0.3, l1=0.2, dropout=network.is_random)


@st.composite
def networks(draw, n_inputs=None, depth=2):
    """Random layers of random widths, networks among them, none of it large; 0 layers are a network too."""
    width = n_inputs or draw(st.integers(1, 3))
    network, layers = Network(width, ()), []
    for _ in range(draw(st.integers(0, 4))):
        kinds = ["dense", "activation", "dropout"]
        kinds += ["polynomial"] * (width <= 3) + ["network"] * (depth > 0)
        match draw(st.sampled_from(kinds)):
            case "dense":
                layers.append(Dense(draw(st.integers(1, 4))))
            case "activation":
                layers.append(Activation(draw(st.sampled_from(sorted(FUNCTIONS)))))
            case "dropout":
                layers.append(Dropout(draw(st.sampled_from([0.0, 0.3, 0.8]))))
            case "polynomial":
                layers.append(Polynomial(2))
            case "network":
                layers.append(draw(networks(width, depth - 1)))
        network = Network(network.n_inputs, tuple(layers))
        width = network.n_outputs
    return network


@st.composite
def problems(draw):
    """(network, loss, number of rows, seed), and strengths of penalties.

    Behind the random layers tanh bounds what they have made, and a dense layer has the outputs.
    """
    loss, hidden = draw(st.sampled_from(LOSS_NAMES)), draw(networks())
    n_outputs = draw(st.integers(2 if loss == "softmax_cross_entropy" else 1, 3))
    network = Network(hidden.n_inputs, (*hidden.layers, Activation("tanh"), Dense(n_outputs)))
    l2, l1 = draw(st.sampled_from([(0.0, 0.0), (0.5, 0.0), (0.5, 0.3)]))
    problem = network, loss, draw(st.sampled_from([1, 1, 2, 5])), draw(st.integers(0, 2**32 - 1))
    return problem, {"l2": l2, "l1": l1, "dropout": network.is_random}


@given(problems())
@settings(max_examples=100)
def test_random_networks_against_central_differences(central_differences, problem):
    check(*problem[0], {"differences": central_differences}, **problem[1])


@pytest.mark.slow
@given(problems())
@settings(max_examples=12)
def test_random_networks_against_jax(problem):
    check(*problem[0], {"jax": True}, **problem[1])


@pytest.mark.parametrize("loss", ["squared_error", "sum_of_squares"])
def test_the_penalty_is_shared_by_the_rows_and_spares_biases(loss):
    """½ α Σ W² / S, undivided for a loss that adds up: for a network that fits perfectly only it is left."""
    network = Network.mlp(2, (), 1)
    theta, X, w = np.asarray([3.0, -1.0, 7.0]), np.ones((4, 2)), np.asarray([1.0, 2.0, 3.0, 4.0])
    y = network.predict(theta, X)
    program = Program(network, get_loss(loss), Adam())
    parts = Parts(network)
    share = 1 if loss == "sum_of_squares" else 1 / 10
    value, gradient = objective(program, {"l2": 0.5}, parts, parts.split(theta), (X, y, share * w, share))
    assert value == pytest.approx(0.5 * 0.5 * 10 * share)
    np.testing.assert_allclose(parts.join(gradient), np.asarray([1.5, -0.5, 0.0]) * share)
