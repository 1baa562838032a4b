"""The estimators against independent solutions: closed forms, and scikit-learn's models."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, PoissonRegressor, QuantileRegressor
from sklearn.neural_network import MLPClassifier as SklearnClassifier
from sklearn.neural_network import MLPRegressor as SklearnRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, SplineTransformer, scale

from chainrule import MLPClassifier, MLPRegressor

DIABETES = load_diabetes(return_X_y=True)
X_REGRESSION, Y_REGRESSION = scale(DIABETES[0]), scale(DIABETES[1])
X_IRIS, Y_IRIS = scale(load_iris().data), load_iris().target

EXACT = {"solver": "lbfgs", "alpha": 0.0, "tol": 1e-9, "max_iter": 5000}


def with_one(X):
    return np.column_stack([X, np.ones(len(X))])


@pytest.mark.parametrize("engine", ["numpy", "xla"])
@pytest.mark.parametrize("loss", ["squared_error", "mean_squared_error", "sum_of_squares"])
def test_no_hidden_layer_is_linear_regression(engine, loss):
    model = MLPRegressor(loss, (), engine=engine, **EXACT).fit(X_REGRESSION, Y_REGRESSION)
    solution = np.linalg.lstsq(with_one(X_REGRESSION), Y_REGRESSION, rcond=None)[0]
    found = np.append(model.coefs_[0][:, 0], model.intercepts_[0])
    np.testing.assert_allclose(found, solution, atol=1e-6)


def test_linear_regression_of_three_targets_with_weights_is_weighted_least_squares(rng):
    Y = X_REGRESSION[:, :3] @ rng.normal(size=(3, 3)) + rng.normal(size=(442, 3))
    weights = rng.uniform(0.1, 3, 442)
    model = MLPRegressor(hidden_layer_sizes=(), **EXACT).fit(X_REGRESSION, Y, sample_weight=weights)
    root = np.sqrt(weights)[:, None]
    solution = np.linalg.lstsq(root * with_one(X_REGRESSION), root * Y, rcond=None)[0]
    np.testing.assert_allclose(np.vstack([model.coefs_[0], model.intercepts_]), solution, atol=1e-6)


def test_l2_penalty_is_ridge():
    alpha = 50.0
    model = MLPRegressor(hidden_layer_sizes=(), **EXACT | {"alpha": alpha}).fit(X_REGRESSION, Y_REGRESSION)
    gram = X_REGRESSION.T @ X_REGRESSION + alpha * np.eye(
        10
    )  # centered data: the bias stays unpenalized at 0
    np.testing.assert_allclose(
        model.coefs_[0][:, 0], np.linalg.solve(gram, X_REGRESSION.T @ Y_REGRESSION), atol=1e-6
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_no_hidden_layer_is_logistic_regression(classes):
    X, y = X_IRIS[classes > Y_IRIS], Y_IRIS[classes > Y_IRIS]
    C = 0.5
    model = MLPClassifier((), **EXACT | {"alpha": 1 / C}).fit(X, y)
    reference = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(X, y)
    coefficients = model.coefs_[0].T
    if classes == 3:
        assert model.coefs_[0].shape == (4, 3)
    np.testing.assert_allclose(coefficients, reference.coef_, atol=1e-4)
    np.testing.assert_allclose(model.predict_proba(X), reference.predict_proba(X), atol=1e-4)


def test_poisson_without_hidden_layer_is_the_poisson_regression(rng):
    X = rng.normal(size=(300, 3))
    y = rng.poisson(np.exp(X @ [0.5, -0.3, 0.2] + 1))
    model = MLPRegressor("poisson", (), **EXACT).fit(X, y)
    reference = PoissonRegressor(alpha=0, tol=1e-10, max_iter=1000).fit(X, y)
    np.testing.assert_allclose(model.predict(X), reference.predict(X), rtol=1e-5)


def test_pinball_reaches_the_quantile_regression(rng):
    X = rng.normal(size=(400, 2))
    y = X @ [1.0, 2.0] + rng.exponential(size=400)
    reference = QuantileRegressor(quantile=0.8, alpha=0).fit(X, y)
    model = MLPRegressor(
        {"loss": "pinball", "quantile": 0.8}, (), alpha=0, solver="adam", learning_rate_init=0.05,
        learning_rate="cosine", max_iter=400, tol=0, n_iter_no_change=400, random_state=0,
    )  # fmt: skip
    with pytest.warns(ConvergenceWarning):
        model.fit(X, y)
    np.testing.assert_allclose(model.coefs_[0][:, 0], reference.coef_, atol=0.05)
    assert abs(np.mean(y <= model.predict(X)) - 0.8) < 0.02


def test_a_fixed_basis_in_front_is_equation_2(rng):
    x = rng.uniform(-2, 2, size=(200, 1))
    y = 1 - 2 * x[:, 0] + 0.5 * x[:, 0] ** 3
    linear = MLPRegressor(hidden_layer_sizes=(), **EXACT)
    model = make_pipeline(PolynomialFeatures(3, include_bias=False), linear).fit(x, y)
    np.testing.assert_allclose(model[-1].coefs_[0][:, 0], [-2, 0, 0.5], atol=1e-5)
    assert make_pipeline(SplineTransformer(), linear).fit(x, y).score(x, y) > 0.999


@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "adam"},
        {"solver": "sgd"},
        {"solver": "sgd", "momentum": 0},
        {"solver": "sgd", "nesterovs_momentum": False},
        {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1, "power_t": 0.2},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 1.0, "n_iter_no_change": 2},
        {"solver": "lbfgs"},
        {"solver": "adam", "alpha": 10.0, "activation": "tanh"},
    ],
)
@pytest.mark.parametrize("task", ["regression", "two classes", "three classes"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_full_batches_from_the_same_seed_give_scikit_learns_numbers(settings, task):
    common = {
        "hidden_layer_sizes": (12, 7),
        "random_state": 3,
        "max_iter": 60,
        "batch_size": 10_000,
    } | settings
    theirs, ours = (
        (SklearnRegressor, MLPRegressor) if task == "regression" else (SklearnClassifier, MLPClassifier)
    )
    X, y = {
        "regression": (X_REGRESSION, Y_REGRESSION),
        "two classes": (scale(load_breast_cancer().data), load_breast_cancer().target),
        "three classes": (X_IRIS, Y_IRIS),
    }[task]
    common["batch_size"] = len(y)
    reference, model = theirs(**common).fit(X, y), ours(**common).fit(X, y)
    # 60 steps of Adam on rounding differences; L-BFGS may stop an iteration apart
    tolerance = 1e-3 if settings["solver"] == "lbfgs" else 1e-7
    assert model.n_iter_ == reference.n_iter_ or settings["solver"] == "lbfgs"
    np.testing.assert_allclose(model.loss_, reference.loss_, rtol=tolerance)
    if settings["solver"] != "lbfgs":
        np.testing.assert_allclose(model.loss_curve_, reference.loss_curve_, rtol=1e-7)
        for W, W_reference in zip(model.coefs_, reference.coefs_, strict=True):
            np.testing.assert_allclose(W, W_reference, atol=1e-6)


def test_the_fitted_attributes_are_those_of_scikit_learn():
    equal = ("t_", "n_iter_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_")
    alike = ("loss_", "best_loss_", "loss_curve_", "validation_scores_", "best_validation_score_", "classes_")
    settings = {"max_iter": 3, "batch_size": 50, "random_state": 0, "early_stopping": True}
    with pytest.warns(ConvergenceWarning):
        reference = SklearnClassifier(**settings).fit(X_IRIS, Y_IRIS)
    with pytest.warns(ConvergenceWarning):
        model = MLPClassifier(**settings).fit(X_IRIS, Y_IRIS)
    for name in (*alike, "coefs_", "intercepts_"):
        assert isinstance(getattr(reference, name), type(getattr(model, name))), name
    for name in equal:
        assert getattr(model, name) == getattr(reference, name), name
    assert set(SklearnClassifier().get_params()) <= set(MLPClassifier().get_params())
    assert SklearnRegressor().get_params().items() <= MLPRegressor().get_params().items()
