"""How a forecaster learns: the difference that errs least, intervals from held-out windows, the network."""

import warnings
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any

import numpy as np

from chainrule.errors import DegradedWarning, ParameterError
from chainrule.estimators.forecast_layers import forecast_layers
from chainrule.estimators.forecast_linear import LinearModel
from chainrule.estimators.forecast_model import (
    ForecastModel,
    Scaling,
    Timeline,
    learned_linear,
    learned_network,
    samples,
)
from chainrule.estimators.forecast_series import Series, SeriesForm
from chainrule.estimators.forecast_windows import DIFFERENCES, Windows, best_season, calendar_cycles
from chainrule.estimators.rows import generator
from chainrule.estimators.sequence import SequenceRegressor

__all__ = ["Learned", "learned", "margins"]

Array = Any

_LONGEST_READ = 48
"""Steps that a recurrent cell reads unless more is asked for: it goes through them one by one."""

_EPOCHS_OF_A_TRIAL = 1 / 3

_SHARES, _EQUAL_SHARE = (0.0, 0.25, 0.5, 0.75, 1.0), 0.5
"""Of the network in a forecast: what errs least on held-out windows; the other where there are none."""

_AS_GOOD = 0.95
"""Differences that err so little more than the best are as good: the first in their order is taken."""

_STEPS, _EPOCHS = 2000, (20, 200)
"""Training is to have so many steps, within bounds on the epochs."""

_FEW_WINDOWS, _FEW_ROWS, _MANY_ROWS = 4000, 32, 128
"""Rows of a batch: few for a short series, so that an epoch has several steps."""

_TO_NETWORK = ("loss", "max_grad_norm", "learning_rate", "learning_rate_init", "verbose", "engine")

_DECAY_OF_A_WINDOW, _MOST_DECAY = 2000, 5.0
"""A prior counts as much as so many windows: the fewer there are, the more weights decay."""


@dataclass(frozen=True)
class Learned:
    """What came of a fit.

    Attributes
    ----------
    errors : dict
        Mean absolute error of each difference that was tried, in standard deviations.
    residuals : array (n, horizon, targets) or None
        Actual values minus forecasts of held-out windows.
    """

    model: ForecastModel
    scaling: Scaling
    n_windows: int
    fill: bool
    errors: dict[str, float]
    residuals: Array | None

    def timeline(self, series: Series, form: SeriesForm, known: Array | None = None) -> Timeline:
        """The series as the network sees it, and the known columns that follow."""
        known = np.empty((0, int(form.are_known.sum()))) if known is None else known
        return Timeline.of(series, form, self.model.windows, self.scaling, self.fill, known)


def learned(estimator: Any, form: SeriesForm, series: Series) -> Learned:
    """Learn to go on with the series.

    Raises
    ------
    ParameterError
        If there are too few windows without missing values.

    Warns
    -----
    DegradedWarning
        If windows were left out, as values are missing.
    """
    fitting = _Fitting(estimator, form, series)
    choices = [estimator.difference]
    if estimator.difference == "auto":
        choices = [d for d in DIFFERENCES if d != "season" or fitting.windows.season > 1]
    trials = {difference: fitting.tried(difference) for difference in choices}
    least = min(error for _, error in trials.values())
    difference = next(d for d, (_, error) in trials.items() if _AS_GOOD * error <= least)
    share = trials[difference][0]
    residuals = None
    if estimator.coverage is not None:
        residuals = fitting.residuals(fitting.learned_before(difference, share))
    model = fitting.fitted(difference, len(series), share)
    errors = {d: error for d, (_, error) in trials.items()} if len(trials) > 1 else {}
    return Learned(model, fitting.scaling, fitting.n_windows, fitting.fill, errors, residuals)


class _Fitting:
    """The windows of a series, and networks that learn from the first of them or from all."""

    def __init__(self, estimator: Any, form: SeriesForm, series: Series) -> None:
        self.estimator, self.form, self.series = estimator, form, series
        self.scaling = Scaling.of(series)
        self.windows = self._windows()
        self.seed = int(generator(estimator.random_state).integers(2**31 - 1))
        no_future = np.empty((0, int(form.are_known.sum())))
        self.fill = estimator.missing == "fill"
        self.timeline = Timeline.of(series, form, self.windows, self.scaling, self.fill, no_future)
        self.places = self.timeline.origins(self.windows, self.windows.block, learning=True)
        self._check()
        self.n_windows = len(self.places[:: estimator.stride])
        self.linear: dict[int, LinearModel] = {}
        told = self.timeline.origins(self.windows, estimator.horizon, learning=True)
        self.held_out = told[floor((1 - estimator.validation_fraction) * len(told)) :]

    def _windows(self) -> Windows:
        est, time = self.estimator, self.form.time
        targets = self.scaling.scaled(self.series.targets)
        season = est.season or best_season(time, targets, est.horizon)
        if est.difference == "season" and season == 1:
            raise ParameterError("difference='season' needs a season, however none was found; give season=")
        longest = max(est.horizon, season)
        window = est.window or (longest if est.cell == "dense" else min(longest, _LONGEST_READ))
        cycles = calendar_cycles(time, len(self.series)) if est.calendar else ()
        block = est.horizon if est.strategy == "direct" else 1
        return Windows(int(window), int(block), int(season), "none", cycles)

    def _check(self) -> None:
        reach, block = self.windows.reach, self.windows.block
        possible = max(0, len(self.series) - reach - block + 1)
        n_missing, lacking = (
            int(np.isnan(values).any(axis=1).sum()) for values in (self.series.targets, self.series.inputs)
        )
        others = f", {lacking:,} lack another column" * bool(lacking)
        if not len(self.places):
            raise ParameterError(
                f"the series must have {reach} + {block} steps in a row without missing values (window or "
                f"season, and what follows), however there are {len(self.series)} steps, {n_missing} without "
                f"a target{others}; give more, or a shorter window, season or horizon"
                + ", or missing='fill'"
                * bool(n_missing + lacking)
            )
        if len(self.places) < possible:
            warnings.warn(
                f"{possible - len(self.places):,} of {possible:,} windows are left out for missing values: "
                f"{n_missing:,} of {len(self.series):,} steps have no target{others}"
                + "; missing='fill' would read past gaps"
                * (self.estimator.missing == "leave_out"),
                DegradedWarning,
                stacklevel=6,
            )

    def tried(self, difference: str) -> tuple[float, float]:
        """(share, error): the network's share that errs least on held-out windows, and its mean error there.

        By a network that has learned from the windows before, for some of the epochs.
        """
        est = self.estimator
        if est.difference != "auto" and est.coverage is None and not len(self._places_before(self._cut)):
            return _EQUAL_SHARE, 0.0
        model = self.learned_before(difference, _EQUAL_SHARE, _EPOCHS_OF_A_TRIAL)
        errors = [float(np.abs(self.residuals(replace(model, share=s))).mean()) for s in _SHARES]
        best = int(np.argmin(errors))
        return _SHARES[best], errors[best]

    @property
    def _cut(self) -> int:
        """The place where the windows begin that are held out."""
        return int(self.held_out[0]) if len(self.held_out) else 0

    def _places_before(self, end: int) -> Array:
        return self.places[self.places + self.windows.block <= end][:: self.estimator.stride]

    def learned_before(self, difference: str, share: float, epochs: float = 1) -> ForecastModel:
        """What has learned from the windows that lie before those that are held out."""
        return self.fitted(difference, self._cut, share, epochs)

    def residuals(self, model: ForecastModel) -> Array:
        """Actual values minus forecasts of the windows that are held out, standardized."""
        places, horizon = self.held_out, self.estimator.horizon
        actual = self.timeline.actual[places[:, None] + np.arange(horizon)]
        return actual - model.told(self.timeline, places, horizon)

    def fitted(self, difference: str, end: int, share: float, epochs: float = 1) -> ForecastModel:
        """What has learned from the windows that lie before a place."""
        windows, places = replace(self.windows, difference=difference), self._places_before(end)
        if not len(places):
            raise ParameterError(
                "the series must be longer, so that windows can be held out for difference='auto' and "
                f"coverage, however there are {len(self.places)}; give difference='last', say, and no "
                "coverage, or more steps"
            )
        if end not in self.linear:
            level = self.estimator.difference in ("auto", "none")
            self.linear[end] = learned_linear(windows, self.timeline, places, level)
        X, y = samples(windows, self.timeline, places)
        network = learned_network(self._network(X.shape[2], len(places), epochs), X, y)
        return ForecastModel(windows, network, self.linear[end], share)

    def _network(self, n_inputs: int, n_windows: int, share_of_epochs: float) -> SequenceRegressor:
        est = self.estimator
        batch_size, epochs, weight_decay = est.batch_size, est.max_iter, est.weight_decay
        if batch_size is None:
            batch_size = min(n_windows, _FEW_ROWS if n_windows < _FEW_WINDOWS else _MANY_ROWS)
        if epochs is None:
            rows = n_windows if isinstance(batch_size, str) else batch_size
            epochs = int(np.clip(ceil(_STEPS * rows / n_windows), *_EPOCHS))
        if weight_decay is None:
            weight_decay = min(_DECAY_OF_A_WINDOW / n_windows, _MOST_DECAY)
        features = len(self.form.targets) + len(self.form.are_known)
        return SequenceRegressor(
            layers=forecast_layers(est, self.windows.window, features, n_inputs),
            hidden_layer_sizes=(),
            solver="adamw",
            max_iter=ceil(share_of_epochs * epochs),
            batch_size=batch_size,
            weight_decay=weight_decay,
            random_state=self.seed,
            **{name: getattr(est, name) for name in _TO_NETWORK},
        )


def margins(residuals: Array, coverage: float) -> Array:
    """(2, horizon, targets): from forecast to bounds, so that they hold `coverage` of the residuals.

    Of n exchangeable residuals and a new one, every rank is as likely: with 2 k/(n + 1) the new one is below
    the k-th, or above the k-th from the end (split conformal prediction: Vovk, Gammerman, Shafer 2005; Lei
    et al. 2018, arXiv 1604.04173).

    Raises
    ------
    ParameterError
        If there are too few.
    """
    n = len(residuals)
    rank = floor((n + 1) * (1 - coverage) / 2 + 1e-9)
    if rank < 1:
        raise ParameterError(
            f"coverage={coverage!r} needs {ceil(2 / (1 - coverage) - 1 - 1e-9)} held-out windows at least, "
            f"however there are {n}; give more steps, a larger validation_fraction or a lower coverage"
        )
    ordered = np.sort(residuals, axis=0)
    return np.stack([ordered[rank - 1], ordered[n - rank]])
