"""Columns: each branch by itself, side by side; what several branches read gets the sum of their pulls."""

import json

import numpy as np
import pytest

from chainrule.errors import ParameterError
from chainrule.network import CategoryEmbedding, Columns, Dense, Draw, Dropout, Network, Periodic

BRANCHES = (
    (0, 2, Network(2, (Dense(3),))),
    (1, 4, Network(3, ())),
    (4, 5, Network(1, (CategoryEmbedding(4, 2),))),
    (0, 1, Network(1, (Periodic(2, 3), Dropout(0.5)))),
)
NETWORK = Network(5, (Columns(BRANCHES), Dense(2)))


def rows(n=7):
    rng = np.random.default_rng(0)
    return np.hstack([rng.normal(size=(n, 4)), rng.integers(4, size=(n, 1))])


def test_every_branch_computes_its_own_columns():
    z, theta = rows(), NETWORK.initialize(np.random.default_rng(1), np.float64)
    p = NETWORK.views(theta)[0]
    expected = []
    for i, (first, behind, network) in enumerate(BRANCHES):
        own = [p[f"{i}.{name}"].ravel() for name in network.shapes(network.n_inputs)]
        expected.append(network.predict(np.concatenate([np.zeros(0), *own]), z[:, first:behind]))
    out, _ = NETWORK.layers[0].forward(p, z, None)
    np.testing.assert_array_equal(out, np.hstack(expected))
    assert NETWORK.layers[0].n_out(5) == out.shape[1] == 3 + 3 + 2 + 2


def test_the_gradients_alone_are_those_of_backward():
    """A first layer's backward spares the derivative by the rows."""
    z, theta = rows(), NETWORK.initialize(np.random.default_rng(1), np.float64)
    p = NETWORK.views(theta)
    out, saved = NETWORK.forward(p, z, Draw.from_seed(0))
    with_dz, dz = NETWORK.backward(p, saved, out)
    without, nothing = NETWORK.backward(p, saved, out, needs_dz=False)
    assert nothing is None
    assert dz.shape == z.shape
    np.testing.assert_array_equal(NETWORK.flat(with_dz), NETWORK.flat(without))


def test_branches_draw_each_their_own_dropout():
    layer = Columns(tuple((i, i + 1, Network(1, (Dropout(0.5),))) for i in range(2)))
    out, _ = layer.forward({}, np.ones((400, 2)), Draw.from_seed(0))
    assert 0.4 < (out[:, 0] == out[:, 1]).mean() < 0.6
    assert layer.is_random
    assert not Columns(((0, 1, Network(1, ())),)).is_random


def test_parameters_have_their_full_names():
    assert list(NETWORK.shapes(5)) == [
        "0.0.0.W", "0.0.0.b", "0.2.0.E", "0.3.0.w", "0.3.0.c", "0.3.0.L", "0.3.0.l", "1.W", "1.b"
    ]  # fmt: skip
    assert NETWORK.decayed == ("0.0.0.W", "1.W")
    rates = {"w": 0.1, "c": 0.1 / (2 * np.pi), "L": 0.1, "l": 0.1}
    assert NETWORK.rates == pytest.approx({f"0.3.0.{name}": rate for name, rate in rates.items()})


def test_description_gives_an_equal_network_back_through_json():
    described = Network.from_description(json.loads(json.dumps(NETWORK.describe())))
    assert described == NETWORK
    assert hash(described) == hash(NETWORK)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Columns(((0, 3, Network(2, ())),)), r"as many as its network has inputs, however: \(0, 3"),
        (lambda: Columns(((2, 2, Network(1, ())),)), r"however: \(2, 2"),
        (lambda: Columns(((-1, 1, Network(2, ())),)), r"however: \(-1, 1"),
        (
            lambda: Network(2, (Columns(((1, 3, Network(2, ())),)),)).n_outputs,
            "the branch of columns 1 to 2 does not fit 2 columns",
        ),
    ],
)
def test_branches_that_do_not_fit_are_refused(make, words):
    with pytest.raises(ParameterError, match=words):
        make()
