"""What the two table models share: any table in, an ensemble trained, calibrated and remembered."""

from abc import abstractmethod
from contextlib import closing, nullcontext
from copy import copy
from dataclasses import replace
from time import perf_counter
from typing import Any
from warnings import warn

import numpy as np
from sklearn.callback import CallbackSupportMixin, with_callbacks

from chainrule.engine import Data, Program
from chainrule.errors import DegradedWarning, DivergenceError, ParameterError
from chainrule.estimators.callbacks import FitTasks
from chainrule.estimators.checkpoints import opened
from chainrule.estimators.presets import Settings, batch_size_for, numbers_of, settings_of, table_network
from chainrule.estimators.progress import shown
from chainrule.estimators.rows import generator, restored_on_failure
from chainrule.estimators.streams import is_streamed
from chainrule.estimators.tabular_fitted import Encoded
from chainrule.estimators.tabular_fitting import History, TabularFitting, epochs_for
from chainrule.estimators.tabular_parameters import SETTINGS, check_table_parameters, kinds_of_columns
from chainrule.estimators.tabular_rows import EncodedRows, TabularRows
from chainrule.estimators.tabular_time import deadline_of
from chainrule.estimators.weights import in_reach
from chainrule.network import EnsembleLoss, Loss
from chainrule.optimization import Adam
from chainrule.table.network_encoder import NetworkEncoder

__all__ = ["BaseTabular"]

Array = Any


class BaseTabular(CallbackSupportMixin, TabularRows):
    """A neural network for any table; see `TabularClassifier` and `TabularRegressor`."""

    # -- what classifier and regressor do each in their way -----------------------------------------

    @property
    @abstractmethod
    def _task(self) -> str: ...

    def _learn_more_targets(self, y: Array) -> None:
        """Learn what `partial_fit` may still learn of targets."""

    @abstractmethod
    def _member_loss(self, smoothed: bool = True) -> Loss:
        """The loss of one member."""

    @property
    @abstractmethod
    def _n_network_outputs(self) -> int: ...

    @abstractmethod
    def _calibrate(self, a: Array, members: Array, y: Array, weights: Array) -> None:
        """Learn from combined raw outputs `a` and the members' own for rows that training has not seen."""

    @abstractmethod
    def _forget_calibration(self) -> None:
        """Be without any calibration."""

    # -- fit ------------------------------------------------------------------------------------------

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        checkpoint: Any = None,
    ) -> Any:
        """Learn from the rows of a table and their targets.

        Parameters
        ----------
        X : pandas, polars or pyarrow frame, array or list of rows (n_samples, n_features)
            Numbers, booleans, strings, categories, dates and times; anything may be missing. Or a data set
            larger than the memory, which is read piece by piece: path of a Parquet or CSV file or a folder of
            them, a pattern such as ``"data/*.parquet"``, pyarrow.dataset.Dataset, polars.LazyFrame.
        y : array or series (n_samples,) or (n_samples, n_outputs)
            Of a data set, the name of the target's column.
        sample_weight : array (n_samples,), optional
            0 leaves a row out. Of a data set, the name of a column.
        X_val, y_val : optional
            Your own validation rows, instead of `validation_fraction` of the rows: they choose the best epoch
            and calibrate.
        sample_weight_val : array, optional
        checkpoint : path or `chainrule.Checkpoint`, optional
            A folder that keeps how far the fit is, so that the same call goes on there after a crash. Not
            with `time_limit`: where the clock decides, two fits differ.

        Returns
        -------
        self

        Raises
        ------
        ParameterError, TableError, DivergenceError, CheckpointError (all are ValueErrors)
            The estimator is then as it was before.
        """
        begun = perf_counter()
        check_table_parameters(self)
        with restored_on_failure(self), opened(checkpoint) as store:
            if store is not None and self.time_limit is not None:
                raise ParameterError(
                    f"checkpoint=... needs time_limit=None, however: {self.time_limit!r}; where the clock "
                    "decides, a fit that goes on is another one: use max_iter"
                )
            shown_rows = (X, y, sample_weight)
            rng = generator(self.random_state if store is None else store.seed(self.random_state))
            validation = self._checked_validation(X_val, y_val, sample_weight_val)
            deadline = deadline_of(self.time_limit, begun)
            feed = None
            if is_streamed(X):
                self._check_that_it_can_stream()
                rows, self.settings_, feed = self._prepared_stream(
                    X, y, sample_weight, validation, self._settings(), rng
                )
            else:
                X, y, weights = self._checked_rows(X, y, sample_weight, fresh=True)
                self._learn_labels(y)
                rows, self.settings_ = self._prepared(
                    X, y, weights, validation, self._settings(), rng, deadline
                )
            with closing(feed) if feed is not None else nullcontext():
                self._train(rows, rng, shown_rows, deadline, store, feed)
            self.fit_time_ = perf_counter() - begun
        return self

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Any:
        """One epoch at a tenth of the learning rate; the first call learns columns and scales."""
        with restored_on_failure(self):
            check_table_parameters(self)
            fresh = not hasattr(self, "theta_")
            if isinstance(getattr(self, "class_weight", None), str):
                raise ParameterError(
                    "class_weight='balanced' would differ from call to call; give a dictionary"
                )
            X, y, weights = self._checked_rows(X, y, sample_weight, fresh)
            rng = generator(self.random_state)
            if fresh:
                self.settings_ = replace(self._settings(), folds=0, own_lines=False, validation_fraction=0.0)
                kinds = kinds_of_columns(self, X.names)
                self.encoder_, read = NetworkEncoder.fit(X, kinds, self.settings_.bins)
                matrix = self.encoder_.encode(read, rng)
                self._learn_targets(y, weights)
            else:
                self.settings_ = replace(self.settings_, folds=0)
                matrix = self.encoder_.transform(X)
                self._learn_more_targets(y)
            learned = EncodedRows(matrix, self._encode_targets(y), weights * self._class_weights(y))
            fitting = self._fitting(learned, rng, None, np.inf, n_epochs=1)
            if fresh:
                self.member_shares_ = np.full(self.settings_.members, 1 / self.settings_.members)
                self._forget_calibration()
            theta = None if fresh else self.theta_
            state, history = fitting.go_on(
                theta, getattr(self, "_progress", None) if theta is not None else None
            )
            self._remember(np.array(state.theta), history, learned)
            self._progress = {"moments": [np.asarray(m) for m in state.moments], "step": int(state.step)}
        return self

    def _prepared_stream(self, *given: Any) -> tuple[EncodedRows, Settings, Any]:
        """(a sample and rows to judge by, settings, where the rows come from) of a data set."""
        from chainrule.scale.fit import prepared_stream

        return prepared_stream(self, *given)

    def _settings(self) -> Settings:
        return settings_of(self.preset, self._task, {name: getattr(self, name, None) for name in SETTINGS})

    def _check_that_it_can_stream(self) -> None:
        if self.time_limit is not None:
            raise ParameterError(
                f"time_limit={self.time_limit!r} does not go with a data set that is read piece by piece; "
                "bound the passes over it by max_iter"
            )
        if self.folds:
            raise ParameterError(
                f"folds={self.folds!r} does not go with a data set that is read piece by piece; leave it out"
            )

    def _train(
        self,
        rows: EncodedRows,
        rng: np.random.Generator,
        shown_rows: Any,
        deadline: float,
        checkpoint: Any,
        feed: Any,
    ) -> None:
        if rows.weights_val is not None:
            weights_val = in_reach(rows.weights_val, np.float32)[0] if rows.weights_val.any() else None
            rows = replace(rows, weights_val=weights_val)
            if weights_val is None:
                rows = replace(rows, X_val=None, y_val=None)
        fitting = self._fitting(rows, rng, shown_rows, deadline, feed=feed)
        fitting.checkpoint = checkpoint
        self.member_shares_ = np.full(self.settings_.members, 1 / self.settings_.members)
        self._forget_calibration()
        with shown(self.verbose):
            theta, history = fitting.run()
        self._remember(theta, history, rows)
        self.__dict__.pop("_progress", None)
        if fitting.tasks is not None:
            fitting.tasks.end(theta)

    def _fitting(
        self,
        rows: EncodedRows,
        rng: np.random.Generator,
        shown_rows: Any,
        deadline: float,
        n_epochs: int | None = None,
        feed: Any = None,
    ) -> TabularFitting:
        """Set up a training; the network and its loss are then known."""
        settings = self.settings_
        self._loss = EnsembleLoss(self._member_loss(), settings.members, settings.folds or 0)
        weights = rows.weights if self._loss.adds_up else in_reach(rows.weights, np.float32)[0]
        used = weights > 0
        if not used.all():  # a class of weight 0
            rows = replace(rows, X=rows.X[used], y=rows.y[used])
        rows = replace(rows, weights=weights[used])
        self.network_ = table_network(self.encoder_.layout, self._n_network_outputs, settings)
        n_rows = len(rows.weights) if feed is None else feed.n_rows
        batch_size = min(self.batch_size or batch_size_for(n_rows), n_rows)
        max_epochs = n_epochs or self.max_iter or epochs_for(settings.n_steps, n_rows, batch_size)
        monitor, scorer = "loss", None
        if rows.X_val is not None:
            monitor = "validation_loss"
            if self.scoring is not None:
                monitor, scorer = "external", self._judge(rows)
        tasks = None
        if shown_rows is not None:
            tasks = FitTasks(self, shown_rows, max_epochs, lambda theta: {"theta_": theta})
        return TabularFitting(
            estimator=self,
            program=Program(
                self.network_,
                self._loss,
                Adam(),
                monitor=monitor,
                weight_decay=settings.weight_decay > 0,
                fades=n_epochs is None,
            ),
            data=Data(rows.X, rows.y, rows.weights, rows.X_val, rows.y_val, rows.weights_val),
            numbers=numbers_of(settings, np.inf if self.n_iter_no_change is None else self.n_iter_no_change),
            learning_rate=settings.learning_rate_init,
            batch_size=batch_size,
            max_epochs=max_epochs,
            rng=rng,
            tasks=tasks,
            deadline=deadline,
            scorer=scorer,
            fixed_length=self.max_iter is not None,
            most_cycles=settings.most_cycles,
            feed=feed,
        )

    def _remember(self, theta: Array, history: History, rows: EncodedRows) -> None:
        records = history.records
        if not records and not history.interrupted:
            raise DivergenceError("no epoch was finished, and so there is nothing to keep")
        finite = np.isfinite([(record.loss, record.validation_loss) for record in records])
        never = records and not (finite[0, 0] and (rows.X_val is None or finite[:, 1].any()))
        if never or not np.isfinite(theta).all():
            raise DivergenceError(
                "Solver produced non-finite parameter weights: training never reached a finite loss; lower "
                f"learning_rate_init={self.settings_.learning_rate_init}, or leave out rows whose "
                "targets are far from all others"
            )
        if history.interrupted:
            warn("Training interrupted by user.", stacklevel=5)
        if said := _what_time_was_too_short_for(rows, history):
            warn(f"time_limit={self.time_limit} s {said}", DegradedWarning, stacklevel=5)
        self.theta_ = theta
        self.engine_ = history.engine
        self.n_iter_ = len(records)
        self.loss_curve_ = [record.loss for record in records]
        self.validation_loss_curve_ = None
        self.best_iter_ = self.n_iter_
        if rows.X_val is not None:
            self.validation_loss_curve_ = [record.validation_loss for record in records]
            self._judge_by(rows)

    def _judge_by(self, rows: EncodedRows) -> None:
        """Calibrate on the rows that were held out, and remember the best epoch."""
        curve = np.asarray(self.validation_loss_curve_)
        if np.isfinite(curve).any():
            self.best_iter_ = int(np.nanargmin(curve)) + 1
        raw, known = self._raw(rows.X_val), np.asarray(rows.y_val)
        if self._loss.folds:
            combined, targets = self._loss.left_out(raw, known), known[:, :-1]
        else:
            self._weigh_members(raw, known, rows.weights_val)
            combined, targets = self._combined(raw), known
        self._calibrate(combined, self._by_member(raw), targets, rows.weights_val)

    # -- what validation rows say, by the user's own metric -------------------------------------------

    def _judge(self, rows: EncodedRows) -> Any:
        """θ -> score of the predictions for the held-out rows."""
        from sklearn.metrics import check_scoring

        scorer = check_scoring(self, scoring=self.scoring)
        if self.settings_.folds:
            raise ParameterError(f"scoring={self.scoring!r} does not go with folds: set folds=None")
        weights = rows.weights_val
        with_weights = {} if weights is None or (weights == weights[0]).all() else {"sample_weight": weights}

        def judge(theta: Array) -> float:
            fitted = copy(self)
            fitted.theta_ = np.asarray(theta)
            return float(scorer(fitted, Encoded(rows.X_val), rows.labels_val, **with_weights))

        return judge


def _what_time_was_too_short_for(rows: EncodedRows, history: History) -> str:
    """What a time limit did, in one sentence; nothing where there was time for all."""
    found = []
    if rows.n_drawn < rows.n_given:
        found.append(
            f"was too short to learn from all {rows.n_given:,} rows: {rows.n_drawn:,} of them were drawn at "
            "random; raise it to use all"
        )
    if history.out_of_time:
        found.append(f"ended the training after {len(history.records)} epochs; the best model so far is kept")
    return "; it also ".join(found)
