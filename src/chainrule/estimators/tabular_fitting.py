"""One fit of a table model: the training with its time limit, callbacks, log and Ctrl-C."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from time import perf_counter
from typing import Any

import numpy as np

from chainrule.engine import Data, Engine, Program, State, choose_engine, start
from chainrule.engine.blas import one_thread
from chainrule.estimators.callbacks import FitTasks
from chainrule.estimators.checkpoints import identity_of
from chainrule.estimators.presets import SHARE_OF_RATE_TO_GO_ON
from chainrule.estimators.progress import log_epoch
from chainrule.estimators.tabular_time import seconds_to_judge
from chainrule.network import initialize_from_data
from chainrule.optimization import Constant, CosineLog, FlatCosine, Schedule
from chainrule.training import EpochRecord, Position, Progress, Training, ctrl_c

__all__ = ["History", "TabularFitting"]

Array = Any

_FEWEST_EPOCHS = 4
_CYCLES = 4
_SECONDS_WORTH_STARTING_XLA = 15.0
_MUCH_GAIN = 0.1
_FEWEST_ROWS_TO_START_FROM = 128
_ROWS_TO_START_FROM_PER_SECOND = 256


@dataclass
class History:
    """What came of a training: its epochs, what ended it, its cycle and the best value before that."""

    records: list[EpochRecord] = field(default_factory=list)
    engine: str = ""
    interrupted: bool = False
    out_of_time: bool = False
    clock: tuple[float, int] | None = None
    cycle: int = 0
    best_before: float = np.inf

    @property
    def is_over(self) -> bool:
        """Whether no other cycle may follow."""
        return self.interrupted or self.out_of_time


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
    fixed_length : bool
        Run all of `max_epochs`, in four cycles.
    most_cycles : int
        Otherwise, cycles at the most.
    checkpoint : Checkpoint, optional
        Where to keep how far it is.
    feed : Feed, optional
        Where the rows come from that are not in memory; `data` is then a sample of them, and the judges.
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
    fixed_length: bool = False
    most_cycles: int = 4
    checkpoint: Any = None
    feed: Any = None

    def run(self) -> tuple[Array, History]:
        """(θ, history) of a fresh training: the best θ by the validation rows, or the last without any.

        The learning rate goes up and down again in cycles, each twice as long as the one before, so that
        there is a good model at the end of every one. A cycle that brought nothing better on the validation
        rows is the last; one that brought much is followed by another.
        """
        self.deadline -= self._seconds_to_judge()
        with one_thread():
            theta = initialize_from_data(self.program.network, self._rows_to_start_from(), self.rng)
        state = start(theta, self.program.optimizer.n_moments)
        history = History()
        position = self._taken_up(theta, history)
        for cycle, end in enumerate(self._ends()):
            if cycle < history.cycle:
                continue
            if position is None:
                history.cycle, history.best_before = cycle, float(state.best)
            n_before = len(history.records) - (position.n_done if position else 0)
            state = self._run(state, CosineLog(1), end - n_before, history, position)
            position = None
            if history.is_over or state.stopped or not state.finite or not self._goes_on(end, history, state):
                break
        has_judges = self.data.X_val is not None
        return np.array(state.best_theta if has_judges or not state.finite else state.theta), history

    def _taken_up(self, theta: Array, history: History) -> Position | None:
        """Where the checkpoint says that the cycle stood, whose past goes into `history`; None to begin."""
        if self.checkpoint is None:
            return None
        progress = self.checkpoint.progress(
            identity_of(self.estimator, self._engine, self.data, theta, self.feed)
        )
        if progress is None:
            return None
        history.records += progress.records
        history.cycle, history.best_before = progress.cycle, progress.best_before
        return progress.position  # type: ignore[no-any-return]

    def _seconds_to_judge(self) -> float:
        """What calibration will take: the time for it is taken off the training's."""
        n_judges = 0 if self.data.X_val is None else len(self.data.X_val)
        return seconds_to_judge(self.program.network, n_judges)

    def _rows_to_start_from(self) -> Array:
        """Rows that initial values look at: fewer where time is short, for they take half a second."""
        left = self.deadline - perf_counter()
        wanted = max(_FEWEST_ROWS_TO_START_FROM, _ROWS_TO_START_FROM_PER_SECOND * left)
        return self.data.X[:: max(1, int(len(self.data.X) / wanted))]

    def _ends(self) -> Iterator[int]:
        """Epochs, counted from the first, at which cycles end: four up to `max_epochs`, then further ones."""
        n_cycles = _CYCLES if self.fixed_length else self.most_cycles
        ends = [round(self.max_epochs * (2**i - 1) / (2**_CYCLES - 1)) for i in range(1, n_cycles + 1)]
        yield from sorted({max(1, end) for end in ends})

    def _goes_on(self, end: int, history: History, after: State) -> bool:
        """Whether another cycle is worth its time, after one that ended with the state `after`."""
        if self.data.X_val is None or self.fixed_length:
            return end < self.max_epochs
        gain = 1 - float(after.best) / history.best_before if np.isfinite(history.best_before) else 1.0
        if end < self.max_epochs:
            return end < self.max_epochs // 3 or gain > 0
        return gain > _MUCH_GAIN

    def go_on(self, theta: Array | None, progress: dict[str, Any] | None) -> tuple[State, History]:
        """(state, history) of one epoch at a tenth of the learning rate, from `theta` and the moments left.

        Parameters
        ----------
        theta : array or None
            None: initial values.
        progress : dict with "moments" and "step", or None
        """
        if theta is None:
            with one_thread():
                theta = initialize_from_data(self.program.network, self.data.X, self.rng)
        state = start(theta, self.program.optimizer.n_moments)
        if progress is not None:
            state = state._replace(moments=tuple(progress["moments"]), step=progress["step"])
        self.learning_rate *= SHARE_OF_RATE_TO_GO_ON
        history = History()
        return self._run(state, Constant(), 1, history), history

    def _run(
        self,
        state: State,
        schedule: Schedule,
        n_epochs: int,
        history: History,
        position: Position | None = None,
    ) -> State:
        """The state after a cycle of so many epochs, or fewer if they are stopped.

        Their records go into `history`. A cycle that had begun goes on from its `position`.
        """
        history.engine = self._engine.name
        if history.engine == "numpy" and history.clock is None:
            history.clock = perf_counter(), 0
        kind = Training if self.feed is None else self.feed.training
        training = kind(
            program=self.program,
            engine=self._engine,
            data=self.data,
            state=state,
            numbers=self.numbers,
            schedule=schedule,
            fade=FlatCosine() if self.program.fades else None,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            max_epochs=n_epochs,
            planned_epochs=n_epochs,
            rng=self.rng,
            scorer=self.scorer,
            one_by_one=self._is_watched or (self.deadline < np.inf and history.engine == "numpy"),
            after_call=partial(self._keep, history),
        )
        if position is not None:
            training.go_on_from(position)
        try:
            with ctrl_c() as check_for_ctrl_c:
                self._follow(training, history, check_for_ctrl_c)
                self._keep(history, training.position, at_once=True)
        except KeyboardInterrupt:
            history.interrupted = True
        return training.state

    def _keep(self, history: History, position: Position, at_once: bool = False) -> None:
        """Tell the checkpoint, if there is one, how far the fit is."""
        if self.checkpoint is not None:
            progress = Progress(history.records, position, history.cycle, history.best_before)
            self.checkpoint.keep(progress, at_once)

    @cached_property
    def _engine(self) -> Engine:
        """Who computes; XLA is not started for less time than makes up for its compiling, 2 to 5 s."""
        choice = self.estimator.engine
        if choice == "auto" and self.deadline - perf_counter() < _SECONDS_WORTH_STARTING_XLA:
            choice = "numpy"
        data = self.data
        if self.feed is not None:
            data = Data(*(np.empty((self.feed.n_rows, 0)) for _ in range(3)))
        return choose_engine(choice, self.program, data, self.max_epochs, self.batch_size)

    @property
    def _is_watched(self) -> bool:
        return self.tasks is not None and self.tasks.are_watched

    def _follow(self, training: Training, history: History, check_for_ctrl_c: Callable[[], None]) -> None:
        n_before = len(history.records) - training.n_done
        records = training.epochs() if self.tasks is None else self.tasks.around(training)
        for record in records:
            record = replace(record, epoch=n_before + record.epoch)
            history.records.append(record)
            log_epoch(self.estimator.verbose, record)
            check_for_ctrl_c()
            if self.deadline < np.inf and record.epoch == n_before + training.n_done:
                self._fit_into_time(training, history)

    def _fit_into_time(self, training: Training, history: History) -> None:
        """Shorten the cycle to the epochs that there is time for, or end it."""
        now, n_done = perf_counter(), len(history.records)
        if history.clock is None:
            history.clock = now, n_done  # the first call compiles: it says little of the others
            return
        then, n_then = history.clock
        seconds = (now - then) / (n_done - n_then)
        affordable = training.n_done + int(max(0.0, self.deadline - now) / max(seconds, 1e-9))
        training.max_epochs = max(training.n_done, min(training.max_epochs, affordable))
        training.planned_epochs = max(1, training.max_epochs)
        history.out_of_time = now + seconds > self.deadline
        if history.out_of_time:
            training.stop()


def epochs_for(n_steps: int, n_rows: int, batch_size: int) -> int:
    """Epochs that take about `n_steps` training steps."""
    return max(_FEWEST_EPOCHS, round(n_steps * batch_size / n_rows))
