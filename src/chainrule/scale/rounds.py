"""Training in rounds: every shard of the rows takes some steps by itself, then all meet at their mean.

    θ, moments ──► shard 0: H steps ──┐
        ▲     ├──► shard 1: H steps ──┼──► weighted mean, in the order of the shards ──┐
        │     └──► ...                ┘                                                │
        └──────────────────────────────────────────────────────────────────────────────┘

Local SGD (Stich 2019, arXiv 1805.09767) with an outer Nesterov step as in DiLoCo (Douillard et al. 2023,
arXiv 2311.08105), here of momentum ½ and rate 1, and with averaged moments. What a shard does is a pure
function of what it is handed, and the shards are made by the data alone: the same bits come out wherever, and
however often, a shard's steps are computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, NamedTuple, Protocol

import numpy as np

from chainrule.engine import Data, Program, State, choose_engine, start
from chainrule.network import Draw
from chainrule.scale.training import StreamedTraining, trained_on_chunk

__all__ = [
    "Averaged",
    "Learned",
    "LocalShards",
    "Rounds",
    "Stand",
    "Work",
    "averaged",
    "round_lengths",
    "train_shard",
]

Array = Any

_FEWEST_ROWS_OF_A_STEP = 64
_STEPS_OF_FIRST_ROUND = 25
_MOST_STEPS_OF_A_ROUND = 250
_OUTER_MOMENTUM = 0.5


class Stand(NamedTuple):
    """Where all shards stand between two rounds.

    Attributes
    ----------
    theta : parameters
    moments : the optimizer's vectors
    step : steps done
    """

    theta: Array
    moments: tuple[Array, ...]
    step: int


@dataclass(frozen=True)
class Work:
    """What every shard is to do in a round.

    Attributes
    ----------
    number : of the round, counted from 1 in its training
    program, numbers : see `Training`
    engine : str
        Name of who computes.
    batch_size : int
        Rows of a step of one shard.
    sum_factor : float
        Rows of a step of the whole training for each of them: factor on a loss that adds up.
    first_step : int
        Of the round, counted from 0 in its epoch.
    rates, fades : of each step; see `Plan`
    key : int
        Of the dropout stream.
    seed : int
        Of the orders of the rows in this epoch.
    """

    number: int
    program: Program
    engine: str
    numbers: dict[str, float]
    batch_size: int
    sum_factor: float
    first_step: int
    rates: Array
    fades: Array | None
    key: int
    seed: int


class Learned(NamedTuple):
    """Where one shard arrived: parameters, moments, its mean loss, its weight among all, what is finite."""

    theta: Array
    moments: tuple[Array, ...]
    loss: float
    weight: float
    finite: bool


class Averaged(NamedTuple):
    """Where all shards meet, and their mean loss."""

    theta: Array
    moments: tuple[Array, ...]
    loss: float
    finite: bool


def train_shard(rows: Data, shard: int, work: Work, stand: Stand) -> Learned | None:
    """Where `rows`, those of the shard of this number, lead in a round; None where there are none.

    A pure function: the same arguments, the same bits.
    """
    n_rows = len(rows.weights)
    if not n_rows:
        return None
    chosen = _order(n_rows, work, shard)
    weights = rows.weights[chosen]
    if work.program.loss.adds_up:
        weights = weights * np.asarray(work.sum_factor, weights.dtype)
    chunk = Data(rows.X[chosen], rows.y[chosen], weights)
    engine = choose_engine(work.engine, work.program, chunk, 1, work.batch_size)
    state = start(stand.theta, 0)._replace(moments=stand.moments, step=stand.step)
    key = Draw.from_seed(work.key).fold(shard).key
    after, loss = trained_on_chunk(
        engine, work.program, chunk, state, work.rates, work.fades, key, work.numbers, work.batch_size
    )
    moments = tuple(np.asarray(moment) for moment in after.moments)
    weight = float(rows.weights.sum(dtype=np.float64))
    return Learned(np.asarray(after.theta), moments, loss, weight, bool(after.finite))


def _order(n_rows: int, work: Work, shard: int) -> Array:
    """Numbers of a round's rows, going on in the epoch's passes over the shard where the last one ended."""
    first = work.first_step * work.batch_size
    behind = first + len(work.rates) * work.batch_size
    passes = range(first // n_rows, ceil(behind / n_rows))
    orders = [np.random.default_rng([work.seed, shard, number]).permutation(n_rows) for number in passes]
    start = first - passes[0] * n_rows
    return np.concatenate(orders)[start : start + behind - first]


def averaged(parts: Sequence[Learned | None]) -> Averaged:
    """The weighted mean of where the shards arrived, added up in their order, in float64."""
    learned = [part for part in parts if part is not None]
    shares = np.array([part.weight for part in learned]) / sum(part.weight for part in learned)

    def mean(vectors: Sequence[Array]) -> Array:
        total = np.zeros(vectors[0].shape, np.float64)
        for share, vector in zip(shares.tolist(), vectors, strict=True):
            total += share * vector
        return total.astype(vectors[0].dtype)

    moments = zip(*(part.moments for part in learned), strict=True)
    return Averaged(
        theta=mean([part.theta for part in learned]),
        moments=tuple(mean(vectors) for vectors in moments),
        loss=float(mean([np.array(part.loss) for part in learned])),
        finite=all(part.finite for part in learned),
    )


def round_lengths(n_steps: int, is_first: bool) -> list[int]:
    """Steps of each round of an epoch of `n_steps`: equal, and 250 at the most.

    In the first epoch they begin with 25 and double, for there the shards drift apart most.
    """
    lengths: list[int] = []
    length, left = _STEPS_OF_FIRST_ROUND, n_steps
    while is_first and length < _MOST_STEPS_OF_A_ROUND and left > 2 * length:
        lengths.append(length)
        left, length = left - length, 2 * length
    n_rounds = ceil(left / _MOST_STEPS_OF_A_ROUND)
    ends = [left * i // n_rounds for i in range(n_rounds + 1)]
    return lengths + np.diff(ends).tolist()


class Shards(Protocol):
    """Rows in fixed shards, wherever they are; the feed of a `Rounds`.

    Attributes
    ----------
    n_rows : int
        Of all shards.
    n_shards : int
        Those with rows.
    """

    n_rows: int
    n_shards: int

    def round(self, work: Work, stand: Stand) -> Averaged:
        """Let every shard do the work from where all of them stand."""
        ...


@dataclass
class LocalShards:
    """Shards in this process, one after the other."""

    rows: Sequence[Data]

    @property
    def n_rows(self) -> int:
        """Of all shards."""
        return sum(len(shard.weights) for shard in self.rows)

    @property
    def n_shards(self) -> int:
        """Those with rows."""
        return sum(bool(len(shard.weights)) for shard in self.rows)

    def round(self, work: Work, stand: Stand) -> Averaged:
        """See `Shards`."""
        return averaged([train_shard(rows, i, work, stand) for i, rows in enumerate(self.rows)])

    def training(self, **settings: Any) -> "Rounds":
        """A training over these shards."""
        return Rounds(feed=self, **settings)


@dataclass
class Rounds(StreamedTraining):
    """A `Training` in rounds over shards; its `data` are the rows to judge by, and a sample.

    A step takes `batch_size` rows, every shard an equal share of them, 64 at least: steps, epochs and
    learning rates are those of the training of one process.

    Parameters
    ----------
    feed : Shards
    """

    feed: Any = None
    n_rounds: int = field(default=0, init=False)

    def _one_epoch(self, feed: Any, rng: np.random.Generator) -> tuple[float, float]:
        """(mean loss, last learning rate) of one epoch."""
        batch_size = max(_FEWEST_ROWS_OF_A_STEP, ceil(self.batch_size / feed.n_shards))
        n_steps = ceil(feed.n_rows / self.batch_size)
        seed = int(rng.integers(2**63))
        adds_up = self.program.loss.adds_up
        loss, first, is_first = 0.0, 0, int(self.state.step) == 0
        for length in round_lengths(n_steps, is_first):
            rates, fades = self._factors(feed.n_rows, n_steps, first + np.arange(length))
            work = self._work(batch_size, first, rates, fades, seed)
            before = self.state
            met = feed.round(work, Stand(before.theta, before.moments[: self._n_moments], int(before.step)))
            self._step_outside(before, met, length)
            loss, first = loss + met.loss * (1 if adds_up else length), first + length
            if not self.state.finite:
                break
        return loss / (1 if adds_up else first), float(rates[-1])

    def _factors(self, n_rows: int, n_steps: int, steps: Array) -> tuple[Array, Array | None]:
        """(learning rate, fade) of these steps of the epoch."""
        done = (self.epochs_before + self.n_done + steps / n_steps) / self.planned_epochs
        samples = np.full(len(steps), self.samples_seen + self.n_done * n_rows)
        fades = None if self.fade is None else self.fade.factors(np.minimum(done, 1.0), samples)
        return self.learning_rate * self.schedule.factors(np.minimum(done, 1.0), samples), fades

    def _work(self, batch_size: int, first: int, rates: Array, fades: Array | None, seed: int) -> Work:
        assert self._key is not None
        self.n_rounds += 1
        return Work(
            number=self.n_rounds,
            program=self.program,
            engine=self.engine.name,
            numbers=self.numbers,
            batch_size=batch_size,
            sum_factor=self.batch_size / batch_size,
            first_step=first,
            rates=rates,
            fades=fades,
            key=self._key,
            seed=seed,
        )

    @property
    def _n_moments(self) -> int:
        return self.program.optimizer.n_moments

    def _step_outside(self, before: State, met: Averaged, length: int) -> None:
        """Go from `before` beyond where the shards met; the velocity is kept as one more moment."""
        known = before.moments[self._n_moments :]
        way = met.theta - before.theta
        velocity = _OUTER_MOMENTUM * known[0] + way if known else way
        self.state = before._replace(
            theta=before.theta + way + _OUTER_MOMENTUM * velocity,
            moments=(*met.moments, velocity),
            step=int(before.step) + length,
            finite=met.finite,
        )
