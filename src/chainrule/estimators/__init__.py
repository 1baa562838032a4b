"""The scikit-learn face: translate, delegate, remember."""

from chainrule.estimators.mlp import MLPClassifier, MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
