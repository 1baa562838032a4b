"""The rows as a hidden layer sees them."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier

from chainrule.estimators.forms import before_last_step
from chainrule.plotting.canvas import axes_for, describe_axes, legend_beside
from chainrule.plotting.points import add_colour_bar, draw_points
from chainrule.plotting.reading import checked_mlp

__all__ = ["HiddenSpaceDisplay"]

Array = Any


class HiddenSpaceDisplay:
    """z of a hidden layer, row by row: what the last layers, which are linear, have to separate.

    Two units are drawn as they are, more on the two directions of largest variance (principal components;
    Pearson 1901), one along a line.

    Parameters
    ----------
    activations : array (n, units)
    layer : int
        Hidden layers are counted from 1.
    y : array (n,), optional
        Classes or targets, for the colours.
    classes : array, optional
        All classes; None for a regression.

    Attributes
    ----------
    points : array (n, 2), or (n, 1) for one unit
        What is drawn.
    shares : array (2,) or None
        Shares of the variance, where there are principal components.
    ax_, figure_ : what was drawn
    """

    def __init__(self, activations: Array, layer: int, y: Any = None, classes: Array | None = None) -> None:
        self.activations = np.asarray(activations, dtype=np.float64)
        self.layer = layer
        self.y = None if y is None else np.asarray(y)
        self.classes = classes
        self.points, self.shares = _two_directions(self.activations)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        layer: int | None = None,
        target: str = "target",
        ax: Any = None,
    ) -> "HiddenSpaceDisplay":
        """Send rows through the first layers of a network.

        Parameters
        ----------
        estimator : a fitted MLPClassifier or MLPRegressor, or a pipeline that ends in one
        X : rows
        y : their classes or targets, optional
        layer : int, optional
            Hidden layers are counted from 1; default: the last.
        target : str, default="target"
            Name of what the colours stand for.
        ax : axes, optional
        """
        model = checked_mlp(estimator, "the view of a hidden layer")
        activations = model.transform(before_last_step(estimator, X)[1], layer)
        classes = model.classes_ if is_classifier(model) else None
        chosen = model.network_.n_layers - 1 if layer is None else layer
        return cls(activations, chosen, y, classes).plot(ax, target=target)

    def plot(self, ax: Any = None, *, target: str = "target") -> "HiddenSpaceDisplay":
        """Draw the rows; parameters as in `from_estimator`."""
        self.ax_ = ax = axes_for(ax)
        self.figure_ = ax.figure
        points = self.points
        if points.shape[1] == 1:
            points = np.column_stack([points, np.arange(1, len(points) + 1)])
            names = ["$z_1$", "row"]
        elif self.shares is None:
            names = ["$z_1$", "$z_2$"]
        else:
            names = [f"component {i + 1} ({share:.0%})" for i, share in enumerate(self.shares)]
        title = f"hidden layer {self.layer}, {self.activations.shape[1]} units"
        has_legend = self.y is not None and self.classes is not None
        describe_axes(ax, names[0], names[1], "" if has_legend else title)
        coloured = draw_points(ax, points, self.y, classes=self.classes)
        if has_legend:
            legend_beside(ax, title=title)
        if coloured is not None:
            add_colour_bar(ax, coloured, target)
        return self


def _two_directions(z: Array) -> tuple[Array, Array | None]:
    """(coordinates of the rows, shares of the variance or None where these are the units themselves)."""
    if z.shape[1] <= 2:
        return z, None
    centred = z - z.mean(0)
    _, lengths, directions = np.linalg.svd(centred, full_matrices=False)
    directions = directions[:2]
    # Each direction has two signs; the largest entry is made positive, so that pictures can be compared.
    largest = np.abs(directions).argmax(1)
    directions = directions * np.sign(directions[np.arange(len(directions)), largest])[:, None]
    points = centred @ directions.T
    variance = lengths**2
    shares = variance[:2] / max(variance.sum(), np.finfo(float).tiny)
    missing = 2 - points.shape[1]
    return np.pad(points, ((0, 0), (0, missing))), np.pad(shares, (0, missing))
