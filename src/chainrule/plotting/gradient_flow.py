"""How much gradient reaches each layer, and how far the next step moves it."""

from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.plotting.canvas import (
    BLUE,
    ORANGE,
    axes_for,
    describe_axes,
    legend_beside,
    size_in_points,
    text_size,
)
from chainrule.plotting.reading import loss_on_rows

__all__ = ["GradientFlowDisplay"]

Array = Any


class GradientFlowDisplay:
    """√(mean (dL/dw)²) and |Δw| / |w| of every parameter: gradients that vanish or explode show at once.

    |Δw| and |w| are root mean squares too. A ratio near 0.001 is healthy, near 1 a step destroys what was
    learned, and far below nothing is learned any more.

    Parameters
    ----------
    names : list of str
        Full names as in `Network.named`: "0.W", "0.b", "2.W", ...: place of the layer, name.
    gradient_rms : array (number of names,)
    update_ratios : array (number of names,)
        NaN where all weights are 0.
    step_name : str
        Whose step Δw is.

    Attributes
    ----------
    ax_, figure_ : what was drawn
    gradient_bars_, ratio_bars_ : the bars
    """

    def __init__(self, names: list[str], gradient_rms: Array, update_ratios: Array, step_name: str) -> None:
        self.names = list(names)
        self.gradient_rms = np.asarray(gradient_rms, dtype=np.float64)
        self.update_ratios = np.asarray(update_ratios, dtype=np.float64)
        self.step_name = step_name

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, sample_weight: Any = None, ax: Any = None
    ) -> "GradientFlowDisplay":
        """Compute both on rows taken as one batch: the gradient without penalties, the step as in training.

        Parameters
        ----------
        estimator : a fitted model of this package, or a pipeline that ends in one
            Its next step is the one that `partial_fit` would take on these rows as one batch; for "lbfgs"
            one of gradient descent, Δw = -η dL/dw, equation (17).
        X, y, sample_weight : rows, as in `fit`
        ax : axes, optional
        """
        problem = loss_on_rows(estimator, X, y, sample_weight)
        gradient = problem.value_and_gradient()[1]
        update = problem.next_step()[0] - problem.theta
        step_name = f"next step of {type(problem.program.optimizer).__name__}, η = {problem.rate:.2g}"
        named = (problem.network.named(vector) for vector in (gradient, update, problem.theta))
        slopes, steps, weights = ({name: _rms(v) for name, v in parts.items()} for parts in named)
        ratios = [steps[name] / weights[name] if weights[name] else np.nan for name in slopes]
        return cls(list(slopes), list(slopes.values()), ratios, step_name).plot(ax)

    def plot(self, ax: Any = None) -> "GradientFlowDisplay":
        """Draw two bars for each parameter, the first layer on top.

        Parameters
        ----------
        ax : axes, optional
        """
        shown = np.concatenate([self.gradient_rms, self.update_ratios])
        positive = shown[np.isfinite(shown) & (shown > 0)]
        if not len(positive):
            raise ParameterError("every gradient is 0 (or none is finite): there is nothing to draw")
        self.ax_ = ax = axes_for(ax)
        self.figure_ = ax.figure
        rows = np.arange(len(self.names))
        self.gradient_bars_ = ax.barh(rows - 0.2, self.gradient_rms, 0.4, color=BLUE, label="gradient, rms")
        ratios = np.nan_to_num(self.update_ratios)
        self.ratio_bars_ = ax.barh(rows + 0.2, ratios, 0.4, color=ORANGE, label="|Δw| / |w|")
        ax.set_xscale("log")
        ax.set_xlim(positive.min() / 3, positive.max() * 3)
        ax.set_ylim(len(rows) - 0.4, -0.6)
        describe_axes(ax, f"Δw: {self.step_name}", "parameter")
        size = min(0.9 * text_size(ax), 0.9 * size_in_points(ax)[1] / len(rows))
        ax.set_yticks(rows, self.names, fontsize=size)
        for row, value in enumerate(self.gradient_rms):
            if value == 0:
                ax.text(
                    0.01, row, "no gradient", transform=ax.get_yaxis_transform(), fontsize=size, va="center"
                )
        legend_beside(ax)
        return self


def _rms(array: Array) -> float:
    return float(np.sqrt(np.mean(np.square(array))))
