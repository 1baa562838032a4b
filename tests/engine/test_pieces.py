"""A batch that is computed in pieces gives what it gives as a whole: loss, gradient, masks of dropout."""

from itertools import pairwise

import numpy as np
import pytest

from chainrule.engine import Plan, Program
from chainrule.engine.numpy import NumpyEngine, pieces_of_batch
from chainrule.engine.parts import Parts
from chainrule.engine.step import objective
from chainrule.engine.xla import XlaEngine, _n_pieces
from chainrule.network import (
    LSTM,
    Activation,
    Columns,
    Conv1D,
    Conv2D,
    Dense,
    Draw,
    Dropout,
    EnsembleLoss,
    Join,
    MemberDense,
    Network,
    get_loss,
)
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


def pieces_of(layers, n_inputs, n_rows):
    return pieces_of_batch(Program(Network(n_inputs, layers), get_loss("squared_error"), Adam()), n_rows)


@pytest.mark.parametrize("n_rows", [50, 99, 100, 199, 200, 250, 256, 400, 1000])
@pytest.mark.parametrize(
    "sizes", [(10, 32, 1), (50, 256, 256, 1), (700, 50, 1), (100, 500, 500, 10)], ids=str
)
def test_the_pieces_of_dense_layers_are_what_they_were(sizes, n_rows):
    """By hand: one for 10 million operations of the largest product and 100 rows each, 4 at the most."""
    n_inputs, *hidden, n_outputs = sizes
    largest = max(a * b for a, b in pairwise(sizes))
    program = Program(Network.mlp(n_inputs, tuple(hidden), n_outputs), get_loss("squared_error"), Adam())
    assert pieces_of_batch(program, n_rows) == max(1, min(4, 2 * n_rows * largest // 10**7, n_rows // 100))


def test_a_convolution_has_a_row_for_every_place():
    images = (Conv2D(32, 3, (8, 8, 16)), Activation("relu"), Dense(1))
    # 64 places of 32 units and 144 values are 294,912 multiplications an image
    assert [pieces_of(images, 1024, n) for n in (1, 16, 33, 34, 51, 64, 640)] == [1, 1, 1, 2, 3, 3, 4]
    large = (Conv2D(64, 3, (8, 8, 64)), Dense(1))
    assert [pieces_of(large, 4096, n) for n in (31, 32, 48, 64, 300)] == [1, 2, 3, 4, 4], "16 images each"
    few_places = (Conv1D(2000, 1, (2, 2000)), Dense(1))
    assert [pieces_of(few_places, 4000, n) for n in (99, 100, 150)] == [1, 2, 3], "100 places each"


def test_a_recurrence_does_the_work_of_all_its_steps_on_the_rows_of_each():
    # 50 steps of 4 gates, 64 units and 12 + 64 values are 972,800 multiplications a sequence
    assert [pieces_of((LSTM(64, 50), Dense(1)), 600, n) for n in (64, 199, 200, 300)] == [1, 1, 2, 3]
    assert pieces_of((LSTM(4, 3), Dense(1)), 36, 1000) == 1
    branch = Columns(((0, 600, Network(600, (LSTM(64, 50),))), (600, 602, Network(2, ()))))
    assert pieces_of((branch, Dense(1)), 602, 300) == 3, "within columns too"


def test_a_convolution_in_pieces_is_what_it_is_as_a_whole():
    rng = np.random.default_rng(0)
    network = Network(128, (Conv2D(16, 3, (8, 8, 2)), Activation("relu"), Dense(2)))
    X, y = rng.normal(size=(80, 128)), rng.normal(size=(80, 2))
    program, parts = Program(network, get_loss("squared_error"), Adam()), Parts(network)
    theta = parts.split(network.initialize(rng, np.float64))
    arguments = program, {"l2": 0.0}, parts, theta, (X, y, np.full(80, 1 / 80), 1 / 80)
    whole, pieces = objective(*arguments), objective(*arguments, n_pieces=4)
    np.testing.assert_allclose(pieces[0], whole[0], rtol=1e-12)
    for one, other in zip(pieces[1], whole[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
