"""Our estimators inside scikit-learn's tools: one smoke test each, with a result that could be wrong."""

import pickle

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import AdaBoostRegressor, BaggingClassifier, StackingClassifier
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chainrule import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def classifier(**settings):
    return MLPClassifier(
        **{"hidden_layer_sizes": (8,), "max_iter": 60, "learning_rate_init": 0.02, "random_state": 0}
        | settings
    )


def test_pipeline_and_cross_validation(iris):
    assert cross_val_score(make_pipeline(StandardScaler(), classifier()), *iris, cv=3).mean() > 0.9


@pytest.mark.slow
def test_grid_search_in_two_processes(iris):
    search = GridSearchCV(classifier(), {"alpha": [1e-4, 1e3]}, n_jobs=2, cv=3).fit(*iris)
    assert search.best_params_ == {"alpha": 1e-4}


def test_stacking_calibration_bagging(iris):
    for meta in (
        StackingClassifier([("mlp", classifier())], LogisticRegression()),
        CalibratedClassifierCV(classifier(), cv=3),
        BaggingClassifier(classifier(), 3, random_state=0),
        MultiOutputClassifier(classifier()),
    ):
        X, y = iris
        target = np.column_stack([y, y == 1]) if isinstance(meta, MultiOutputClassifier) else y
        assert meta.fit(X.astype(np.float32), target).score(X.astype(np.float32), target) > 0.85


def test_boosting_by_sample_weights(regression):
    X, y = regression
    model = AdaBoostRegressor(
        MLPRegressor(solver="lbfgs", max_iter=20, random_state=0), n_estimators=3, random_state=0
    )
    assert model.fit(X, y).score(X, y) > 0.5


def test_a_transformed_target(regression):
    X, y = regression
    kwargs = {"hidden_layer_sizes": (20,), "solver": "lbfgs", "random_state": 0}
    model = TransformedTargetRegressor(MLPRegressor(**kwargs), transformer=StandardScaler())
    assert model.fit(X, 1e6 * y).score(X, 1e6 * y) > 0.95


def test_importance_and_partial_dependence_see_what_matters(rng):
    X = rng.normal(size=(300, 3))
    model = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs").fit(X, 2 * X[:, 1])
    importance = permutation_importance(model, X, 2 * X[:, 1], random_state=0).importances_mean
    assert importance.argmax() == 1
    curve = partial_dependence(model, X, [1], grid_resolution=5)
    slopes = np.diff(curve["average"][0]) / np.diff(curve["grid_values"][0])
    np.testing.assert_allclose(slopes, 2, rtol=1e-2)


def test_frames_and_feature_names(iris):
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame(iris[0], columns=list("abcd"))
    model = classifier().fit(X, pd.Series(iris[1]).map({0: "x", 1: "y", 2: "z"}))
    assert list(model.feature_names_in_) == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X[list("dcba")])


def test_metadata_routing_passes_weights_through_a_pipeline(iris):
    import sklearn

    X, y = iris
    weights = np.where(y == 0, 0.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        step = classifier().set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        routed = make_pipeline(scaler, step).fit(X, y, sample_weight=weights)
    alone = classifier().fit(StandardScaler().fit_transform(X), y, sample_weight=weights)
    np.testing.assert_allclose(routed[-1].coefs_[0], alone.coefs_[0])


@pytest.mark.parametrize("fitted", [False, True])
def test_pickle_and_the_page_in_a_notebook(iris, fitted):
    model = classifier(activation={"name": "elu", "alpha": 0.5})
    if fitted:
        model.fit(*iris)
    again = pickle.loads(pickle.dumps(model))
    assert again.get_params() == model.get_params()
    if fitted:
        np.testing.assert_array_equal(again.predict_proba(iris[0]), model.predict_proba(iris[0]))
        assert again.network_ == model.network_
    assert "MLPClassifier" in model._repr_html_()
