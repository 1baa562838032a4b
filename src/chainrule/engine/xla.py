"""The xla engine: hands the same equations to JAX, which compiles whole epochs into one program.

Rows are padded to buckets, so that data sets of nearly the same size (the folds of a cross-validation)
share one compiled program; every number in `Plan` and `numbers` is an argument, not a constant.
Compiled programs are kept on disk in the user's cache folder.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from chainrule.engine.base import Data, Plan, Program, Records, State
from chainrule.engine.compiled import (
    Arguments,
    Shape,
    compiled_epoch,
    compiled_epochs,
    compiled_objective,
    compiled_together,
    numbers_of,
    objective_on_devices,
    parts_of,
    state_of,
)
from chainrule.engine.devices import alone_on_devices
from chainrule.engine.loaded import Loaded, bucket
from chainrule.engine.numpy import judged, quiet
from chainrule.engine.parts import over_vectors
from chainrule.network.automatic import written_for_both

__all__ = ["Request", "XlaEngine", "bucket"]

Array = Any

_OPERATIONS_PER_CALL = 2e9
_OPERATIONS_OF_A_LONG_EPOCH = 4e8
_MOST_EPOCHS_PER_CALL = 32
_LARGEST_SMALL_MATRIX = 2**14
_WORK_FOR_TWO = 1.5e7
_ORDERS_PER_CALL = 4_000_000
_BYTES_PER_CHUNK = 2**22
_SIZES_OF_TABLE = ("n_rows", "n_steps", "n_chunks")

_settings_lock = RLock()
_seen: set[Any] = set()


class Request(NamedTuple):
    """The arguments of one `run_epochs`, but for the program."""

    loaded: Loaded
    state: State
    plan: Plan
    numbers: dict[str, float]


class XlaEngine:
    """Compiles the equations with JAX for the device that JAX runs on."""

    name = "xla"

    def __init__(self) -> None:
        _keep_compiled_programs()

    def load(self, data: Data, dtype: Any) -> Loaded:
        """The rows, padded with rows of weight 0, on the device; sparse rows become dense.

        Where there are several devices, the program that is to run decides on which.
        """
        with _precision(dtype):
            return Loaded(data, dtype)

    def epochs_per_call(self, program: Program, data: Data) -> int:
        """As many as make a call of about 50 ms on one core; a power of two, equal for equal buckets.

        One, if an epoch takes so long that what a call costs beside it (1 ms) does not matter.
        """
        work = 6 * program.multiplications * bucket(data.X.shape[0])
        if work >= _OPERATIONS_OF_A_LONG_EPOCH:
            return 1
        by_memory = _ORDERS_PER_CALL // bucket(data.X.shape[0])
        epochs = max(1, min(_MOST_EPOCHS_PER_CALL, int(_OPERATIONS_PER_CALL / work), by_memory))
        return 1 << (epochs.bit_length() - 1)

    def run_epochs(
        self, program: Program, loaded: Loaded, state: State, plan: Plan, numbers: dict[str, float]
    ) -> tuple[State, Records]:
        """See `Engine.run_epochs`."""
        dtype = state.theta.dtype
        parts = parts_of(program.network)
        mesh = loaded.mesh(program, plan.batch_size)
        shape = _shape_of_call(loaded, plan, _n_pieces(program, plan) if mesh is None else 1, mesh)
        state = over_vectors(parts.split, state)
        long = shape.capacity == 1 and jax.default_backend() == "cpu"
        run = _one_long_epoch if long else _some_epochs
        arguments = _arguments(loaded, shape, plan, numbers, dtype)
        sizes = (shape, dtype, _sizes(loaded.data), arguments.rates.shape)
        with (
            _precision(dtype),
            written_for_both(),
            _kept_on_disk(program, *sizes),
            alone_on_devices(mesh),
        ):
            state, records = run(program, shape, loaded, state, plan, arguments)
        return over_vectors(parts.join, state), records

    def run_together(
        self, program: Program, requests: Sequence[Request], same_table: bool
    ) -> list[tuple[State, Records]]:
        """`run_epochs` for several trainings of one program and of equal sizes, in one compiled call.

        On a CPU this pays for networks of up to about 32 units a layer.
        """
        parts = parts_of(program.network)
        first = requests[0]
        dtype = first.state.theta.dtype
        shape = _shape_of_call(first.loaded, first.plan)
        states = [over_vectors(parts.split, request.state) for request in requests]
        arguments = [_arguments(r.loaded, shape, r.plan, r.numbers, dtype) for r in requests]
        changing = [
            _changing(*each) for each in zip(states, [r.plan for r in requests], arguments, strict=True)
        ]
        plans = _stacked(arguments)._replace(**{n: getattr(arguments[0], n) for n in _SIZES_OF_TABLE})
        with _precision(dtype):
            tables = [r.loaded.placed(None) for r in (requests[:1] if same_table else requests)]
        data = tables[0] if same_table else _stacked(tables)
        sizes = (shape, dtype, _sizes(data), plans.rates.shape)
        with _precision(dtype), written_for_both(), _kept_on_disk(program, *sizes):
            found = compiled_together(program, shape, same_table, data, *_stacked(changing), plans)
            found = jax.tree.map(np.asarray, found)
        answers = []
        for i, (state, request) in enumerate(zip(states, requests, strict=True)):
            after, records = _after(state, request.plan, *jax.tree.map(lambda array, i=i: array[i], found))
            answers.append((over_vectors(parts.join, after), records))
        return answers

    def value_and_gradient(
        self, program: Program, loaded: Loaded, theta: Array, numbers: dict[str, float]
    ) -> tuple[float, Array]:
        """See `Engine.value_and_gradient`."""
        parts = parts_of(program.network)
        mesh = loaded.mesh(program, loaded.n_rows)
        sizes = (theta.dtype, _sizes(loaded.data), mesh)
        with (
            _precision(theta.dtype),
            written_for_both(),
            _kept_on_disk(program, *sizes),
            alone_on_devices(mesh),
        ):
            X, y, weights, *_ = loaded.placed(mesh)
            share = 1.0 if program.loss.adds_up else 1.0 / weights.sum()
            batch = (X, y, share * weights, share)
            vectors = parts.split(theta)
            if mesh is None:
                found = compiled_objective(program, numbers, parts, vectors, batch)
            else:
                found = objective_on_devices(program, parts, mesh, Data(*batch[:3]), share, numbers, vectors)
            value, gradient = jax.tree.map(np.asarray, found)
            return float(value), parts.join(gradient)


def _stacked(trees: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *arrays: np.stack(arrays), *trees)


def _sizes(data: Data) -> tuple[Any, ...]:
    return tuple(None if part is None else part.shape for part in data)


def _shape_of_call(loaded: Loaded, plan: Plan, n_pieces: int = 1, mesh: Mesh | None = None) -> Shape:
    rows = bucket(loaded.n_rows)
    # A batch that is the whole table would be a shape of its own for every number of rows.
    width = bucket(plan.batch_size) if plan.batch_size >= loaded.n_rows else plan.batch_size
    bytes_per_row = sum(part.nbytes for part in loaded.data[:3]) / rows
    n_steps = -(-rows // width)
    chunk = max(1, min(n_steps, int(_BYTES_PER_CHUNK / (width * bytes_per_row))))
    return Shape(width, chunk, -(-n_steps // chunk), max(plan.capacity, len(plan.rates)), n_pieces, mesh)


def _n_pieces(program: Program, plan: Plan) -> int:
    """Pieces in which a batch is computed.

    On a CPU XLA shares one large product out to all cores, many small ones it does not: two pieces, which do
    not wait for each other, do, from about 3 ms per step on. Loops it runs one after the other whether they
    wait or not: a recurrent network's batch stays whole. However many cores there are: the last digits depend
    on the pieces.
    """
    if jax.default_backend() != "cpu" or program.has_loops:
        return 1
    shapes = program.network.shapes(program.network.n_inputs).values()
    has_many_small = max((prod(shape[-2:]) for shape in shapes), default=0) <= _LARGEST_SMALL_MATRIX
    return 2 if has_many_small and program.multiplications * plan.batch_size >= _WORK_FOR_TWO else 1


def _arguments(loaded: Loaded, shape: Shape, plan: Plan, numbers: dict[str, float], dtype: Any) -> Arguments:
    n_epochs, n_steps = plan.rates.shape
    order = plan.orders
    if order is None:
        order = np.broadcast_to(np.arange(loaded.n_rows, dtype=np.int32), (n_epochs, loaded.n_rows))
    return Arguments(
        orders=_filled(order, (shape.capacity, shape.n_chunks * shape.chunk * shape.width), np.int32),
        rates=_filled(plan.rates, (shape.capacity, bucket(n_steps)), dtype),
        corrections=_filled(plan.corrections, (shape.capacity, bucket(n_steps)), dtype),
        key=plan.key,
        numbers={name: np.asarray(value, dtype) for name, value in numbers.items()},
        n_rows=np.int32(loaded.n_rows),
        n_steps=np.int32(n_steps),
        n_chunks=np.int32(-(-n_steps // shape.chunk)),
        weight=np.asarray(loaded.weight, dtype),
        fades=None if plan.fades is None else _filled(plan.fades, (shape.capacity, bucket(n_steps)), dtype),
    )


def _some_epochs(
    program: Program, shape: Shape, loaded: Loaded, state: State, plan: Plan, arguments: Arguments
) -> tuple[State, Records]:
    """Several epochs in one call, early stopping included."""
    data, changing = loaded.placed(shape.mesh), _changing(state, plan, arguments)
    return _after(state, plan, *compiled_epochs(program, shape, data, *changing, arguments))


def _changing(state: State, plan: Plan, arguments: Arguments) -> tuple[Any, ...]:
    """What `compiled_epochs` takes between data and plan."""
    row = np.asarray([*(0,) * len(Records._fields), *numbers_of(state)], arguments.rates.dtype)
    vectors = (state.theta, state.moments, state.best_theta)
    return vectors, row, np.int32(state.step), np.int32(len(plan.rates))


def _after(state: State, plan: Plan, vectors: Any, log: Array, n_run: Any) -> tuple[State, Records]:
    """What `run_epochs` gives, from what `compiled_epochs` gives."""
    n = int(n_run)
    log = np.asarray(log)[:n]
    records = Records(*log[:, : len(Records._fields)].T)
    if n == 0:
        return state, records
    after = state_of(jax.tree.map(np.asarray, vectors), log[-1])
    return after._replace(step=int(state.step) + n * len(plan.rates[0])), records


def _one_long_epoch(
    program: Program, shape: Shape, loaded: Loaded, state: State, plan: Plan, arguments: Arguments
) -> tuple[State, Records]:
    """One epoch in one call; its end is judged by NumPy, which spares compiling that."""
    theta, moments, loss = compiled_epoch(
        program,
        shape,
        loaded.placed(shape.mesh),
        state.theta,
        state.moments,
        np.int32(state.step),
        np.asarray(state.rate_factor, arguments.rates.dtype),
        arguments,
    )
    theta, moments = jax.tree.map(np.asarray, (theta, moments))
    after = state._replace(theta=theta, moments=moments, step=int(state.step) + len(plan.rates[0]))
    with quiet():
        after, row = judged(
            program,
            arguments.numbers,
            parts_of(program.network),
            after,
            state.theta,
            float(loss),
            float(plan.rates[0, -1]),
            loaded.validation,
        )
    return after, Records(*(np.asarray([value]) for value in row))


@contextmanager
def _precision(dtype: Any) -> Iterator[None]:
    """JAX's settings for our programs, in this thread, whatever the user has chosen for his own.

    float64 only where it is asked for; float32 products in float32 on every device (a recent GPU would
    round the factors to 10 bits).
    """
    with (
        jax.enable_x64(np.dtype(dtype) == np.float64),
        jax.default_matmul_precision("float32"),
        jax.numpy_rank_promotion("allow"),
        jax.numpy_dtype_promotion("standard"),
    ):
        yield


@contextmanager
def _kept_on_disk(program: Program, *sizes: Any) -> Iterator[None]:
    """A context in which a program that is compiled is kept on disk, however short that took.

    The setting belongs to the process: one thread at a time, and only when something is to be compiled.
    """
    key = (program, *sizes)
    if key in _seen:
        yield
        return
    names = ("jax_persistent_cache_min_compile_time_secs", "jax_persistent_cache_min_entry_size_bytes")
    with _settings_lock:
        before = {name: getattr(jax.config, name) for name in names}
        for name in names:
            jax.config.update(name, 0)
        try:
            yield
            _seen.add(key)
        finally:
            for name, value in before.items():
                jax.config.update(name, value)


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
