"""One step of plain gradient descent, with the rate of every parameter and what fades, worked out by hand."""

from dataclasses import dataclass

import numpy as np
import pytest

from chainrule.engine import Data, Program
from chainrule.engine.monitor import score
from chainrule.network import (
    Activation,
    Dropout,
    EnsembleLoss,
    Join,
    MemberDense,
    Network,
    ParametricActivation,
    Scale,
    get_loss,
)
from chainrule.optimization import SGD

NETWORK = Network(
    3,
    (Scale(), MemberDense(4, 2, fan_out=True), ParametricActivation("tanh", 2), MemberDense(1, 2), Join()),
)
LOSS = EnsembleLoss(get_loss("squared_error"), 2)
PLAIN = SGD(nesterov=False)


@dataclass(frozen=True)
class Always:
    """A factor that is the same at every step."""

    factor: float

    def factors(self, t, samples):
        return np.full(np.shape(t), self.factor)


def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(9, 3)), rng.normal(size=(9, 1))


@pytest.mark.parametrize("fade", [None, 0.25, 0.0])
def test_a_step_takes_every_parameter_its_own_way(engine, train, numbers, fade):
    X, y = rows()
    theta = np.random.default_rng(1).normal(size=NETWORK.n_parameters)
    data = engine.load(Data(X, y, np.ones(9)), np.float64)
    gradient = engine.value_and_gradient(Program(NETWORK, LOSS, PLAIN), data, theta, numbers())[1]
    own_rates = np.full(len(theta), 0.1)
    for name, factor in {"0.s": 6, "1.b": 0.1, "2.alpha": 0.1, "3.b": 0.1}.items():
        NETWORK.named(own_rates)[name][...] *= factor
    decay = 0.5 * (1.0 if fade is None else fade) * NETWORK.decay_mask()
    done = train(
        engine, NETWORK, X, y, loss=LOSS, theta=theta, optimizer=PLAIN, numbers={"momentum": 0.0},
        epochs=1, batch_size=9, rate=0.1, weight_decay=0.5, fades=fade is not None,
        fade=None if fade is None else Always(fade),
    )  # fmt: skip
    # decayed first, then the step: both from the parameters before
    np.testing.assert_allclose(done.state.theta, theta - own_rates * (decay * theta + gradient), rtol=1e-9)


def test_dropout_that_has_faded_away_is_none(engine, train):
    X, y = rows()
    layers = (MemberDense(4, 2, fan_out=True), Activation("tanh"))
    dropped = Network(3, (*layers, Dropout(0.9), MemberDense(1, 2), Join()))
    without = Network(3, (*layers, Activation("identity"), MemberDense(1, 2), Join()))
    one, other = (
        train(engine, network, X, y, loss=LOSS, fades=True, fade=Always(0.0))
        for network in (dropped, without)
    )
    np.testing.assert_allclose(one.losses, other.losses, rtol=1e-12)


@pytest.mark.parametrize(("folds", "accuracy", "r2"), [(0, 1, 1), (2, 2 / 3, 1 - 6 / 14)])
def test_the_score_of_an_ensemble_is_that_of_its_prediction(folds, accuracy, r2):
    """The mean of both members is right; in two folds the first judges rows 1 and 2, the second row 3."""
    fold = np.asarray([[0.0], [0.0], [1.0]])

    def scored(metric, loss, a, y):
        y = np.hstack([y, fold]) if folds else y
        return score(metric, EnsembleLoss(get_loss(loss), 2, folds), a, y, np.ones(3))

    chances = np.log([[0.6, 0.4, 0.1, 0.9], [0.9, 0.1, 0.4, 0.6], [0.9, 0.1, 0.4, 0.6]])
    classes = np.asarray([[1.0], [0.0], [0.0 if folds == 0 else 1.0]])
    assert scored("accuracy", "softmax_cross_entropy", chances, classes) == pytest.approx(accuracy)
    outputs, targets = np.asarray([[1.0, 3.0], [2.0, 4.0], [5.0, 9.0]]), np.asarray([[2.0], [3.0], [7.0]])
    # squares of what is wrong: 1, 1, 4; around the mean 4: 4, 1, 9
    assert scored("r2", "squared_error", outputs, targets) == pytest.approx(r2)
