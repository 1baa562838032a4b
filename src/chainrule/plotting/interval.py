"""Prediction intervals beside what really happened."""

from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.plotting.canvas import (
    BLUE,
    SKY,
    VERMILLION,
    axes_for,
    describe_axes,
    legend_beside,
    size_in_points,
)

__all__ = ["IntervalDisplay"]

Array = Any


class IntervalDisplay:
    """[lower, upper] of every row, sorted by prediction, with the share of targets that lie inside.

    Parameters
    ----------
    y : array (n,)
        True targets.
    predictions : array (n,)
    intervals : array (n, 2)
        Lower and upper bounds.
    coverage : float, optional
        The share that was promised.

    Attributes
    ----------
    inside : array of bool (n,)
        Whether the target lies in its interval, the bounds included.
    measured_coverage : float
    ax_, figure_ : what was drawn
    """

    def __init__(self, y: Any, predictions: Any, intervals: Any, coverage: float | None = None) -> None:
        self.y, self.predictions, self.intervals = (
            np.asarray(part, dtype=np.float64) for part in (y, predictions, intervals)
        )
        n = len(self.y)
        if not n or (self.y.shape, self.predictions.shape, self.intervals.shape) != ((n,), (n,), (n, 2)):
            raise ParameterError(
                "targets (n,), predictions (n,) and intervals (n, 2) of one target are needed, however: "
                f"{self.y.shape}, {self.predictions.shape}, {self.intervals.shape}"
            )
        self.coverage = coverage
        lower, upper = self.intervals.T
        self.inside = (lower <= self.y) & (self.y <= upper)
        self.measured_coverage = float(self.inside.mean())

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, coverage: float = 0.9, target: str = "target", ax: Any = None
    ) -> "IntervalDisplay":
        """Draw what `predict_interval` says of rows, and what they are.

        Parameters
        ----------
        estimator : a fitted `TabularRegressor`
        X, y : rows that training has not seen, and their targets
        coverage : float in (0, 1), default=0.9
        target : str, default="target"
            Name of the target, with its unit, for the axis.
        ax : axes, optional
        """
        intervals = estimator.predict_interval(X, coverage=coverage)
        return cls(y, estimator.predict(X), intervals, coverage).plot(ax, target=target)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        predictions: Any,
        intervals: Any,
        *,
        coverage: float | None = None,
        target: str = "target",
        ax: Any = None,
    ) -> "IntervalDisplay":
        """Draw intervals from elsewhere; parameters as in the class and in `from_estimator`."""
        return cls(y_true, predictions, intervals, coverage).plot(ax, target=target)

    def plot(self, ax: Any = None, *, target: str = "target") -> "IntervalDisplay":
        """Draw the band, the predictions and the targets; parameters as in `from_estimator`."""
        self.ax_ = ax = axes_for(ax)
        self.figure_ = ax.figure
        order = np.argsort(self.predictions, kind="stable")
        rank = np.arange(1, len(order) + 1)
        lower, upper = self.intervals[order].T
        y, inside = self.y[order], self.inside[order]
        ax.fill_between(rank, lower, upper, color=SKY, alpha=0.35, linewidth=0, step="mid", label="interval")
        ax.plot(rank, self.predictions[order], color=BLUE, linewidth=1, label="prediction")
        width, height = size_in_points(ax)
        area = float(np.clip(0.04 * width * height / len(rank), 4, 20))
        for chosen, colour, marker, name in (
            (inside, BLUE, "o", "inside"),
            (~inside, VERMILLION, "D", "outside"),
        ):
            ax.scatter(rank[chosen], y[chosen], s=area, color=colour, marker=marker, linewidths=0, label=name)
        describe_axes(ax, "row, sorted by prediction", target)
        asked = "" if self.coverage is None else f" ({self.coverage:.1%} asked)"
        title = f"coverage {self.measured_coverage:.1%}{asked}, {len(rank)} rows"
        legend_beside(ax, title=title)
        return self
