"""The scikit-learn face: translate, delegate, remember."""

from chainrule.estimators.forecaster import Forecaster
from chainrule.estimators.image import ImageClassifier
from chainrule.estimators.mlp import MLPClassifier, MLPRegressor
from chainrule.estimators.sequence import SequenceClassifier, SequenceRegressor
from chainrule.estimators.tabular_classifier import TabularClassifier
from chainrule.estimators.tabular_regressor import TabularRegressor
from chainrule.estimators.together import fit_together

__all__ = [
    "Forecaster",
    "ImageClassifier",
    "MLPClassifier",
    "MLPRegressor",
    "SequenceClassifier",
    "SequenceRegressor",
    "TabularClassifier",
    "TabularRegressor",
    "fit_together",
]
