"""What the estimators offer: parameters, outputs, engines, labels, functions of your own."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from chainrule import MLPClassifier, MLPRegressor
from chainrule.errors import ParameterError, StraightThroughWarning

ESTIMATORS = [MLPClassifier, MLPRegressor]
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def same_weights(a, b, **tolerance):
    for W, V in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True):
        np.testing.assert_allclose(W, V, **{"rtol": 1e-6, "atol": 1e-9} | tolerance)


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


@pytest.mark.parametrize("settings", [{}, {"engine": "xla"}, {"solver": "lbfgs"}], ids=str)
def test_an_infinite_gradient_norm_clips_nothing(iris, settings):
    settings = {"max_iter": 3, "random_state": 0, "engine": "numpy"} | settings
    none, infinite = (
        MLPClassifier(**settings, max_grad_norm=norm).fit(*iris) for norm in (None, float("inf"))
    )
    same_weights(none, infinite, rtol=0, atol=0)


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


def test_dropout_draws_another_mask_in_every_step(iris):
    model = MLPClassifier(
        dropout=0.5, batch_size="full", learning_rate_init=1e-12, max_iter=5, tol=0, random_state=0
    )
    assert len(set(model.fit(*iris).loss_curve_)) == 5


@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_rows_whose_weight_is_0_in_the_trainings_dtype_are_left_out(engine):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.integers(3, size=40)
    weights = np.where(np.arange(40) < 20, 1e-50, 1.0)
    settings = {"engine": engine, "dtype": "float32", "shuffle": False, "batch_size": 10, "random_state": 0}
    with pytest.warns(ConvergenceWarning):
        tiny = MLPClassifier(max_iter=3, **settings).fit(X, y, sample_weight=weights)
    with pytest.warns(ConvergenceWarning):
        none = MLPClassifier(max_iter=3, **settings).fit(X, y, sample_weight=np.floor(weights))
    assert tiny.loss_curve_ == none.loss_curve_
