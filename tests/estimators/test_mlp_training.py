"""How the estimators train: stopping, validation rows, weights, divergence."""

import copy

import numpy as np
import pytest
from sklearn.callback import ScoringMonitor
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

from chainrule import MLPClassifier, MLPRegressor
from chainrule.errors import DivergenceError, ParameterError

ESTIMATORS = [MLPClassifier, MLPRegressor]
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def same_weights(a, b, **tolerance):
    for W, V in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True):
        np.testing.assert_allclose(W, V, **{"rtol": 1e-6, "atol": 1e-9} | tolerance)


# -- when it stops -------------------------------------------------------------------------------------


@pytest.mark.parametrize("patience", [2, 5, 50])
def test_stops_after_n_iter_no_change_epochs_without_progress(iris, patience):
    model = MLPClassifier(
        solver="sgd", tol=0.01, max_iter=3000, n_iter_no_change=patience, random_state=0
    ).fit(*iris)
    best, count = np.inf, 0
    for epoch, loss in enumerate(model.loss_curve_, 1):
        count = count + 1 if loss > best - 0.01 else 0
        best = min(best, loss)
        assert (count > patience) == (epoch == model.n_iter_)
    assert model.best_loss_ == best


def test_infinite_patience_uses_all_epochs(iris):
    with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
        model = MLPClassifier(tol=1e9, n_iter_no_change=np.inf, max_iter=30, random_state=0).fit(*iris)
    assert model.n_iter_ == 30


def test_adaptive_divides_the_learning_rate_by_5_until_it_is_tiny():
    model = MLPClassifier(tol=0.5, max_iter=3000, solver="sgd", learning_rate="adaptive", random_state=0)
    model.fit([[3, 2], [1, 6]], [1, 0])
    assert model.n_iter_ < 3000
    assert model.learning_rate_ == pytest.approx(1e-3 / 5**5)


def test_inverse_scaling_goes_on_over_a_warm_start():
    model = MLPClassifier(solver="sgd", learning_rate="invscaling", power_t=0.25, max_iter=1, warm_start=True)
    X, y = [[3, 2], [1, 6], [5, 6], [-2, -4]], [1, 1, 1, 0]
    assert model.fit(X, y).learning_rate_ == pytest.approx(1e-3)
    assert model.fit(X, y).learning_rate_ == pytest.approx(1e-3 / 5**0.25)


@pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle", "warmup", "warmup_cosine"])
def test_schedules_act_on_adam_too(regression, learning_rate):
    kwargs = {"max_iter": 20, "random_state": 0, "tol": 0}
    constant = MLPRegressor(**kwargs).fit(*regression)
    scheduled = MLPRegressor(learning_rate=learning_rate, **kwargs).fit(*regression)
    assert scheduled.loss_ != constant.loss_
    if learning_rate != "warmup":
        assert scheduled.learning_rate_ < 1e-4


# -- validation rows -----------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_early_stopping_restores_the_weights_of_the_best_epoch(iris, solver, engine):
    X, y = iris
    model = MLPClassifier(
        solver=solver,
        early_stopping=True,
        max_iter=150,
        learning_rate_init=0.02,
        random_state=1,
        engine=engine,
    ).fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    assert model.score(X[1::2], y[1::2]) == pytest.approx(model.best_validation_score_)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert len(model.validation_loss_curve_) == model.n_iter_ < 150


def test_the_validation_loss_is_the_loss_on_your_own_rows(iris):
    X, y = iris
    model = MLPClassifier(max_iter=7, random_state=0).fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    expected = log_loss(y[1::2], model.predict_proba(X[1::2]))
    assert model.validation_loss_curve_[-1] == pytest.approx(expected)
    weights = np.arange(75.0)
    model.fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2], sample_weight_val=weights)
    expected = log_loss(y[1::2], model.predict_proba(X[1::2]), sample_weight=weights)
    assert model.validation_loss_curve_[-1] == pytest.approx(expected)


@pytest.mark.parametrize("scoring", ["loss", "neg_log_loss"])
def test_early_stopping_by_another_metric(iris, scoring):
    X, y = iris
    model = MLPClassifier(
        early_stopping=True, scoring=scoring, max_iter=60, random_state=0, learning_rate_init=0.1
    )
    model.fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    if scoring != "roc_auc_ovr":
        assert model.best_validation_score_ == pytest.approx(-log_loss(y[1::2], model.predict_proba(X[1::2])))
        assert model.best_validation_score_ == pytest.approx(-min(model.validation_loss_curve_))
    assert model.best_validation_score_ == max(model.validation_scores_)


def test_a_class_with_one_member_stays_in_training(rng):
    X = rng.normal(size=(40, 2))
    y = np.array(["a"] * 20 + ["b"] * 19 + ["rare"])
    model = MLPClassifier(early_stopping=True, max_iter=5, random_state=0).fit(X, y)
    assert list(model.classes_) == ["a", "b", "rare"]
    assert model.t_ == 5 * 36


def test_a_validation_half_is_refused(iris):
    with pytest.raises(ParameterError, match="belong together"):
        MLPClassifier().fit(*iris, X_val=iris[0])


def test_steps_too_small_to_change_the_weights_are_no_error(iris):
    model = MLPClassifier(early_stopping=True, learning_rate_init=1e-30, max_iter=3, random_state=0).fit(
        *iris
    )
    assert np.isfinite(model.best_validation_score_)


# -- weights -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_weight_of_0_removes_a_row_and_a_whole_weight_repeats_it(iris, solver, estimator, rng):
    X, y = iris
    weights = rng.integers(0, 4, len(y))
    model = estimator(solver=solver, batch_size="full", max_iter=15, random_state=0, hidden_layer_sizes=(5,))
    weighted = copy.deepcopy(model).fit(X, y, sample_weight=weights)
    repeated = model.fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    same_weights(weighted, repeated)


def test_class_weight_is_a_sample_weight(iris):
    X, y = iris[0][20:], iris[1][20:]
    by_class = {0: 5 / 3, 1: 1.0, 2: 1.0}
    kwargs = {"max_iter": 10, "random_state": 0}
    a = MLPClassifier(class_weight=by_class, **kwargs).fit(X, y)
    b = MLPClassifier(**kwargs).fit(X, y, sample_weight=np.where(y == 0, 5 / 3, 1))
    same_weights(a, b)
    balanced = MLPClassifier(class_weight="balanced", **kwargs).fit(X, y)
    assert balanced.loss_ != a.loss_


@pytest.mark.parametrize(
    ("weights", "message"), [([-1.0] * 150, "[Nn]egative"), ([np.nan] * 150, "NaN"), ([0.0] * 150, "zero")]
)
def test_impossible_weights_are_refused(iris, weights, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier().fit(*iris, sample_weight=weights)


def test_own_scoring_uses_the_validation_weights(iris):
    X, y = iris
    weights = np.where(y[1::2] == 0, 100.0, 1.0)
    scores = {}
    for scoring in (None, "accuracy"):
        model = MLPClassifier(early_stopping=True, scoring=scoring, max_iter=5, random_state=0)
        model.fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2], sample_weight_val=weights)
        scores[scoring] = model.validation_scores_
    np.testing.assert_allclose(scores[None], scores["accuracy"])


def test_a_score_that_is_never_a_number_is_named(iris):
    X, y = iris

    def undefined(estimator, X, y):
        return np.nan

    with pytest.raises(ParameterError, match=r"scoring=<function.*gave no number"):
        MLPClassifier(early_stopping=True, scoring=undefined, max_iter=3).fit(X, y)


@pytest.mark.parametrize("class_weight", [{0: -1.0}, {0: np.nan}, {0: 0.0, 1: 0.0, 2: 0.0}])
def test_impossible_class_weights_are_refused(iris, class_weight):
    with pytest.raises(ParameterError, match="class_weight"):
        MLPClassifier(class_weight=class_weight).fit(*iris)


def test_class_weights_in_partial_fit_know_classes_that_are_not_in_the_batch(iris):
    X, y = iris
    model = MLPClassifier(class_weight={2: 5.0}, random_state=0).partial_fit(
        X[:90], y[:90], classes=[0, 1, 2]
    )
    assert list(model.classes_) == [0, 1, 2]
    with pytest.raises(ParameterError, match=r"names \['rose'\]"):
        MLPClassifier(class_weight={"rose": 2.0}).fit(X, y)
    with pytest.raises(ParameterError, match="dictionary"):
        MLPClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])


# -- divergence ----------------------------------------------------------------------------------------


class Explodes:
    """A schedule that goes well for half of the training."""

    def factors(self, t, samples):
        return np.where(t < 0.5, 1.0, 1e200)


@pytest.mark.parametrize("callbacks", [(), (ScoringMonitor(scoring="r2"),)], ids=["", "callback"])
@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_a_diverging_training_stops_and_keeps_its_best_weights(regression, engine, callbacks):
    X, y = regression
    kwargs = {
        "solver": "sgd",
        "momentum": 0,
        "batch_size": "full",
        "learning_rate_init": 0.05,
        "random_state": 0,
    }
    model = MLPRegressor(learning_rate=Explodes(), max_iter=100, engine=engine, **kwargs)
    with pytest.warns(ConvergenceWarning, match=r"not finite in epoch 5\d.*learning_rate_init=0.05.*scale X"):
        model.set_callbacks(*callbacks).fit(X, y)
    assert model.n_iter_ < 60
    before = MLPRegressor(max_iter=50, **kwargs).fit(X, y)
    np.testing.assert_allclose(model.predict(X), before.predict(X), rtol=0.05, atol=0.05)


def test_a_loss_that_grows_without_end_is_said():
    X, y = load_wine(return_X_y=True)
    model = MLPClassifier((8,), solver="sgd", learning_rate_init=1e6, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"loss grew from .*learning_rate_init=1000000.0.*lower the"):
        model.fit(X, y)


def test_a_training_that_only_gets_worse_is_not_returned(regression):
    X, y = regression
    with pytest.raises(DivergenceError, match="Nothing finite was reached"):
        MLPRegressor(solver="sgd", activation="identity", learning_rate_init=1e3, random_state=0).fit(X, y)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_never_reaching_a_finite_loss_raises_and_leaves_the_old_model(regression, solver):
    X, y = regression
    model = MLPRegressor(solver=solver, max_iter=5, random_state=0).fit(X, y)
    before = model.predict(X)
    with pytest.raises(DivergenceError, match=r"Nothing finite was reached.*e\+30[0-9]"):
        model.fit(X * 1e305, y)
    np.testing.assert_array_equal(model.predict(X), before)


def test_a_failed_fit_leaves_the_old_model_and_its_number_of_columns(iris):
    model = MLPClassifier(max_iter=5, random_state=0).fit(*iris)
    before = model.predict_proba(iris[0])
    with pytest.raises(ParameterError, match="alpha"):
        model.set_params(alpha=-1).fit(np.ones((10, 2)), np.arange(10))
    assert model.n_features_in_ == 4
    np.testing.assert_array_equal(model.predict_proba(iris[0]), before)
