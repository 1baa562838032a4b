"""The training loop: what it hands to an engine, and when it stops, against simulations of the rules."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import r2_score

from chainrule.engine import Records
from chainrule.engine.numpy import NumpyEngine
from chainrule.network import Network
from chainrule.optimization import SGD, Cosine, InverseScaling

N_ROWS = 30
NETWORK = Network.mlp(3, (8,), 1, "tanh")


def rows(n_rows, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 3))
    return X, np.sin(2 * X[:, :1]) + 0.3 * rng.normal(size=(n_rows, 1))


X, Y = rows(N_ROWS, 0)
VALIDATION = (*rows(12, 1), np.random.default_rng(2).uniform(0.5, 2, 12))


def first_stop(values, tol, patience):
    """After how many epochs there was no value better by `tol` for more than `patience` epochs."""
    best, without_progress = np.inf, 0
    for epoch, value in enumerate(values, start=1):
        without_progress = without_progress + 1 if value > best - tol else 0
        best = min(best, value)
        if without_progress > patience:
            return epoch
    return len(values)


# -- what an engine is given -------------------------------------------------------------------------------


class Secretary:
    """An engine that computes nothing and keeps the plans it was given."""

    name = "secretary"

    def __init__(self, bundle):
        self.bundle, self.plans = bundle, []

    def load(self, data, dtype):
        return data

    def epochs_per_call(self, program, data):
        return self.bundle

    def run_epochs(self, program, loaded, state, plan, numbers):
        self.plans.append(plan)
        n_epochs, n_steps = plan.rates.shape
        nothing = np.zeros(n_epochs)
        return state._replace(step=state.step + n_epochs * n_steps), Records(
            nothing, nothing, nothing, nothing
        )


def plans(make_training, bundle=3, **given):
    secretary = Secretary(bundle)
    training = make_training(secretary, NETWORK, X, Y, **given)
    assert [record.epoch for record in training.epochs()] == list(range(1, training.max_epochs + 1))
    return secretary.plans


def test_every_epoch_visits_every_row_once_in_an_order_of_its_own(make_training):
    orders = np.concatenate([plan.orders for plan in plans(make_training, epochs=7)])
    assert orders.shape == (7, N_ROWS)
    np.testing.assert_array_equal(np.sort(orders, axis=1), np.tile(np.arange(N_ROWS), (7, 1)))
    assert len({tuple(order) for order in orders}) == 7
    assert {tuple(plan.key) for plan in plans(make_training, epochs=7)} == {
        tuple(plans(make_training)[0].key)
    }


def test_bundling_changes_neither_orders_nor_rates(make_training):
    given = {"epochs": 10, "schedule": "cosine"}
    one, many = (plans(make_training, bundle, **given) for bundle in (1, 4))
    assert [len(plan.rates) for plan in many] == [4, 4, 2]
    for name in ("orders", "rates", "corrections"):
        joined = [np.concatenate([getattr(plan, name) for plan in each]) for each in (one, many)]
        np.testing.assert_array_equal(*joined, err_msg=name)


def test_rates_follow_the_schedule_over_the_planned_epochs(make_training):
    given = {"epochs": 4, "planned_epochs": 10, "epochs_before": 2, "rate": 0.5, "batch_size": 7}
    rates = np.concatenate([plan.rates for plan in plans(make_training, schedule="cosine", **given)])
    t = np.arange(2 * 5, 6 * 5) / 50
    np.testing.assert_allclose(rates.ravel(), 0.5 * Cosine().factors(t, t))


def test_a_schedule_that_is_over_stays_at_its_end(make_training):
    given = {"epochs": 6, "planned_epochs": 4, "batch_size": N_ROWS, "schedule": "cosine"}
    rates = np.concatenate([plan.rates for plan in plans(make_training, **given)])
    np.testing.assert_allclose(rates[4:], 0, atol=1e-15)


def test_inverse_scaling_counts_the_rows_of_earlier_trainings(make_training):
    given = {"schedule": InverseScaling(0.5), "samples_seen": 60, "rate": 1.0, "batch_size": 8, "epochs": 3}
    rates = np.concatenate([plan.rates for plan in plans(make_training, bundle=2, **given)])
    np.testing.assert_allclose(rates, np.tile(1 / np.sqrt([[61], [91], [121]]), (1, 4)))


def test_corrections_are_those_of_the_steps_done(make_training):
    corrections = np.concatenate([plan.corrections for plan in plans(make_training, batch_size=8, epochs=5)])
    t = np.arange(1, 5 * 4 + 1)
    np.testing.assert_allclose(corrections.ravel(), np.sqrt(1 - 0.999**t) / (1 - 0.9**t))


# -- when it stops -----------------------------------------------------------------------------------------

WATCHED = {
    "loss": {"monitor": "loss"},
    "validation loss": {"monitor": "validation_loss"},
    "r2": {"monitor": "score", "metric": "r2"},
    "own score": {"monitor": "external", "metric": "r2"},
}


def watched_value(name, record):
    return {"loss": record.loss, "validation loss": record.validation_loss}.get(name, -record.score)


@pytest.mark.parametrize("name", WATCHED)
@pytest.mark.parametrize(("tol", "patience"), [(0.0, 0), (1e-2, 2), (3e-2, 4)])
def test_it_stops_at_the_epoch_of_the_rule_with_the_weights_of_the_best(
    engine, make_training, train, name, tol, patience
):
    given = {"validation": VALIDATION, "rate": 0.05, "seed": 3, **WATCHED[name]}
    if name == "own score":
        given["scorer"] = lambda theta: r2_score(
            VALIDATION[1], NETWORK.predict(theta, VALIDATION[0]), sample_weight=VALIDATION[2]
        )
    long = make_training(engine, NETWORK, X, Y, epochs=32, one_by_one=True, **given)
    steps, before = [], long.state.theta
    for record in long.epochs():
        # the training loss is measured before the updates, and belongs to the weights from before
        steps.append((watched_value(name, record), before if name == "loss" else long.state.theta))
        before = long.state.theta
    expected = first_stop([value for value, _ in steps], tol, patience)
    done = train(engine, NETWORK, X, Y, epochs=32, numbers={"tol": tol, "patience": patience}, **given)
    assert len(done.records) == expected < 32
    assert done.state.stopped
    assert done.state.finite
    best, best_theta = min(steps[:expected], key=lambda step: step[0])
    np.testing.assert_allclose(done.state.best_theta, best_theta, rtol=1e-10)
    assert float(done.state.best) == pytest.approx(best)


def test_the_adaptive_rate_is_divided_by_5_until_1e_6(engine, train):
    tol, patience, rate = 0.2, 1, 1e-3
    done = train(
        engine, NETWORK, X, Y, adaptive=True, rate=rate, epochs=60, numbers={"tol": tol, "patience": patience}
    )
    best, count, rates = np.inf, 0, []
    for loss in done.losses:
        count = count + 1 if loss > best - tol else 0
        best = min(best, loss)
        if count > patience:
            if rate <= 1e-6:
                rates.append(rate)
                break
            rate, count = rate / 5, 0
        rates.append(rate)
    np.testing.assert_allclose([record.learning_rate for record in done.records], rates, rtol=1e-9)
    assert len(done.records) < 60
    assert rates[-1] <= 1e-6
    assert done.state.stopped


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_loss_that_is_not_finite_stops_at_that_epoch_with_the_last_good_weights(
    engine, make_training, train, dtype
):
    given = {"optimizer": SGD(momentum=False), "batch_size": N_ROWS, "rate": 300.0, "dtype": dtype}
    linear = Network.mlp(3, (), 1)
    done = train(engine, linear, X, Y, epochs=400, **given)
    losses = np.asarray(done.losses)
    assert len(losses) < 400
    assert done.state.stopped
    assert not done.state.finite
    assert np.isfinite(losses[:-1]).all()
    with np.errstate(over="ignore"):  # parameters whose squares overflow count as infinite
        assert not (np.isfinite(losses[-1]) and np.isfinite((done.state.theta**2).sum()))
    assert np.isfinite(done.state.best_theta).all()
    assert int(np.argmin(losses[:-1])) == 0  # it only got worse: the best are those it began with
    begin = make_training(NumpyEngine(), linear, X, Y, **given).state.theta
    np.testing.assert_array_equal(done.state.best_theta, begin)


def test_nothing_finite_leaves_the_best_at_infinity(engine, train):
    done = train(engine, NETWORK, np.full_like(X, 1e308), Y * 1e308, one_by_one=True)
    assert len(done.records) == 1
    assert not done.state.finite
    assert np.isinf(done.state.best)


def test_your_own_score_is_not_asked_about_weights_that_are_not_finite(engine, train):
    def scorer(theta):
        assert np.isfinite(theta).all()
        return 0.0

    given = {"optimizer": SGD(momentum=False), "batch_size": N_ROWS, "rate": 1e200, "monitor": "external"}
    done = train(engine, Network.mlp(3, (), 1), X, Y, scorer=scorer, epochs=20, **given)
    assert not done.state.finite
    assert len(done.records) < 20


# -- bundles of epochs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [{}, {"tol": 3e-2, "patience": 3}], ids=["to the end", "early stop"])
def test_bundled_epochs_give_the_records_of_single_ones(engine, train, monkeypatch, stop):
    given = {
        "epochs": 23,
        "numbers": stop,
        "validation": VALIDATION,
        "monitor": "validation_loss",
        "rate": 0.03,
    }
    single = train(engine, NETWORK, X, Y, one_by_one=True, **given)
    monkeypatch.setattr(type(engine), "epochs_per_call", lambda *_: 8)
    bundled = train(engine, NETWORK, X, Y, **given)
    assert len(bundled.records) == len(single.records)
    assert (len(single.records) < 23) == bool(stop)
    for one, other in zip(single.records, bundled.records, strict=True):
        assert one.epoch == other.epoch
        np.testing.assert_allclose(
            (one.loss, one.validation_loss, one.learning_rate),
            (other.loss, other.validation_loss, other.learning_rate),
            rtol=1e-10,
        )
    np.testing.assert_allclose(bundled.state.best_theta, single.state.best_theta, rtol=1e-8)


def test_one_by_one_hands_over_every_epoch_with_its_parameters_and_stops_at_once(engine, make_training):
    training = make_training(engine, NETWORK, X, Y, one_by_one=True, epochs=9)
    thetas, epochs = [np.asarray(training.state.theta)], []
    for record in training.epochs():
        epochs.append(record.epoch)
        thetas.append(np.asarray(training.state.theta))
        if record.epoch == 4:
            training.stop()
    assert epochs == [1, 2, 3, 4]
    assert not training.goes_on
    assert all((one != other).any() for one, other in pairwise(thetas))


def test_a_training_goes_on_where_another_ended(engine, make_training, train):
    given = {"shuffle": False, "one_by_one": True, "planned_epochs": 6, "schedule": "cosine"}
    whole = train(engine, NETWORK, X, Y, epochs=6, **given)
    first = train(engine, NETWORK, X, Y, epochs=2, **given)
    second = make_training(engine, NETWORK, X, Y, epochs=4, epochs_before=2, **given)
    second.state = first.state
    losses = first.losses + [record.loss for record in second.epochs()]
    np.testing.assert_allclose(losses, whole.losses, rtol=1e-9)


def test_the_global_generator_is_left_alone(engine, train):
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the one that must not be used
    train(engine, NETWORK, X, Y, one_by_one=True)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
