"""Neurons as circles in columns, weights as lines between them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.plotting.canvas import BLUE, VERMILLION, legend_beside, matplotlib, size_in_points, text_size

__all__ = ["Diagram", "draw_neurons", "shown_units"]

Array = Any

_WIDEST = 3.0
_LONGEST_NAME = 16


@dataclass(frozen=True)
class Diagram:
    """A chain of dense layers.

    Attributes
    ----------
    weights : list of arrays (to, from)
    biases : list of arrays (to,)
    titles : list of str, one per column of neurons, the inputs' first
    input_names, output_names : lists of str
    """

    weights: list[Array]
    biases: list[Array]
    titles: list[str]
    input_names: list[str]
    output_names: list[str]

    @property
    def widths(self) -> list[int]:
        """Neurons of each column."""
        return [self.weights[0].shape[1], *(len(W) for W in self.weights)]


def shown_units(n: int, most: int) -> list[int | None]:
    """Which of `n` units are drawn from top to bottom; None stands for those left out."""
    if n <= most:
        return list(range(n))
    above = most // 2
    below = most - 1 - above
    return [*range(above), None, *range(n - below, n)]


def draw_neurons(ax: Any, diagram: Diagram, most: int, biases: bool) -> list[Any]:
    """Draw columns of neurons and the weights between them; one LineCollection per layer."""
    columns = [shown_units(n, most) for n in diagram.widths]
    heights = [{unit: (len(units) - 1) / 2 - i for i, unit in enumerate(units)} for units in columns]
    tops = [(len(units) + 1) / 2 for units in columns[:-1]] if biases else []
    span = max(len(units) for units in columns) + (1 if biases else 0)
    low, high = -max(map(len, columns)) / 2, max([max(map(len, columns)) / 2, *(top + 0.5 for top in tops)])
    ax.set(xlim=(-0.3, len(columns) - 0.7), ylim=(low, high))
    width, height = size_in_points(ax)
    place = height / (span + 2)
    diameter = float(np.clip(min(0.65 * place, 0.25 * width / len(columns)), 3, 24))
    largest = max(np.abs(np.concatenate([W.ravel() for W in diagram.weights])).max(), 1e-300)
    if biases:
        largest = max(largest, *(np.abs(b).max() for b in diagram.biases))
    lines = []
    for i, (W, b) in enumerate(zip(diagram.weights, diagram.biases, strict=True)):
        segments, values = _segments(i, W, heights[i], heights[i + 1])
        if biases:
            onto = [unit for unit in columns[i + 1] if unit is not None]
            segments += [((i, tops[i]), (i + 1, heights[i + 1][unit])) for unit in onto]
            values += [b[unit] for unit in onto]
        lines.append(_draw_lines(ax, segments, np.array(values), largest))
    size = float(min(text_size(ax), 0.95 * place))
    _draw_circles(ax, columns, heights, tops, diameter, size)
    _write_names(ax, diagram, columns, heights, diameter, size)
    _write_titles(ax, diagram, high, text_size(ax))
    _explain(ax, largest)
    return lines


def _segments(
    i: int, W: Array, left: dict[int | None, float], right: dict[int | None, float]
) -> tuple[list[Any], list[float]]:
    """Lines from the column `i` to the next, and their weights."""
    pairs = [(to, start) for to in right for start in left if to is not None and start is not None]
    segments = [((i, left[start]), (i + 1, right[to])) for to, start in pairs]
    return segments, [W[to, start] for to, start in pairs]


def _draw_lines(ax: Any, segments: list[Any], values: Array, largest: float) -> Any:
    order = np.argsort(np.abs(values), kind="stable")  # the largest on top
    lines = matplotlib("collections").LineCollection(
        [segments[i] for i in order],
        linewidths=_WIDEST * np.abs(values[order]) / largest,
        colors=[BLUE if value > 0 else VERMILLION for value in values[order]],
        alpha=0.8,
        zorder=1,
    )
    ax.add_collection(lines, autolim=False)
    return lines


def _draw_circles(
    ax: Any, columns: list[Any], heights: list[Any], tops: list[float], diameter: float, size: float
) -> None:
    for i, units in enumerate(columns):
        places = [heights[i][unit] for unit in units if unit is not None]
        circles = {"s": diameter**2, "facecolors": "white", "edgecolors": "black", "linewidths": 0.8}
        ax.scatter([i] * len(places), places, zorder=2, clip_on=False, **circles)
        if None in heights[i]:
            ax.text(i, heights[i][None], "⋮", ha="center", va="center", fontsize=1.4 * size)
    for i, top in enumerate(tops):
        ax.scatter([i], [top], s=diameter**2, color="0.85", edgecolors="0.3", zorder=2, clip_on=False)
        ax.text(i, top, "1", ha="center", va="center", fontsize=min(size, 0.7 * diameter), zorder=3)


def _write_names(
    ax: Any, diagram: Diagram, columns: list[Any], heights: list[Any], diameter: float, size: float
) -> None:
    last = len(columns) - 1
    for i, names, side in ((0, diagram.input_names, -1), (last, diagram.output_names, 1)):
        for unit in columns[i]:
            if unit is not None:
                ax.annotate(
                    _shortened(names[unit]),
                    (i, heights[i][unit]),
                    xytext=(side * (0.5 * diameter + 3), 0),
                    textcoords="offset points",
                    ha="right" if side < 0 else "left",
                    va="center",
                    fontsize=size,
                )


def _write_titles(ax: Any, diagram: Diagram, high: float, size: float) -> None:
    for i, (title, n) in enumerate(zip(diagram.titles, diagram.widths, strict=True)):
        ax.text(i, high, f"{title.replace('_', chr(10))}\n{n}", ha="center", va="bottom", fontsize=size)


def _explain(ax: Any, largest: float) -> None:
    line = matplotlib("lines").Line2D
    handles = [
        line([], [], color=BLUE, linewidth=2, label="w > 0"),
        line([], [], color=VERMILLION, linewidth=2, label="w < 0"),
    ]
    legend_beside(ax, title=f"line width ∝ |w|, widest {largest:.3g}", handles=handles, below=True)


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME or "$" in name else name[: _LONGEST_NAME - 1] + "…"
