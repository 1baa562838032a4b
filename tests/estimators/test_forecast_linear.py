"""The linear autoregression of a forecaster, beside scikit-learn's ridge regression."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chainrule.estimators import forecast_linear
from chainrule.estimators.forecast_linear import LinearModel


def rows(n, n_inputs, noise=1.0):
    rng = np.random.default_rng(n)
    X = rng.normal(size=(n, n_inputs)) * rng.uniform(0.1, 30, n_inputs) + rng.normal(size=n_inputs)
    Y = X[:, :2] @ rng.normal(size=(2, 2)) + 3 + noise * rng.normal(size=(n, 2))
    return X, Y


@pytest.mark.parametrize("shape", [(20, 7), (20, 20), (10, 30)])
def test_it_is_the_ridge_regression_that_errs_least_when_each_row_is_left_out_in_turn(shape, monkeypatch):
    X, Y = rows(*shape)
    penalties = np.logspace(-2, 1, 5)
    monkeypatch.setattr(forecast_linear, "_PENALTIES", penalties)
    centered = (X - X.mean(0)) / X.std(0)
    errors = [
        np.mean((Y - cross_val_predict(Ridge(shape[0] * penalty), centered, Y, cv=LeaveOneOut())) ** 2)
        for penalty in penalties
    ]
    best = Ridge(shape[0] * penalties[np.argmin(errors)])
    expected = make_pipeline(StandardScaler(), best).fit(X, Y).predict(X[::-1] + 1)
    np.testing.assert_allclose(LinearModel.learned(X, Y)(X[::-1] + 1), expected, rtol=1e-9, atol=1e-9)


def test_what_is_linear_is_found_exactly():
    X, Y = rows(80, 5, noise=0)
    np.testing.assert_allclose(LinearModel.learned(X[:50], Y[:50])(X[50:]), Y[50:], rtol=1e-6, atol=1e-5)


def test_columns_that_do_not_vary_and_a_single_row_do_no_harm():
    X, Y = rows(30, 4)
    constant = LinearModel.learned(np.column_stack([X, np.full(30, 0.1)]), Y)
    np.testing.assert_allclose(constant.W[:, :4], LinearModel.learned(X, Y).W, rtol=1e-9)
    np.testing.assert_array_equal(LinearModel.learned(X[:1], Y[:1])(X), np.repeat(Y[:1], 30, axis=0))


def test_very_many_rows_are_thinned_out():
    assert LinearModel.enough_rows(1000, 100) == 1000
    assert LinearModel.enough_rows(1_000_000, 100) == 400_000
    assert LinearModel.enough_rows(1_000_000, 9000) == 3000
