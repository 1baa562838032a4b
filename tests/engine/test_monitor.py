"""Scores against scikit-learn's metrics, and one epoch of watching against the rule in words."""

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score

from chainrule.engine import start, watch
from chainrule.engine.monitor import score
from chainrule.network import get_loss

N_ROWS = 23
RNG = np.random.default_rng(0)
WEIGHTS = RNG.uniform(0.1, 2, N_ROWS)


@pytest.fixture(params=[np, jnp], ids=["numpy", "xla"])
def xp(request):
    return request.param


def test_accuracy_of_classes_is_scikit_learns(xp):
    a, y = RNG.normal(size=(N_ROWS, 3)), RNG.integers(3, size=(N_ROWS, 1))
    expected = accuracy_score(y[:, 0], a.argmax(1), sample_weight=WEIGHTS)
    loss = get_loss("softmax_cross_entropy")
    for targets in (y.astype(float), np.eye(3)[y[:, 0]]):
        found = score("accuracy", loss, xp.asarray(a), xp.asarray(targets), xp.asarray(WEIGHTS))
        assert float(found) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("n_labels", [1, 3])
def test_accuracy_of_labels_counts_the_rows_that_are_right_altogether(xp, n_labels):
    a, y = RNG.normal(size=(N_ROWS, n_labels)), RNG.integers(2, size=(N_ROWS, n_labels))
    expected = accuracy_score(y, (a > 0).astype(int), sample_weight=WEIGHTS)
    loss = get_loss("binary_cross_entropy")
    found = score("accuracy", loss, xp.asarray(a), xp.asarray(y.astype(float)), xp.asarray(WEIGHTS))
    assert float(found) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_r2_is_scikit_learns_of_the_prediction(xp, loss, n_outputs):
    a, y = RNG.normal(size=(N_ROWS, n_outputs)), RNG.poisson(2.0, size=(N_ROWS, n_outputs)).astype(float)
    y[:, -1] = 4.0 if n_outputs > 1 else y[:, -1]  # a constant target is 0 unless it is met
    predicted = np.exp(a) if loss == "poisson" else a
    found = score("r2", get_loss(loss), xp.asarray(a), xp.asarray(y), xp.asarray(WEIGHTS))
    assert float(found) == pytest.approx(r2_score(y, predicted, sample_weight=WEIGHTS), rel=1e-5)


def test_r2_of_a_constant_target_that_is_met_is_1(xp):
    ones = xp.ones((4, 1))
    assert float(score("r2", get_loss("squared_error"), ones, ones, xp.ones(4))) == 1


def watched(values, tol=0.0, patience=10**9, adaptive=False, rate=0.1):
    """The states after each value; θ is the number of the epoch."""
    state, states = start(np.zeros(1), 0), []
    for epoch, value in enumerate(values, start=1):
        state = state._replace(theta=np.full(1, float(epoch)))
        numbers = {"tol": tol, "patience": patience}
        state = watch(state, np.float64(value), np.True_, rate, numbers, adaptive)
        states.append(state)
    return states


def test_the_best_weights_are_those_of_the_least_value_however_small_the_progress():
    states = watched([3.0, 2.0, 1.999, 2.5, 1.998], tol=0.1)
    assert [int(s.best_theta[0]) for s in states] == [1, 2, 3, 3, 5]
    assert [float(s.best) for s in states] == [3.0, 2.0, 1.999, 1.999, 1.998]
    assert [int(s.count) for s in states] == [0, 0, 1, 2, 3]


def test_training_stops_after_more_epochs_without_progress_than_patience():
    states = watched([2.0, 1.0, 1.0, 0.95, 1.0], tol=0.1, patience=2)
    assert [bool(s.stopped) for s in states] == [False, False, False, False, True]


def test_adaptive_divides_the_rate_by_5_and_stops_at_1e_6():
    states = watched([1.0] * 9, tol=1e-4, patience=1, adaptive=True, rate=1e-5)
    np.testing.assert_allclose(
        [s.rate_factor for s in states], [1, 1, 0.2, 0.2, 0.04, 0.04, 0.04, 0.04, 0.04], rtol=1e-12
    )
    assert [bool(s.stopped) for s in states] == [False] * 6 + [True] * 3


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_never_best(value):
    """A score may be undefined; only a loss or parameters that are not finite end the training."""
    last = watched([1.0, value])[-1]
    assert not last.stopped
    assert (float(last.best), float(last.best_theta[0])) == (1.0, 1.0)
