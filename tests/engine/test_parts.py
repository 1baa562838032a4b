"""`Parts`: however θ is cut up and laid out, it is the same θ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.engine.parts import Parts
from chainrule.network import (
    Activation,
    Columns,
    Dense,
    Dropout,
    Join,
    MemberDense,
    Network,
    ParametricActivation,
    Periodic,
    Scale,
)

NESTED = Network(3, (Dense(4), Network(4, (Dense(2), Activation("tanh"))), Dropout(0.1), Dense(5)))
MEMBERS = Network(
    3,
    (
        Columns(((0, 3, Network(3, ())), (0, 2, Network(2, (Periodic(2, 3),))))),
        Scale(),
        MemberDense(4, 2, fan_out=True),
        ParametricActivation("relu", 2),
        MemberDense(3, 2),
        Join(),
        Dense(1),
    ),
)
NETWORKS = [Network.mlp(3, (), 1), Network.mlp(5, (7, 2), 3, "tanh"), NESTED, MEMBERS]
every_network = pytest.mark.parametrize("network", NETWORKS, ids=["linear", "deep", "nested", "members"])


@every_network
@given(largest=st.sampled_from([0, 3, 8, 14, np.inf]), from_to=st.booleans())
def test_the_parts_are_the_vector(network, largest, from_to):
    parts = Parts(network, largest, from_to)
    theta = np.random.default_rng(0).normal(size=network.n_parameters)
    pieces = parts.split(theta)
    np.testing.assert_array_equal(parts.join(pieces), theta)
    for name, value in network.named(theta).items():
        np.testing.assert_array_equal(parts.named(pieces)[name], value)
    for again, piece in zip(parts.gathered(parts.named(pieces)), pieces, strict=True):
        np.testing.assert_array_equal(again, piece)


@every_network
@pytest.mark.parametrize("largest", [0, 8, np.inf])
def test_no_part_mixes_weights_and_biases(network, largest):
    parts = Parts(network, largest)
    masks = parts.split(network.decay_mask())
    assert [mask.all() for mask in masks] == list(parts.decays)
    assert [mask.any() for mask in masks] == list(parts.decays)


def test_small_parameters_are_packed_and_large_ones_stand_alone():
    parts = Parts(Network.mlp(5, (7, 2), 3), largest=14, from_to=True)
    shapes = [part.shape for part in parts.split(np.arange(parts.network.n_parameters))]
    assert shapes == [(5, 7), (7 * 2 + 2 * 3,), (7 + 2 + 3,)]


@every_network
@pytest.mark.parametrize("largest", [0, 8, np.inf])
def test_no_part_mixes_learning_rates(network, largest):
    parts = Parts(network, largest, from_to=True)
    rates = np.ones(network.n_parameters)
    for name, rate in network.rates.items():
        network.named(rates)[name][...] = rate
    pieces = parts.split(rates)
    assert len(pieces) == len(parts.rates) == len(parts.decays)
    for piece, rate in zip(pieces, parts.rates, strict=True):
        np.testing.assert_array_equal(piece, rate)


def test_weights_of_members_are_turned_member_by_member():
    theta = np.arange(float(MEMBERS.n_parameters))
    named = MEMBERS.named(theta)
    alone = Parts(MEMBERS, 0, from_to=True)
    stored = dict(zip(named, alone.split(theta), strict=True))
    for name in ("2.W", "4.W"):
        np.testing.assert_array_equal(stored[name], named[name].swapaxes(1, 2))
    np.testing.assert_array_equal(stored["6.W"], named["6.W"].T)
    np.testing.assert_array_equal(stored["0.1.0.L"], named["0.1.0.L"])
    packed = Parts(MEMBERS, np.inf, from_to=True)
    weights = packed.split(theta)[packed.decays.index(True)]
    expected = [named["2.W"].swapaxes(1, 2), named["4.W"].swapaxes(1, 2), named["6.W"].T]
    np.testing.assert_array_equal(weights, np.concatenate([np.ravel(W) for W in expected]))
