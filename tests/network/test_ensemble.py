"""A network of members is its members, computed one by one with plain NumPy."""

import json

import jax
import numpy as np
import pytest
from scipy.special import expit

from chainrule.errors import ParameterError
from chainrule.network import (
    Activation,
    Dense,
    Dropout,
    FanOut,
    Join,
    MemberDense,
    Network,
    ParametricActivation,
    Scale,
)

N_IN, MEMBERS = 3, 4


def silu(a):
    return a * expit(a)


OWN_WEIGHTS = Network(
    N_IN,
    (
        Scale(),
        MemberDense(5, MEMBERS, fan_out=True),
        ParametricActivation("silu", MEMBERS),
        Dropout(0.5),
        MemberDense(2, MEMBERS),
        Join(),
    ),
)
SHARED_WEIGHTS = Network(
    N_IN,
    (
        Scale(MEMBERS, spread=True),
        MemberDense(5, MEMBERS, shared=True),
        ParametricActivation("silu", MEMBERS),
        MemberDense(2, MEMBERS, shared=True),
        Join(),
    ),
)


@pytest.mark.parametrize("network", [OWN_WEIGHTS, SHARED_WEIGHTS], ids=["own weights", "shared weights"])
def test_members_are_networks_of_their_own(network):
    rng = np.random.default_rng(0)
    theta, X = rng.normal(size=network.n_parameters), rng.normal(size=(6, N_IN))
    scale, first, activation, *_, last, _ = network.views(theta)

    def of(m, array):
        return array[m if len(array) > 1 else 0]

    out = network.predict(theta, X)
    assert out.shape == (6, network.n_outputs) == (6, MEMBERS * 2)
    for m in range(MEMBERS):
        z = X * of(m, scale["s"])
        a = z @ of(m, first["W"]).T / np.sqrt(3) + first["b"][m]
        z = a + activation["alpha"][m] * (silu(a) - a)
        a = z @ of(m, last["W"]).T / np.sqrt(5) + last["b"][m]
        np.testing.assert_allclose(out[:, 2 * m : 2 * m + 2], a, rtol=1e-12, err_msg=f"member {m}")


@pytest.mark.parametrize("shared", [False, True])
def test_a_single_member_takes_rows(shared, central_differences):
    network = Network(
        N_IN, (Scale(), MemberDense(4, shared=shared), Activation("tanh"), MemberDense(2), Join())
    )
    rng = np.random.default_rng(0)
    theta, X, dout = (
        rng.normal(size=network.n_parameters),
        rng.normal(size=(5, N_IN)),
        rng.normal(size=(5, 2)),
    )
    scale, first, _, last, _ = p = network.views(theta)
    z = np.tanh(X * scale["s"] @ first["W"][0].T / np.sqrt(3) + first["b"])
    np.testing.assert_allclose(network.predict(theta, X), z @ last["W"][0].T / 2 + last["b"], rtol=1e-12)
    dp, dz = network.backward(p, network.forward(p, X)[1], dout)
    assert dz.shape == X.shape
    expected = central_differences(lambda theta: (dout * network.predict(theta, X)).sum(), theta)
    np.testing.assert_allclose(network.flat(dp), expected, rtol=1e-6, atol=1e-9)


def test_a_parametric_activation_takes_your_own_function(central_differences):
    def cube(a):
        return a * a * a

    rng = np.random.default_rng(0)
    layer, a, dout = ParametricActivation(cube, 2), rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 4, 3))
    alpha = rng.normal(size=(2, 3))
    _, saved = layer.forward({"alpha": alpha}, a, None)
    dp, da = layer.backward({"alpha": alpha}, saved, dout)

    def value(alpha, a):
        return (dout * layer.forward({"alpha": alpha}, a, None)[0]).sum()

    np.testing.assert_allclose(da, central_differences(lambda a: value(alpha, a), a), rtol=1e-6, atol=1e-9)
    numeric = central_differences(lambda alpha: value(alpha, a), alpha)
    np.testing.assert_allclose(dp["alpha"], numeric, rtol=1e-6, atol=1e-9)


def test_initial_values():
    network = Network(200, (*SHARED_WEIGHTS.layers[:4],))
    scale, first, activation, last = network.views(network.initialize(np.random.default_rng(0), np.float64))
    for drawn in (scale["s"], first["W"]):
        # five standard errors of 800 draws and more
        assert abs(drawn.mean()) < 5 / np.sqrt(drawn.size)
        assert abs(drawn.std() - 1) < 5 / np.sqrt(2 * drawn.size)
    np.testing.assert_array_equal(activation["alpha"], np.ones((MEMBERS, 5)))
    np.testing.assert_array_equal(first["b"], 0)
    np.testing.assert_array_equal(last["b"], 0)
    plain = Network(5, (Scale(),))
    np.testing.assert_array_equal(plain.initialize(np.random.default_rng(0)), np.ones(5))


def test_rates_and_decayed_are_full_names():
    nested = Network(N_IN, (Network(N_IN, (Dense(3),)), Network(N_IN, OWN_WEIGHTS.layers)))
    assert nested.decayed == ("0.0.W", "1.1.W", "1.4.W")
    assert nested.rates == {"1.0.s": 6.0, "1.1.b": 0.1, "1.2.alpha": 0.1, "1.4.b": 0.1}
    names = set(nested.shapes(N_IN))
    assert set(nested.rates) | set(nested.decayed) <= names
    assert Network.mlp(3, (4,), 1).rates == {}


@pytest.mark.parametrize("network", [OWN_WEIGHTS, SHARED_WEIGHTS], ids=["own weights", "shared weights"])
def test_description_gives_an_equal_network_back_through_json(network):
    described = Network.from_description(json.loads(json.dumps(network.describe())))
    assert described == network
    assert hash(described) == hash(network)


def test_both_engines_compute_the_same_in_float32():
    theta = OWN_WEIGHTS.initialize(np.random.default_rng(0), np.float32)
    X = np.random.default_rng(1).normal(size=(6, N_IN)).astype(np.float32)
    out = jax.jit(OWN_WEIGHTS.predict)(theta, X)
    assert out.dtype == np.float32
    np.testing.assert_allclose(OWN_WEIGHTS.predict(theta, X), out, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Scale(0), "members must be a positive integer, however: 0"),
        (lambda: MemberDense(3, 2.0), "members must be a positive integer, however: 2.0"),
        (lambda: MemberDense(0, 2), "units must be a positive integer, however: 0"),
        (lambda: MemberDense(3, 2, fan_out=True, shared=True), "would make every member the same"),
        (lambda: Network(3, (MemberDense(3, 2),)).n_outputs, "3 values cannot be shared out to 2 members"),
        (lambda: ParametricActivation("relu", 0), "members must be a positive integer, however: 0"),
        (
            lambda: Network(3, (ParametricActivation("relu", 2),)).n_parameters,
            "3 values cannot be shared out to 2 members",
        ),
    ],
)
def test_wrong_settings_are_refused_with_their_value(make, words):
    with pytest.raises(ParameterError, match=words):
        make()


def test_fan_out_gives_every_member_what_is_shared_and_what_is_its_own():
    layer = FanOut(members=2, own=4, units=2)
    z = np.arange(2 * 11.0).reshape(2, 11)  # 3 shared, then (column 1: 2 of each member), (column 2: ...)
    out, saved = layer.forward({}, z, None)
    assert layer.n_out(11) == 2 * 7
    np.testing.assert_array_equal(out[0, 0], [0, 1, 2, 3, 4, 7, 8])
    np.testing.assert_array_equal(out[1, 0], [0, 1, 2, 5, 6, 9, 10])
    dout = np.ones_like(out)
    np.testing.assert_array_equal(layer.backward({}, saved, dout)[1], [[2.0] * 3 + [1] * 8] * 2)
    assert FanOut.from_description(layer.describe()) == layer


def test_fan_out_refuses_what_does_not_fit():
    with pytest.raises(ParameterError, match="own must be a multiple of units, however: 3 of 2"):
        FanOut(2, 3, 2)
    with pytest.raises(ParameterError, match="2 members with 4 inputs each do not fit into 7"):
        FanOut(2, 4, 2).n_out(7)
