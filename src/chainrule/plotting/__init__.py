"""Pictures of networks, trainings and predictions, as scikit-learn's display classes draw them.

A display keeps the numbers it shows: ``Display.from_estimator(...)`` computes and draws them,
``display.plot(ax)`` draws them again, ``display.ax_`` and ``display.figure_`` are what was drawn. matplotlib
(the extra "plot") is imported when something is drawn and not before; none of its settings is changed, and
nothing is shown.

For ROC curves, confusion matrices, two-class calibration, residuals, learning curves and partial dependence
take scikit-learn's own displays: they work with these estimators as they are.
"""

from chainrule.plotting.activations import ActivationDisplay
from chainrule.plotting.boundary import DecisionBoundaryDisplay
from chainrule.plotting.feature_maps import FeatureMapsDisplay
from chainrule.plotting.gradient_flow import GradientFlowDisplay
from chainrule.plotting.hidden_space import HiddenSpaceDisplay
from chainrule.plotting.interval import IntervalDisplay
from chainrule.plotting.loss_curve import LossCurveDisplay
from chainrule.plotting.network import NetworkDisplay
from chainrule.plotting.reliability import ReliabilityDisplay
from chainrule.plotting.states import StatesDisplay

__all__ = [
    "ActivationDisplay",
    "DecisionBoundaryDisplay",
    "FeatureMapsDisplay",
    "GradientFlowDisplay",
    "HiddenSpaceDisplay",
    "IntervalDisplay",
    "LossCurveDisplay",
    "NetworkDisplay",
    "ReliabilityDisplay",
    "StatesDisplay",
]
