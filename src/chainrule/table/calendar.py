"""A column of dates, times or durations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self
from warnings import warn

import numpy as np

from chainrule.errors import DegradedWarning, TableError
from chainrule.table.cells import Cells
from chainrule.table.dates import day_comes_first, is_ambiguous, moment_in, says_date, says_time, time_in
from chainrule.table.number import range_of
from chainrule.table.typed import Feature, TypedColumn

__all__ = ["PARTS", "Calendar", "day_first_in"]

_UNITS = {"date": "days", "time": "hour", "duration": "seconds"}

_MOST_DAYS = 1e8  # datetime64[us] ends soon after

PARTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "year": lambda m: m.astype("M8[Y]").astype(np.int64) + 1970,
    "month": lambda m: m.astype("M8[M]").astype(np.int64) % 12 + 1,
    "day": lambda m: (_day(m) - m.astype("M8[M]").astype("M8[D]")).astype(np.int64) + 1,
    "weekday": lambda m: (_day(m).astype(np.int64) + 3) % 7,  # day 0, 1 January 1970, was a Thursday
    "day of year": lambda m: (_day(m) - m.astype("M8[Y]").astype("M8[D]")).astype(np.int64) + 1,
    "hour": lambda m: (m - _day(m)) / np.timedelta64(1, "h"),
}
"""Parts of a moment in datetime64[us]: the weekday is 0 on Monday, the hour has its minutes as a fraction."""


@dataclass(frozen=True)
class Calendar(TypedColumn):
    """A date becomes the days since the first one of training, and those calendar parts that vary there.

    The parts are year, month, day, weekday (0: Monday), day of year and hour (with minutes as a fraction).
    Moments with a time zone count in UTC, so that the same moment is the same in any zone. A time of day
    becomes its hours, a duration its seconds. Dates and times written as text (`moment_in`, `time_in`) are
    read too; other text becomes missing, with a warning.

    Attributes
    ----------
    form : "date", "time" or "duration"
    low, high : float
        The range in training: days since 1970-01-01, hours or seconds.
    parts : tuple of str
        Of a date: the calendar parts that vary.
    day_first : bool or None
        How training wrote 31/01/2024; None if it wrote no such dates.
    """

    form: str
    low: float
    high: float
    parts: tuple[str, ...]
    day_first: bool | None

    kind: ClassVar[str] = "date"

    @classmethod
    def learn(cls, cells: Cells) -> Self:
        """Learn the range, and which parts vary.

        Raises
        ------
        TableError
            If it holds neither dates nor times.

        Warns
        -----
        DegradedWarning
            If some text is neither, or if it is not settled whether the day or the month comes first.
        """
        form = _form_of(cells)
        day_first = day_first_in(cells, None) if form == "date" else None
        values = _values(cells, form, day_first)
        if form != "date":
            return cls(cells.name, cells.missing_share, form, *range_of(values), (), None)
        known = values[~np.isnat(values)]
        parts = tuple(part for part, of in PARTS.items() if len(known) and np.ptp(of(known)) > 0)
        return cls(cells.name, cells.missing_share, form, *range_of(_days(values)), parts, day_first)

    @property
    def features(self) -> tuple[Feature, ...]:
        """Days and calendar parts, hours, or seconds."""
        names = (_UNITS[self.form], *self.parts)
        return tuple(Feature(f"{self.name} {part}", self.name, "number") for part in names)

    def read(self, cells: Cells) -> np.ndarray:
        """Days and calendar parts, hours, or seconds; NaN where missing.

        Raises
        ------
        TableError
            For numbers; names the column.
        """
        if self.form != "date":
            return _values(cells, self.form, None)[:, None]
        moments = _values(cells, "date", day_first_in(cells, self.day_first))
        result = np.full((len(moments), len(self.features)), np.nan)
        known = ~np.isnat(moments)
        result[known, 0] = _days(moments[known]) - self.low
        for place, part in enumerate(self.parts, start=1):
            result[known, place] = PARTS[part](moments[known])
        return result

    @property
    def extent(self) -> str:
        """The range in training."""
        if self.form != "date":
            return f"{self.low:g} to {self.high:g} {'hours' if self.form == 'time' else 'seconds'}"
        return " to ".join(str(np.datetime64(int(day // 1), "D")) for day in (self.low, self.high))

    @property
    def becomes(self) -> str:
        """The parts."""
        return ", ".join((_UNITS[self.form], *self.parts))

    def is_sound(self) -> bool:
        """Whether its attributes fit each other."""
        of_date = list(self.parts) == [part for part in PARTS if part in self.parts]
        fits = of_date and max(-self.low, self.high) <= _MOST_DAYS if self.form == "date" else not self.parts
        return self.form in _UNITS and fits and self.low <= self.high


def _day(moments: np.ndarray) -> np.ndarray:
    return moments.astype("M8[D]")


def _days(moments: np.ndarray) -> np.ndarray:
    """Days since 1970-01-01, NaN where missing."""
    return np.asarray((moments - np.datetime64(0, "us")) / np.timedelta64(1, "D"))


def _form_of(cells: Cells) -> str:
    forms = {"moment": "date", "time": "time", "duration": "duration"}
    if cells.type in forms:
        return forms[cells.type]
    if cells.type in ("text", "category"):
        are_dates, are_times = (cells.share(map(says, cells.factors[0])) for says in (says_date, says_time))
        if are_dates or are_times:
            return "date" if are_dates >= are_times else "time"
    raise TableError(
        f"column {cells.name!r:.80} cannot be dates: it holds {cells.type} values such as "
        f"{cells.factors[0][0]!r:.80}; write dates as 2024-01-31, or choose another kind"
    )


def day_first_in(cells: Cells, known: bool | None) -> bool | None:
    """Settle which number is the day in dates such as 03/04/2024, where there are any.

    Warns
    -----
    DegradedWarning
        If they do not say it, and it is not known.
    """
    if known is not None or cells.type not in ("text", "category"):
        return known
    texts = cells.factors[0]
    day_first = day_comes_first(texts)
    example = is_ambiguous(texts)
    if day_first is None and example is not None:
        warn(
            f"column {cells.name!r:.80} does not settle whether the day or the month comes first in dates "
            f"such as {example!r:.80}; the month was taken to come first; write dates as 2024-01-31",
            DegradedWarning,
            stacklevel=2,
        )
        return False
    return day_first


def _values(cells: Cells, form: str, day_first: bool | None) -> np.ndarray:
    """Moments, hours or seconds; NaT or NaN where missing or not readable."""
    nothing = np.datetime64("NaT", "us") if form == "date" else np.nan
    if cells.type == "empty":
        return np.full(len(cells.values), nothing)
    if cells.type == {"date": "moment"}.get(form, form):
        return np.where(cells.missing, nothing, cells.values)
    if cells.type in ("text", "category") and form != "duration":
        texts, codes = cells.factors
        found = [moment_in(text, bool(day_first)) if form == "date" else time_in(text) for text in texts]
        _tell_unread(cells, form, [place for place, value in enumerate(found) if value is None])
        values = [nothing if value is None else value for value in found]
        found_values = np.array([*values, nothing], dtype="M8[us]" if form == "date" else np.float64)
        return np.asarray(found_values[codes])
    raise TableError(
        f"column {cells.name!r:.80} held {form}s in training, and now {cells.type} values such as "
        f"{cells.factors[0][0]!r:.80}; give it {form}s again"
    )


def _tell_unread(cells: Cells, form: str, unread: Sequence[int]) -> None:
    if unread:
        n = int(cells.counts[unread].sum())
        warn(
            f"column {cells.name!r:.80} holds {n:,} value{'s' * (n > 1)} that {'are' if n > 1 else 'is'} no "
            f"{form}, such as {cells.factors[0][unread[0]]!r:.80}; counted as missing",
            DegradedWarning,
            stacklevel=2,
        )
