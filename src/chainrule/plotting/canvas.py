"""What all pictures share: matplotlib when it is needed, colours that all can tell apart, text that fits."""

import textwrap
from importlib import import_module
from typing import Any

import numpy as np

from chainrule.errors import EngineError

__all__ = [
    "BLUE",
    "CHARACTER",
    "CLASS_COLOURS",
    "GREEN",
    "GREY",
    "ORANGE",
    "SKY",
    "VERMILLION",
    "axes_for",
    "class_style",
    "describe_axes",
    "legend_beside",
    "matplotlib",
    "round_ticks",
    "size_in_points",
    "text_size",
    "wrapped",
]

BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, BLACK, GREY = "#CC79A7", "#56B4E9", "#F0E442", "#000000", "#767676"
CLASS_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, YELLOW, BLACK)
"""Okabe and Ito 2008, Color Universal Design: told apart with every kind of colour vision."""

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_POINTS_PER_INCH = 72
_MARKER_AREA = 25

CHARACTER = 0.56
"""Width of a character, about, in units of the text's size."""


def matplotlib(module: str) -> Any:
    """``matplotlib.<module>``, imported now.

    Raises
    ------
    EngineError
        If matplotlib is not installed.
    """
    try:
        return import_module(f"matplotlib.{module}")
    except ImportError as error:
        raise EngineError(
            f"plotting needs matplotlib, which cannot be imported ({error}): pip install 'chainrule[plot]'"
        ) from error


def axes_for(ax: Any) -> Any:
    """`ax`, or the axes of a new figure that makes room for whatever stands beside them."""
    return matplotlib("pyplot").subplots(layout="constrained")[1] if ax is None else ax


def class_style(k: int) -> tuple[str, str]:
    """(colour, marker) of class number `k`; the marker changes when the colours begin again."""
    return CLASS_COLOURS[k % len(CLASS_COLOURS)], _MARKERS[k // len(CLASS_COLOURS) % len(_MARKERS)]


def size_in_points(ax: Any) -> tuple[float, float]:
    """(width, height) of the axes in points, in which text and lines are measured."""
    box = ax.get_window_extent()
    factor = _POINTS_PER_INCH / ax.figure.dpi
    return box.width * factor, box.height * factor


def text_size(ax: Any) -> float:
    """Points of text that suit axes of this size: 6 in tiny ones, 10 from a usual figure upwards."""
    width, height = size_in_points(ax)
    return float(np.clip(4 + 1.3 * min(width, 1.3 * height) / _POINTS_PER_INCH, 6, 10))


def wrapped(text: str, points: float, size: float) -> str:
    """`text` in lines that are not longer than so many points."""
    characters = max(int(points / (CHARACTER * size)), 12)
    return "\n".join(part for line in text.split("\n") for part in textwrap.wrap(line, characters))


def describe_axes(ax: Any, x: str, y: str, title: str = "") -> None:
    """Write what the axes show, in a size and with as many ticks as they have room for."""
    size, (width, height) = text_size(ax), size_in_points(ax)
    ax.set_xlabel(wrapped(x, width, size), fontsize=size)
    ax.set_ylabel(wrapped(y, height, size), fontsize=size)
    if title:
        ax.set_title(wrapped(title, width, size), fontsize=size)
    ax.tick_params(which="both", labelsize=0.9 * size)
    for axis, points in ((ax.xaxis, width), (ax.yaxis, height)):
        if axis.get_scale() == "linear":
            axis.set_major_locator(round_ticks(points, size))


def round_ticks(points: float, size: float) -> Any:
    """Ticks at round numbers, as many as there is room for along so many points."""
    most = int(np.clip(points / (5 * size), 2, 8))
    return matplotlib("ticker").MaxNLocator(most, steps=[1, 2, 2.5, 5, 10])


def legend_beside(ax: Any, *, title: str = "", handles: Any = None, below: bool = False) -> Any:
    """A legend above (or below) the axes, where it hides nothing, in as many columns as there is room for."""
    size = text_size(ax)
    handles = ax.get_legend_handles_labels()[0] if handles is None else handles
    width = size_in_points(ax)[0]
    legend = ax.legend(
        handles=handles,
        loc="upper center" if below else "lower center",
        bbox_to_anchor=(0.5, 0.0 if below else 1.0),
        ncols=_columns([len(str(handle.get_label())) for handle in handles], width / size),
        fontsize=size,
        title=wrapped(title, width, size) or None,
        title_fontsize=size,
        frameon=False,
        borderaxespad=0.2,
        columnspacing=1.0,
        handlelength=1.6,
        handletextpad=0.5,
    )
    for handle in legend.legend_handles:
        if hasattr(handle, "set_sizes"):
            handle.set_sizes([_MARKER_AREA])
    return legend


def _columns(lengths: list[int], width: float) -> int:
    """In how many columns labels of so many characters fit into a width, in units of the text's size."""
    for columns in range(len(lengths), 1, -1):
        parts = np.array_split(lengths, columns)
        if sum(CHARACTER * max(part) + 3.2 for part in parts) <= width:
            return -(-len(lengths) // -(-len(lengths) // columns))
    return 1
