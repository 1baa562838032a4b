"""Faults planted in networks and their training: exactly the finding that belongs to each comes up."""

from copy import deepcopy

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler

from chainrule import MLPClassifier, MLPRegressor, TabularClassifier
from chainrule.explain.doctor import doctor


def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def trained(activation):
    X, y = cancer()
    model = MLPClassifier(
        (32, 16), activation, learning_rate_init=0.005, early_stopping=True, scoring="loss", random_state=0
    )
    return model.fit(X, y)


@pytest.fixture(scope="module")
def relu_model():
    return trained("relu")


@pytest.fixture(scope="module")
def tanh_model():
    return trained("tanh")


def only(diagnosis, name):
    assert [finding.name for finding in diagnosis.findings] == [name], str(diagnosis)
    return diagnosis.findings[0]


def least_important(model, n):
    return np.argsort(np.abs(model.coefs_[1]).sum(axis=1))[:n]


def test_the_models_to_plant_faults_in_are_healthy(relu_model, tanh_model):
    X, y = cancer()
    assert doctor(relu_model, X, y).ok
    assert doctor(tanh_model, X, y).ok


def test_dead_units(relu_model):
    X, y = cancer()
    model = deepcopy(relu_model)
    model.intercepts_[0][least_important(model, 12)] = -1e4
    finding = only(doctor(model, X, y), "dead units")
    share = (model.transform(X, layer=1) == 0).all(axis=0).mean()
    assert finding.numbers["share_by_layer"]["hidden layer 1"] == share >= 12 / 32
    assert finding.where == "hidden layer 1"
    assert finding.severity == "notable"
    model.intercepts_[1][:] = -1e4
    assert {"dead units", "constant predictions"} <= {
        finding.name for finding in doctor(model, X, y).findings
    }


def test_few_dead_units_are_no_finding(relu_model):
    X, y = cancer()
    model = deepcopy(relu_model)
    model.intercepts_[0][least_important(model, 5)] = -1e4
    assert doctor(model, X, y).ok


@pytest.mark.parametrize("activation", ["tanh", "logistic"])
def test_saturated_units(activation, tanh_model):
    X, y = cancer()
    model = deepcopy(tanh_model if activation == "tanh" else trained("logistic"))
    chosen = least_important(model, 10)
    model.intercepts_[0][chosen] = 1e3
    finding = only(doctor(model, X, y), "saturated units")
    z = model.transform(X, layer=1)
    at_the_end = np.abs(z) > 0.98 if activation == "tanh" else np.abs(z - 0.5) > 0.49
    assert finding.numbers["share_by_layer"]["hidden layer 1"] == (at_the_end.mean(axis=0) > 0.95).mean()
    assert "hidden layer 2" not in finding.where


def test_idle_units_of_one_member_of_an_ensemble():
    X, y = load_breast_cancer(return_X_y=True)
    model = TabularClassifier(
        members=4, hidden_layer_sizes=(16, 16), activation="relu", max_iter=15, engine="numpy", random_state=0
    ).fit(X, y)
    assert doctor(model, X, y).ok
    model.theta_ = model.theta_.copy()
    model.network_.views(model.theta_)[2]["b"][2, :9] = -1e4  # the third member's first hidden layer
    finding = only(doctor(model, X, y), "dead units")
    assert "hidden layer 1 of member 3" in finding.what
    assert finding.numbers["largest_share_of_a_member"] >= 9 / 16


def rescaled(model, factor, learning_rate_init):
    """The same function: φ(c a) = c φ(a) for ReLU; the gradient at the first layer's sums is that over c."""
    model = deepcopy(model)
    model.coefs_[0] = model.coefs_[0] * factor
    model.intercepts_[0] = model.intercepts_[0] * factor
    model.coefs_[1] = model.coefs_[1] / factor
    return model.set_params(learning_rate_init=learning_rate_init)


def gradient_ratio(model, X, y):
    """Root mean square of dL/da at the first layer over that at the output, by the chain rule."""
    z1, z2 = model.transform(X, layer=1), model.transform(X, layer=2)
    da3 = (model.predict_proba(X)[:, 1] - y)[:, None]
    da2 = (da3 @ model.coefs_[2].T) * (z2 > 0)
    da1 = (da2 @ model.coefs_[1].T) * (z1 > 0)
    return np.sqrt(np.mean(da1**2) / np.mean(da3**2))


@pytest.mark.parametrize(
    ("name", "factor", "rate"), [("vanishing gradients", 3e3, 1e-5), ("exploding gradients", 1e-5, 1e-7)]
)
def test_vanishing_and_exploding_gradients(relu_model, name, factor, rate):
    X, y = cancer()
    model = rescaled(relu_model, factor, rate)
    finding = only(doctor(model, X, y), name)
    assert finding.where == "layer 1"
    assert finding.numbers["ratio_by_layer"]["layer 1"] == pytest.approx(gradient_ratio(model, X, y))
    assert finding.numbers["ratio_by_layer"]["layer 3"] == 1


def test_a_deep_logistic_network_has_vanishing_gradients():
    X, y = cancer()
    model = MLPClassifier([8] * 10, "logistic", learning_rate_init=0.01, random_state=0).fit(X, y)
    assert "vanishing gradients" in {finding.name for finding in doctor(model, X, y).findings}


@pytest.mark.parametrize(("rate", "severity"), [(1.0, "severe"), (1e-7, "notable")])
def test_the_size_of_a_step(relu_model, rate, severity):
    X, y = cancer()
    model = deepcopy(relu_model).set_params(learning_rate_init=rate)
    finding = only(doctor(model, X, y), "size of a step")
    expected = rate / np.sqrt(
        np.mean(model.coefs_[0] ** 2)
    )  # Adam's first step is the rate, whatever the slope
    assert finding.numbers["share_by_layer"]["layer 1"] == pytest.approx(expected, rel=0.05)
    assert finding.severity == severity


def test_the_size_of_a_step_of_gradient_descent(relu_model):
    X, y = cancer()
    model = deepcopy(relu_model).set_params(
        solver="sgd", momentum=0, learning_rate_init=1e3, batch_size="full", max_grad_norm=None
    )
    finding = only(doctor(model, X, y), "size of a step")
    da3 = (model.predict_proba(X)[:, 1] - y)[:, None] / len(X)
    step = 1e3 * model.transform(X, layer=2).T @ da3
    expected = np.sqrt(np.mean(step**2) / np.mean(model.coefs_[2] ** 2))
    assert finding.numbers["share_by_layer"]["layer 3"] == pytest.approx(expected)


def test_learning_rate_too_high(relu_model):
    X, y = cancer()
    model = deepcopy(relu_model)
    model.loss_curve_ = [0.6] + [0.2, 0.3] * 15 + [0.2]
    finding = only(doctor(model, X, y), "learning rate too high")
    assert finding.numbers["epochs_up"] == 15
    assert finding.numbers["epochs"] == 32
    assert finding.severity == "notable"
    model.learning_rate = "one_cycle"  # there the rate goes up by plan
    assert doctor(model, X, y).ok
    model.loss_curve_ = [*np.linspace(0.6, 0.1, 20), 0.4, 0.7, 0.8, 0.9]
    assert only(doctor(model, X, y), "learning rate too high").severity == "severe"
    model.loss_curve_ = [0.6, 0.5, float("inf")]
    finding = only(doctor(model, X, y), "learning rate too high")
    assert "not finite in epoch 3" in finding.what


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_training_with_a_rate_too_high():
    X, y = numbers()
    model = MLPRegressor(hidden_layer_sizes=(32,), learning_rate_init=1.0, random_state=0).fit(X, y)
    assert {"learning rate too high", "size of a step"} & {f.name for f in doctor(model, X, y).findings}


def test_learning_rate_too_low(relu_model):
    X, y = cancer()
    model = deepcopy(relu_model).set_params(max_iter=200)
    model.validation_loss_curve_ = None
    model.loss_curve_ = np.linspace(1, 0.2, 200).tolist()
    finding = only(doctor(model, X, y), "learning rate too low")
    before, after = (np.mean(model.loss_curve_[part]) for part in (slice(140, 150), slice(190, 200)))
    assert finding.numbers["fall"] == pytest.approx(1 - after / before)
    assert finding.where == "epochs 151 to 200"
    assert doctor(deepcopy(model).set_params(max_iter=500), X, y).ok  # it stopped by itself
    model.validation_loss_curve_ = [0.5] * 100 + [0.3] + [0.4] * 99  # its best epoch has been
    assert doctor(model, X, y).ok


def test_overfitting_by_the_validation_curve(relu_model):
    X, y = cancer()
    model = deepcopy(relu_model).set_params(early_stopping=False, max_iter=1000)
    model.loss_curve_ = np.linspace(0.6, 0.1, 50).tolist()
    model.validation_loss_curve_ = [*np.linspace(0.6, 0.3, 20), *np.linspace(0.31, 0.5, 30)]
    finding = only(doctor(model, X, y), "overfitting")
    assert finding.numbers["best_epoch"] == 20
    assert finding.numbers["lowest_validation_loss"] == 0.3
    assert finding.numbers["validation_loss_at_the_end"] == pytest.approx(
        np.mean(model.validation_loss_curve_[-5:])
    )
    assert doctor(model.set_params(early_stopping=True), X, y).ok  # then the best weights were kept


def test_overfitting_by_the_scores():
    X, y = numbers()
    model = MLPRegressor(
        hidden_layer_sizes=(50,), solver="lbfgs", alpha=1e-6, max_iter=1000, tol=1e-3, random_state=0
    ).fit(X[:300], y[:300])
    finding = only(doctor(model, X[:300], y[:300], X_val=X[300:], y_val=y[300:]), "overfitting")
    assert finding.numbers["X"] == pytest.approx(r2_score(y[:300], model.predict(X[:300])))
    assert finding.numbers["X_val"] == pytest.approx(r2_score(y[300:], model.predict(X[300:])))
    assert finding.numbers["linear_model_on_X_val"] > finding.numbers["X_val"]
    assert doctor(model, X[:300], y[:300]).ok  # nobody can tell without other rows


def numbers():
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), (y - y.mean()) / y.std()


def test_underfitting():
    X, y = numbers()
    model = MLPRegressor(hidden_layer_sizes=(32,), learning_rate_init=1e-4, max_iter=2, random_state=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(X, y)
    finding = only(doctor(model, X, y), "underfitting")
    assert finding.numbers["model"] == pytest.approx(r2_score(y, model.predict(X)))
    expected = cross_val_score(LinearRegression(), X, y, cv=3).mean()
    assert finding.numbers["linear_model"] == pytest.approx(expected, abs=0.02)


def test_underfitting_of_classes():
    X, y = cancer()
    model = MLPClassifier((32,), learning_rate_init=1e-4, max_iter=2, random_state=1)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(X, y)
    found = {finding.name: finding for finding in doctor(model, X, y).findings}
    assert set(found) == {"underfitting", "probabilities off"}  # it states what it has not learned
    assert found["underfitting"].numbers["model"] == pytest.approx(model.score(X, y))
    expected = cross_val_score(LogisticRegression(), X, y, cv=3).mean()
    assert found["underfitting"].numbers["linear_model"] == pytest.approx(expected, abs=0.02)


def test_constant_predictions():
    X, y = numbers()
    model = MLPRegressor(hidden_layer_sizes=(), learning_rate_init=0.02, max_iter=500, random_state=0).fit(
        X, y
    )
    model.coefs_[0] = model.coefs_[0] * 1e-3
    model.learning_rate_init = 1e-6
    diagnosis = doctor(model, X, y)
    finding = only(diagnosis, "constant predictions")
    assert finding.numbers["spread"] == pytest.approx(model.predict(X).std() / y.std())
    assert finding.severity == "severe"
    assert diagnosis.not_examined["underfitting"] == "its predictions are constant"


def test_probabilities_off(relu_model):
    X, y = cancer()
    y = np.where(
        np.random.default_rng(0).random(len(y)) < 0.15, 1 - y, y
    )  # truth is not as sure as the model
    finding = only(doctor(relu_model, X, y), "probabilities off")
    stated = relu_model.predict_proba(X).max(axis=1).mean()
    right = relu_model.score(X, y)
    assert finding.numbers["mean_confidence"] == pytest.approx(stated)
    assert finding.numbers["accuracy"] == pytest.approx(right)
    assert stated - right <= finding.numbers["expected_calibration_error"] < stated - right + 0.03
    assert finding.numbers["by_chance_at_most"] < 0.05
    assert finding.severity == "severe"


def test_too_unsure_is_told_by_unseen_rows_only(relu_model):
    X, y = cancer()
    model = deepcopy(relu_model)
    model.coefs_[2], model.intercepts_[2] = model.coefs_[2] / 5, model.intercepts_[2] / 5
    assert doctor(model, X, y).ok
    finding = only(doctor(model, X[::2], y[::2], X_val=X[1::2], y_val=y[1::2]), "probabilities off")
    assert "too unsure" in finding.what
    assert finding.numbers["rows_from"] == "X_val"
