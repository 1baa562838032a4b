"""Encoder and estimator as one thing."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

from chainrule import MLPRegressor
from chainrule.errors import DegradedWarning, ParameterError, TableError
from chainrule.estimators.table_model import TableModel, default_estimator


def bundled(load, **options):
    data = load(**options)
    table = pd.DataFrame(data.data, columns=data.feature_names).assign(target=data.target)
    return train_test_split(table, test_size=0.25, random_state=0)


def test_the_defaults_train_well_on_classes():
    known, new = bundled(load_breast_cancer)
    model = TableModel.fit(known, "target")
    assert model.task == "classification"
    assert (model.predict(new) == new["target"]).mean() > 0.95
    probabilities = model.predict_proba(new)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(model.classes[probabilities.argmax(axis=1)], model.predict(new))


def test_the_defaults_train_nearly_as_well_as_least_squares_where_that_is_best():
    known, new = bundled(load_diabetes, scaled=False)
    model = TableModel.fit(known, "target")
    linear = LinearRegression().fit(known.drop(columns="target"), known["target"])
    error = np.mean((model.predict(new) - new["target"]) ** 2)
    assert error < 1.2 * np.mean((linear.predict(new.drop(columns="target")) - new["target"]) ** 2)


@pytest.mark.parametrize("unit", [1e-100, 1.0, 1e100])
def test_targets_of_any_size_are_predicted_in_their_units(unit):
    x = np.linspace(-1, 1, 200)
    table = pl.DataFrame({"x": x, "y": (3 + 2 * x) * unit})
    model = TableModel.fit(table, "y")
    np.testing.assert_allclose(model.predict(table), table["y"], atol=0.2 * unit)
    with pytest.raises(ParameterError, match="a regression has no probabilities"):
        model.predict_proba(table)


def test_an_estimator_of_ones_own_and_rows_without_target():
    table = pl.DataFrame({"x": [0.0, 1, 2, 3] * 10, "y": [0.0, 2, 4, None] * 10})
    estimator = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0)
    with pytest.warns(DegradedWarning, match="10 rows without a value of 'y' are left out"):
        model = TableModel.fit(table, "y", "regression", estimator, record={"note": "linear"})
    assert model.estimator is estimator
    assert model.record == {"rows": 30, "baseline": pytest.approx(2.0), "note": "linear"}
    np.testing.assert_allclose(model.predict(table), 2 * table["x"], atol=1e-3)


def test_an_estimator_of_the_other_task_is_refused():
    table = pl.DataFrame({"x": [0.0, 1] * 10, "y": ["a", "b"] * 10})
    with pytest.raises(
        ParameterError, match="the task classification needs an MLPClassifier, however: MLPReg"
    ):
        TableModel.fit(table, "y", estimator=MLPRegressor())


def test_a_table_of_the_target_alone_is_refused():
    with pytest.raises(TableError, match="no column holds any value"):
        TableModel.fit(pl.DataFrame({"y": ["a", "b"] * 10}), "y")


@pytest.mark.parametrize("n_rows", [2, 9, 99, 100, 10**6])
def test_settings_replace_defaults(n_rows):
    estimator = default_estimator("regression", n_rows, hidden_layer_sizes=(3,), random_state=7)
    assert (estimator.hidden_layer_sizes, estimator.random_state) == ((3,), 7)
    assert estimator.early_stopping == (n_rows >= 100)
    assert 1 <= estimator.batch_size <= min(n_rows, 256)
