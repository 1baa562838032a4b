"""A time series as numbers on a regular grid of times, and what it consists of."""

from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.forecast_times import Grid
from chainrule.table.cells import Cells

__all__ = ["Exogenous", "Series", "SeriesForm", "TimeColumn"]

Array = Any

_MOST_LEVELS = 64


@dataclass(frozen=True)
class TimeColumn:
    """The column of times: its name, its grid, and its type as the frame's library has it.

    Attributes
    ----------
    zone : str or None
        The time zone that the type names.
    in_utc : bool
        The grid is one of moments in UTC, not of what clocks show in the zone.
    """

    name: str
    grid: Grid
    dtype: Any
    zone: str | None = None
    in_utc: bool = False

    def clock(self, positions: Array) -> Array:
        """What clocks show, datetime64[us]."""
        moments = self.grid.times(positions)
        if not self.in_utc or self.zone is None:
            return moments
        zone = ZoneInfo(self.zone)
        shown = [m.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) for m in moments.tolist()]
        return np.array(shown, dtype="M8[us]")

    def column(self, positions: Array, backend: Any) -> Any:
        """The times as a series of the frame's library."""
        import narwhals as nw

        series = nw.new_series(self.name, self.grid.times(positions), backend=backend)
        if self.zone is None:
            return series.cast(self.dtype)
        series = series.dt.replace_time_zone("UTC" if self.in_utc else self.zone)
        return series.dt.convert_time_zone(self.zone).cast(self.dtype)


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
                f"{len(cells.texts):,}; leave it out, or make fewer of them"
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
    backend : library of the frame, None for an array
    """

    first: int
    targets: Array
    inputs: Array
    backend: Any = None

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def behind(self) -> int:
        """The place behind the last."""
        return self.first + len(self)

    def part(self, start: int, stop: int) -> "Series":
        """The rows from `start` to `stop`."""
        return replace(
            self, first=self.first + start, targets=self.targets[start:stop], inputs=self.inputs[start:stop]
        )
