"""A time series as numbers on a regular grid of times, and what it consists of."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.forecast_column import TimeColumn
from chainrule.table.cells import Cells

__all__ = ["Exogenous", "Series", "SeriesForm"]

Array = Any

_MOST_LEVELS = 64


@dataclass(frozen=True)
class Exogenous:
    """A further column: numbers, or a flag for each of its levels.

    Attributes
    ----------
    levels : tuple of str or None
        None for numbers. What is missing has no flag, nor has a level that `fit` did not see.
    known : bool
        Its future is known.
    """

    name: str
    levels: tuple[str, ...] | None = None
    known: bool = False

    @classmethod
    def of(cls, cells: Cells, known: bool) -> "Exogenous":
        """What a column is.

        Raises
        ------
        ParameterError
            For dates, times, and categories with too many levels.
        """
        if cells.type in ("number", "boolean", "empty"):
            return cls(cells.name, None, known)
        if cells.type not in ("text", "category"):
            raise ParameterError(
                f"column {cells.name!r:.80} must hold numbers, true and false, or categories, however it "
                f"holds {cells.type}s; name it as time= if it says when, or leave it out"
            )
        if len(cells.texts) > _MOST_LEVELS:
            raise ParameterError(
                f"column {cells.name!r:.80} must have up to {_MOST_LEVELS} categories, however: "
                f"{len(cells.texts):,}; name it as time= if it says when, leave it out, or make fewer of them"
            )
        return cls(cells.name, tuple(sorted(cells.texts)), known)

    @property
    def width(self) -> int:
        """Numbers that it becomes."""
        return 1 if self.levels is None else len(self.levels)

    def values(self, cells: Cells) -> Array:
        """(n, width), NaN where a number is missing."""
        if self.levels is None:
            return cells.numbers()[:, None]
        texts, codes = cells.factors
        flags = np.array([[text == level for level in self.levels] for text in texts], dtype=float)
        return np.concatenate([flags.reshape(len(texts), -1), np.zeros((1, self.width))])[codes]


@dataclass(frozen=True)
class SeriesForm:
    """What a series consists of, as `fit` found it.

    Attributes
    ----------
    targets : tuple of str
    exogenous : tuple of Exogenous
    time : TimeColumn or None
    of_array : int
        Axes of the array that it was; 0 for a frame.
    """

    targets: tuple[str, ...]
    exogenous: tuple[Exogenous, ...] = ()
    time: TimeColumn | None = None
    of_array: int = 0

    @property
    def known(self) -> tuple[str, ...]:
        """Names of the columns whose future is known."""
        return tuple(column.name for column in self.exogenous if column.known)

    def moments(self, places: Array) -> Array:
        """The times of places of the grid, as clocks show them; the places themselves without times."""
        return places if self.time is None else self.time.clock(places)

    @property
    def are_known(self) -> Array:
        """For each number of the further columns, whether its future is known."""
        return np.repeat([c.known for c in self.exogenous], [c.width for c in self.exogenous]).astype(bool)


@dataclass(frozen=True)
class Series:
    """Values on consecutive places of the grid.

    Attributes
    ----------
    first : int
        The place of the first on the grid.
    targets : array (n, number of targets), NaN where missing
    inputs : array (n, numbers of the further columns), NaN where missing
    backend : str or None
        The library of the frame, None for an array.
    """

    first: int
    targets: Array
    inputs: Array
    backend: str | None = None

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def behind(self) -> int:
        """The place behind the last."""
        return self.first + len(self)

    def last(self, n: int) -> "Series":
        """The last n rows, copied: what lies before is let go."""
        start = len(self) - n
        return replace(
            self,
            first=self.first + start,
            targets=self.targets[start:].copy(),
            inputs=self.inputs[start:].copy(),
        )
