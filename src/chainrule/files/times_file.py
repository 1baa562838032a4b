"""The times of a series to plain data and back: a column, its grid, its zone."""

from typing import Any

import numpy as np

from chainrule.files.checks import check_keys

__all__ = ["check_times", "describe_time", "load_time"]

_UNITS = {"moments": "us", "months": "M", "weekdays": "D"}
_DAY = 86_400_000_000
_LONGEST_STEP = {"moments": 400 * 366 * _DAY, "months": 4800}
_LAST_YEAR, _MOST_YEARS = 8000, 1900
"""In which a series may begin, and how long it may go on: every step must have a date."""

_LARGEST_WHOLE = 2**62


def describe_time(time: Any) -> dict[str, Any]:
    """Name, type, zone and grid of a column of times; steps in microseconds, or in months."""
    grid = time.grid
    described = {"name": time.name, "dtype": time.dtype, "zone": time.zone, "in_utc": time.in_utc}
    if grid.kind == "numbers":
        return described | {"grid": {"kind": "numbers", "start": grid.start.item(), "step": grid.step.item()}}
    step = grid.step.astype(np.int64) if grid.kind == "moments" else grid.step if grid.kind == "months" else 1
    offset = int(grid.offset.astype(np.int64))
    return described | {
        "grid": {"kind": grid.kind, "start": str(grid.start), "step": int(step), "offset": offset}
    }


def check_times(grid: Any, n_steps: int) -> None:
    """Refuse a grid on which so many steps would leave the numbers or the calendar that there are.

    Raises
    ------
    ValueError
    """
    if grid.kind == "numbers":
        fits = n_steps * grid.step.item() <= _LARGEST_WHOLE
    else:
        fits = n_steps * grid.days <= _MOST_YEARS * 365
    if not fits:
        raise ValueError(f"a series of {n_steps:,} steps, {grid}, has no end")


def load_time(described: dict[str, Any]) -> Any:
    """The column that `describe_time` described.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is not such a description.
    """
    from chainrule.estimators.forecast_column import DTYPES, TimeColumn, zone_of

    check_keys(described, {"name", "dtype", "zone", "in_utc", "grid"})
    grid = _grid(described["grid"])
    name, dtype, zone, in_utc = (described[key] for key in ("name", "dtype", "zone", "in_utc"))
    is_number = not dtype.startswith("Dat")
    if dtype not in DTYPES or is_number != (grid.kind == "numbers") or type(in_utc) is not bool:
        raise ValueError(f"times of type {dtype!r:.80} on a grid of {grid.kind}")
    if zone is None:
        if in_utc:
            raise ValueError("times in UTC without a zone")
    elif not dtype.startswith("Datetime"):
        raise ValueError(f"times of type {dtype!r:.80} have no zone {zone!r:.80}")
    else:
        zone_of(zone)
    return TimeColumn(name, grid, dtype, zone, in_utc)


def _grid(described: dict[str, Any]) -> Any:
    from chainrule.estimators.forecast_times import Grid

    kind, start, step = described["kind"], described["start"], described["step"]
    if kind == "numbers":
        check_keys(described, {"kind", "start", "step"})
        same = type(start) is type(step) and type(start) in (int, float)
        if not same or not abs(start) <= _LARGEST_WHOLE or not 0 < step <= _LARGEST_WHOLE:
            raise ValueError(f"times from {start!r:.80} on, {step!r:.80} apart")
        number = np.int64 if type(start) is int else np.float64
        return Grid(kind, number(start), number(step))
    check_keys(described, {"kind", "start", "step", "offset"})
    if kind not in _UNITS:
        raise ValueError(f"a grid of {kind!r:.80}")
    unit: Any = _UNITS[kind]
    if type(start) is not str or str(moment := np.datetime64(start, unit)) != start:
        raise ValueError(f"times from {start!r:.80} on")
    year = int(moment.astype("M8[Y]").astype(np.int64)) + 1970
    if np.isnat(moment) or not 1 <= year <= _LAST_YEAR or (kind == "weekdays" and not np.is_busday(moment)):
        raise ValueError(f"times from {start!r:.80} on")
    return Grid(kind, moment, *_step_and_offset(kind, step, described["offset"]))


def _step_and_offset(kind: str, step: Any, offset: Any) -> tuple[Any, Any]:
    longest = _LONGEST_STEP.get(kind, 1)
    farthest = {"moments": 0, "months": 31 * _DAY, "weekdays": _DAY - 1}[kind]
    if type(step) is not int or not 1 <= step <= longest:
        raise ValueError(f"steps of {step!r:.80}")
    if type(offset) is not int or not -farthest <= offset <= farthest:
        raise ValueError(f"an offset of {offset!r:.80}")
    steps = {"moments": np.timedelta64(step, "us"), "months": step, "weekdays": np.timedelta64(_DAY, "us")}
    return steps[kind], np.timedelta64(offset, "us")
