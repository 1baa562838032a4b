"""The training loop: a generator of epoch records.

Early stopping, progress bars, histories, callbacks are consumers of the records. What is random or scheduled
is decided here, above the engines: batch orders, learning rates, the key of the dropout stream.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from chainrule.engine import Data, Engine, Plan, Program, State, watch
from chainrule.network import Draw
from chainrule.optimization import Schedule

__all__ = ["EpochRecord", "Position", "Training"]

Array = Any


@dataclass(frozen=True)
class EpochRecord:
    """What came of one epoch.

    Attributes
    ----------
    epoch : int
        Counted from 1 in this training.
    loss : float
        Mean over the epoch's batches, each measured before its update; penalties included.
    validation_loss, score : float
        On the validation rows after the epoch; NaN without them. `score` is accuracy, R² or the user's own.
    learning_rate : float
        At the epoch's end.
    """

    epoch: int
    loss: float
    validation_loss: float
    score: float
    learning_rate: float


class Position(NamedTuple):
    """Where a training stands between two calls of the engine: all that another one needs to go on from it.

    Attributes
    ----------
    n_done : epochs done
    key : of the dropout stream
    generator : state of the generator of the batch orders
    state : parameters, moments and early stopping
    """

    n_done: int
    key: int
    generator: Mapping[str, Any]
    state: State


@dataclass
class Training:
    """A training run: iterate over `epochs`, then read `state`.

    Parameters
    ----------
    program, engine, data
        What, who, and on which rows.
    state : State
        Where to start; `chainrule.engine.start` for a fresh one. Updated as epochs are done.
    numbers : dict
        Settings of optimizer, penalties and early stopping (`Engine.run_epochs`).
    schedule, learning_rate
        η of a step is `learning_rate` times the schedule's factor.
    batch_size : int
    max_epochs, planned_epochs : int
        Epochs of this training at the most, and those that the schedule is stretched over (more than
        `max_epochs` where a model learns epoch by epoch).
    rng : Generator
        Draws the batch orders, and the dropout key.
    shuffle : bool, default=True
        A new order every epoch; False: the rows as they lie.
    epochs_before, samples_seen : int, default=0
        Epochs done of those planned, and rows seen, in earlier trainings of the same model.
    scorer : callable (theta) -> float, optional
        For a program whose monitor is "external": a score on the validation rows, higher is better.
    one_by_one : bool, default=False
        Hand over every epoch as soon as it is done, with its parameters in `state` (for callbacks).
    fade : Schedule, optional
        Factor of each step on dropout and weight decay, for a program with `fades`.
    after_call : callable (Position), optional
        Called after each call of the engine, when its records have been handed over.
    """

    program: Program
    engine: Engine
    data: Data
    state: State
    numbers: dict[str, float]
    schedule: Schedule
    learning_rate: float
    batch_size: int
    max_epochs: int
    planned_epochs: int
    rng: np.random.Generator
    shuffle: bool = True
    epochs_before: int = 0
    samples_seen: int = 0
    scorer: Callable[[Array], float] | None = None
    one_by_one: bool = False
    fade: Schedule | None = None
    after_call: Callable[[Position], None] | None = None
    n_done: int = field(default=0, init=False)
    _key: int | None = field(default=None, init=False)

    def epochs(self) -> Iterator[EpochRecord]:
        """Train, one record per epoch, until `max_epochs` are done or the state is stopped."""
        dtype = self.state.theta.dtype
        loaded = self.engine.load(self.data, dtype)
        if self._key is None:
            self._key = int(self.rng.integers(2**32))
        key = Draw.from_seed(self._key).key
        bundle = 1
        if not (self.one_by_one or self.scorer):
            bundle = self.engine.epochs_per_call(self.program, self.data)
        while self.goes_on:
            first = self.n_done
            plan = self._plan(min(bundle, self.max_epochs - first), key, bundle)
            self.state, records = self.engine.run_epochs(self.program, loaded, self.state, plan, self.numbers)
            self.n_done = first + len(records.loss)
            for i, (loss, validation_loss, score, rate) in enumerate(zip(*records, strict=True)):
                if self.scorer is not None:
                    score = self._judge(float(rate))
                yield EpochRecord(
                    first + i + 1, float(loss), float(validation_loss), float(score), float(rate)
                )
            if self.after_call is not None:
                self.after_call(self.position)

    @property
    def position(self) -> Position:
        """Where this training stands; once it has begun, and between two calls of the engine."""
        assert self._key is not None
        return Position(self.n_done, self._key, self.rng.bit_generator.state, self.state)

    def go_on_from(self, position: Position) -> None:
        """Stand where another training of the same settings stood: the same bits follow."""
        self.n_done, self._key, self.rng.bit_generator.state, self.state = position

    @property
    def goes_on(self) -> bool:
        """Whether another epoch is to be done."""
        return self.n_done < self.max_epochs and not self.state.stopped and bool(self.state.finite)

    def stop(self) -> None:
        """End after the record that was handed over last; exact with `one_by_one`."""
        self.state = self.state._replace(stopped=True)

    def _judge(self, rate: float) -> float:
        """Score from outside the engine, and early stopping by it."""
        assert self.scorer is not None
        score = float(self.scorer(self.state.theta)) if self.state.finite else np.nan
        finite = np.asarray(self.state.finite)
        self.state = watch(self.state, -score, finite, rate, self.numbers, self.program.adaptive)
        return score

    def _plan(self, n_epochs: int, key: Array, capacity: int) -> Plan:
        """The next epochs: orders, learning rates, corrections."""
        n_rows = self.data.X.shape[0]
        n_steps = ceil(n_rows / self.batch_size)
        orders = None
        if self.shuffle:
            rows = np.arange(n_rows, dtype=np.int32)
            orders = np.stack([self.rng.permutation(rows) for _ in range(n_epochs)])
        step = (self.n_done + np.arange(n_epochs)[:, None]) * n_steps + np.arange(n_steps)
        samples = np.broadcast_to(self.samples_seen + (step // n_steps) * n_rows, step.shape)
        done = (self.epochs_before * n_steps + step) / (self.planned_epochs * n_steps)
        done = np.minimum(done, 1.0)
        factors = self.schedule.factors(done, samples)
        before = int(self.state.step) - self.n_done * n_steps
        return Plan(
            orders=orders,
            rates=self.learning_rate * factors,
            corrections=self.program.optimizer.correction(self.numbers, before + step + 1),
            batch_size=self.batch_size,
            key=key,
            capacity=capacity,
            fades=None if self.fade is None else self.fade.factors(done, samples),
        )
