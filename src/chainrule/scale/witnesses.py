"""Rows that show what is rare: a level, a missing value, the smallest and the largest number of a column."""

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.scale.keys import owned
from chainrule.scale.types import TextTypes

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Witnesses"]

_MOST_LEVELS = 1_000
_MOST_LABELS = 10_000


class Witnesses:
    """The first row with each level and with a missing value, the rows with the extreme numbers, by column.

    Of 1,000 levels of a column at the most: those that come later are rare, or the column is no category. Of
    a target 10,000, whatever its type: whole numbers may be classes.

    Parameters
    ----------
    target : str
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._levels: dict[str, set[Any]] = {}
        self._missing: set[str] = set()
        self._extremes: dict[tuple[str, str], tuple[float, pl.DataFrame]] = {}
        self._rows: list[pl.DataFrame] = []

    def offer(self, rows: "pl.DataFrame", types: TextTypes) -> None:
        """Take rows into account; they are kept as they came."""
        typed = types.applied(rows)
        wanted: set[int] = set()
        for name, kind in typed.schema.items():
            column = typed[name]
            if kind.is_numeric():
                self._offer_numbers(name, column, rows)
            may_be_levels = name == self._target or not kind.is_numeric()
            if may_be_levels and not kind.is_nested() and not kind.is_temporal():
                wanted |= self._new_levels(name, column)
            if name not in self._missing and (place := _first_missing(column)) is not None:
                self._missing.add(name)
                wanted.add(place)
        if wanted:
            self._rows.append(owned(rows[sorted(wanted)]))

    def rows(self) -> "pl.DataFrame":
        """All witnesses; a row may be there more than once."""
        import polars as pl

        found = [*self._rows, *(row for _, row in self._extremes.values())]
        return pl.concat(found) if found else pl.DataFrame()

    def _offer_numbers(self, name: str, column: "pl.Series", rows: "pl.DataFrame") -> None:
        import polars as pl

        numbers = column.cast(pl.Float64).to_numpy()
        present = np.flatnonzero(np.isfinite(numbers))
        if not len(present):
            return
        for what, place, is_further in (
            ("low", present[np.argmin(numbers[present])], np.less),
            ("high", present[np.argmax(numbers[present])], np.greater),
        ):
            known = self._extremes.get((name, what))
            if known is None or is_further(numbers[place], known[0]):
                self._extremes[name, what] = (float(numbers[place]), owned(rows[[int(place)]]))

    def _new_levels(self, name: str, column: "pl.Series") -> set[int]:
        known = self._levels.setdefault(name, set())
        most = _MOST_LABELS if name == self._target else _MOST_LEVELS
        if len(known) >= most:
            return set()
        firsts = column.to_frame("level").with_row_index("row").unique("level", keep="first").drop_nulls()
        found = set()
        for row, level in zip(firsts["row"].to_list(), firsts["level"].to_list(), strict=True):
            if level not in known and len(known) < most:
                known.add(level)
                found.add(row)
        return found


def _first_missing(column: "pl.Series") -> int | None:
    missing = column.is_null()
    if column.dtype.is_float():
        missing |= column.is_nan().fill_null(False)
    return int(missing.arg_max() or 0) if missing.any() else None
