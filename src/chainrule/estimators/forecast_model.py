"""A network that goes on with a series: learned from windows of it, rolled into the future."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from chainrule.estimators.forecast_linear import LinearModel
from chainrule.estimators.forecast_series import Series, SeriesForm
from chainrule.estimators.forecast_windows import Windows, calendar_values, filled
from chainrule.training.interrupt import ctrl_c

__all__ = ["ForecastModel", "Scaling", "Timeline", "learned_linear", "learned_network", "samples"]

Array = Any

_AT_ONCE = 2048

_CLEARLY_LESS = 0.99


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
    """(y_t, ..., y_{t+block-1}) = s (base + scale · f(x)) + (1 - s) (last + W x'), and the same rolled on.

    x, x' are what is seen at t: the window before, the calendar, what is known; x' holds differences to the
    last value, and that value. Two forecasts that err in different ways err less together (Bates and Granger
    1969, The combination of forecasts).

    Attributes
    ----------
    windows : what the network sees
    network : SequenceRegressor
    linear : LinearModel
    share : float
        The network's share s of the forecast, from 0 to 1.
    """

    windows: Windows
    network: Any = field(repr=False)
    linear: LinearModel = field(repr=False)
    share: float

    def told(self, timeline: Timeline, origins: Array, steps: int) -> Array:
        """Forecasts of the `steps` steps from each of these places on: (n, steps, targets)."""
        return np.concatenate([self._rolled(timeline, places, steps) for places in _in_pieces(origins)])

    def _rolled(self, timeline: Timeline, origins: Array, steps: int) -> Array:
        windows = self.windows
        past = _past(windows, timeline, origins)
        for ahead in range(0, steps, windows.block):
            seen, places = past[:, -windows.reach :], origins + ahead
            rows, base, scale = _rows(windows, timeline, seen, places)
            answers = self.network.predict(rows[:, None]).reshape(len(origins), windows.block, -1)
            linear = _told_linearly(self.linear, windows, timeline, seen, places)
            told = self.share * (base + scale * answers) + (1 - self.share) * linear
            past = np.concatenate([past, told], axis=1)
        return past[:, windows.reach : windows.reach + steps]


def learned_network(network: Any, X: Array, y: Array) -> Any:
    """The network when it has learned; Ctrl-C ends with a KeyboardInterrupt.

    A network on its own keeps what it has then; of several, some would have learned nothing.
    """
    with ctrl_c() as check_for_ctrl_c:
        network.fit(X, y)
        check_for_ctrl_c()
    return network


def samples(windows: Windows, timeline: Timeline, origins: Array) -> tuple[Array, Array]:
    """What the network sees of these places, (n, 1, numbers), and what it is to answer, (n,) or (n, ...)."""
    rows, answers = [], []
    for places in _in_pieces(origins):
        seen, base, scale = _rows(windows, timeline, _past(windows, timeline, places), places)
        rows.append(seen)
        answers.append((_gathered(timeline.actual, places, windows.block) - base) / scale)
    X, y = np.concatenate(rows), np.concatenate(answers).reshape(len(origins), -1)
    return X[:, None], y[:, 0] if y.shape[1] == 1 else y


def learned_linear(windows: Windows, timeline: Timeline, origins: Array, level: bool) -> LinearModel:
    """Learn W and b from these places; from some of them where there are very many.

    The last value counts only where `level` allows it and errors are then clearly less: otherwise a series
    may leave the levels it has had, and is told by its differences as before.
    """
    n_inputs = _linear_rows(windows, timeline, _past(windows, timeline, origins[:1]), origins[:1]).shape[1]
    n = LinearModel.enough_rows(len(origins), n_inputs)
    origins = origins[np.linspace(0, len(origins) - 1, n).round().astype(int)]
    past = _past(windows, timeline, origins)
    answers = _gathered(timeline.actual, origins, windows.block) - past[:, -1:]
    answers = answers.reshape(len(origins), -1)
    X, n_targets = _linear_rows(windows, timeline, past, origins), past.shape[2]
    found = LinearModel.learned(X[:, :-n_targets], answers)
    with_level = LinearModel.learned(X, answers) if level else found
    return with_level if with_level.error < _CLEARLY_LESS * found.error else found.with_unused(n_targets)


def _told_linearly(
    linear: LinearModel, windows: Windows, timeline: Timeline, past: Array, origins: Array
) -> Array:
    """What the linear part tells: (n, block, targets)."""
    answers = linear(_linear_rows(windows, timeline, past, origins))
    return answers.reshape(len(origins), windows.block, -1) + past[:, -1:]


def _linear_rows(windows: Windows, timeline: Timeline, past: Array, origins: Array) -> Array:
    rows, _, _ = _rows(replace(windows, difference="last"), timeline, past, origins)
    return np.concatenate([rows, past[:, -1]], axis=1)


def _rows(windows: Windows, timeline: Timeline, past: Array, origins: Array) -> tuple[Array, Array, Array]:
    """What `Windows.rows` says of these places, with this past."""
    inputs = _gathered(timeline.inputs, origins - windows.window, windows.window)
    known = _gathered(timeline.known, origins, windows.block)
    return windows.rows(past, inputs, known, timeline.calendar[origins])


def _past(windows: Windows, timeline: Timeline, origins: Array) -> Array:
    return _gathered(timeline.targets, origins - windows.reach, windows.reach)


def _gathered(values: Array, starts: Array, n: int) -> Array:
    """(starts, n, ...): the n rows from each start on."""
    return values[starts[:, None] + np.arange(n)]


def _in_pieces(places: Array) -> list[Array]:
    return [places[i : i + _AT_ONCE] for i in range(0, len(places), _AT_ONCE)]
