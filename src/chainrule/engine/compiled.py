"""The program that the xla engine compiles: whole epochs, and everything between two of them, in one call.

Two things shape it. XLA compiles a function of its own for every number that a loop hands on (10 ms each):
therefore numbers are carried together in one array. And fetching the rows of a batch by their places can cost
more than a small network's whole step: therefore the rows of many batches are fetched at a time, in the order
of the epoch, and a batch is a slice of them.
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.sharding import Mesh

from chainrule.engine.base import Data, Program, Records, State
from chainrule.engine.devices import fetched, on_devices, outputs_of_all, piece_of_device, summed
from chainrule.engine.numpy import validation_rows
from chainrule.engine.parts import Parts
from chainrule.engine.step import end_of_epoch, objective, training_step
from chainrule.network import Network

__all__ = [
    "Arguments",
    "Shape",
    "compiled_epoch",
    "compiled_epochs",
    "compiled_objective",
    "compiled_together",
    "numbers_of",
    "objective_on_devices",
    "parts_of",
    "state_of",
]

Array = Any
Vectors = tuple[Array, ...]

_PACKED_TOGETHER = 2**13
"""Parameters with more numbers than this are updated by themselves."""


class Shape(NamedTuple):
    """What a compiled program is made for, beside the shapes of its arguments.

    Attributes
    ----------
    width : rows of a batch
    chunk : batches whose rows are fetched at a time
    n_chunks : of an epoch, at the most
    capacity : epochs, at the most
    pieces : in which a batch is computed, at the same time where there are several cores
    mesh : devices that share the rows of a batch, if there are several
    """

    width: int
    chunk: int
    n_chunks: int
    capacity: int
    pieces: int = 1
    mesh: Mesh | None = None

    @property
    def own(self) -> int:
        """Rows of a batch that one device computes."""
        return self.width if self.mesh is None else -(-self.width // self.mesh.size)


class Arguments(NamedTuple):
    """A `Plan` and the settings as this program takes them: padded arrays and numbers."""

    orders: Array
    rates: Array
    corrections: Array
    key: Array
    numbers: Any
    n_rows: Any
    n_steps: Any
    n_chunks: Any
    weight: Any
    fades: Array | None = None


def parts_of(network: Network) -> Parts:
    """How this program holds θ."""
    return Parts(network, largest=_PACKED_TOGETHER, from_to=True)


_options = {"xla_backend_optimization_level": 1}

compiled_objective = jax.jit(objective, static_argnums=(0, 2), compiler_options=_options)
"""Loss with penalties over all rows, and its gradient."""


@partial(jax.jit, static_argnums=(0, 1, 2), compiler_options=_options)
def objective_on_devices(
    program: Program, parts: Parts, mesh: Mesh, data: Data, share: Any, numbers: Any, theta: Vectors
) -> tuple[Any, Vectors]:
    """`compiled_objective` on several devices; the weights are shares in the loss."""

    def own(data: Data, share: Any, numbers: Any, theta: Vectors) -> tuple[Any, Vectors]:
        return objective(program, numbers, parts, theta, (*data[:3], share), each=piece_of_device)

    return on_devices(own, mesh, data, share, numbers, theta)  # type: ignore[no-any-return]


def _where_the_data_lies(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function(program, shape, data, ...)`, run by every device of the shape's mesh if there is one."""

    @wraps(function)
    def run(program: Program, shape: Shape, data: Data, *others: Any) -> Any:
        if shape.mesh is None:
            return function(program, shape, data, *others)
        return on_devices(partial(function, program, shape), shape.mesh, data, *others)

    return run


@partial(jax.jit, static_argnums=(0, 1), donate_argnums=(3, 4), compiler_options=_options)
@_where_the_data_lies
def compiled_epoch(
    program: Program,
    shape: Shape,
    data: Data,
    theta: Vectors,
    moments: tuple[Vectors, ...],
    step: Any,
    rate_factor: Any,
    plan: Arguments,
) -> tuple[Vectors, tuple[Vectors, ...], Any]:
    """(θ, moments, loss) after the steps of one epoch."""
    return _Run(program, shape, data, step, plan).steps(0, rate_factor, theta, moments)


def _epochs(
    program: Program,
    shape: Shape,
    data: Data,
    vectors: Any,
    row: Array,
    step: Any,
    n_epochs: Any,
    plan: Arguments,
) -> tuple[Any, Array, Any]:
    """(vectors of the state, log with a row per epoch, epochs run): until the plan or the state says stop.

    The row of an epoch, and of what was before the first, is that of `numbers_of`.
    """
    run = _Run(program, shape, data, step, plan)

    def goes_on(carry: Any) -> Any:
        epoch, vectors, row, _ = carry
        state = state_of(vectors, row)
        return (epoch < n_epochs) & ~state.stopped & state.finite

    def one_epoch(carry: Any) -> Any:
        epoch, vectors, row, log = carry
        row, vectors = run.epoch(epoch, state_of(vectors, row))
        log = lax.dynamic_update_slice(log, row[None], (epoch, jnp.zeros_like(epoch)))
        return epoch + 1, vectors, row, log

    log = jnp.zeros((shape.capacity, len(row)), row.dtype)
    n_run, vectors, _, log = lax.while_loop(goes_on, one_epoch, (0, vectors, row, log))
    return vectors, log, n_run


compiled_epochs = jax.jit(
    _where_the_data_lies(_epochs), static_argnums=(0, 1), donate_argnums=3, compiler_options=_options
)


@partial(jax.jit, static_argnums=(0, 1, 2), donate_argnums=4, compiler_options=_options)
def compiled_together(
    program: Program, shape: Shape, same_data: bool, data: Data, vectors: Any, *others: Any
) -> tuple[Any, Array, Any]:
    """`compiled_epochs` of several trainings at once, whose arguments are stacked.

    The tables have the same number of rows; `same_data`: there is only one, which is not stacked.
    """
    *numbers, plan = others
    stacked = Arguments(*(None if name.startswith("n_") else 0 for name in Arguments._fields))
    axes = (None if same_data else 0, 0, *(0 for _ in numbers), stacked)
    all_epochs = jax.vmap(partial(_epochs, program, shape), in_axes=axes)
    return all_epochs(data, vectors, *numbers, plan)  # type: ignore[no-any-return]


class _Run(NamedTuple):
    """What does not change while the program runs, and what happens in an epoch, a chunk, a step."""

    program: Program
    shape: Shape
    data: Data
    first_step: Any
    plan: Arguments

    @property
    def parts(self) -> Parts:
        return parts_of(self.program.network)

    def epoch(self, epoch: Any, state: State) -> tuple[Array, tuple[Any, Any, Any]]:
        """(numbers, vectors of the state) after an epoch and its end."""
        theta, moments, loss = self.steps(epoch, state.rate_factor, state.theta, state.moments)
        rate = _at(self.plan.rates, epoch, self.plan.n_steps - 1)
        after = state._replace(theta=theta, moments=moments)
        validation = validation_rows(self.data)
        predict = _predict if self.shape.mesh is None else outputs_of_all
        after, validation_loss, score = end_of_epoch(
            self.program, self.plan.numbers, self.parts, after, state.theta, loss, rate, validation, predict
        )
        record = (loss, validation_loss, score, rate * after.rate_factor)
        row = [jnp.nan if value is None else value for value in (*record, *numbers_of(after))]
        dtype = self.plan.rates.dtype
        row = jnp.stack([jnp.asarray(value, dtype) for value in row])
        return row, (after.theta, after.moments, after.best_theta)

    def steps(
        self, epoch: Any, rate_factor: Any, theta: Vectors, moments: tuple[Vectors, ...]
    ) -> tuple[Vectors, tuple[Vectors, ...], Any]:
        """(θ, moments, loss) after the steps of an epoch."""
        carry = (theta, moments, jnp.zeros((), self.plan.rates.dtype))
        one_chunk = partial(self.chunk, epoch, rate_factor)
        if self.shape.n_chunks == 1:
            carry = one_chunk(0, carry)
        else:
            carry = lax.fori_loop(0, self.plan.n_chunks, one_chunk, carry)
        theta, moments, loss = carry
        return theta, moments, loss if self.program.loss.adds_up else loss / self.plan.weight

    def chunk(self, epoch: Any, rate_factor: Any, i: Any, carry: Any) -> Any:
        """Fetch the rows of the i-th chunk and take its steps."""
        _, chunk, n_chunks = self.shape[:3]
        first = i * chunk
        X, y, w = self.rows(epoch, first)
        share = jnp.ones(chunk, w.dtype)
        if not self.program.loss.adds_up:
            total = w.sum(1) if self.shape.mesh is None else summed(w.sum(1))
            share = 1 / jnp.maximum(total, jnp.finfo(w.dtype).tiny)  # steps that there are not have none
        batches = (X, y, (w * share[:, None]).reshape(-1), share)
        one_step = partial(self.step, epoch, rate_factor, first, batches)
        if chunk == 1:
            return one_step(0, carry)
        n_here = self.plan.n_steps if n_chunks == 1 else jnp.minimum(chunk, self.plan.n_steps - first)
        return lax.fori_loop(0, n_here, one_step, carry)

    def rows(self, epoch: Any, first: Any) -> tuple[Array, Array, Array]:
        """X, y, and the weights (batches, rows of each) of a chunk, from its first batch on."""
        width, chunk = self.shape[:2]
        n = chunk * width
        places = _slice(self.plan.orders, (epoch, first * width), (1, n))[0]
        if self.shape.mesh is None:
            X, y, w = (part.at[places].get(mode="promise_in_bounds") for part in self.data[:3])
            w = jnp.where(first * width + jnp.arange(n) < self.plan.n_rows, w, 0)
        else:
            counts = first * width + jnp.arange(n) < self.plan.n_rows
            places, counts = places.reshape(chunk, width), counts.reshape(chunk, width)
            X, y, w = fetched(self.data[:3], places, counts, self.shape.own)
        return X, y, w.reshape(chunk, -1)

    def step(self, epoch: Any, rate_factor: Any, first: Any, batches: Any, i: Any, carry: Any) -> Any:
        """The i-th training step of a chunk."""
        theta, moments, loss = carry
        width, plan = self.shape.own, self.plan
        X, y, w = (_slice(a, (i * width, *(0,) * (a.ndim - 1)), (width, *a.shape[1:])) for a in batches[:3])
        share = _at(batches[3], i)
        place = (epoch, first + i)
        state = State(theta, moments, self.first_step + epoch * plan.n_steps + place[1], *_no_numbers)
        state = state._replace(rate_factor=rate_factor)
        rate, correction = _at(plan.rates, *place), _at(plan.corrections, *place)
        fade = 1.0 if plan.fades is None else _at(plan.fades, *place)
        state, value = training_step(
            self.program,
            plan.numbers,
            self.parts,
            state,
            (X, y, w, share),
            rate,
            correction,
            plan.key,
            fade,
            self.shape.pieces,
            map if self.shape.mesh is None else piece_of_device,
        )
        return state.theta, state.moments, loss + value / share


def _predict(network: Network, p: dict[str, Array], X: Array) -> Array:
    return network.forward(p, X)[0]


_no_numbers = (None,) * (len(State._fields) - 3)


def numbers_of(state: State) -> tuple[Any, ...]:
    """The numbers of a state, which stand behind the record in an epoch's row."""
    return state.best, state.count, state.rate_factor, state.stopped, state.finite


def state_of(vectors: tuple[Any, Any, Any], row: Array) -> State:
    """The state, but for its step, from its vectors and an epoch's row."""
    theta, moments, best_theta = vectors
    best, count, rate_factor, stopped, finite = (row[i] for i in range(len(Records._fields), len(row)))
    return State(theta, moments, None, best, best_theta, count, rate_factor, stopped != 0, finite != 0)


def _slice(array: Array, start: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    """A block of an array, from a place without negative numbers."""
    places = [jnp.asarray(place, jnp.int32) for place in start]
    return lax.dynamic_slice(array, places, shape, allow_negative_indices=False)


def _at(array: Array, *place: Any) -> Array:
    """One number of an array, at a place without negative numbers."""
    return _slice(array, place, (1,) * array.ndim).reshape(())
