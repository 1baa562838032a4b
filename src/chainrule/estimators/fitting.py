"""One fit: run the training that an estimator has set up, with its callbacks, log and Ctrl-C."""

import warnings
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.engine import Data, Program, State, choose_engine, watch
from chainrule.engine.blas import one_thread
from chainrule.engine.monitor import score
from chainrule.engine.numpy import NumpyEngine
from chainrule.estimators.callbacks import FitTasks
from chainrule.estimators.checkpoints import identity_of
from chainrule.estimators.outcome import Outcome
from chainrule.estimators.progress import log_epoch
from chainrule.optimization import get_schedule
from chainrule.optimization.lbfgs import minimize
from chainrule.training import EpochRecord, Progress, Training, ctrl_c

__all__ = ["Fitting"]

Array = Any


@dataclass
class Fitting:
    """A fit that is about to run.

    Parameters
    ----------
    estimator : BaseNetwork
        Whose parameters and callbacks these are; nothing is stored on it.
    program, data, numbers
        What to train, on which encoded rows, with which settings.
    rows, validation_rows : (X, y, weights)
        The same rows with their own labels, for callbacks and scorers.
    rng : Generator
    incremental : bool
        One epoch that goes on where the last ended.
    checkpoint : Checkpoint, optional
        Where to keep how far it is.
    feed : optional
        Where the rows come from that are not in memory; `data` is then a sample of them, and the judges.
    """

    estimator: Any
    program: Program
    data: Data
    numbers: dict[str, float]
    rows: tuple[Any, Any, Any]
    validation_rows: tuple[Any, Any, Any]
    rng: np.random.Generator
    incremental: bool
    checkpoint: Any = None
    feed: Any = None
    tasks: FitTasks | None = field(default=None, init=False)

    def run(self, state: State) -> Outcome:
        """Train from `state`; Ctrl-C ends it with what has been learned so far."""
        est = self.estimator
        if not self.incremental:
            self.tasks = FitTasks(est, self.rows, est.max_iter, est._as_coefficients)
        outcome = self._run_lbfgs(state) if est.solver == "lbfgs" else self._run_epochs(state)
        if not outcome.state.finite:
            outcome.largest_input = float(abs(self.data.X).max())
            outcome.largest_target = float(abs(self.data.y).max())
        if self.tasks is not None:
            self.tasks.end(outcome.kept)
        return outcome

    def _outcome(self, state: State, engine: str) -> Outcome:
        return Outcome(
            first=state.theta,
            state=state,
            n_rows=self._n_rows,
            engine=engine,
            monitor=self.program.monitor,
            has_validation=self.data.X_val is not None,
            judged_by_rows=bool(self.estimator.early_stopping),
            single_epochs=self._single_epochs,
        )

    @property
    def _n_rows(self) -> int:
        return len(self.data.weights) if self.feed is None else self.feed.n_rows

    @property
    def _is_watched(self) -> bool:
        return self.tasks is not None and self.tasks.are_watched

    @property
    def _single_epochs(self) -> int:
        """Epochs of `partial_fit` that the model has behind it."""
        progress = getattr(self.estimator, "_progress", {}) if self.incremental else {}
        return int(progress.get("single_epochs", 0))

    # -- solvers that go in steps ------------------------------------------------------------------------

    def _run_epochs(self, state: State) -> Outcome:
        est = self.estimator
        batch_size = self._batch_size(self._n_rows)
        n_epochs = 1 if self.incremental else est.max_iter
        data = self.data
        if self.feed is not None:
            data = Data(*(np.empty((self._n_rows, 0)) for _ in range(3)))
        engine = choose_engine(est.engine, self.program, data, n_epochs, batch_size)
        kind = Training if self.feed is None else self.feed.training
        training = kind(
            program=self.program,
            engine=engine,
            data=self.data,
            state=state,
            numbers=self.numbers,
            schedule=get_schedule(est.learning_rate, est.power_t),
            learning_rate=float(est.learning_rate_init),
            batch_size=batch_size,
            max_epochs=n_epochs,
            planned_epochs=est.max_iter,
            rng=self.rng,
            shuffle=bool(est.shuffle),
            epochs_before=self._single_epochs,
            samples_seen=getattr(est, "t_", 0) if self.incremental or est.warm_start else 0,
            scorer=self._scorer() if self.program.monitor == "external" else None,
            one_by_one=self._is_watched,
        )
        outcome = self._outcome(state, engine.name)
        if self.checkpoint is not None:
            self._keep_progress(training, outcome)
        try:
            with ctrl_c() as check_for_ctrl_c:
                for record in self.tasks.around(training) if self.tasks else training.epochs():
                    outcome.records.append(record)
                    log_epoch(est.verbose, record)
                    check_for_ctrl_c()
            if self.checkpoint is not None:
                self.checkpoint.keep(Progress(outcome.records, training.position), at_once=True)
        except KeyboardInterrupt:
            outcome.interrupted = True
        outcome.state = training.state
        return outcome

    def _keep_progress(self, training: Training, outcome: Outcome) -> None:
        """Let the training go on where the checkpoint says, and the checkpoint follow it."""
        identity = identity_of(self.estimator, training.engine, self.data, training.state.theta)
        progress = self.checkpoint.progress(identity)
        if progress is not None:
            training.go_on_from(progress.position)
            outcome.records += progress.records
        training.after_call = lambda position: self.checkpoint.keep(Progress(outcome.records, position))

    def _batch_size(self, n_rows: int) -> int:
        choice = self.estimator.batch_size
        if choice == "auto":
            return min(int(self.estimator.auto_batch_size), n_rows)
        if choice == "full":
            return n_rows
        if choice > n_rows:
            warnings.warn(
                f"batch_size={choice} is larger than the {n_rows} rows to learn from; they are one batch",
                stacklevel=2,
            )
        return min(int(choice), n_rows)

    def _scorer(self) -> Any:
        """θ -> score on the validation rows, with their weights, by the user's metric."""
        from sklearn.metrics import check_scoring

        scorer = check_scoring(self.estimator, scoring=self.estimator.scoring)
        X, y, weights = self.validation_rows
        with_weights = {} if (weights == weights[0]).all() else {"sample_weight": weights}

        def judge(theta: Array) -> float:
            fitted = copy(self.estimator)
            fitted.__dict__.update(self.estimator._as_coefficients(np.asarray(theta)))
            fitted.__dict__.pop("feature_names_in_", None)  # the rows are an array by now
            return float(scorer(fitted, X, y, **with_weights))

        return judge

    # -- L-BFGS ------------------------------------------------------------------------------------------

    def _run_lbfgs(self, state: State) -> Outcome:
        est = self.estimator
        n_rows = self.data.X.shape[0]
        numbers = self.numbers
        engine = choose_engine(est.engine, self.program, self.data, est.max_iter, n_rows)
        # The line search compares values that differ in the tenth digit: float64 whatever the result's dtype.
        loaded = engine.load(self.data, np.float64)
        outcome = self._outcome(state, engine.name)
        tracked = _Judged(self, state, numbers)
        task = None
        if self.tasks is not None and self._is_watched:
            task = self.tasks.epoch()

        def after_iteration(number: int, loss: float, theta: Array) -> bool:
            nonlocal task
            record = tracked.judge(number, loss, theta)
            outcome.records.append(record)
            log_epoch(est.verbose, record)
            stop = bool(est.early_stopping and tracked.state.stopped)
            if task is not None and self.tasks is not None:
                stop |= self.tasks.end(theta, task)
                task = self.tasks.epoch()  # the one after the last iteration stays empty
            tracked.stopped = stop
            return stop

        with ctrl_c() as check_for_ctrl_c, one_thread():

            def objective(theta: Array) -> tuple[float, Array]:
                check_for_ctrl_c()
                return engine.value_and_gradient(self.program, loaded, theta, numbers)

            result = minimize(
                objective,
                state.theta.astype(np.float64),
                max_iter=est.max_iter,
                max_fun=est.max_fun,
                tol=est.tol,
                after_iteration=after_iteration,
            )
        outcome.interrupted = result.interrupted
        if result.interrupted and not outcome.records:
            return outcome
        if not outcome.records:
            outcome.records.append(
                tracked.judge(0, result.losses[-1] if result.losses else np.nan, result.theta)
            )
        tracked.stopped |= result.converged
        outcome.state = tracked.final(result.theta)
        if not tracked.stopped and not result.interrupted:
            outcome.message = (
                f"lbfgs did not converge after {len(result.losses)} iterations ({result.message}); "
                "raise max_iter or max_fun, or scale X to about 1"
            )
        return outcome


class _Judged:
    """Follows L-BFGS from iteration to iteration as an engine follows epochs."""

    def __init__(self, fitting: Fitting, state: State, numbers: dict[str, float]) -> None:
        self.fitting, self.state, self.numbers = fitting, state, numbers
        self.stopped = False
        self.validation = NumpyEngine().load(fitting.data, np.float64)[3:]
        self.scorer = fitting._scorer() if fitting.program.monitor == "external" else None

    def judge(self, number: int, loss: float, theta: Array) -> EpochRecord:
        program = self.fitting.program
        X, y, weights = self.validation
        validation_loss = value = np.nan
        if X is not None:
            a = program.network.predict(theta, X)
            validation_loss = float(program.loss(a, y, weights)[0])
            value = (
                self.scorer(theta)
                if self.scorer
                else float(score(program.metric, program.loss, a, y, weights))
            )
        watched = {"loss": loss, "validation_loss": validation_loss}.get(program.monitor, -value)
        finite = np.asarray(np.isfinite(loss) and np.isfinite(theta).all())
        self.state = self.state._replace(theta=theta)
        self.state = watch(self.state, np.float64(watched), finite, 1.0, self.numbers, adaptive=False)
        return EpochRecord(number, float(loss), validation_loss, value, 1.0)

    def final(self, theta: Array) -> State:
        dtype = (
            self.fitting.data.X.dtype
            if self.fitting.estimator.dtype is None
            else self.fitting.estimator.dtype
        )
        finite = bool(np.isfinite(theta).all()) and bool(self.state.finite)
        return self.state._replace(
            theta=theta.astype(dtype),
            best_theta=self.state.best_theta.astype(dtype),
            finite=finite,
            stopped=self.stopped,
        )
