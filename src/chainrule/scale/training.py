"""Training epochs over rows that come in chunks: the same steps, the same records, as over rows in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np

from chainrule.engine import Data, Engine, Plan, Program, State
from chainrule.engine.numpy import NumpyEngine, judged, quiet, validation_rows
from chainrule.engine.parts import Parts, over_vectors
from chainrule.network import Draw
from chainrule.scale.feed import Feed
from chainrule.training import EpochRecord, Training

__all__ = ["StreamedTraining", "trained_on_chunk"]

Array = Any


def trained_on_chunk(
    engine: Engine,
    program: Program,
    chunk: Data,
    state: State,
    rates: Array,
    fades: Array | None,
    key: Array,
    numbers: dict[str, float],
    batch_size: int,
) -> tuple[State, float]:
    """(state, mean loss) after a step for each batch of a chunk, as its rows lie; nothing is judged."""
    if not chunk.weights.any():
        return state, 0.0
    program = replace(program, monitor="external", metric="none")
    first = int(state.step)
    plan = Plan(
        orders=None,
        rates=rates[None],
        corrections=program.optimizer.correction(numbers, first + 1 + np.arange(len(rates)))[None],
        batch_size=batch_size,
        key=key,
        fades=None if fades is None else fades[None],
    )
    loaded = engine.load(chunk, state.theta.dtype)
    state, records = engine.run_epochs(program, loaded, state, plan, numbers)
    return state, float(records.loss[0])


@dataclass
class StreamedTraining(Training):
    """A `Training` whose rows come from a feed; its `data` are the rows to judge by, and a sample.

    Parameters
    ----------
    feed : Feed
    """

    feed: Feed | None = None

    def epochs(self) -> Iterator[EpochRecord]:
        """Train, one record per epoch, until `max_epochs` are done or the state is stopped."""
        assert self.feed is not None
        if self._key is None:
            self._key = int(self.rng.integers(2**32))
        while self.goes_on:
            before = self.state
            loss, rate = self._one_epoch(self.feed, np.random.default_rng(self.rng.integers(2**32, size=4)))
            self.n_done += 1
            yield self._judged(before, loss, rate)
            if self.after_call is not None:
                self.after_call(self.position)

    def _one_epoch(self, feed: Feed, rng: np.random.Generator) -> tuple[float, float]:
        """(mean loss, last learning rate) of one pass over the rows."""
        assert self._key is not None
        key = Draw.from_seed(self._key).key
        n_steps = ceil(feed.n_rows / self.batch_size)
        step, loss, weight, rate = self.n_done * n_steps, 0.0, 0.0, 0.0
        for chunk in feed.chunks(rng, is_first=int(self.state.step) == 0):
            steps = step + np.arange(ceil(len(chunk.weights) / self.batch_size))
            step += len(steps)
            done = np.minimum((self.epochs_before * n_steps + steps) / (self.planned_epochs * n_steps), 1.0)
            samples = self.samples_seen + (steps // n_steps) * feed.n_rows
            rates = self.learning_rate * self.schedule.factors(done, samples)
            fades = None if self.fade is None else self.fade.factors(done, samples)
            self.state, mean = trained_on_chunk(
                self.engine, self.program, chunk, self.state, rates, fades, key, self.numbers, self.batch_size
            )
            own = float(chunk.weights.sum(dtype=np.float64))
            loss, weight, rate = loss + mean * own, weight + own, float(rates[-1])
            if not self.state.finite:
                break
        return loss / weight, rate

    def _judged(self, before: State, loss: float, rate: float) -> EpochRecord:
        """The epoch's record, after its end has been judged by the validation rows."""
        parts = Parts(self.program.network)
        state, validation = over_vectors(parts.split, self.state), validation_rows(self._validation)
        with quiet():
            state, record = judged(
                self.program, self.numbers, parts, state, parts.split(before.theta), loss, rate, validation
            )
        self.state = over_vectors(parts.join, state)
        loss, validation_loss, score, rate_after = record
        if self.scorer is not None:
            score = self._judge(rate)
        return EpochRecord(self.n_done, loss, validation_loss, score, rate_after)

    @cached_property
    def _validation(self) -> Data:
        """The rows to judge by, as the NumPy engine takes them."""
        return NumpyEngine().load(self.data, self.state.theta.dtype)
