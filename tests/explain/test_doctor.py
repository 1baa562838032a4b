"""`doctor`: healthy models get no finding; what it takes, refuses, and how it reads."""

import json
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from chainrule import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor, load, save
from chainrule.errors import ParameterError
from chainrule.explain.doctor import EXAMINATIONS, doctor

TABLES = {
    "iris": load_iris,
    "wine": load_wine,
    "breast_cancer": load_breast_cancer,
    "diabetes": load_diabetes,
    "digits": load_digits,
}
HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\n&"


def table(name):
    X, y = TABLES[name](return_X_y=True)
    return X[:800], y[:800]


def scaled(name):
    X, y = table(name)
    X = StandardScaler().fit_transform(X)
    return (X, (y - y.mean()) / y.std()) if name == "diabetes" else (X, y)


@pytest.fixture(scope="module")
def iris_model():
    X, y = scaled("iris")
    return MLPClassifier((16,), learning_rate_init=0.02, random_state=0).fit(X, y), X, y


@pytest.mark.parametrize("name", TABLES)
def test_a_properly_trained_mlp_is_healthy(name):
    X, y = scaled(name)
    estimator = MLPRegressor if name == "diabetes" else MLPClassifier
    model = estimator(
        hidden_layer_sizes=(32, 32),
        learning_rate_init=0.01,
        early_stopping=True,
        scoring="loss",
        random_state=0,
    ).fit(X, y)
    diagnosis = doctor(model, X, y)
    assert diagnosis.ok, str(diagnosis)
    assert len(diagnosis.healthy) + len(diagnosis.not_examined) == len(EXAMINATIONS)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in ("iris", "diabetes") else pytest.mark.thorough)
        for name in TABLES
    ],
)
def test_a_table_model_is_healthy(name):
    X, y = table(name)
    estimator = TabularRegressor if name == "diabetes" else TabularClassifier
    model = estimator(preset="fast", engine="numpy", random_state=0).fit(X, y)
    diagnosis = doctor(model, X, y)
    assert diagnosis.ok, str(diagnosis)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_a_healthy_model_is_healthy_on_rows_it_has_not_seen(name):
    X, y = scaled(name)
    model = MLPClassifier((32,), learning_rate_init=0.01, alpha=0.1, random_state=0).fit(X[::2], y[::2])
    diagnosis = doctor(model, X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    assert diagnosis.ok, str(diagnosis)


def test_the_same_call_gives_the_same_answer_and_changes_nothing(iris_model):
    model, X, y = iris_model
    before, X_before = pickle.dumps(model), X.copy()
    first = doctor(model, 1000 * X, y, X_val=X, y_val=y)
    assert doctor(model, 1000 * X, y, X_val=X, y_val=y) == first
    assert pickle.dumps(model) == before
    np.testing.assert_array_equal(X, X_before)


def test_a_loaded_model_has_the_same_diagnosis(iris_model, tmp_path):
    model, X, y = iris_model
    save(model, tmp_path / "model.safetensors")
    assert doctor(load(tmp_path / "model.safetensors"), X, y) == doctor(model, X, y)


@pytest.mark.parametrize("as_frame", [pd.DataFrame, pl.DataFrame, csr_array, list])
def test_an_mlp_takes_frames_sparse_matrices_and_lists(as_frame):
    X, y = scaled("iris")
    X = as_frame(
        {f"c{i}": column for i, column in enumerate(X.T)} if as_frame in (pd.DataFrame, pl.DataFrame) else X
    )
    model = MLPClassifier((8,), max_iter=3, random_state=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(X, y)
    assert doctor(model, X, y).n_rows == 150


@pytest.fixture(scope="module")
def mixed_model():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            HOSTILE: np.where(rng.random(200) < 0.8, np.nan, 1.0),
            "number": rng.normal(size=200),
            "level": rng.choice(["a", "b", "c"], 200),
            "day": pd.date_range("2024-01-01", periods=200),
        }
    )
    y = frame["number"].to_numpy() + (frame["level"] == "a") + rng.normal(size=200) / 2
    model = TabularRegressor(members=2, hidden_layer_sizes=(16,), max_iter=20, engine="numpy", random_state=0)
    return model.fit(frame, y), frame, y


def test_a_table_model_takes_any_table(mixed_model):
    model, frame, y = mixed_model
    [finding] = doctor(model, frame, y).findings
    assert finding.name == "missing values"
    assert doctor(model, pl.from_pandas(frame), y).findings == (finding,)
    assert doctor(model, frame.assign(further=y), y).findings == (finding,)


def test_html_escapes_names_and_text_shows_no_control_characters(mixed_model):
    model, frame, y = mixed_model
    diagnosis = doctor(model, frame, y)
    html = diagnosis._repr_html_()
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert not any(character in html + str(diagnosis) for character in "\x1b\x00")
    assert HOSTILE in diagnosis.findings[0].numbers["share_missing"]


def test_the_text_fits_80_columns_and_names_what_was_healthy(mixed_model):
    model, frame, y = mixed_model
    text = str(doctor(model, frame, y))
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith("1 finding (all 200 rows looked at)")
    assert "NOTABLE  missing values: column '<img" in text
    assert "Healthy: leaking column, " in text
    assert "Not examined: " in text


def test_it_is_plain_data(mixed_model):
    model, frame, y = mixed_model
    plain = doctor(model, frame, y).to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["findings"][0]["severity"] == "notable"
    assert not plain["ok"]


def test_severe_findings_come_first(iris_model):
    model, X, y = iris_model
    diagnosis = doctor(model, X[:40] * 1000, y[:40])
    severities = [finding.severity for finding in diagnosis.findings]
    assert {"severe", "notable"} == set(severities)
    assert severities == sorted(severities, reverse=True)


def test_causes_come_before_what_they_lead_to():
    X, y = load_wine(return_X_y=True)
    with pytest.warns(ConvergenceWarning):
        model = MLPClassifier((8,), solver="sgd", learning_rate_init=0.5, random_state=0).fit(X, y)
    names = [finding.name for finding in doctor(model, X, y).findings]
    assert names[0] == "unscaled inputs"
    assert len(names) > 2


def test_at_most_10_000_rows_are_looked_at_and_this_is_said():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(12_000, 2))
    y = X @ [1.0, 2.0] + rng.normal(size=12_000)
    model = MLPRegressor(hidden_layer_sizes=(16,), learning_rate_init=0.01, random_state=0).fit(X, y)
    diagnosis = doctor(model, X, y)
    assert diagnosis.ok, str(diagnosis)
    assert (diagnosis.n_rows, diagnosis.n_rows_given) == (10_000, 12_000)
    assert "10,000 (drawn at random) of 12,000 rows" in str(diagnosis)


def test_several_targets_and_several_labels():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    Y = X @ rng.normal(size=(3, 2)) + rng.normal(size=(200, 2)) / 3
    model = MLPRegressor(hidden_layer_sizes=(8,), learning_rate_init=0.02, max_iter=1000, random_state=0).fit(
        X, Y
    )
    assert doctor(model, X, Y).ok
    labels = MLPClassifier(
        (8,), learning_rate_init=0.02, max_iter=1000, early_stopping=True, random_state=0
    ).fit(X, (Y > 0).astype(int))
    diagnosis = doctor(labels, X, (Y > 0).astype(int))
    assert diagnosis.ok
    assert "underfitting" in diagnosis.not_examined


def test_models_with_folds_quantiles_no_hidden_layer_and_one_class():
    X, y = scaled("diabetes")
    small = {"hidden_layer_sizes": (8,), "members": 2, "max_iter": 30, "engine": "numpy", "random_state": 0}
    assert doctor(TabularRegressor(folds=2, **small).fit(X, y), X, y).n_rows == len(y)
    quantiles = TabularRegressor(quantiles=(0.1, 0.9), **small).fit(X, y)
    assert "underfitting" in doctor(quantiles, X, y).not_examined
    linear = MLPRegressor(hidden_layer_sizes=(), learning_rate_init=0.02, max_iter=500, random_state=0).fit(
        X, y
    )
    assert doctor(linear, X, y).ok
    one = MLPClassifier((4,), learning_rate_init=0.1, random_state=0).fit(X, np.zeros(len(X)))
    assert "constant predictions" in doctor(one, X, np.zeros(len(X))).not_examined


def test_what_it_refuses(iris_model):
    model, X, y = iris_model
    with pytest.raises(ParameterError, match="examines the estimators of this package, however: Logistic"):
        doctor(LogisticRegression(), X, y)
    with pytest.raises(NotFittedError):
        doctor(MLPClassifier(), X, y)
    with pytest.raises(ParameterError, match="X_val and y_val belong together"):
        doctor(model, X, y, X_val=X)
    with pytest.raises(ParameterError, match="as many rows as each other, however: 150 and 149"):
        doctor(model, X, y[:-1])
    with pytest.raises(ParameterError, match="classes not in"):
        doctor(model, X, y + 1)
