"""scikit-learn's own displays draw our models as they are."""

import numpy as np
import pytest
from sklearn.calibration import CalibrationDisplay
from sklearn.inspection import DecisionBoundaryDisplay, PartialDependenceDisplay
from sklearn.metrics import ConfusionMatrixDisplay, PredictionErrorDisplay, RocCurveDisplay, roc_auc_score
from sklearn.model_selection import LearningCurveDisplay

from chainrule import MLPClassifier, TabularClassifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module", params=["mlp", "table"])
def two_classes(request):
    """A fitted model of two classes, its rows and their labels."""
    from sklearn.datasets import make_moons

    X, y = make_moons(120, noise=0.3, random_state=0)
    if request.param == "mlp":
        model = MLPClassifier((8,), max_iter=30, learning_rate_init=0.02, random_state=0, engine="numpy")
    else:
        model = TabularClassifier(preset="fast", members=2, max_iter=3, random_state=0, engine="numpy")
    return model.fit(X, y), X, y


def test_calibration_and_roc_curves(two_classes):
    model, X, y = two_classes
    p = model.predict_proba(X)[:, 1]
    np.testing.assert_array_equal(CalibrationDisplay.from_estimator(model, X, y, n_bins=5).y_prob, p)
    assert RocCurveDisplay.from_estimator(model, X, y).roc_auc == pytest.approx(roc_auc_score(y, p))


def test_confusion_matrix_and_decision_boundary(two_classes):
    model, X, y = two_classes
    assert ConfusionMatrixDisplay.from_estimator(model, X, y).confusion_matrix.sum() == len(y)
    display = DecisionBoundaryDisplay.from_estimator(model, X, grid_resolution=8)
    assert display.response.shape == (8, 8)


def test_learning_curve_and_partial_dependence(two_classes):
    model, X, y = two_classes
    display = LearningCurveDisplay.from_estimator(model, X, y, train_sizes=[0.5, 1.0], cv=2)
    assert display.test_scores.shape == (2, 2)
    dependence = PartialDependenceDisplay.from_estimator(model, X, [0, (0, 1)], grid_resolution=5)
    assert len(dependence.pd_results) == 2


def test_prediction_errors(regressor, table_regressor, diabetes_frame, mixed_frame):
    X, y = diabetes_frame
    mlp = PredictionErrorDisplay.from_estimator(regressor, X[["bmi", "s5"]], y / 100, subsample=None)
    np.testing.assert_allclose(mlp.y_pred, regressor.predict(X[["bmi", "s5"]]))
    table = PredictionErrorDisplay.from_estimator(table_regressor, *mixed_frame, subsample=None)
    np.testing.assert_allclose(table.y_pred, table_regressor.predict(mixed_frame[0]))
