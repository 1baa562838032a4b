"""scikit-learn's estimator checks: none may fail, none is expected to fail."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from chainrule import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor


@pytest.mark.filterwarnings("ignore")  # the checks train for a few epochs on made-up data and do not converge
@parametrize_with_checks([MLPClassifier(), MLPRegressor()])
def test_scikit_learn_check(estimator, check):
    check(estimator)


_SMALL = {"preset": "fast", "members": 2, "hidden_layer_sizes": (16,), "max_iter": 20}


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([TabularClassifier(**_SMALL), TabularRegressor(**_SMALL)])
def test_scikit_learn_check_of_a_small_table_model(estimator, check):
    check(estimator)


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([TabularClassifier(preset="fast"), TabularRegressor(preset="fast")])
def test_scikit_learn_check_of_a_table_model(estimator, check):
    """The preset "default" has more members and steps of the same kind, and takes three times as long."""
    check(estimator)
