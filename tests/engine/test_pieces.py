"""A batch that is computed in pieces gives what it gives as a whole: loss, gradient, masks of dropout."""

import numpy as np
import pytest

from chainrule.engine import Plan, Program
from chainrule.engine.numpy import NumpyEngine
from chainrule.engine.parts import Parts
from chainrule.engine.step import objective
from chainrule.engine.xla import XlaEngine, _n_pieces
from chainrule.network import Activation, Draw, Dropout, EnsembleLoss, Join, MemberDense, Network, get_loss
from chainrule.optimization import Adam

LAYERS = (MemberDense(64, 8, fan_out=True), Activation("silu"), Dropout(0.3))
NETWORK = Network(40, (*LAYERS, MemberDense(64, 8), Activation("silu"), MemberDense(1, 8), Join()))
LOSS = EnsembleLoss(get_loss("squared_error"), 8)


@pytest.mark.parametrize("n_pieces", [2, 3])
def test_objective(n_pieces):
    rng = np.random.default_rng(0)
    parts = Parts(NETWORK)
    theta = parts.split(NETWORK.initialize(rng, "float64"))
    weights = rng.uniform(0.5, 2, 25)
    batch = (rng.normal(size=(25, 40)), rng.normal(size=(25, 1)), weights / weights.sum(), 1 / weights.sum())
    arguments = Program(NETWORK, LOSS, Adam(), l1=True), {"l2": 0.3, "l1": 0.1}, parts, theta, batch
    whole = objective(*arguments, Draw.from_seed(1))
    pieces = objective(*arguments, Draw.from_seed(1), n_pieces=n_pieces)
    np.testing.assert_allclose(pieces[0], whole[0], rtol=1e-12)
    for one, other in zip(pieces[1], whole[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-13)


def test_both_engines_take_the_same_steps(train):
    rng = np.random.default_rng(1)
    n, batch_size = 600, 512
    X, y = rng.normal(size=(n, 40)), rng.normal(size=(n, 1))
    numpy, xla = (
        train(engine, NETWORK, X, y, loss=LOSS, epochs=3, batch_size=batch_size)
        for engine in (NumpyEngine(), XlaEngine())
    )

    plan = Plan(None, np.zeros((1, 1)), np.zeros((1, 1)), batch_size, np.zeros(1, np.uint32))
    assert _n_pieces(Program(NETWORK, LOSS, Adam()), plan) == 2, "the case is large enough to be cut"
    np.testing.assert_allclose(xla.losses, numpy.losses, rtol=1e-9)
    np.testing.assert_allclose(xla.state.theta, numpy.state.theta, rtol=1e-6, atol=1e-9)
