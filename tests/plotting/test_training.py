"""LossCurveDisplay and GradientFlowDisplay."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier as TheirMLP

from chainrule import MLPClassifier
from chainrule.errors import ParameterError
from chainrule.plotting import GradientFlowDisplay, LossCurveDisplay
from chainrule.plotting.reading import loss_on_rows

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_the_curves_are_the_models(classifier):
    display = LossCurveDisplay.from_estimator(classifier)
    training, validation, best, _ = display.ax_.get_lines()
    np.testing.assert_array_equal(training.get_ydata(), classifier.loss_curve_)
    np.testing.assert_array_equal(validation.get_ydata(), classifier.validation_loss_curve_)
    assert display.best_epoch == int(np.argmin(classifier.validation_loss_curve_)) + 1
    assert best.get_xdata()[0] == display.best_epoch
    assert display.ax_.get_xlabel() == "epoch"


def test_the_best_epoch_of_a_table_model(table_classifier):
    display = LossCurveDisplay.from_estimator(table_classifier, log=True)
    assert display.best_epoch == table_classifier.best_iter_
    assert display.ax_.get_yscale() == "log"


def test_without_validation_rows_no_epoch_is_the_best(pipeline, iris_frame):
    assert LossCurveDisplay.from_estimator(pipeline).best_epoch is None
    X, y = iris_frame
    watched = MLPClassifier((3,), max_iter=3, random_state=0, engine="numpy").fit(X, y, X_val=X, y_val=y)
    display = LossCurveDisplay.from_estimator(watched)
    assert display.validation_loss is not None
    assert display.best_epoch is None


def test_iterations_of_lbfgs_and_the_model_of_scikit_learn(iris_frame):
    X, y = iris_frame
    lbfgs = MLPClassifier((3,), solver="lbfgs", max_iter=5, random_state=0).fit(X, y)
    assert LossCurveDisplay.from_estimator(lbfgs).ax_.get_xlabel() == "iteration"
    theirs = TheirMLP((3,), max_iter=5, random_state=0).fit(X, y)
    display = LossCurveDisplay.from_estimator(theirs)
    np.testing.assert_array_equal(display.loss, theirs.loss_curve_)


def numeric_rms(problem, name, central_differences):
    """Root mean square of dL/dw by central differences, of one parameter."""
    places = np.zeros(problem.network.n_parameters, dtype=bool)
    problem.network.named(places)[name][...] = True
    places = np.flatnonzero(places)

    def loss(part):
        theta = problem.theta.copy()
        theta[places] = part
        return problem.value_and_gradient(theta)[0]

    return np.sqrt(np.mean(central_differences(loss, problem.theta[places]) ** 2))


@pytest.mark.parametrize("which", ["classifier", "table_classifier"])
def test_bars_are_finite_differences_of_the_loss(which, request, iris_frame, central_differences):
    model = request.getfixturevalue(which)
    rows = iris_frame[0][::5], iris_frame[1][::5]
    display = GradientFlowDisplay.from_estimator(model, *rows)
    assert display.names == list(model.network_.shapes(model.network_.n_inputs))
    problem = loss_on_rows(model, *rows)
    bars = dict(zip(display.names, (bar.get_width() for bar in display.gradient_bars_), strict=True))
    for name in display.names if which == "classifier" else ["0.1.0.l", "1.s", display.names[-1]]:
        assert bars[name] == pytest.approx(numeric_rms(problem, name, central_differences), rel=1e-4)


def test_the_loss_on_rows_is_the_log_loss_of_the_predictions(classifier, pipeline, iris_frame):
    from sklearn.metrics import log_loss

    X, y = iris_frame
    for model in (classifier, pipeline):
        value = loss_on_rows(model, X, y).value_and_gradient()[0]
        assert value == pytest.approx(log_loss(y, model.predict_proba(X)), rel=1e-5)
    weights = np.arange(len(y), dtype=float)
    value = loss_on_rows(classifier, X, y, weights).value_and_gradient()[0]
    wanted = log_loss(y, classifier.predict_proba(X), sample_weight=weights)
    assert value == pytest.approx(wanted, rel=1e-5)


def test_the_ratio_is_that_of_the_step_partial_fit_takes(iris_frame):
    X, y = iris_frame
    model = MLPClassifier(
        (4,), alpha=0, max_iter=5, batch_size="full", random_state=0, dtype="float64", engine="numpy"
    ).fit(X, y)
    before = [*model.coefs_, *model.intercepts_]
    display = GradientFlowDisplay.from_estimator(model, X, y)
    model.partial_fit(X, y)
    after = [*model.coefs_, *model.intercepts_]
    wanted = [np.linalg.norm(b - a) / np.linalg.norm(a) for a, b in zip(before, after, strict=True)]
    found = dict(zip(display.names, display.update_ratios, strict=True))
    np.testing.assert_allclose([found[name] for name in ("0.W", "2.W", "0.b", "2.b")], wanted, rtol=1e-6)
    assert "Adam" in display.ax_.get_xlabel()


def test_the_ratio_of_a_table_model_is_that_of_its_next_step(table_classifier, iris_frame):
    from copy import deepcopy

    X, y = iris_frame[0][:1], iris_frame[1][:1]
    display = GradientFlowDisplay.from_estimator(table_classifier, X, y)
    undropped = deepcopy(table_classifier)
    undropped.settings_ = replace(undropped.settings_, dropout=0.0)
    undropped.partial_fit(X, y)
    network = table_classifier.network_
    before, after = (network.named(model.theta_.astype(float)) for model in (table_classifier, undropped))
    wanted = [np.linalg.norm(after[n] - before[n]) / np.linalg.norm(before[n]) for n in display.names]
    np.testing.assert_allclose(display.update_ratios, wanted, rtol=1e-3, atol=1e-6)


def test_dead_layers_are_named_and_nothing_at_all_is_refused():
    display = GradientFlowDisplay(["0.W", "2.W"], [0.0, 1e-3], [np.nan, 1e-4], "no step").plot()
    assert [text.get_text() for text in display.ax_.texts] == ["no gradient"]
    with pytest.raises(ParameterError, match="every gradient is 0"):
        GradientFlowDisplay(["0.W"], [0.0], [0.0], "no step").plot()


def test_strangers_are_refused(iris_frame):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(iris_frame[0], iris_frame[1])
    with pytest.raises(ParameterError, match="LogisticRegression has no `loss_curve_`"):
        LossCurveDisplay.from_estimator(model)
    with pytest.raises(ParameterError, match="a model of this package, however: LogisticRegression"):
        GradientFlowDisplay.from_estimator(model, *iris_frame)
