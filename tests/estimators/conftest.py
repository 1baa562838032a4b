"""Data for the estimators' tests."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def iris():
    X, y = load_iris(return_X_y=True)
    return scale(X), y


@pytest.fixture(scope="session")
def regression():
    draw = np.random.default_rng(1)
    X = draw.normal(size=(200, 4))
    return X, np.sin(X[:, 0]) + 0.5 * X[:, 1] ** 2 + 0.1 * draw.normal(size=200)
