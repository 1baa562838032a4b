"""The scikit-learn face: translate, delegate, remember."""

from chainrule.estimators.mlp import MLPClassifier, MLPRegressor
from chainrule.estimators.together import fit_together

__all__ = ["MLPClassifier", "MLPRegressor", "fit_together"]
