"""How a model goes on: warm starts, partial fits, Ctrl-C, callbacks."""

import pickle
import re

import numpy as np
import pytest
from sklearn.callback import ProgressBar, ScoringMonitor

from chainrule import MLPClassifier, MLPRegressor
from chainrule.errors import ParameterError

ESTIMATORS = [MLPClassifier, MLPRegressor]
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def same_weights(a, b, **tolerance):
    for W, V in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True):
        np.testing.assert_allclose(W, V, **{"rtol": 1e-6, "atol": 1e-9} | tolerance)


# -- going on ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fit_epoch_by_epoch_is_fit(iris, estimator, solver):
    X, y = iris
    kwargs = {
        "solver": solver,
        "batch_size": "full",
        "random_state": 0,
        "learning_rate": "cosine",
        "max_iter": 12,
    }
    whole = estimator(tol=0, n_iter_no_change=50, **kwargs).fit(X, y)
    first = {"classes": [0, 1, 2]} if estimator is MLPClassifier else {}
    by_epoch = estimator(**kwargs)
    for epoch in range(12):
        by_epoch.partial_fit(X, y, **(first if epoch == 0 else {}))
        by_epoch = pickle.loads(pickle.dumps(by_epoch))
    same_weights(by_epoch, whole, atol=1e-7)
    np.testing.assert_allclose(by_epoch.loss_curve_, whole.loss_curve_)


def test_a_failed_first_partial_fit_leaves_nothing_behind(iris):
    X, y = iris[0][:100], iris[1][:100]
    model = MLPClassifier(random_state=0)
    with pytest.raises(ValueError, match="NaN"):
        model.partial_fit(np.where(X > 2, np.nan, X), y, classes=[0, 1, 2])
    model.partial_fit(X, y, classes=[0, 1, 2])
    assert model.predict_proba(X).shape == (100, 3)


def test_a_random_state_starts_where_scikit_learn_starts(iris):
    from sklearn.neural_network import MLPClassifier as SklearnClassifier

    kwargs = {"max_iter": 1, "learning_rate_init": 1e-12}
    for make in (lambda: 3, lambda: np.random.RandomState(3)):
        ours = MLPClassifier(random_state=make(), **kwargs).fit(*iris)
        theirs = SklearnClassifier(random_state=make(), **kwargs).fit(*iris)
        same_weights(ours, theirs, atol=1e-9)


def test_an_adaptive_rate_ends_with_the_adaptive_schedule(iris):
    model = MLPClassifier(
        solver="sgd", learning_rate="adaptive", tol=10.0, n_iter_no_change=1, random_state=0
    )
    for _ in range(8):
        model.partial_fit(*iris, **({} if hasattr(model, "classes_") else {"classes": [0, 1, 2]}))
    assert model.learning_rate_ < 1e-3
    assert model.set_params(learning_rate="constant").partial_fit(*iris).learning_rate_ == 1e-3


def test_every_warm_start_draws_anew(iris):
    X, y = iris
    kwargs = {"warm_start": True, "max_iter": 1, "learning_rate_init": 1e-12, "random_state": 0}
    dropped = MLPClassifier(dropout=0.5, batch_size="full", **kwargs)
    losses = [dropped.fit(X, y).loss_ for _ in range(3)]
    assert len(set(losses)) == 3


def test_weights_can_be_changed_by_hand_after_either_engine(iris):
    for engine in ("numpy", "xla"):
        model = MLPClassifier(max_iter=2, random_state=0, engine=engine).fit(*iris)
        before = model.predict_proba(iris[0])
        model.coefs_[0][:] = 0
        assert (model.predict_proba(iris[0]) != before).any()
    model.coefs_, model.intercepts_ = [np.zeros((4, 3), int)], [np.array([0, 1, 2])]
    model.network_ = MLPClassifier((), max_iter=1).fit(*iris).network_
    assert model.predict_proba(iris[0])[0] == pytest.approx(np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum())


def test_many_rows_are_predicted_in_pieces(iris, monkeypatch):
    from chainrule.engine import forward

    model = MLPClassifier(max_iter=2, random_state=0).fit(*iris)
    whole = model.predict_proba(iris[0])
    monkeypatch.setattr(forward, "_VALUES_PER_PIECE", 1000)
    np.testing.assert_allclose(model.predict_proba(iris[0]), whole)


def test_a_warm_start_with_other_layers_is_refused_by_name(iris):
    model = MLPClassifier(warm_start=True, max_iter=3).fit(*iris)
    with pytest.raises(ParameterError, match=re.escape("hidden_layer_sizes=(7,)") + ".*warm_start=False"):
        model.set_params(hidden_layer_sizes=(7,)).fit(*iris)


def test_ctrl_c_leaves_a_usable_model(iris, monkeypatch):
    from chainrule.engine.numpy import NumpyEngine

    run_epochs, calls = NumpyEngine.run_epochs, []

    def interrupted(*args):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run_epochs(*args)

    monkeypatch.setattr(NumpyEngine, "run_epochs", interrupted)
    model = MLPClassifier(
        engine="numpy", early_stopping=True, max_iter=500, n_iter_no_change=500, random_state=0
    )
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(*iris)
    assert 0 < model.n_iter_ < 500
    assert model.score(*iris) > 0.5


# -- callbacks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_scikit_learns_callbacks_see_every_epoch_with_its_weights(iris, solver):
    monitor = ScoringMonitor(scoring="accuracy")
    model = MLPClassifier(solver=solver, max_iter=6, random_state=0).set_callbacks(monitor).fit(*iris)
    scores = [row["accuracy"] for row in monitor.get_logs().data]
    assert len(scores) == model.n_iter_ + 1  # the whole fit, then every epoch
    assert scores[0] == scores[-1] == model.score(*iris)
    assert len(set(scores)) > 1


def test_a_callback_stops_at_its_epoch(iris):
    class StopAfterThree:
        def setup(self, estimator, context): ...
        def teardown(self, estimator, context): ...
        def on_fit_task_begin(self, estimator, context): ...
        def on_fit_task_end(self, estimator, context):
            return context.task_name == "epoch" and context.task_id == 2

    model = MLPClassifier(random_state=0).set_callbacks(StopAfterThree()).fit(*iris)
    assert model.n_iter_ == 3
    same_weights(model, MLPClassifier(random_state=0, max_iter=3).fit(*iris))


def test_the_progress_bar_of_scikit_learn_works(iris):
    MLPClassifier(max_iter=3, random_state=0).set_callbacks(ProgressBar()).fit(*iris)
