"""`Parts`: however θ is cut up and laid out, it is the same θ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.engine.parts import Parts
from chainrule.network import Activation, Dense, Dropout, Network

NESTED = Network(3, (Dense(4), Network(4, (Dense(2), Activation("tanh"))), Dropout(0.1), Dense(5)))
NETWORKS = [Network.mlp(3, (), 1), Network.mlp(5, (7, 2), 3, "tanh"), NESTED]


@pytest.mark.parametrize("network", NETWORKS, ids=["linear", "deep", "nested"])
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


@pytest.mark.parametrize("network", NETWORKS, ids=["linear", "deep", "nested"])
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
