"""Backtests: forecasts of the past by what was known then, beside the seasonal naive forecast."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.forecast_fit import margins
from chainrule.estimators.forecast_read import places_and_rows, read_form, read_series
from chainrule.estimators.forecast_series import Series, SeriesForm
from chainrule.estimators.forecast_table import table_of
from chainrule.estimators.forecast_windows import seasonal_naive

__all__ = ["Backtest", "backtested", "told_from"]

Array = Any


@dataclass(frozen=True)
class Backtest:
    """How forecasts were, by split and by step of the horizon.

    MAE is the mean absolute error, RMSE the root of the mean squared one; MASE the MAE in units of that
    which the value a season before has over all that lies before the split (Hyndman and Koehler 2006), NaN
    where that is 0. The same of the seasonal naive forecast over the same steps stands beside them.

    Attributes
    ----------
    by_split, by_step : frame of the library of the data, or dict of columns for an array
        One row per split or step, and target: mae, rmse, mase, naive_mae, naive_rmse, naive_mase.
    forecasts : frame, or dict of columns
        split, step, target, time (or place), actual, forecast, naive; with `coverage` low and high.
    totals : dict of str to float
        The same figures over all, all targets weighing the same; with `coverage` the share of actual values
        that lie within their interval.
    """

    by_split: Any = field(repr=False)
    by_step: Any = field(repr=False)
    forecasts: Any = field(repr=False)
    totals: dict[str, float]


@dataclass(frozen=True)
class _Split:
    """Forecasts (origins, horizon, targets) of a split, and what they are measured by.

    Attributes
    ----------
    bounds : array (2, origins, horizon, targets) or None
    """

    origins: Array
    actual: Array
    told: Array
    naive: Array
    bounds: Array | None
    scale: Array


def backtested(
    model: Any, data: Any, columns: tuple[Any, Any, Any], splits: int, test_steps: int | None, refit: bool
) -> Backtest:
    """See `Forecaster.backtest`; `model` is a clone to learn with."""
    target, time, known = columns
    form = read_form(data, target, time, known)
    series = read_series(data, form)
    horizon = model.horizon
    test_steps = horizon if test_steps is None else test_steps
    for name, value, least in (("splits", splits, 1), ("test_steps", test_steps, horizon)):
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
            raise ParameterError(f"{name} must be an integer of {least} or more, however: {value!r}")
    first = len(series) - splits * test_steps
    if first < 1:
        raise ParameterError(
            f"splits · test_steps = {splits * test_steps} steps must be fewer than the series has, however "
            f"it has {len(series)}; test fewer, or give more"
        )
    places, rows_of = places_and_rows(data, form)
    found = []
    for i in range(splits):
        cut = first + i * test_steps
        if refit or not i:
            before = rows_of(places < cut)  # whose levels are known then; the times are those of all rows
            own = replace(read_form(before, target, time, known), time=form.time)
            model._learn(own, read_series(before, own))
        found.append(_split(model, data, series, cut, test_steps))
    return _backtest(form, series, found)


def told_from(model: Any, data: Any, first: int) -> Backtest:
    """How a fitted forecaster tells a series from its step `first` on, by what it has learned already.

    Raises
    ------
    ParameterError, TableError
    """
    series = read_series(data, model.form_)
    return _backtest(model.form_, series, [_split(model, data, series, first, len(series) - first)])


def _split(model: Any, data: Any, series: Series, cut: int, test_steps: int) -> _Split:
    """Tell the steps from `cut` on, the values before each origin known."""
    learned, horizon = model.learned_, model.horizon_
    windows = learned.model.windows
    timeline = learned.timeline(read_series(data, model.form_), model.form_)
    possible = timeline.origins(windows, horizon, learning=False)
    origins = np.arange(cut, cut + test_steps - horizon + 1, horizon)
    origins = origins[np.isin(origins, possible)]
    if not len(origins):
        raise ParameterError(
            f"of the {test_steps} steps from step {cut} on none can be told, as values before them are "
            "missing; fill them in, set missing='fill', or raise test_steps"
        )
    unscaled = learned.scaling.unscaled
    told = learned.model.told(timeline, origins, horizon)
    bounds = None
    if learned.residuals is not None:
        bounds = unscaled(told + margins(learned.residuals, model.coverage_)[:, None])
    past = timeline.targets[origins[:, None] + np.arange(-windows.season, 0)]
    naive = unscaled(seasonal_naive(past, windows.season, horizon))
    actual = series.targets[origins[:, None] + np.arange(horizon)]
    before = series.targets[:cut]
    scale = _mean_of_known(np.abs(before[windows.season :] - before[: -windows.season]))
    return _Split(origins, actual, unscaled(told), naive, bounds, scale)


def _mean_of_known(values: Array) -> Array:
    """Of each column, of what is not missing; NaN where nothing is, or all is 0: no unit for errors."""
    counts = (~np.isnan(values)).sum(axis=0)
    sums = np.nansum(values, axis=0)
    return np.where(sums > 0, sums, np.nan) / counts.clip(min=1)


def _backtest(form: SeriesForm, series: Series, splits: list[_Split]) -> Backtest:
    horizon = splits[0].actual.shape[1]
    n = [len(split.origins) for split in splits]
    number = np.repeat(np.arange(1, len(splits) + 1), n)
    actual, told, naive = (
        np.concatenate([getattr(s, name) for s in splits]) for name in ("actual", "told", "naive")
    )
    scale = np.repeat([s.scale for s in splits], n, axis=0)[:, None, :]
    errors = {"": actual - told, "naive_": actual - naive}

    def scores(chosen: Any) -> dict[str, float]:
        """Of the errors that an index chooses."""
        return {
            prefix + name: float(value)
            for prefix, error in errors.items()
            for name, value in _scores(error[chosen], (error / scale)[chosen]).items()
        }

    targets = list(enumerate(form.targets))
    by_split = [
        {"split": i, "start": form.moments(series.first + splits[i - 1].origins[:1])[0], "target": name}
        | scores((number == i, slice(None), k))
        for i in range(1, len(splits) + 1)
        for k, name in targets
    ]
    by_step = [
        {"step": h + 1, "target": name} | scores((slice(None), h, k))
        for h in range(horizon)
        for k, name in targets
    ]
    origins = np.concatenate([s.origins for s in splits])
    at = np.indices(actual.shape).reshape(3, -1)
    rows = {
        "split": number[at[0]],
        "step": at[1] + 1,
        "target": np.array(form.targets)[at[2]].tolist(),
        "time": form.moments(series.first + origins[at[0]] + at[1]),
        "actual": actual.ravel(),
        "forecast": told.ravel(),
        "naive": naive.ravel(),
    }
    tables: list[dict[str, Any]] = [
        {name: [row[name] for row in table] for name in table[0]} for table in (by_split, by_step)
    ]
    tables[0]["start"] = np.array(tables[0]["start"])  # of times: as a list, polars takes them for objects
    totals = scores(slice(None))
    if splits[0].bounds is not None:
        low, high = np.concatenate([s.bounds for s in splits], axis=1)
        rows |= {"low": low.ravel(), "high": high.ravel()}
        there = ~np.isnan(actual)
        totals["coverage"] = float(((low <= actual) & (actual <= high))[there].mean())
    split, step, told_table = (table_of(table, series.backend) for table in (*tables, rows))
    return Backtest(split, step, told_table, totals)


def _scores(errors: Array, scaled: Array) -> dict[str, float]:
    """Of the steps whose actual value is not missing."""
    there = ~np.isnan(errors)
    if not there.any():
        return {"mae": np.nan, "rmse": np.nan, "mase": np.nan}
    errors, scaled = errors[there], scaled[there]
    return {
        "mae": np.abs(errors).mean(),
        "rmse": np.sqrt((errors**2).mean()),
        "mase": np.abs(scaled).mean(),
    }
