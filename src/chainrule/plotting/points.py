"""Rows as points, coloured by class or target."""

from typing import Any

import numpy as np

from chainrule.plotting.canvas import (
    BLUE,
    class_style,
    round_ticks,
    size_in_points,
    text_size,
)

__all__ = ["COLOUR_MAP", "add_colour_bar", "draw_points"]

Array = Any

COLOUR_MAP = "cividis"
"""Rises in lightness evenly, for every kind of colour vision: Nuñez, Anderton, Renslow 2018."""


def draw_points(
    ax: Any,
    xy: Array,
    y: Any = None,
    *,
    classes: Array | None = None,
    limits: tuple[float, float] | None = None,
) -> Any:
    """Draw rows (n, 2); what a colour bar can be made for, or None.

    Parameters
    ----------
    y : array (n,), optional
        Classes or targets.
    classes : array, optional
        All classes in their order: `y` holds these; the points are labelled with them for a legend.
    limits : (float, float), optional
        Targets that the ends of the colours stand for.
    """
    width, height = size_in_points(ax)
    area = float(np.clip(0.04 * width * height / max(len(xy), 1), 8, 25))
    settings = {"s": area, "edgecolors": "white", "linewidths": 0.12 * np.sqrt(area), "zorder": 3}
    if y is None:
        ax.scatter(*xy.T, color=BLUE, **settings)
        return None
    if classes is None:
        low, high = limits if limits is not None else (np.min(y), np.max(y))
        return ax.scatter(*xy.T, c=y, cmap=COLOUR_MAP, vmin=low, vmax=high, **settings)
    for k, name in enumerate(classes):
        colour, marker = class_style(k)
        ax.scatter(*xy[np.asarray(y) == name].T, color=colour, marker=marker, label=str(name), **settings)
    return None


def add_colour_bar(ax: Any, shown: Any, label: str) -> Any:
    """A labelled colour bar beside the axes."""
    size = text_size(ax)
    bar = ax.figure.colorbar(shown, ax=ax, ticks=round_ticks(size_in_points(ax)[1], size))
    bar.set_label(label, fontsize=size)
    bar.ax.tick_params(labelsize=0.9 * size)
    return bar
