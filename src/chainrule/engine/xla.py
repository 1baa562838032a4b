"""The xla engine: hands the same equations to JAX, which compiles whole epochs into one program.

Rows are padded to buckets, so that data sets of nearly the same size (the folds of a cross-validation)
share one compiled program; every number in `Plan` and `numbers` is an argument, not a constant.
Compiled programs are kept on disk in the user's cache folder.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from math import prod
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from chainrule.engine.base import Data, Plan, Program, Records, State
from chainrule.engine.parts import Parts, over_vectors
from chainrule.engine.step import end_of_epoch, objective, training_step
from chainrule.network import Network
from chainrule.network.automatic import written_for_both

__all__ = ["XlaEngine", "bucket"]

Array = Any

_OPERATIONS_PER_CALL = 2e9
_MOST_EPOCHS_PER_CALL = 32
_ORDERS_PER_CALL = 4_000_000
_BYTES_PER_CHUNK = 2**22
_PACKED_TOGETHER = 2**13

_settings_lock = RLock()


def bucket(n: int) -> int:
    """`n` rounded up: to a multiple of 8, above 64 to one of 8 sizes per power of two (at most 1/8 more)."""
    step = max(8, 1 << max(n.bit_length() - 4, 0))
    return -(-n // step) * step


class _Loaded(NamedTuple):
    """Padded arrays on the device, and how many rows of them are real."""

    data: Data
    n_rows: int


class XlaEngine:
    """Compiles the equations with JAX for the device that JAX runs on."""

    name = "xla"

    def __init__(self) -> None:
        _keep_compiled_programs()

    def load(self, data: Data, dtype: Any) -> _Loaded:
        """The rows, padded with rows of weight 0, on the device; sparse rows become dense."""
        with _precision(dtype):
            parts = {
                name: (_padded_weights if name.startswith("weights") else _padded)(part, dtype)
                for name, part in data._asdict().items()
                if part is not None
            }
        return _Loaded(Data(**parts), len(data.weights))

    def epochs_per_call(self, program: Program, data: Data) -> int:
        """As many as make a call of about 50 ms on one core; a power of two, equal for equal buckets."""
        work = 6 * program.network.n_parameters * bucket(data.X.shape[0])
        by_memory = _ORDERS_PER_CALL // bucket(data.X.shape[0])
        epochs = max(1, min(_MOST_EPOCHS_PER_CALL, int(_OPERATIONS_PER_CALL / work), by_memory))
        return 1 << (epochs.bit_length() - 1)

    def run_epochs(
        self, program: Program, loaded: _Loaded, state: State, plan: Plan, numbers: dict[str, float]
    ) -> tuple[State, Records]:
        """See `Engine.run_epochs`."""
        dtype = state.theta.dtype
        parts = _parts(program.network)
        n_epochs, n_steps = plan.rates.shape
        shape = _shape_of_call(loaded, plan)
        order = plan.orders
        if order is None:
            order = np.broadcast_to(np.arange(loaded.n_rows, dtype=np.int32), (n_epochs, loaded.n_rows))
        with _precision(dtype), written_for_both():
            state, records, n_run = _run_epochs(
                program,
                shape,
                loaded.data,
                _as_arrays(over_vectors(parts.split, state), dtype, np.asarray),
                _filled(order, (shape.capacity, shape.n_chunks * shape.chunk * shape.width), np.int32),
                _filled(plan.rates, (shape.capacity, bucket(n_steps)), dtype),
                _filled(plan.corrections, (shape.capacity, bucket(n_steps)), dtype),
                (loaded.n_rows, n_epochs),
                plan.key,
                {name: np.asarray(value, dtype) for name, value in numbers.items()},
            )
            n = int(n_run)
            state = over_vectors(parts.join, jax.tree.map(np.asarray, state))
        return state, Records(*(np.asarray(column)[:n] for column in records))

    def value_and_gradient(
        self, program: Program, loaded: _Loaded, theta: Array, numbers: dict[str, float]
    ) -> tuple[float, Array]:
        """See `Engine.value_and_gradient`."""
        parts = _parts(program.network)
        with _precision(theta.dtype), written_for_both():
            value, gradient = _objective(program, numbers, parts, parts.split(theta), *loaded.data[:3])
            return float(value), parts.join(jax.tree.map(np.asarray, gradient))


_objective = jax.jit(objective, static_argnums=(0, 2))


def _parts(network: Network) -> Parts:
    return Parts(network, largest=_PACKED_TOGETHER, from_to=True)


class _Shape(NamedTuple):
    """What a compiled program is made for, beside the shapes of its arguments.

    Attributes
    ----------
    width : rows of a batch
    chunk : batches whose rows are fetched at a time
    n_chunks : of an epoch, at the most
    capacity : epochs, at the most
    """

    width: int
    chunk: int
    n_chunks: int
    capacity: int


def _shape_of_call(loaded: _Loaded, plan: Plan) -> _Shape:
    rows = bucket(loaded.n_rows)
    # A batch that is the whole table would be a shape of its own for every number of rows.
    width = bucket(plan.batch_size) if plan.batch_size >= loaded.n_rows else plan.batch_size
    bytes_per_row = sum(part.nbytes for part in loaded.data[:3]) / rows
    n_steps = -(-rows // width)
    chunk = max(1, min(n_steps, int(_BYTES_PER_CHUNK / (width * bytes_per_row))))
    return _Shape(width, chunk, -(-n_steps // chunk), max(plan.capacity, len(plan.rates)))


@partial(
    jax.jit,
    static_argnums=(0, 1),
    donate_argnums=3,
    compiler_options={"xla_backend_optimization_level": 1},
)
def _run_epochs(
    program: Program,
    shape: _Shape,
    data: Data,
    state: State,
    orders: Array,
    rates: Array,
    corrections: Array,
    sizes: tuple[Any, Any],
    key: Array,
    numbers: Any,
) -> tuple[State, Records, Any]:
    """Epochs until the plan or the state says stop.

    The rows of several batches are fetched at a time, in the order of the epoch, and a batch is a slice of
    them: fetching batch by batch costs more than some networks' whole step.
    """
    n_rows, n_epochs = sizes
    width, chunk = shape.width, shape.chunk
    n_steps = -(-n_rows // width)
    parts = _parts(program.network)
    validation = None if data.X_val is None else (data.X_val, data.y_val, data.weights_val)
    dtype = rates.dtype
    zeros = jnp.zeros(shape.capacity, dtype)

    def step(i: Any, carry: Any) -> Any:
        epoch, first, fetched, state, total, seen = carry
        batch = tuple(lax.dynamic_slice_in_dim(part, i * width, width) for part in fetched)
        at = (epoch, first + i)
        state, value = training_step(program, numbers, parts, state, batch, rates[at], corrections[at], key)
        share = jnp.ones_like(total) if program.loss.adds_up else batch[2].sum()
        return epoch, first, fetched, state, total + value * share, seen + share

    def one_chunk(i: Any, carry: Any) -> Any:
        epoch, state, total, seen = carry
        first = i * chunk
        place = first * width + jnp.arange(chunk * width)
        rows = lax.dynamic_slice(orders, (epoch, first * width), (1, chunk * width))[0]
        X, y, w = (part.at[rows].get(mode="promise_in_bounds") for part in data[:3])
        fetched = (X, y, w * (place < n_rows))
        here = jnp.minimum(chunk, n_steps - first)
        carry = (epoch, first, fetched, state, total, seen)
        _, _, _, state, total, seen = lax.fori_loop(0, here, step, carry)
        return epoch, state, total, seen

    def one_epoch(carry: Any) -> Any:
        epoch, state, records = carry
        zero, theta_before = zeros[0], state.theta
        n_chunks = -(-n_steps // chunk)
        _, state, total, seen = lax.fori_loop(0, n_chunks, one_chunk, (epoch, state, zero, zero))
        loss = total if program.loss.adds_up else total / seen
        rate = rates[epoch, n_steps - 1]
        state, validation_loss, score = end_of_epoch(
            program, numbers, parts, state, theta_before, loss, rate, validation
        )
        row = (loss, validation_loss, score, rate * state.rate_factor)
        records = Records(
            *(
                column.at[epoch].set(jnp.nan if value is None else value)
                for column, value in zip(records, row, strict=True)
            )
        )
        return epoch + 1, _as_arrays(state, dtype, jnp.asarray), records

    def goes_on(carry: Any) -> Any:
        epoch, state, _ = carry
        return (epoch < n_epochs) & ~state.stopped & state.finite

    n_run, state, records = lax.while_loop(
        goes_on, one_epoch, (0, state, Records(zeros, zeros, zeros, zeros))
    )
    return state, records, n_run


def _as_arrays(state: State, dtype: Any, convert: Any) -> State:
    """The state with one dtype per field, whatever mixture of Python, NumPy and traced numbers it holds."""
    return State(
        theta=tuple(convert(part, dtype) for part in state.theta),
        moments=tuple(tuple(convert(part, dtype) for part in moment) for moment in state.moments),
        step=convert(state.step, np.int32),
        best=convert(state.best, dtype),
        best_theta=tuple(convert(part, dtype) for part in state.best_theta),
        count=convert(state.count, np.int32),
        rate_factor=convert(state.rate_factor, dtype),
        stopped=convert(state.stopped, bool),
        finite=convert(state.finite, bool),
    )


@contextmanager
def _precision(dtype: Any) -> Iterator[None]:
    """JAX's settings for our programs, whatever the user has chosen for his own.

    float64 only where it is asked for; float32 products in float32 on every device (a recent GPU would
    round the factors to 10 bits); every program of ours is kept on disk, however short its compilation was.
    """
    with (
        jax.enable_x64(np.dtype(dtype) == np.float64),
        jax.default_matmul_precision("float32"),
        jax.numpy_rank_promotion("allow"),
        jax.numpy_dtype_promotion("standard"),
        _all_programs_kept(),
    ):
        yield


@contextmanager
def _all_programs_kept() -> Iterator[None]:
    names = ("jax_persistent_cache_min_compile_time_secs", "jax_persistent_cache_min_entry_size_bytes")
    with _settings_lock:
        before = {name: getattr(jax.config, name) for name in names}
        for name in names:
            jax.config.update(name, 0)
        try:
            yield
        finally:
            for name, value in before.items():
                jax.config.update(name, value)


def _padded(part: Any, dtype: Any) -> Array:
    """`part` filled up with copies of its first row, on which any loss is as finite as on the others."""
    part = part.toarray() if hasattr(part, "toarray") else np.asarray(part)
    filling = np.broadcast_to(part[:1], (bucket(len(part)) - len(part), *part.shape[1:]))
    return jnp.asarray(np.concatenate([part, filling]), dtype)


def _padded_weights(weights: Any, dtype: Any) -> Array:
    return jnp.asarray(_filled(np.asarray(weights), (bucket(len(weights)),), dtype))


def _filled(part: Array, shape: tuple[int, ...], dtype: Any) -> Array:
    """`part` in the corner of an array of zeros of that shape."""
    if part.shape == shape and part.dtype == dtype:
        return part
    if prod(shape) < prod(part.shape):
        raise AssertionError(f"{part.shape} does not fit into {shape}")
    whole = np.zeros(shape, dtype)
    whole[tuple(slice(0, n) for n in part.shape)] = part
    return whole


def _keep_compiled_programs() -> None:
    """Turn on JAX's persistent cache in the user's cache folder, unless the user has chosen one already."""
    if jax.config.jax_compilation_cache_dir is not None:
        return
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # nobody's home: then every process compiles anew
        return
    jax.config.update("jax_compilation_cache_dir", str(base / "chainrule" / "xla"))
