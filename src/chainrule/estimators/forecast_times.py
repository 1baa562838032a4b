"""The times of a series: a regular grid, found from those that there are; it goes on into the future."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from chainrule.errors import ParameterError

__all__ = ["Grid", "check_density"]

Array = Any

_DAY = np.timedelta64(1, "D").astype("m8[us]")
_SHORTEST_MONTH = 28 * _DAY
_NOTHING = np.timedelta64(0, "us")
_MOST_INSERTED = 10


@dataclass(frozen=True)
class Grid:
    """t_i = start + i · step, i = 0, 1, ...: the regular times of a series.

    Attributes
    ----------
    kind : {"numbers", "moments", "months", "weekdays"}
        months: the same day of the month, counted from its beginning or from its end, every so many months;
        weekdays: every day from Monday to Friday.
    start : int, float or datetime64
        The first time; of months and weekdays the first month or day.
    step : int, float or timedelta64
        Of months their number.
    offset : timedelta64
        What is added to the beginning of the month or of the day.
    """

    kind: str
    start: Any
    step: Any
    offset: Any = _NOTHING

    @classmethod
    def of(cls, times: Array) -> Self:
        """The grid of ascending times: numbers, or moments as datetime64[us].

        Raises
        ------
        ParameterError
            If they lie on none.
        """
        if times.dtype.kind == "M":
            found = _weekdays(times) or _months(times)
            if found is not None:
                return cls(*found)
        steps = np.diff(times)
        step = steps.min()
        grid = cls("moments" if times.dtype.kind == "M" else "numbers", times[0], step)
        if grid.kind == "numbers" and times.dtype.kind == "f":
            n_steps = np.rint((times[-1] - times[0]) / step)
            grid = cls("numbers", times[0], (times[-1] - times[0]) / n_steps)
        if not grid._is_on(times).all():
            values, counts = np.unique(steps, return_counts=True)
            usual = values[counts.argmax()]
            odd = int(np.flatnonzero(~cls(grid.kind, times[0], usual)._is_on(times))[0])
            raise ParameterError(
                f"the times must be regular, with or without gaps, however most steps are {_text(usual)} and "
                f"{_text(times[odd])} follows {_text(times[odd - 1])}; bring the series to regular times "
                "first, as with resample or group_by_dynamic"
            )
        check_density(
            int(grid.positions(times[-1:])[0]) + 1,
            len(times),
            f" of {_text(step)} from {_text(times[0])} to {_text(times[-1])}",
        )
        return grid

    def positions(self, times: Array) -> Array:
        """The place i of each time.

        Raises
        ------
        ParameterError
            If a time is none of the grid.
        """
        places, back = self._nearest(times)
        off = np.flatnonzero(~self._equal(times, back))
        if len(off):
            raise ParameterError(
                f"the times must go on as those of fit, {self}, however: {_text(times[off[0]])}"
            )
        return places

    def times(self, positions: Array) -> Array:
        """t_i of each i."""
        if self.kind == "months":
            return (self.start + positions * self.step).astype("M8[us]") + self.offset
        if self.kind == "weekdays":
            return np.busday_offset(self.start, positions).astype("M8[us]") + self.offset
        return self.start + positions * self.step

    @property
    def days(self) -> float:
        """Mean length of a step in days; 0 where times are plain numbers."""
        if self.kind == "numbers":
            return 0.0
        if self.kind == "months":
            return float(self.step) * 365.2425 / 12
        return 7 / 5 if self.kind == "weekdays" else float(self.step / _DAY)

    def __str__(self) -> str:
        what = {"months": f"{self.step} months", "weekdays": "weekday"}.get(self.kind, _text(self.step))
        return f"every {what} from {_text(self.times(np.array([0]))[0])} on"

    def _is_on(self, times: Array) -> Array:
        return self._equal(times, self._nearest(times)[1])

    def _equal(self, times: Array, back: Array) -> Array:
        if self.kind == "numbers":
            return np.abs(times - back) <= 1e-3 * self.step
        return times == back

    def _nearest(self, times: Array) -> tuple[Array, Array]:
        """(positions, the times there) that are nearest to some times, or right before them."""
        if self.kind == "numbers":
            places = np.rint((times - self.start) / self.step).astype(np.int64)
        elif self.kind == "moments":
            places = (times - self.start) // self.step
        elif self.kind == "months":
            places = ((times - self.offset).astype("M8[M]") - self.start).astype(np.int64) // self.step
        else:
            days = (times - self.offset).astype("M8[D]")
            places = np.busday_count(self.start, days)
            return places, np.where(np.is_busday(days), self.times(places), np.datetime64("NaT", "us"))
        return places, self.times(places)


def check_density(n_steps: int, n_rows: int, where: str = "") -> None:
    """Refuse a series of which nearly all steps are missing, before memory is taken for them.

    Raises
    ------
    ParameterError
    """
    if n_steps > _MOST_INSERTED * n_rows + 1000:
        raise ParameterError(
            f"the times must be regular, however of {n_steps:,} steps{where} only {n_rows:,} are there; is "
            "one of the times wrong?"
        )


def _weekdays(times: Array) -> tuple[Any, ...] | None:
    """The grid of weekdays, if there are no others in two weekends and more."""
    days = times.astype("M8[D]")
    offsets = times - days
    if (offsets != offsets[0]).any() or np.diff(times).min() != _DAY or not np.is_busday(days).all():
        return None
    free_days = (days[-1] - days[0]).astype(np.int64) - np.busday_count(days[0], days[-1])
    return ("weekdays", days[0], _DAY, offsets[0]) if free_days >= 4 else None


def _months(times: Array) -> tuple[Any, ...] | None:
    """The grid of months, if all times are the same day of theirs."""
    if np.diff(times).min() < _SHORTEST_MONTH:
        return None
    for ahead in (0, 1):
        months = times.astype("M8[M]") + ahead
        offsets = times - months
        if (offsets == offsets[0]).all():
            return "months", months[0], int(np.gcd.reduce(np.diff(months).astype(np.int64))), offsets[0]
    return None


def _text(value: Any) -> str:
    if isinstance(value, np.timedelta64):
        return str(value.astype("m8[us]").item())
    if isinstance(value, np.datetime64):
        return str(value.astype("M8[us]").item())
    return f"{value:.12g}"
