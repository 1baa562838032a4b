"""One fit of a table model: the training with its time limit, callbacks, log and Ctrl-C."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from chainrule.engine import Data, Program, State, choose_engine, start
from chainrule.estimators.callbacks import FitTasks
from chainrule.estimators.progress import log_epoch
from chainrule.network import initialize_from_data
from chainrule.optimization import Constant, CosineLog, FlatCosine, Schedule
from chainrule.training import EpochRecord, Training, ctrl_c

__all__ = ["History", "TabularFitting"]

Array = Any

_FEWEST_EPOCHS = 4
_SHARE_OF_RATE_TO_GO_ON = 0.1
_RESERVED = 0.06
"""Share of the time limit that is left for what comes after training: calibration, and a slow last call."""


@dataclass
class History:
    """What came of a training: its epochs, and what ended it."""

    records: list[EpochRecord] = field(default_factory=list)
    engine: str = ""
    interrupted: bool = False
    out_of_time: bool = False


@dataclass
class TabularFitting:
    """A fit that is about to run.

    Parameters
    ----------
    estimator : BaseTabular
        Whose parameters and callbacks these are; nothing is stored on it.
    program, data, numbers
        What to train, on which encoded rows, with which settings of optimizer and early stopping.
    learning_rate : float
    batch_size, max_epochs : int
    rng : Generator
    tasks : FitTasks or None
    deadline : float
        `perf_counter` at which the fit must be over; infinite without a limit.
    scorer : callable (theta) -> float, optional
        The user's own metric on the validation rows.
    """

    estimator: Any
    program: Program
    data: Data
    numbers: dict[str, float]
    learning_rate: float
    batch_size: int
    max_epochs: int
    rng: np.random.Generator
    tasks: FitTasks | None
    deadline: float
    scorer: Callable[[Array], float] | None = None

    def run(self) -> tuple[Array, History]:
        """(θ, history) of a fresh training: the best θ by the validation rows, or the last without any."""
        theta = initialize_from_data(self.program.network, self.data.X, self.rng)
        state, history = self._run(start(theta, self.program.optimizer.n_moments), CosineLog())
        has_judges = self.data.X_val is not None
        return np.array(state.best_theta if has_judges or not state.finite else state.theta), history

    def go_on(self, theta: Array | None, progress: dict[str, Any] | None) -> tuple[State, History]:
        """(state, history) of a training at a tenth of the learning rate, from `theta` and the moments left.

        Parameters
        ----------
        theta : array or None
            None: initial values.
        progress : dict with "moments" and "step", or None
        """
        if theta is None:
            theta = initialize_from_data(self.program.network, self.data.X, self.rng)
        state = start(theta, self.program.optimizer.n_moments)
        if progress is not None:
            state = state._replace(moments=tuple(progress["moments"]), step=progress["step"])
        self.learning_rate *= _SHARE_OF_RATE_TO_GO_ON
        return self._run(state, Constant())

    def _run(self, state: State, schedule: Schedule) -> tuple[State, History]:
        history = History()
        choice = self.estimator.engine
        engine = choose_engine(choice, self.program, self.data, self.max_epochs, self.batch_size)
        history.engine = engine.name
        training = Training(
            program=self.program,
            engine=engine,
            data=self.data,
            state=state,
            numbers=self.numbers,
            schedule=schedule,
            fade=FlatCosine() if self.program.fades else None,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            planned_epochs=self.max_epochs,
            rng=self.rng,
            scorer=self.scorer,
            one_by_one=self.tasks is not None and self.tasks.are_watched,
        )
        try:
            with ctrl_c() as check_for_ctrl_c:
                self._follow(training, history, check_for_ctrl_c)
        except KeyboardInterrupt:
            history.interrupted = True
        return training.state, history

    def _follow(self, training: Training, history: History, check_for_ctrl_c: Callable[[], None]) -> None:
        begun = perf_counter()
        first, done = begun, 0
        records = training.epochs() if self.tasks is None else self.tasks.around(training)
        for record in records:
            now = perf_counter()
            history.records.append(record)
            log_epoch(self.estimator.verbose, record)
            check_for_ctrl_c()
            if self.deadline < np.inf and record.epoch == training.n_done:
                if not done:
                    first, done = now, record.epoch  # the first call compiles: it says little of the others
                    seconds = (now - begun) / done
                else:
                    seconds = (now - first) / (record.epoch - done)
                self._fit_into_time(training, now, seconds)
                if now + seconds > self.deadline:
                    history.out_of_time = training.n_done < self.max_epochs
                    training.stop()

    def _fit_into_time(self, training: Training, now: float, seconds: float) -> None:
        """Stretch the schedule over the epochs that there is time for."""
        affordable = training.n_done + int(max(0.0, self.deadline - now) / max(seconds, 1e-9))
        training.planned_epochs = training.max_epochs = max(training.n_done, min(self.max_epochs, affordable))


def epochs_for(n_steps: int, n_rows: int, batch_size: int) -> int:
    """Epochs that take about `n_steps` training steps."""
    return max(_FEWEST_EPOCHS, round(n_steps * batch_size / n_rows))


def deadline_of(time_limit: float | None, begun: float) -> float:
    """When training must end for the fit to end within the limit."""
    return np.inf if time_limit is None else begun + (1 - _RESERVED) * time_limit
