"""DecisionBoundaryDisplay, ReliabilityDisplay, IntervalDisplay and HiddenSpaceDisplay."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from chainrule import MLPClassifier, MLPRegressor
from chainrule.errors import ParameterError
from chainrule.plotting import (
    DecisionBoundaryDisplay,
    HiddenSpaceDisplay,
    IntervalDisplay,
    ReliabilityDisplay,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def moons():
    from sklearn.datasets import make_moons

    return make_moons(80, noise=0.2, random_state=0)


@pytest.fixture(scope="module")
def moon_model(moons):
    return MLPClassifier((5,), solver="lbfgs", max_iter=30, random_state=0).fit(*moons)


# -- the plane of two features ----------------------------------------------------------------------


def test_a_units_line_satisfies_its_equation(moons, moon_model):
    display = DecisionBoundaryDisplay.from_estimator(moon_model, *moons)
    W, b = moon_model.coefs_[0].T, moon_model.intercepts_[0]
    crossing = [m for m, a in enumerate(display.unit_inputs) if a.min() < 0 < a.max()]
    assert crossing
    assert len(display.unit_lines_) == len(crossing)
    for m, lines in zip(crossing, display.unit_lines_, strict=True):
        points = np.concatenate([path.vertices for path in lines.get_paths()])
        np.testing.assert_allclose(points @ W[m] + b[m], 0, atol=1e-6 * np.abs(W[m]).max())


def test_a_units_line_with_other_features_held_at_their_median(classifier, iris_frame):
    X, y = iris_frame
    display = DecisionBoundaryDisplay.from_estimator(classifier, X, y, features=(0, "petal width (cm)"))
    W, b = classifier.coefs_[0].T, classifier.intercepts_[0]
    held = X.median().to_numpy()
    crossing = [m for m, a in enumerate(display.unit_inputs) if a.min() < 0 < a.max()]
    for m, lines in zip(crossing, display.unit_lines_, strict=True):
        for x1, x2 in np.concatenate([path.vertices for path in lines.get_paths()]):
            x = held.copy()
            x[0], x[3] = x1, x2
            assert W[m] @ x + b[m] == pytest.approx(0, abs=1e-5)


def test_lines_of_a_pipeline_are_those_of_the_scaled_features(pipeline, iris_frame):
    X, y = iris_frame
    display = DecisionBoundaryDisplay.from_estimator(pipeline, X, y, features=(2, 3), grid_resolution=30)
    scaler, model = pipeline[0], pipeline[-1]
    for m, lines in enumerate(display.unit_lines_):
        points = np.concatenate([path.vertices for path in lines.get_paths()])
        rows = np.tile(X.median().to_numpy(), (len(points), 1))
        rows[:, 2:] = points
        a = ((rows - scaler.mean_) / scaler.scale_) @ model.coefs_[0] + model.intercepts_[0]
        assert np.abs(a).min(axis=1).max() < 1e-6, m


def test_the_response_is_what_the_model_predicts(moons, moon_model, regressor, diabetes_frame):
    X, y = moons
    display = DecisionBoundaryDisplay.from_estimator(moon_model, X, y, grid_resolution=7)
    for i, j in ((0, 0), (3, 6), (6, 2)):
        x = [[display.grid.x1[i, j], display.grid.x2[i, j]]]
        np.testing.assert_allclose(display.response[i, j], moon_model.predict_proba(x)[0], rtol=1e-5)
    X, y = diabetes_frame
    display = DecisionBoundaryDisplay.from_estimator(regressor, X[["bmi", "s5"]], grid_resolution=7)
    assert display.response.shape == (7, 7)
    np.testing.assert_allclose(display.response.ravel(), regressor.predict(display.grid.rows))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_other_columns_are_held_at_median_and_most_frequent_value(library, mixed_frame):
    from chainrule.plotting.grid import feature_grid

    X, _ = mixed_frame
    given = X.assign(colour=X["colour"].astype("category"))
    if library == "polars":
        given = pytest.importorskip("polars").from_pandas(given)
    grid = feature_grid(given, ("bmi", "s5"), 5)
    rows = grid.rows if library == "pandas" else grid.rows.to_pandas()
    assert list(rows.columns) == list(X.columns)
    for name in ("town", "colour"):
        first_of_the_most_frequent = X[name][X[name].isin(X[name].mode())].iloc[0]
        assert set(rows[name]) == {first_of_the_most_frequent}
    np.testing.assert_allclose(rows["age"], X["age"].median())
    assert grid.others == ["age", "town", "colour"]
    np.testing.assert_array_equal(rows["bmi"], grid.x1.ravel())
    np.testing.assert_array_equal(rows["s5"], grid.x2.ravel())
    assert rows["bmi"].min() < X["bmi"].min()
    assert rows["bmi"].max() > X["bmi"].max()


def test_a_table_model_has_no_units_lines(table_classifier, iris_frame):
    display = DecisionBoundaryDisplay.from_estimator(table_classifier, *iris_frame, grid_resolution=8)
    assert display.unit_inputs is None
    assert display.unit_lines_ == []


def test_features_that_cannot_be_drawn_are_refused(moons, moon_model, table_regressor, mixed_frame):
    for features in ((0, 0), (0, 2), ("a", 1)):
        with pytest.raises(ParameterError, match="features must be two of"):
            DecisionBoundaryDisplay.from_estimator(moon_model, *moons, features=features)
    with pytest.raises(ParameterError, match="'town' must hold numbers"):
        DecisionBoundaryDisplay.from_estimator(table_regressor, *mixed_frame, features=("bmi", "town"))


def test_several_labels_or_targets_per_row_are_refused(moons):
    X, y = moons
    labels = np.column_stack([y, X[:, 0] > 0]).astype(int)
    model = MLPClassifier((3,), solver="lbfgs", max_iter=5, random_state=0).fit(X, labels)
    with pytest.raises(ParameterError, match="several labels"):
        DecisionBoundaryDisplay.from_estimator(model, X, grid_resolution=5)
    model = MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", max_iter=5, random_state=0).fit(X, labels)
    with pytest.raises(ParameterError, match="several outputs"):
        DecisionBoundaryDisplay.from_estimator(model, X, grid_resolution=5)


# -- reliability ------------------------------------------------------------------------------------


def test_the_expected_calibration_error_by_hand():
    p = np.array([[0.55, 0.45, 0], [0.6, 0.3, 0.1], [0.1, 0.9, 0], [0, 0.05, 0.95], [0.05, 0.0, 0.95]])
    y = np.array([0, 1, 1, 2, 0])
    display = ReliabilityDisplay.from_predictions(y, p, n_bins=10)
    assert display.counts.tolist() == [0, 0, 0, 0, 0, 2, 0, 0, 1, 2]  # bins are closed on the right
    gaps = {5: abs(1 / 2 - (0.55 + 0.6) / 2), 8: abs(1 - 0.9), 9: abs(1 / 2 - 0.95)}
    wanted = (2 * gaps[5] + 1 * gaps[8] + 2 * gaps[9]) / 5
    assert display.expected_calibration_error == pytest.approx(wanted)
    assert f"{wanted:.3f}" in display.ax_.get_legend().get_texts()[0].get_text()
    assert [bar.get_height() for bar in display.counts_ax_.patches] == display.counts.tolist()


def test_honest_probabilities_have_a_small_error_and_bold_ones_a_large():
    rng = np.random.default_rng(7)
    p = rng.dirichlet(np.ones(4), 20_000)
    y = (p.cumsum(1) > rng.random((len(p), 1))).argmax(1)
    assert ReliabilityDisplay.from_predictions(y, p).expected_calibration_error < 0.015
    bold = p**3 / (p**3).sum(1, keepdims=True)
    assert ReliabilityDisplay.from_predictions(y, bold).expected_calibration_error > 0.1


def test_labels_of_any_kind(classifier, iris_frame):
    X, y = iris_frame
    display = ReliabilityDisplay.from_estimator(classifier, X, y)
    right = display.accuracy[display.counts > 0] @ display.counts[display.counts > 0]
    assert right == pytest.approx((classifier.predict(X) == y).sum())
    with pytest.raises(ParameterError, match="are needed"):
        ReliabilityDisplay.from_predictions(y[:5], np.ones((4, 2)))


# -- intervals --------------------------------------------------------------------------------------


def test_coverage_is_the_share_that_numpy_counts(table_regressor, mixed_frame):
    X, y = mixed_frame[0][300:], mixed_frame[1][300:]
    display = IntervalDisplay.from_estimator(table_regressor, X, y, coverage=0.8)
    low, high = table_regressor.predict_interval(X, coverage=0.8).T
    count = np.count_nonzero((low <= y) & (y <= high))
    assert display.measured_coverage == pytest.approx(count / len(y))
    title = display.ax_.get_legend().get_title().get_text()
    assert f"{count / len(y):.1%}" in title
    assert "80.0%" in title
    n_inside, n_outside = (len(dots.get_offsets()) for dots in display.ax_.collections[1:])
    assert (n_inside, n_outside) == (count, len(y) - count)


def test_rows_are_sorted_by_prediction():
    display = IntervalDisplay.from_predictions(
        [1.0, 5.0, -1.0], [2.0, 9.0, 0.0], [[0, 1], [6, 12], [-1, 2]], coverage=0.5
    )
    assert display.inside.tolist() == [True, False, True]  # a bound belongs to its interval
    assert display.ax_.get_lines()[0].get_ydata().tolist() == [0, 2, 9]
    assert display.ax_.collections[1].get_offsets().tolist() == [[1, -1], [2, 1]]
    with pytest.raises(ParameterError, match="of one target are needed"):
        IntervalDisplay.from_predictions([1.0], [1.0], [[0, 1], [0, 1]])


# -- hidden space -----------------------------------------------------------------------------------


def test_more_than_two_units_are_projected_as_by_scikit_learn(classifier, iris_frame):
    X, y = iris_frame
    display = HiddenSpaceDisplay.from_estimator(classifier, X, y, layer=1)
    z = classifier.transform(X, 1)
    pca = PCA(2).fit(z)
    np.testing.assert_allclose(np.abs(display.points), np.abs(pca.transform(z)), atol=1e-4)
    np.testing.assert_allclose(display.shares, pca.explained_variance_ratio_, rtol=1e-4)
    assert f"({display.shares[0]:.0%})" in display.ax_.get_xlabel()
    assert sum(len(dots.get_offsets()) for dots in display.ax_.collections) == len(y)


def test_two_units_and_one_are_drawn_as_they_are(moons):
    X, y = moons
    model = MLPClassifier((2, 1), solver="lbfgs", max_iter=10, random_state=0).fit(X, y)
    two = HiddenSpaceDisplay.from_estimator(model, X, y, layer=1)
    np.testing.assert_array_equal(two.points, model.transform(X, 1))
    assert two.shares is None
    one = HiddenSpaceDisplay.from_estimator(model, X)
    assert one.layer == 2
    np.testing.assert_array_equal(one.ax_.collections[0].get_offsets()[:, 0], model.transform(X, 2)[:, 0])


def test_a_table_model_has_no_single_hidden_space(table_classifier, iris_frame):
    with pytest.raises(ParameterError, match="needs an MLPClassifier or MLPRegressor, however: Tabular"):
        HiddenSpaceDisplay.from_estimator(table_classifier, *iris_frame)
