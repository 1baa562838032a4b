"""Forecaster: what comes next in a time series, by a recurrent or a dense network."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from chainrule.errors import ParameterError
from chainrule.estimators.forecast_backtest import Backtest, backtested
from chainrule.estimators.forecast_checks import (
    check_forecaster,
    check_recursion,
    check_share,
    incomplete,
)
from chainrule.estimators.forecast_fit import Learned, learned, margins
from chainrule.estimators.forecast_model import samples
from chainrule.estimators.forecast_read import columns_or_those_of, read_form, read_future, read_series
from chainrule.estimators.forecast_series import Series, SeriesForm
from chainrule.estimators.forecast_table import forecast_table
from chainrule.estimators.forecast_windows import filled
from chainrule.estimators.parameters import store
from chainrule.estimators.rows import restored_on_failure

__all__ = ["Forecaster"]

Array = Any


class Forecaster(BaseEstimator):
    """y_{t+1}, ..., y_{t+horizon} = f(y_t, y_{t-1}, ..., calendar, what is known): forecasts by a network.

    A recurrent or dense layer reads the window; dense layers join that with the calendar, the last season and
    what is known of the future. A linear autoregression, learned in closed form, tells the same steps, and a
    forecast is the mean of both, weighted by what errs least on held-out windows.

    Parameters
    ----------
    horizon : int, default=24
        Steps to tell.
    window : int, optional
        Steps of the past that the network reads; default: the horizon or the season if that is longer, up to
        48 for recurrent cells.
    cell : {"lstm", "gru", "rnn", "dense"}, default="lstm"
        What reads the window: a recurrent layer, or a dense one that sees all of its steps at once.
    units : int or sequence of int, default=64
        Of that layer, or of several.
    hidden_layer_sizes : int or sequence of int, default=64
        Dense layers that join what was read with the calendar, the season and what is known of the future.
    strategy : {"direct", "recursive"}, default="direct"
        All steps of the horizon at once, or one step at a time, which is then taken for the past of the next.
    season : int, optional
        Steps of a season, whose last values the network sees beside the window; 1: none. Default: of those
        usual for the step (24 and 168 of hours, 7 of days, 12 of months, ...) the one by which the seasonal
        naive forecast errs least in what is learned from; none where times are numbers, or not given.
    calendar : bool, default=True
        Tell the network minute, hour, weekday and day of the year of the first step, as far as the series has
        been through their cycle twice.
    difference : {"auto", "last", "scaled", "season", "none"}, default="auto"
        Read and tell values as differences to the last value; these in standard deviations of the past; as
        differences to the season before; or as they are. "auto" tries all of them on the last
        `validation_fraction` of the windows, for a third of the epochs. With "auto" and "none" the linear
        autoregression may count the last value itself; otherwise a series may leave the levels it has had.
    missing : {"leave_out", "fill"}, default="leave_out"
        Windows that touch missing values are left out, or these are filled in from the past: targets by the
        value a season before, other columns by their last one. What was filled in is read, and never told.
    coverage : float, optional
        Level of the intervals that `predict` gives, such as 0.9.
    validation_fraction : float, default=0.2
        Share of the windows, the last ones, that choose the difference and the network's share in a forecast,
        and tell the intervals.
    stride : int, default=1
        Learn from every `stride`-th window.
    batch_size : int or "full", optional
        Default: 32, and 128 from 4,000 windows on.
    max_iter : int, optional
        Epochs; default: for about 2,000 steps, but 20 to 200.
    weight_decay : float, optional
        Of AdamW; default: 2,000 divided by the number of windows, at most 5.
    dropout : float, default=0
        Behind the dense layers.
    loss, max_grad_norm, learning_rate, learning_rate_init, random_state, verbose, engine : see
        `SequenceRegressor`

    Attributes
    ----------
    form_ : targets, further columns, the column of times and its grid
    season_, difference_, window_, horizon_ : what was used
    network_ : SequenceRegressor
        That reads a window: see `windows`.
    series_ : the last steps of the data, as many as a forecast reads
    n_windows_ : int
        That it learned from.
    share_ : float
        The network's in a forecast; the rest is that of the linear autoregression.
    differences_ : dict
        The mean absolute error of each difference, in standard deviations, where "auto" tried them.
    residuals_ : array (n, horizon, targets) or None
        With `coverage`: of held-out windows, from a network that had not learned from them.
    coverage_ : float or None
        Level of the intervals.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Forecaster
    >>> wave = np.sin(np.arange(300) / 5)
    >>> Forecaster(horizon=5, window=20, cell="dense", random_state=0).fit(wave).predict().shape
    (5,)
    """

    def __init__(
        self,
        horizon: int = 24,
        window: int | None = None,
        *,
        cell: str = "lstm",
        units: Any = 64,
        hidden_layer_sizes: Any = 64,
        strategy: str = "direct",
        season: int | None = None,
        calendar: bool = True,
        difference: str = "auto",
        missing: str = "leave_out",
        coverage: float | None = None,
        validation_fraction: float = 0.2,
        stride: int = 1,
        loss: Any = "absolute_error",
        dropout: float = 0.0,
        weight_decay: float | None = None,
        max_grad_norm: float | None = 1.0,
        batch_size: Any = None,
        learning_rate: Any = "one_cycle",
        learning_rate_init: float = 0.003,
        max_iter: int | None = None,
        random_state: Any = None,
        verbose: Any = False,
        engine: str = "auto",
    ) -> None:
        store(self, locals())

    def fit(
        self, data: Any, target: Any = None, *, time: str | None = None, known: Sequence[str] = ()
    ) -> Any:
        """Learn to go on with a series.

        Parameters
        ----------
        data : pandas, polars or pyarrow frame, or array (n,) or (n, targets)
            Rows of a frame may be in any order if it has a column of times. Every time may occur once; those
            that are left out are missing.
        target : str or list of str
            The columns to tell, of a frame.
        time : str, optional
            The column of times: datetimes, dates, or numbers; regular, as every hour, day, month or weekday.
            Without it, rows are in their order.
        known : list of str, optional
            Columns whose future is known, and given to `predict`. All others are known of the past only.

        Returns
        -------
        self

        Raises
        ------
        ParameterError, TableError, DivergenceError (all are ValueErrors), KeyboardInterrupt
            The forecaster is then as it was before.

        Warns
        -----
        DegradedWarning
            If windows are left out, as values are missing.
        """
        check_forecaster(self)
        form = read_form(data, target, time, known)
        self._learn(form, read_series(data, form))
        return self

    def _learn(self, form: SeriesForm, series: Series) -> None:
        with restored_on_failure(self):
            self.form_, self.horizon_ = form, int(self.horizon)
            check_recursion(form, self.horizon_, self.horizon_ if self.strategy == "direct" else 1)
            found = learned(self, form, series)
            if self.coverage is not None:
                margins(found.residuals, self.coverage)  # refuses what they are too few for
            seen = filled(series, found.model.windows.season) if found.fill else series
            self._set_learned(found, seen.last(found.model.windows.reach), self.coverage)

    def _set_learned(self, found: Learned, last: Series, coverage: float | None) -> None:
        """Become what was learned; `last` are the steps that a forecast reads."""
        windows = found.model.windows
        self.learned_, self.series_, self.coverage_ = found, last, coverage
        self.window_, self.season_, self.difference_ = windows.window, windows.season, windows.difference
        self.network_, self.share_, self.n_windows_ = found.model.network, found.model.share, found.n_windows
        self.differences_ = found.errors
        self.residuals_ = None if found.residuals is None else found.residuals * found.scaling.scale

    def predict(
        self,
        steps: int | None = None,
        *,
        future: Any = None,
        history: Any = None,
        coverage: float | None = None,
    ) -> Any:
        """What follows the data of `fit`, or `history`.

        Parameters
        ----------
        steps : int, optional
            Default: the horizon. More than that only where the future of all further columns is known, and
            without intervals: forecasts are then taken for the past.
        future : frame, optional
            The known columns, and the times, of all these steps (of whole horizons with strategy="direct").
        history : as in `fit`, optional
            What to go on with instead of the data of `fit`.
        coverage : float, optional
            Another level of the intervals than that of `fit`, which must have had one.

        Returns
        -------
        frame of the library of the data, or array (steps,) or (steps, columns)
            Times, targets, and with `coverage` each target's lower and upper bound: y, y_low, y_high.

        Raises
        ------
        ParameterError, TableError
        """
        check_is_fitted(self)
        steps = self.horizon_ if steps is None else steps
        if not isinstance(steps, int | np.integer) or isinstance(steps, bool) or steps < 1:
            raise ParameterError(
                f"steps must be a positive integer, however: {steps!r:.80}; what to go on with is history="
            )
        bounds = self._bounds(steps, coverage)
        series = self.series_ if history is None else read_series(history, self.form_)
        windows = self.learned_.model.windows
        check_recursion(self.form_, steps, windows.block)
        n_known = ceil(steps / windows.block) * windows.block
        known = read_future(future, self.form_, series.behind, n_known)
        timeline = self.learned_.timeline(series, self.form_, known)
        origin = np.array([len(series)])
        if not np.isin(origin, timeline.origins(windows, 0, learning=False)).all():
            raise incomplete(series, windows.reach)
        told = self.learned_.model.told(timeline, origin, steps)[0]
        values = told[None] if bounds is None else np.stack([told, *(told + bounds)])
        places = np.arange(series.behind, series.behind + steps)
        return forecast_table(self.form_, places, self.learned_.scaling.unscaled(values), series.backend)

    def _bounds(self, steps: int, coverage: float | None) -> Array | None:
        """(2, steps, targets): from forecast to bounds; None without intervals."""
        residuals = self.learned_.residuals
        if residuals is None:
            if coverage is None:
                return None
            raise ParameterError(
                f"coverage={coverage!r:.80} needs held-out windows, of which fit kept none; fit with "
                "coverage= too"
            )
        if steps > self.horizon_:
            raise ParameterError(
                f"steps must be up to horizon={self.horizon_}, for which intervals were learned, however: "
                f"{steps}; fit with a longer horizon, or with coverage=None"
            )
        level: Any = self.coverage_ if coverage is None else coverage
        check_share("coverage", level)
        return margins(residuals, level)[:, :steps]

    def windows(self, data: Any) -> tuple[Array, Array]:
        """What the network sees of a series, window by window, and what it is to answer.

        With these, `network_` is a network as any other: ``trace(model.network_, X[:1], y[:1])``, and so with
        `check_gradients` and `doctor`.

        Parameters
        ----------
        data : as in `fit`

        Returns
        -------
        X : array (n, 1, numbers)
            The steps of a window one after the other, what is known of the steps to tell, the calendar, and
            the last season.
        y : array (n,) or (n, steps · targets)
            What follows, standardized, as a difference that `difference_` names.

        Raises
        ------
        ParameterError, TableError
        """
        check_is_fitted(self)
        series, windows = read_series(data, self.form_), self.learned_.model.windows
        timeline = self.learned_.timeline(series, self.form_)
        origins = timeline.origins(windows, windows.block, learning=True)
        if not len(origins):
            raise ParameterError(
                f"the series must have {windows.reach} + {windows.block} steps in a row without missing "
                f"values, however there are {len(series)}; give more"
            )
        return samples(windows, timeline, origins)

    def save(self, path: Any) -> None:
        """Write the fitted forecaster to `path`; `chainrule.load` reads it. See `chainrule.save`."""
        from chainrule.files import save

        save(self, path)

    def backtest(
        self,
        data: Any,
        target: Any = None,
        *,
        time: str | None = None,
        known: Sequence[str] | None = None,
        splits: int = 5,
        test_steps: int | None = None,
        refit: bool = True,
    ) -> Backtest:
        """Forecasts of the past by what was known then, beside the seasonal naive forecast.

        The last `splits` · `test_steps` steps are told. For each split a clone learns from what lies before
        it (refit=False: the first one goes on), and tells `horizon` steps from every horizon-th step of the
        split, knowing the values before. The forecaster itself stays as it is.

        Parameters
        ----------
        data, target, time, known : as in `fit`
            Of a fitted forecaster those of its fit are the default.
        splits : int, default=5
        test_steps : int, optional
            Steps of a split; default: the horizon.
        refit : bool, default=True

        Returns
        -------
        Backtest

        Raises
        ------
        ParameterError, TableError
        """
        check_forecaster(self)
        columns = columns_or_those_of(getattr(self, "form_", None), data, target, time, known)
        return backtested(clone(self), data, columns, splits, test_steps, refit)
