"""How the estimators train: stopping, weights, validation rows, divergence, going on, callbacks."""

import copy
import pickle
import re

import numpy as np
import pytest
from scipy import sparse
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import log_loss

from chainrule import MLPClassifier, MLPRegressor
from chainrule.errors import DivergenceError, ParameterError, StraightThroughWarning

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
    from chainrule.estimators import fitted

    model = MLPClassifier(max_iter=2, random_state=0).fit(*iris)
    whole = model.predict_proba(iris[0])
    monkeypatch.setattr(fitted, "_VALUES_PER_PIECE", 1000)
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


# -- the rest ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_sparse_rows_are_dense_rows(iris, solver, engine):
    X, y = np.where(np.abs(iris[0]) > 1, iris[0], 0), iris[1]
    kwargs = {"solver": solver, "max_iter": 10, "random_state": 0, "engine": engine}
    dense = MLPClassifier(**kwargs).fit(X, y)
    from_sparse = MLPClassifier(**kwargs).fit(sparse.csr_array(X), y)
    same_weights(dense, from_sparse, atol=1e-6)
    np.testing.assert_allclose(
        from_sparse.predict_proba(sparse.csr_array(X)), dense.predict_proba(X), atol=1e-6
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_both_engines_learn_the_same(iris, dtype, estimator):
    kwargs = {"dtype": dtype, "max_iter": 20, "batch_size": 32, "dropout": 0.1, "random_state": 0, "tol": 0}
    a, b = (
        estimator(hidden_layer_sizes=(16, 8), engine=engine, **kwargs).fit(*iris)
        for engine in ("numpy", "xla")
    )
    assert (a.engine_, b.engine_) == ("numpy", "xla")
    np.testing.assert_allclose(a.loss_curve_, b.loss_curve_, rtol=1e-3 if dtype == "float32" else 1e-9)
    assert {W.dtype for W in a.coefs_ + b.coefs_ + b.intercepts_} == {np.dtype(dtype)}


def test_heaviside_trains_straight_through_and_says_so(iris):
    X, y = iris
    with pytest.warns(StraightThroughWarning, match="straight-through"):
        model = MLPClassifier(activation="heaviside", learning_rate_init=0.01, random_state=0).fit(X, y)
    assert set(np.unique(model.transform(X))) <= {0.0, 1.0}
    assert model.score(X, y) > 0.9


def test_transform_gives_the_activations_of_a_hidden_layer(iris):
    X, y = iris
    model = MLPClassifier(
        (6, 3), activation=["tanh", "relu"], dropout=[0.5, 0], max_iter=5, random_state=0
    ).fit(X, y)
    first = np.tanh(X @ model.coefs_[0] + model.intercepts_[0])
    np.testing.assert_allclose(model.transform(X, layer=1), first)
    np.testing.assert_allclose(
        model.transform(X), np.maximum(first @ model.coefs_[1] + model.intercepts_[1], 0)
    )
    assert list(model.get_feature_names_out()) == ["mlpclassifier0", "mlpclassifier1", "mlpclassifier2"]
    assert list(model.set_output(transform="pandas").transform(X).columns) == list(
        model.get_feature_names_out()
    )
    with pytest.raises(ParameterError, match="from 1 to 2, however: 3"):
        model.transform(X, layer=3)


def test_one_class_is_certain():
    model = MLPClassifier(max_iter=2).fit([[0.0], [1.0]], ["only", "only"])
    np.testing.assert_array_equal(model.predict_proba([[5.0]]), [[1.0]])
    assert model.predict([[5.0]]) == ["only"]


def test_several_labels_per_row(rng):
    X = rng.normal(size=(200, 3))
    Y = (X > 0).astype(int)
    model = MLPClassifier((16,), max_iter=200, learning_rate_init=0.02, random_state=0).fit(X, Y)
    assert model.score(X, Y) > 0.9
    assert model.predict_proba(X).shape == (200, 3)


def test_own_activation_and_own_loss(regression):
    X, y = regression

    def log_cosh(a, target):
        xp = a.__array_namespace__()
        return xp.log(xp.cosh(a - target)).sum(1)

    def with_slope(a, target):
        return log_cosh(a, target), np.tanh(a - target)

    kwargs = {"hidden_layer_sizes": (8,), "max_iter": 10, "random_state": 0, "engine": "numpy"}
    derived = MLPRegressor(log_cosh, activation=np.arctan, **kwargs)
    written = MLPRegressor(with_slope, activation=(np.arctan, lambda a: 1 / (1 + a * a)), **kwargs).fit(X, y)
    with pytest.raises(
        Exception, match="__array_namespace__"
    ):  # np.arctan is NumPy's alone; JAX cannot derive it
        derived.fit(X, y)
    derived.set_params(activation=lambda a: a.__array_namespace__().atan(a)).fit(X, y)
    same_weights(derived, written, rtol=1e-5)


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("hidden_layer_sizes", (64, 0), r"positive integers, however: \(64, 0\); drop"),
        ("activation", "rleu", "'rleu' is unknown"),
        ("solver", "adm", "'adm'"),
        ("batch_size", 0, "batch_size"),
        ("learning_rate", 0.1, "learning_rate_init"),
        ("learning_rate_init", -1, "-1"),
        ("max_iter", 2.5, "2.5"),
        ("dropout", 1.0, "1.0"),
        ("dropout", [0.1, 0.2], "one per hidden layer"),
        ("engine", "torch", "torch"),
        ("dtype", "int8", "int8"),
        ("random_state", "seed", "seed"),
        ("verbose", "yes", "yes"),
        ("loss", "hinge", "hinge"),
        ("scoring", 3, "scoring"),
    ],
)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_an_impossible_parameter_is_named_with_its_value(iris, estimator, parameter, value, message):
    with pytest.raises(ValueError, match=message):
        estimator(**{parameter: value}).fit(*iris)


@pytest.mark.parametrize(
    "parameter",
    [{"l1": 0.1}, {"weight_decay": 0.1}, {"max_grad_norm": 1.0}, {"dropout": 0.1}],
    ids=lambda p: next(iter(p)),
)
def test_what_lbfgs_cannot_do_is_refused(iris, parameter):
    with pytest.raises(ParameterError, match="lbfgs"):
        MLPClassifier(solver="lbfgs", **parameter).fit(*iris)


@pytest.mark.parametrize(
    "change",
    [
        {"alpha": 10.0}, {"l1": 1.0}, {"weight_decay": 1.0}, {"solver": "adamw"}, {"max_grad_norm": 1e-3},
        {"dropout": 0.5}, {"initializer": "orthogonal"}, {"label_smoothing": 0.2}, {"beta_1": 0.5},
        {"beta_2": 0.9}, {"epsilon": 0.1}, {"shuffle": False}, {"batch_size": 16}, {"activation": "mish"},
        {"class_weight": {0: 3.0}}, {"learning_rate": "cosine"}, {"learning_rate_init": 0.01},
        {"hidden_layer_sizes": (5, 5)}, {"random_state": 1}, {"dtype": "float32"}, {"max_iter": 5},
        {"solver": "sgd"}, {"solver": "sgd", "momentum": 0.5}, {"solver": "sgd", "nesterovs_momentum": False},
        {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.1}, {"early_stopping": True},
        {"early_stopping": True, "validation_fraction": 0.3},
    ],
    ids=str,
)  # fmt: skip
def test_every_parameter_has_an_effect(iris, change):
    def loss(settings):
        return (
            MLPClassifier(**{"max_iter": 8, "random_state": 0, "batch_size": 50} | settings).fit(*iris).loss_
        )

    without_last = dict(list(change.items())[:-1])
    assert loss(change) != loss(without_last)


def test_the_same_seed_gives_the_same_bits_and_the_global_generator_is_untouched(iris):
    before = pickle.dumps(np.random.get_state())  # noqa: NPY002
    kwargs = {"dropout": 0.2, "early_stopping": True, "max_iter": 10}
    a, b = (MLPClassifier(random_state=5, **kwargs).fit(*iris) for _ in range(2))
    c, d = (MLPClassifier(random_state=None, **kwargs).fit(*iris) for _ in range(2))
    same_weights(a, b, rtol=0, atol=0)
    assert (c.coefs_[0] != d.coefs_[0]).any()
    assert pickle.dumps(np.random.get_state()) == before  # noqa: NPY002


def test_verbose_logs_the_first_and_every_kth_epoch(iris, capsys):
    MLPClassifier(verbose=4, max_iter=9, random_state=0).fit(*iris)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == ["Iteration 1", "Iteration 4", "Iteration 8"]


def test_an_unfitted_model_says_so(iris):
    for method in ("predict", "predict_proba", "transform"):
        with pytest.raises(NotFittedError):
            getattr(MLPClassifier(), method)(iris[0])
