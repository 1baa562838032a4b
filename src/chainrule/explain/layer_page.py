"""What the pages of all layers that see a grid or go through steps share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.explain.document import Formula, Grid

__all__ = ["LayerPage", "Shown", "few", "grid_map", "left_out", "matrix", "strongest"]

Array = Any
Parts = tuple[str | Formula | Grid, ...]

_MAP_AT_MOST = 10
"""Columns and rows of a map of rounded numbers: what fits a line of 100 characters."""


@dataclass(frozen=True)
class Shown:
    """What of a layer is shown.

    Attributes
    ----------
    units : neurons, rows and columns of a matrix
    row : of the batch, counted from 0
    unit : of a recurrent layer or filter, counted from 0; None: a telling one is chosen
    several : whether the batch has more than one row
    """

    units: int
    row: int
    unit: int | None = None
    several: bool = False

    @property
    def of_batch(self) -> str:
        """What stands behind dL/dW, which is of all rows."""
        return " of the batch" if self.several else ""

    def chosen(self, sizes: Array) -> int:
        """The unit that was asked for, where there is one; else that with the largest of the sizes."""
        if self.unit is not None and self.unit < len(sizes):
            return self.unit
        return strongest(sizes)


@dataclass(frozen=True)
class LayerPage:
    """What stands below a layer's headings in a trace; nothing where there is no such heading."""

    forward: Parts
    backward: Parts = ()
    update: Parts = ()


def strongest(sizes: Array) -> int:
    """The place of the largest of some numbers; 0 where none is a number."""
    return int(np.argmax(np.nan_to_num(np.abs(sizes))))


def few(n: int, most: int) -> list[int | None]:
    """Places of n things of which `most` are shown: the first ones, None for those left out, the last."""
    if n <= most:
        return list(range(n))
    ahead = max(most // 3, 1)
    return [*range(ahead), None, *range(n - most + ahead, n)]


def grid_map(values: Array, caption: Formula | str, around: tuple[int, int] = (0, 0)) -> Grid:
    """A map (height, width) as rounded numbers; of a large one what lies around a place."""
    (height, width), most = values.shape, _MAP_AT_MOST
    rows, columns = (_window(n, at, most) for n, at in zip((height, width), around, strict=True))
    finite = np.abs(values[np.isfinite(values)])
    digits = 2 - int(np.floor(np.log10(finite.max()))) if finite.any() else 0
    shown = np.round(values[rows.start : rows.stop, columns.start : columns.stop].astype(np.float64), digits)
    header = ("row / column" if height > 1 else "place", *(str(x + 1) for x in columns))
    lines: list[tuple[Any, ...]] = [
        (y + 1 if height > 1 else "", *map(float, line)) for y, line in zip(rows, shown, strict=True)
    ]
    cut = height > most or width > most
    note = (
        f"what lies around row {around[0] + 1}, column {around[1] + 1} of {height} × {width}" if cut else ""
    )
    return Grid(header, tuple(lines), caption, note)


def _window(n: int, at: int, most: int) -> range:
    start = min(max(at - most // 2, 0), max(n - most, 0))
    return range(start, min(start + most, n))


def matrix(values: Array, caption: Formula | str, names: Sequence[Any], head: str, most: int) -> Grid:
    """A matrix with its first rows and columns, the rows by their names."""
    n_to, n_from = values.shape
    header = (head, *(str(j + 1) for j in range(min(most, n_from))))
    rows = tuple((name, *map(float, line[:most])) for name, line in zip(names, values, strict=True))
    return Grid(
        header, rows[:most], caption, f"the first of {n_to} × {n_from}" if max(n_to, n_from) > most else ""
    )


def left_out(n: int, shown: int, what: str) -> str:
    """Say how many more there are."""
    return f"… {n - shown} more {what}" if n > shown else ""
