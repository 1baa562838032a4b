"""Initial values that look at the data: what comes out of every layer has a spread of 1 and kinks inside."""

import numpy as np
import pytest

from chainrule.network import (
    Activation,
    Columns,
    Dense,
    Dropout,
    Join,
    MemberDense,
    Network,
    Periodic,
    Scale,
    initialize_from_data,
)

N_IN = 4


def ensemble(shared, members=3, depth=2):
    layers = [Columns(((0, 4, Network(4, ())), (0, 2, Network(2, (Periodic(2, 3),)))))]
    layers.append(Scale(members, spread=True) if shared else Scale())
    for i in range(depth):
        layers += [MemberDense(6, members, fan_out=not shared and i == 0, shared=shared), Activation("relu")]
        layers.append(Dropout(0.3))
    return Network(N_IN, (*layers, MemberDense(2, members, shared=shared), Join()))


def rows(n=300):
    rng = np.random.default_rng(0)
    return rng.normal(5, [1e-2, 1, 30, 1e3], size=(n, N_IN))


def pre_activations(network, theta, X):
    """What comes out of every layer of members: arrays (members, n, units)."""
    found, z = [], X
    for layer, p in zip(network.layers, network.views(theta), strict=True):
        z = layer.forward(p, z, None)[0]
        if isinstance(layer, MemberDense):
            found.append(z)
    return found


@pytest.mark.parametrize("members", [1, 3])
def test_every_neuron_has_a_standard_deviation_of_1(members):
    network, X = ensemble(False, members), rows()
    found = pre_activations(network, initialize_from_data(network, X, np.random.default_rng(1), float), X)
    assert [a.shape for a in found] == [(members, 300, 6), (members, 300, 6), (members, 300, 2)]
    for a in found:
        np.testing.assert_allclose(a.std(axis=1), 1, rtol=1e-9)


def test_with_shared_weights_the_members_have_it_on_average():
    network, X = ensemble(True), rows()
    found = pre_activations(network, initialize_from_data(network, X, np.random.default_rng(1), float), X)
    for a in found:
        np.testing.assert_allclose(a.std(axis=1).mean(0), 1, rtol=1e-9)


@pytest.mark.parametrize("shared", [False, True])
def test_every_kink_lies_among_the_rows(shared):
    network, X = ensemble(shared), rows()
    theta = initialize_from_data(network, X, np.random.default_rng(1), float)
    for a in pre_activations(network, theta, X):
        assert (a.min(axis=1) < 0).all()
        assert (a.max(axis=1) > 0).all()


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("value", [0.0, 7.5, -1e6])
def test_constant_rows_keep_the_weights(shared, value):
    network, X = ensemble(shared), np.full((50, N_IN), value)
    theta = initialize_from_data(network, X, np.random.default_rng(1), float)
    drawn = network.named(network.initialize(np.random.default_rng(1), float))
    assert np.isfinite(theta).all()
    for name, W in network.named(theta).items():
        if name.endswith(".W"):
            np.testing.assert_array_equal(W, drawn[name])
    for a in pre_activations(network, theta, X):
        np.testing.assert_allclose(a, 0, atol=1e-6)


def test_one_row_is_enough():
    network = ensemble(False)
    assert np.isfinite(initialize_from_data(network, rows(1), np.random.default_rng(0))).all()


def test_of_many_rows_a_random_choice_is_looked_at():
    network, X = ensemble(False), rows(30_000)
    for a in pre_activations(network, initialize_from_data(network, X, np.random.default_rng(1), float), X):
        np.testing.assert_allclose(a.std(axis=1), 1, rtol=0.15)


def test_other_layers_start_as_initialize_says():
    network = Network(N_IN, (Dense(5), Activation("relu"), MemberDense(3, 2, fan_out=True), Join()))
    theta = initialize_from_data(network, rows(), np.random.default_rng(1))
    drawn = network.views(network.initialize(np.random.default_rng(1)))
    assert theta.dtype == np.float32
    for name in ("W", "b"):
        np.testing.assert_array_equal(network.views(theta)[0][name], drawn[0][name])
