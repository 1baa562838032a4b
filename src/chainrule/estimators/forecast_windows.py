"""What a network of forecasts sees: windows of the past, and what is known of the steps that it tells."""

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from chainrule.estimators.forecast_column import TimeColumn
from chainrule.estimators.forecast_series import Series

__all__ = [
    "CYCLES",
    "DIFFERENCES",
    "Windows",
    "best_season",
    "calendar_cycles",
    "calendar_values",
    "filled",
    "seasonal_naive",
]

Array = Any

DIFFERENCES = ("last", "scaled", "season", "none")

_SMALLEST_SCALE = 0.05
"""Of standard deviations of the whole series: what hardly moves is not blown up."""

CYCLES = {"minute": 1 / 24, "hour": 1.0, "weekday": 7.0, "year": 365.2425}
"""Days of each cycle of the calendar."""

_PLACES_JUDGED = 2000
_HARMONICS = {"minute": 4, "hour": 4, "weekday": 3, "year": 3}


@dataclass(frozen=True)
class Windows:
    """How places of a series become samples.

    Attributes
    ----------
    window : int
        Steps of the past that the network reads.
    block : int
        Steps that it tells at once.
    season : int
        Steps of a season; 1: none.
    difference : {"none", "last", "scaled", "season"}
        What is read and told: values; their differences to the last value; these in standard deviations of
        the past that is needed; or, read, their differences to the mean of the last season, and, told, to the
        value a season before.
    cycles : tuple of str
        Calendar cycles whose phase at the first step is told to the network.
    """

    window: int
    block: int
    season: int
    difference: str
    cycles: tuple[str, ...]

    @property
    def reach(self) -> int:
        """Steps of the past that are needed."""
        return max(self.window, self.season)

    def rows(self, past: Array, inputs: Array, known: Array, calendar: Array) -> tuple[Array, Array, Array]:
        """(rows, base, scale): what follows is base + scale · answer.

        A row is the window, step by step, and behind it what is known of the steps to tell.

        Parameters
        ----------
        past : array (n, at least reach, targets)
        inputs : array (n, window, numbers of the further columns)
        known : array (n, block, numbers of the known columns)
            Of the steps that are told.
        calendar : array (n, numbers)
            Of the first of them.

        Returns
        -------
        array (n, numbers), array (n, block or 1, targets), array (n, 1, targets)
        """
        n = len(past)
        naive = seasonal_naive(past, self.season, self.block)
        level = base = np.zeros((n, 1, past.shape[2]))
        scale = np.ones_like(level)
        if self.difference in ("last", "scaled"):
            level = base = past[:, -1:]
        if self.difference == "scaled":
            scale = past[:, -self.reach :].std(axis=1, keepdims=True) + _SMALLEST_SCALE
        if self.difference == "season":
            level, base = past[:, -self.season :].mean(axis=1, keepdims=True), naive
        seen = np.concatenate([(past[:, -self.window :] - level) / scale, inputs], axis=2)
        parts = [seen.reshape(n, -1), known.reshape(n, -1), calendar]
        if self.season > 1:
            parts.append(((naive - level) / scale).reshape(n, -1))
        return np.concatenate(parts, axis=1).astype(np.float32), base, scale


def seasonal_naive(past: Array, season: int, steps: int) -> Array:
    """y_{t+h} = y_{t+h-k·season}, k as small as lies in the past: (n, steps, targets)."""
    return past[:, past.shape[1] - season + np.arange(steps) % season]


def best_season(time: TimeColumn | None, targets: Array, steps: int) -> int:
    """Of the seasons usual for the step that by which the seasonal naive forecast errs least; 1: none."""
    if time is None or not time.grid.days:
        return 1
    step, kind = time.grid.days, time.grid.kind
    if kind == "weekdays":
        usual = [5]
    else:
        lengths = [1.0, 7.0] if step < 7 else [364.0, 365.2425]
        usual = [
            round(length / step) for length in lengths if abs(length / step - round(length / step)) < 1e-6
        ]
    errors = {}
    for season in (1, *(s for s in usual if s > 1)):
        places = np.arange(season, len(targets) - steps + 1)
        if len(places) < season:
            continue
        places = places[:: ceil(len(places) / _PLACES_JUDGED)]
        past = targets[places[:, None] + np.arange(-season, 0)]
        ahead = targets[places[:, None] + np.arange(steps)]
        found = np.abs(ahead - seasonal_naive(past, season, steps))
        if not np.isnan(found).all():
            errors[season] = float(np.nanmean(found))
    return min(errors, key=errors.__getitem__, default=1)


def calendar_cycles(time: TimeColumn | None, n: int) -> tuple[str, ...]:
    """The cycles that have several steps, and that the series has been through twice."""
    if time is None or not time.grid.days:
        return ()
    step, span = time.grid.days, n * time.grid.days
    if time.grid.kind == "weekdays":
        step = 1.0
    return tuple(name for name, days in CYCLES.items() if step < days / 1.5 and span >= 2 * days)


def calendar_values(time: TimeColumn | None, cycles: tuple[str, ...], positions: Array) -> Array:
    """Sines and cosines of the phase in each cycle: (n, numbers)."""
    columns = [np.empty((len(positions), 0))]
    if time is not None and cycles:
        clock = time.clock(positions)
        for name in cycles:
            k = np.arange(1, _HARMONICS[name] + 1)
            angle = 2 * np.pi * _phase(clock, name)[:, None] * k
            columns += [np.sin(angle), np.cos(angle)]
    return np.concatenate(columns, axis=1)


def _phase(clock: Array, cycle: str) -> Array:
    """How far the cycle is, from 0 to 1."""
    if cycle == "year":
        year = clock.astype("M8[Y]")
        return (clock - year) / ((year + 1).astype("M8[us]") - year)
    length = np.timedelta64(round(CYCLES[cycle] * 86_400_000_000), "us")
    return (clock - np.datetime64("1970-01-05", "us")) % length / length


def filled(series: Series, season: int) -> Series:
    """What is missing replaced: targets by the value a season before, other columns by their last value.

    Only what lies before is looked at; at the beginning it stays missing.
    """
    return replace(
        series, targets=_filled(_filled(series.targets, season), 1), inputs=_filled(series.inputs, 1)
    )


def _filled(values: Array, season: int) -> Array:
    values = values.copy()
    for t in np.flatnonzero(np.isnan(values).any(axis=1)):
        if t >= season:
            values[t] = np.where(np.isnan(values[t]), values[t - season], values[t])
    return values
