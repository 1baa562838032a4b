"""`predictor()` answers what `predict` answers; `predict` spares itself only checks that find nothing."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

from chainrule import MLPClassifier, MLPRegressor
from chainrule.engine import forward
from chainrule.errors import ParameterError

SETTINGS = {"max_iter": 3, "random_state": 0, "hidden_layer_sizes": (8,), "tol": 0.0, "n_iter_no_change": 9}
MODELS = {
    "regression": lambda: MLPRegressor(**SETTINGS).fit(*load_diabetes(return_X_y=True)),
    "two classes": lambda: MLPClassifier(**SETTINGS).fit(*load_breast_cancer(return_X_y=True)),
    "three classes": lambda: MLPClassifier(**SETTINGS, dtype="float32").fit(*load_iris(return_X_y=True)),
}
TABLES = {"regression": load_diabetes, "two classes": load_breast_cancer, "three classes": load_iris}


@pytest.fixture(scope="module", params=MODELS)
def case(request):
    with pytest.warns(Warning, match="onverge"):
        model = MODELS[request.param]()
    return model, TABLES[request.param]().data


def methods(model):
    return ("predict", "predict_proba") if isinstance(model, MLPClassifier) else ("predict",)


def test_it_answers_what_the_method_answers(case):
    model, X = case
    for method in methods(model):
        expected = getattr(model, method)(X)
        answer = model.predictor(method)
        np.testing.assert_allclose(answer(X), expected, rtol=1e-12)
        np.testing.assert_allclose(answer(X[0]), expected[0], rtol=1e-5)
        np.testing.assert_allclose(answer(X[:1].astype(np.float32)), expected[:1], rtol=1e-4)


def test_many_rows_are_computed_in_pieces(case, monkeypatch):
    model, X = case
    expected = model.predictor()(X)
    monkeypatch.setattr(forward, "_VALUES_PER_PIECE", 300)
    np.testing.assert_allclose(model.predictor()(X), expected, rtol=1e-6)


def test_it_keeps_the_parameters_of_its_time(case):
    model, X = case
    answer, before = model.predictor(), model.predict(X)
    kept = [b.copy() for b in model.intercepts_]
    for b in model.intercepts_:
        b += 100.0
    np.testing.assert_array_equal(answer(X), before)
    for b, old in zip(model.intercepts_, kept, strict=True):
        b[...] = old


def test_threads_may_share_it(case):
    model, X = case
    answer, expected = model.predictor(), model.predict(X[:20])
    with ThreadPoolExecutor(16) as pool:
        for found in pool.map(answer, [X[:20]] * 200):
            np.testing.assert_array_equal(found, expected)


def test_a_method_that_there_is_not_is_refused(case):
    model, _ = case
    with pytest.raises(ParameterError, match=r"one of \['predict'.*however: 'score'"):
        model.predictor("score")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X: np.where(np.arange(X.size).reshape(X.shape) == 5, np.nan, X), "NaN"),
        (lambda X: np.where(np.arange(X.size).reshape(X.shape) == 5, np.inf, X), "infinity"),
        (lambda X: X[:, 1:], "expecting"),
        (lambda X: X[0], "2D array"),
        (lambda X: X[:0], "0 sample"),
    ],
    ids=["nan", "infinity", "a column short", "one row flat", "no rows"],
)
def test_predict_still_refuses_what_cannot_be_predicted(case, spoil, message):
    model, X = case
    with pytest.raises(ValueError, match=message):
        model.predict(spoil(X))


def test_rows_whose_sum_overflows_are_finite_all_the_same():
    with pytest.warns(Warning, match="onverge"):
        model = MODELS["regression"]()
    assert len(model.predict(np.full((40, model.n_features_in_), 1e307))) == 40


def test_names_of_columns_are_still_compared():
    table = pd.DataFrame(load_iris().data[:, :2], columns=["a", "b"])
    with pytest.warns(Warning, match="onverge"):
        model = MLPClassifier(**SETTINGS).fit(table, load_iris().target)
    with pytest.warns(UserWarning, match="valid feature names"):
        model.predict(table.to_numpy())
