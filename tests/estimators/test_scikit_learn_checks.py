"""scikit-learn's estimator checks: none may fail, none is expected to fail."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from chainrule import MLPClassifier, MLPRegressor


@pytest.mark.filterwarnings("ignore")  # the checks train for a few epochs on made-up data and do not converge
@parametrize_with_checks([MLPClassifier(), MLPRegressor()])
def test_scikit_learn_check(estimator, check):
    check(estimator)
