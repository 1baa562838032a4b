"""A network that goes on with a series: learned from windows of it, rolled into the future."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from chainrule.estimators.forecast_series import Series, SeriesForm
from chainrule.estimators.forecast_windows import Windows, calendar_values, filled

__all__ = ["ForecastModel", "Scaling", "Timeline"]

Array = Any

_AT_ONCE = 2048


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation of each target and of each further number: how a series is standardized."""

    mean: Array
    scale: Array
    inputs_mean: Array
    inputs_scale: Array

    @classmethod
    def of(cls, series: Series) -> Self:
        """Learn them from what is not missing."""
        return cls(*_mean_and_scale(series.targets), *_mean_and_scale(series.inputs))

    def scaled(self, targets: Array) -> Array:
        """Targets as the network sees them."""
        return (targets - self.mean) / self.scale

    def unscaled(self, targets: Array) -> Array:
        """Targets as they are given."""
        return targets * self.scale + self.mean

    def scaled_inputs(self, inputs: Array, columns: Any = slice(None)) -> Array:
        """Further numbers as the network sees them."""
        return (inputs - self.inputs_mean[columns]) / self.inputs_scale[columns]


def _mean_and_scale(values: Array) -> tuple[Array, Array]:
    counts = (~np.isnan(values)).sum(axis=0).clip(min=1)
    mean = np.nansum(values, axis=0) / counts
    spread = np.sqrt(np.nansum((values - mean) ** 2, axis=0) / counts)
    return mean, np.where(spread > 1e-12 * np.abs(mean), spread, 1.0)


@dataclass(frozen=True)
class Timeline:
    """A series as the network sees it, standardized, and as much of its future as is known.

    Attributes
    ----------
    actual : array (n, targets), NaN where missing
    targets : array (n, targets), what is missing filled in if that is wanted
    inputs : array (n, numbers of the further columns); with those of the future if all of them are known
    known, calendar : array (n + known steps of the future, ...)
    """

    actual: Array
    targets: Array
    inputs: Array
    known: Array
    calendar: Array

    @classmethod
    def of(
        cls, series: Series, form: SeriesForm, windows: Windows, scaling: Scaling, fill: bool, future: Array
    ) -> Self:
        """The timeline of a series that the known columns `future` follow."""
        seen = filled(series, windows.season) if fill else series
        inputs, future = scaling.scaled_inputs(seen.inputs), scaling.scaled_inputs(future, form.are_known)
        known = np.concatenate([inputs[:, form.are_known], future])
        if form.are_known.all():
            inputs = known
        places = np.arange(series.first, series.behind + len(future))
        calendar = calendar_values(form.time, windows.cycles, places)
        return cls(scaling.scaled(series.targets), scaling.scaled(seen.targets), inputs, known, calendar)

    def origins(self, windows: Windows, steps: int, learning: bool) -> Array:
        """Places from which `steps` steps can be told, ascending: nothing that is needed is missing.

        Parameters
        ----------
        learning : bool
            The answers are needed as well.
        """
        n = len(self.targets)
        t = np.arange(windows.reach, n - steps + 1)
        gaps = [
            _any_missing(self.targets, t - windows.reach, t),
            _any_missing(self.inputs, t - windows.window, t),
            _any_missing(self.known, t, t + steps),
        ]
        if learning:
            gaps.append(_any_missing(self.actual, t, t + steps))
        return t[~np.any(gaps, axis=0)]


def _any_missing(values: Array, start: Array, stop: Array) -> Array:
    """Whether there is a NaN among rows start ... stop - 1, for many of these."""
    counts = np.append(0, np.isnan(values).any(axis=1).cumsum())
    return counts[stop] > counts[start]


@dataclass(frozen=True)
class ForecastModel:
    """(y_t, ..., y_{t+block-1}) = f(window before t, known of t, ...), and the same rolled on and on.

    Attributes
    ----------
    windows : what the network sees
    network : SequenceRegressor
    """

    windows: Windows
    network: Any = field(repr=False)

    @classmethod
    def learned(
        cls, windows: Windows, timeline: Timeline, origins: Array, make_network: Callable[[int], Any]
    ) -> Self:
        """Learn to tell what follows these places; `make_network` gets the number of inputs."""
        past = _gathered(timeline.targets, origins - windows.reach, windows.reach)
        rows, base, scale = _rows(windows, timeline, past, origins)
        answers = (_gathered(timeline.actual, origins, windows.block) - base) / scale
        answers = answers.reshape(len(origins), -1)
        network = make_network(rows.shape[1])
        network.fit(rows[:, None], answers[:, 0] if answers.shape[1] == 1 else answers)
        return cls(windows, network)

    def told(self, timeline: Timeline, origins: Array, steps: int) -> Array:
        """Forecasts of the `steps` steps from each of these places on: (n, steps, targets)."""
        pieces = [
            self._rolled(timeline, origins[i : i + _AT_ONCE], steps) for i in range(0, len(origins), _AT_ONCE)
        ]
        return np.concatenate(pieces)

    def _rolled(self, timeline: Timeline, origins: Array, steps: int) -> Array:
        reach, block = self.windows.reach, self.windows.block
        past = _gathered(timeline.targets, origins - reach, reach)
        for ahead in range(0, steps, block):
            rows, base, scale = _rows(self.windows, timeline, past[:, -reach:], origins + ahead)
            answers = self.network.predict(rows[:, None]).reshape(len(origins), block, -1) * scale + base
            past = np.concatenate([past, answers], axis=1)
        return past[:, reach : reach + steps]


def _rows(windows: Windows, timeline: Timeline, past: Array, origins: Array) -> tuple[Array, Array, Array]:
    """What `Windows.rows` says of these places, with this past."""
    inputs = _gathered(timeline.inputs, origins - windows.window, windows.window)
    known = _gathered(timeline.known, origins, windows.block)
    return windows.rows(past, inputs, known, timeline.calendar[origins])


def _gathered(values: Array, starts: Array, n: int) -> Array:
    """(starts, n, ...): the n rows from each start on."""
    return values[starts[:, None] + np.arange(n)]
