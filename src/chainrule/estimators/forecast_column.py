"""The column of times of a series: a grid, and how times are written in the frame that it came in."""

import re
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.forecast_times import Grid

__all__ = ["DTYPES", "TimeColumn", "zone_of"]

Array = Any

DTYPES = ("Date", "Datetime(ms)", "Datetime(us)", "Datetime(ns)", "Int64", "Float64")
"""Types of a column of times, in the words of narwhals; others may end before the times do."""

_FIXED = re.compile(r"(?:UTC)?([+-])(\d\d):?(\d\d)")


@dataclass(frozen=True)
class TimeColumn:
    """The column of times: its name, its grid, and its type as the frame's library has it.

    Attributes
    ----------
    dtype : one of `DTYPES`
    zone : str or None
        The time zone that the type names.
    in_utc : bool
        The grid is one of moments in UTC, not of what clocks show in the zone.
    """

    name: str
    grid: Grid
    dtype: str
    zone: str | None = None
    in_utc: bool = False

    @classmethod
    def of(cls, name: str, grid: Grid, dtype: Any, zone: str | None, in_utc: bool) -> "TimeColumn":
        """The column with a type of narwhals; one that forecasts cannot have becomes the nearest."""
        text = type(dtype).__name__
        if text == "Datetime":
            text = f"Datetime({dtype.time_unit})"
        if text not in DTYPES:
            is_number = grid.kind == "numbers"
            text = ("Int64" if isinstance(grid.start, np.integer) else "Float64") if is_number else DTYPES[2]
        return cls(name, grid, text, zone, in_utc)

    def clock(self, positions: Array) -> Array:
        """What clocks show, datetime64[us]."""
        moments = self.grid.times(positions)
        if not self.in_utc or self.zone is None:
            return moments
        return _shifted(moments, UTC, zone_of(self.zone))

    def column(self, positions: Array, backend: Any) -> Any:
        """The times as a series of the frame's library.

        A time that clocks skip is told as the moment that comes so long after the one before; of one that
        they show twice the first is meant.
        """
        import narwhals as nw

        times = self.grid.times(positions)
        if self.zone is not None and not self.in_utc:
            times = _shifted(times, zone_of(self.zone), UTC)
        series = nw.new_series(self.name, times, backend=backend)
        if self.zone is not None:
            series = series.dt.replace_time_zone("UTC").dt.convert_time_zone(self.zone)
        name, _, unit = self.dtype.removesuffix(")").partition("(")
        return series.cast(nw.Datetime(unit, self.zone) if unit else getattr(nw, name))  # type: ignore[arg-type]


def zone_of(name: str) -> tzinfo:
    """The time zone of a name such as Europe/Zurich, UTC or UTC+01:00.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if fixed := _FIXED.fullmatch(name):
        sign, hours, minutes = fixed.groups()
        return timezone(timedelta(hours=int(sign + hours), minutes=int(sign + minutes)))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ParameterError(
            f"the time zone {name!r:.80} is not known here; convert the times to UTC, or install tzdata"
        ) from None


def _shifted(moments: Array, of: tzinfo, to: tzinfo) -> Array:
    """What clocks show in one zone when they show this in another, datetime64[us]."""
    shown = [m.replace(tzinfo=of).astimezone(to).replace(tzinfo=None) for m in moments.tolist()]
    return np.array(shown, dtype="M8[us]")
