"""Layers as boxes, from the top to the bottom, with widths and numbers of parameters."""

from dataclasses import dataclass
from math import prod
from typing import Any

from chainrule.network import Activation, Columns, Dense, Dropout, MemberDense, Network
from chainrule.network.wording import layer_in_words, name_in_words
from chainrule.plotting.canvas import (
    BLUE,
    CHARACTER,
    GREEN,
    GREY,
    ORANGE,
    matplotlib,
    size_in_points,
    text_size,
)

__all__ = ["Block", "draw_blocks", "rows_of_blocks"]

_COLOURS = {"input": GREY, "columns": GREEN, "dense": BLUE, "other": GREY, "output": ORANGE}
_LEARNING = ("conv1d", "conv2d", "rnn", "lstm", "gru", "bidirectional", "token_embedding")
_GAP = 0.75
_WIDE = 0.96


@dataclass
class Block:
    """A box of the diagram.

    Attributes
    ----------
    lines : list of str, what is written in it
    n_parameters : int
    role : "input", "columns", "dense", "output" or "other", for its colour
    """

    lines: list[str]
    n_parameters: int = 0
    role: str = "other"


def rows_of_blocks(network: Network, out_activation: str | None = None) -> list[list[Block]]:
    """The boxes of a network from top to bottom; those of a row stand side by side.

    Parameters
    ----------
    out_activation : str, optional
        From raw outputs to the prediction, which is then a box too; an ensemble's is the members' mean.
    """
    rows = [[Block([f"input: {network.n_inputs} numbers per row"], role="input")]]
    members = 1
    for i, layer in enumerate(network.layers):
        members = max(members, getattr(layer, "members", 1))
        if isinstance(layer, Columns):
            rows.append(_branches(layer))
        elif isinstance(layer, Activation | Dropout) and rows[-1][0].role == "dense":
            rows[-1][0].lines[0] += f", {name_in_words(layer)}"
        else:
            count = sum(map(prod, network.shapes_by_layer[i].values()))
            learns = isinstance(layer, Dense | MemberDense) or layer.kind in _LEARNING
            role = "dense" if learns else "other"
            rows.append([Block([_line(layer, network.widths[i])], count, role)])
    last = next((row[0] for row in reversed(rows) if row[0].role == "dense"), None)
    if last is not None:
        last.role = "output"
    if out_activation is not None:
        words = [out_activation] if out_activation != "identity" else []
        words += [f"mean of {members} members"] if members > 1 else []
        text = f"prediction: {', '.join(words)}" if words else "prediction"
        rows.append([Block([text], role="output")])
    return rows


def _line(layer: Any, n_in: int) -> str:
    if isinstance(layer, MemberDense):
        n_from = n_in if layer.fan_out else n_in // layer.members
        return f"{layer.members} members: {n_from} → {layer.units}"
    return layer_in_words(layer, n_in)


def _branches(columns: Columns) -> list[Block]:
    """A box for each way in which columns are embedded, however many columns take it."""
    found: dict[str, tuple[int, int, int]] = {}
    for first, behind, network in columns.branches:
        kind = "\n".join(name_in_words(layer) for layer in network.layers) or "unchanged"
        n_in, n_out, count = found.get(kind, (0, 0, 0))
        found[kind] = (n_in + behind - first, n_out + network.n_outputs, count + network.n_parameters)
    return [
        Block([*_lines(kind), f"{n_in} → {n_out}"], count, "columns")
        for kind, (n_in, n_out, count) in found.items()
    ]


def _lines(names: str) -> list[str]:
    """A line for each of several layers; the words of a single one in two."""
    return names.split("\n") if "\n" in names else names.split(" ", 1)


def draw_blocks(ax: Any, rows: list[list[Block]], n_parameters: int) -> None:
    """Draw the boxes, arrows between their rows, and the sum of the parameters as a title."""
    heights = [max(len(_written(block, len(row) > 1)) for block in row) + 0.6 for row in rows]
    total = sum(heights) + _GAP * (len(rows) - 1)
    ax.set(xlim=(0, 1), ylim=(total + 0.1, -0.1))
    size = _fitting_size(ax, rows, total)
    top = 0.0
    for i, (row, tall) in enumerate(zip(rows, heights, strict=True)):
        for k, block in enumerate(row):
            _draw_box(ax, block, (k + 0.5) / len(row), top, _WIDE / len(row), tall, size, len(row) > 1)
        top += tall + _GAP
        if i + 1 < len(rows):
            n = max(len(row), len(rows[i + 1]))
            _draw_arrows(ax, [(k + 0.5) / n for k in range(n)], top - _GAP, top)
    ax.set_title(f"{n_parameters:,} parameters (right: of each block)", fontsize=text_size(ax))


def _written(block: Block, narrow: bool) -> list[str]:
    """The lines of a box; in a narrow one the number of parameters is the last of them."""
    return [*block.lines, f"({block.n_parameters:,})"] if narrow and block.n_parameters else block.lines


def _fitting_size(ax: Any, rows: list[list[Block]], total: float) -> float:
    """Points of text, so that all boxes hold theirs."""
    width, height = size_in_points(ax)
    longest = 0
    for row in rows:
        for block in row:
            count = f"   {block.n_parameters:,}" if len(row) == 1 else ""
            longest = max(longest, (max(map(len, block.lines)) + len(count) + 1) * len(row))
    return min(text_size(ax), _WIDE * width / (CHARACTER * longest), height / total / 1.2)


def _draw_box(
    ax: Any, block: Block, middle: float, top: float, wide: float, tall: float, size: float, narrow: bool
) -> None:
    colour = _COLOURS[block.role]
    face = (*matplotlib("colors").to_rgb(colour), 0.2)
    corner = (middle - wide / 2, top)
    box = matplotlib("patches").Rectangle(corner, wide, tall, facecolor=face, edgecolor=colour, linewidth=1)
    ax.add_patch(box)
    text = "\n".join(_written(block, narrow))
    if narrow:
        ax.text(middle, top + tall / 2, text, ha="center", va="center", fontsize=size)
        return
    ax.text(middle - 0.485 * wide, top + tall / 2, text, ha="left", va="center", fontsize=size)
    if block.n_parameters:
        count = f"{block.n_parameters:,}"
        ax.text(middle + 0.485 * wide, top + tall / 2, count, ha="right", va="center", fontsize=size)


def _draw_arrows(ax: Any, places: list[float], start: float, end: float) -> None:
    style = {"arrowstyle": "-|>", "color": "black", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
    for place in places:
        ax.annotate("", (place, end), (place, start), arrowprops=style)
