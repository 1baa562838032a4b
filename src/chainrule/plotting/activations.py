"""Activation functions with their slopes."""

from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network import ActivationFunction, get_activation
from chainrule.network.automatic import pulled_back
from chainrule.plotting.canvas import (
    BLUE,
    VERMILLION,
    class_style,
    describe_axes,
    legend_beside,
    matplotlib,
    text_size,
)

__all__ = ["ActivationDisplay"]

Array = Any

_MOST_COLUMNS = 3
_JUMP = 0.2


class ActivationDisplay:
    """z = φ(a) and φ'(a): each function with the slope that backpropagation multiplies by.

    Parameters
    ----------
    functions : tuple of ActivationFunction
    a : array (n_points,)
    values, slopes : arrays (number of functions, n_points)
        φ(a) and φ'(a).

    Attributes
    ----------
    axes_ : array of axes, one per function (or one for all of them)
    ax_ : the first of them
    figure_ : their figure

    Examples
    --------
    >>> ActivationDisplay.from_names(["logistic", "tanh", {"name": "elu", "alpha": 2.0}])  # doctest: +SKIP
    """

    def __init__(
        self, functions: tuple[ActivationFunction, ...], a: Array, values: Array, slopes: Array
    ) -> None:
        self.functions = functions
        self.a = a
        self.values = values
        self.slopes = slopes

    @classmethod
    def from_names(
        cls, names: Any, *, limits: tuple[float, float] = (-4.0, 4.0), n_points: int = 801, ax: Any = None
    ) -> "ActivationDisplay":
        """Compute functions and slopes and draw them.

        Parameters
        ----------
        names : one activation or a list of them
            Everything that `chainrule.network.get_activation` knows: "logistic", "relu", ``{"name": "elu",
            "alpha": 2.0}``, your own function, a pair (function, slope).
        limits : (float, float), default=(-4, 4)
            Range of a.
        n_points : int, default=801
        ax : see `plot`
        """
        choices = names if isinstance(names, list) else [names]
        low, high = limits
        if not choices or not low < high:
            raise ParameterError(
                f"names must not be empty and limits must rise, however: {names!r}, {limits!r}"
            )
        functions = tuple(get_activation(choice) for choice in choices)
        a = np.linspace(low, high, n_points)
        values, slopes = zip(*(_value_and_slope(function, a) for function in functions), strict=True)
        return cls(functions, a, np.array(values), np.array(slopes)).plot(ax)

    def plot(self, ax: Any = None) -> "ActivationDisplay":
        """Draw a panel for each function, or all of them into the axes given.

        Parameters
        ----------
        ax : axes or sequence of axes, optional
            One for all functions, or one for each; default: a new figure with a panel for each.
        """
        n = len(self.functions)
        if ax is None:
            ax = self._panels(n)
        self.axes_ = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(self.axes_) not in (1, n):
            raise ParameterError(f"ax must be one or {n} axes, one per function, however: {len(self.axes_)}")
        self.ax_ = self.axes_[0]
        self.figure_ = self.ax_.figure
        if len(self.axes_) == n:
            for i, axes in enumerate(self.axes_):
                self._draw(axes, i, BLUE, VERMILLION, "φ(a)", "φ'(a)")
                describe_axes(axes, "a", "", _title(self.functions[i]))
                axes.legend(fontsize=0.9 * text_size(axes), loc="best", frameon=False, handlelength=1.6)
        else:
            self._draw_together(self.ax_)
        return self

    def _panels(self, n: int) -> Any:
        columns = min(n, _MOST_COLUMNS)
        rows = -(-n // columns)
        pyplot = matplotlib("pyplot")
        size = (3.2 * columns, 2.8 * rows) if n > 1 else None
        axes = pyplot.subplots(rows, columns, layout="constrained", figsize=size, squeeze=False)[1].ravel()
        for unused in axes[n:]:
            unused.remove()
        return axes[:n]

    def _draw_together(self, ax: Any) -> None:
        for i, function in enumerate(self.functions):
            colour = class_style(i)[0]
            self._draw(ax, i, colour, colour, name_of(function), None)
        describe_axes(ax, "a", "φ(a), dashed φ'(a)")
        legend_beside(ax)

    def _draw(
        self, ax: Any, i: int, colour: str, slope_colour: str, name: str, slope_name: str | None
    ) -> None:
        ax.axhline(0, color="0.8", linewidth=0.8, zorder=0)
        ax.axvline(0, color="0.8", linewidth=0.8, zorder=0)
        ax.plot(self.a, _torn_at_jumps(self.values[i]), color=colour, label=name)
        slope = _torn_at_jumps(self.slopes[i])
        ax.plot(self.a, slope, color=slope_colour, linestyle="--", linewidth=1.2, label=slope_name)


def _value_and_slope(function: ActivationFunction, a: Array) -> tuple[Array, Array]:
    if function.slope is None:
        return pulled_back(function.value, a)
    z = function.value(a)
    return z, function.slope(a, z)


def name_of(function: ActivationFunction) -> str:
    """Name and settings, such as "elu, alpha = 2"."""
    return ", ".join([function.name, *(f"{name} = {value:g}" for name, value in function.settings)])


def _title(function: ActivationFunction) -> str:
    return f"{name_of(function)}\nφ(a) = {function.formula}".replace("; slope: ", "\nφ'(a) = ")


def _torn_at_jumps(curve: Array) -> Array:
    """The curve with a gap where it jumps, so that no vertical line pretends to be a part of it."""
    curve = np.array(curve, dtype=np.float64)
    steps = np.pad(np.abs(np.diff(curve)), 1)
    beside = np.maximum(steps[:-2], steps[2:])
    curve[1:][(steps[1:-1] > _JUMP * np.ptp(curve)) & (steps[1:-1] > 5 * beside)] = np.nan
    return curve
