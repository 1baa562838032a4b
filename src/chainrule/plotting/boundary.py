"""What a model says all over a plane of two features."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier

from chainrule.errors import ParameterError
from chainrule.estimators.forms import before_last_step
from chainrule.estimators.mlp_base import BaseMLP
from chainrule.plotting.canvas import (
    VERMILLION,
    axes_for,
    class_style,
    describe_axes,
    legend_beside,
    matplotlib,
)
from chainrule.plotting.grid import FeatureGrid, feature_grid
from chainrule.plotting.points import COLOUR_MAP, add_colour_bar, draw_points
from chainrule.plotting.reading import last_step

__all__ = ["DecisionBoundaryDisplay"]

Array = Any

_LIGHTEST = 0.55
_LEVELS = 12


class DecisionBoundaryDisplay:
    """p(k | x₁, x₂) or f(x₁, x₂), with the rows on top and the line a = 0 of each first hidden unit.

    Where a unit's line runs, its activation bends: boundaries are pieced together from them. Of a class, the
    colour is the stronger the more probable it is; black lines separate the classes.

    Parameters
    ----------
    grid : FeatureGrid
    response : array (resolution, resolution, n_classes) of probabilities, or (resolution, resolution)
    unit_inputs : array (units, resolution, resolution) or None
        a of the first hidden layer's units, for MLPs.
    y : array (n,), optional
        Classes or targets of the rows.
    classes : array, optional
        None for a regression.

    Attributes
    ----------
    unit_lines_ : list of contour sets, one per unit whose line crosses the picture
    ax_, figure_ : what was drawn
    """

    def __init__(
        self,
        grid: FeatureGrid,
        response: Array,
        unit_inputs: Array | None = None,
        y: Any = None,
        classes: Array | None = None,
    ) -> None:
        self.grid = grid
        self.response = response
        self.unit_inputs = unit_inputs
        self.y = None if y is None else np.asarray(y)
        self.classes = classes

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        features: tuple[Any, Any] = (0, 1),
        grid_resolution: int = 100,
        unit_lines: bool = True,
        target: str = "target",
        ax: Any = None,
    ) -> "DecisionBoundaryDisplay":
        """Ask the model all over a grid, and draw what it says.

        Parameters
        ----------
        estimator : a fitted classifier with `predict_proba`, or a regressor; or a pipeline
        X : array or frame
            Rows: their range is drawn. Features that are not drawn stay at their median, or at their most
            frequent value where they are not numbers.
        y : classes or targets of the rows, optional
        features : two names or places, default=(0, 1)
        grid_resolution : int, default=100
        unit_lines : bool, default=True
            Draw a = 0 for each unit of the first hidden layer; only MLPs have such lines.
        target : str, default="target"
            Name of a regression's target, with its unit.
        ax : axes, optional
        """
        grid = feature_grid(X, features, grid_resolution)
        classes = estimator.classes_ if is_classifier(estimator) else None
        answers = estimator.predict(grid.rows) if classes is None else estimator.predict_proba(grid.rows)
        if (classes is None) != (np.ndim(answers) == 1):
            raise ParameterError("one class or one number per row can be drawn, however: several outputs")
        if classes is not None and not np.allclose(answers.sum(1), 1, atol=1e-3):
            raise ParameterError("one class per row can be drawn, however: several labels")
        response = answers.reshape(*grid.x1.shape, *answers.shape[1:])
        display = cls(grid, response, _unit_inputs(estimator, grid), y, classes)
        return display.plot(ax, unit_lines=unit_lines, target=target)

    def plot(
        self, ax: Any = None, *, unit_lines: bool = True, target: str = "target"
    ) -> "DecisionBoundaryDisplay":
        """Draw the plane, the units' lines and the rows; parameters as in `from_estimator`."""
        self.ax_ = ax = axes_for(ax)
        self.figure_ = ax.figure
        held = f"{len(self.grid.others)} other features at their usual value" if self.grid.others else ""
        limits = None
        if self.classes is None:
            values = self.response if self.y is None else np.append(self.response, self.y)
            limits = (float(values.min()), float(values.max()))
            filled = self._draw_values(ax, limits)
        else:
            self._draw_classes(ax)
        self.unit_lines_ = self._draw_unit_lines(ax) if unit_lines and self.unit_inputs is not None else []
        if self.y is not None:
            draw_points(ax, self.grid.points, self.y, classes=self.classes, limits=limits)
        handles = ax.get_legend_handles_labels()[0]
        if self.unit_lines_:
            handles.append(matplotlib("lines").Line2D([], [], label="unit's a = 0", **self._unit_style))
        describe_axes(ax, self.grid.names[0], self.grid.names[1], "" if handles else held)
        if handles:
            legend_beside(ax, title=held, handles=handles)
        if self.classes is None:
            add_colour_bar(ax, filled, target)
        ax.set(xlim=self.grid.x1[0, [0, -1]], ylim=self.grid.x2[[0, -1], 0])
        return self

    def _draw_values(self, ax: Any, limits: tuple[float, float]) -> Any:
        low, high = limits
        levels = np.linspace(low, high if high > low else low + 1, _LEVELS + 1)
        return ax.contourf(self.grid.x1, self.grid.x2, self.response, levels, cmap=COLOUR_MAP)

    def _draw_classes(self, ax: Any) -> None:
        p = self.response
        rgb = matplotlib("colors").to_rgb
        colours = np.array([rgb(class_style(k)[0]) for k in range(p.shape[2])])
        light = 1 - _LIGHTEST * (1 - colours)
        (left, right), (low, high) = self.grid.x1[0, [0, -1]], self.grid.x2[[0, -1], 0]
        half = (right - left) / (p.shape[1] - 1) / 2, (high - low) / (p.shape[0] - 1) / 2
        # A picture's extent is that of its cells, whose middles are the grid's points.
        extent = (left - half[0], right + half[0], low - half[1], high + half[1])
        ax.imshow(np.clip(p @ light, 0, 1), extent=extent, origin="lower", aspect="auto", zorder=0)
        for k in range(p.shape[2] if p.shape[2] > 2 else 1):
            lead = p[:, :, k] - np.delete(p, k, axis=2).max(2, initial=0)
            if lead.min() < 0 < lead.max():
                ax.contour(self.grid.x1, self.grid.x2, lead, [0], colors="black", linewidths=1)

    @property
    def _unit_style(self) -> dict[str, Any]:
        on_light = self.classes is not None
        return {"color": "#404040" if on_light else VERMILLION, "linewidth": 0.8, "linestyle": "--"}

    def _draw_unit_lines(self, ax: Any) -> list[Any]:
        style = {f"{name}s": value for name, value in self._unit_style.items()}
        return [
            ax.contour(self.grid.x1, self.grid.x2, a, [0], **style)
            for a in self.unit_inputs  # type: ignore[union-attr]
            if a.min() < 0 < a.max()
        ]


def _unit_inputs(estimator: Any, grid: FeatureGrid) -> Array | None:
    """Give a = W x + b of the first hidden layer over the grid; None for a model without one."""
    model = last_step(estimator)
    if not isinstance(model, BaseMLP) or model.network_.n_layers < 2:
        return None
    X = model._rows_to_answer(before_last_step(estimator, grid.rows)[1])
    a = X @ model.coefs_[0] + model.intercepts_[0]
    return a.T.reshape(-1, *grid.x1.shape)
