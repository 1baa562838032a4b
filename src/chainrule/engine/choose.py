"""Which engine: "numpy", "xla", or "auto", which estimates the work."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import ceil
from typing import Any

from chainrule.engine.base import Data, Engine, Program
from chainrule.engine.numpy import NumpyEngine
from chainrule.errors import EngineError, ParameterError
from chainrule.network import (
    AveragePool1D,
    AveragePool2D,
    Bidirectional,
    CategoryEmbedding,
    Columns,
    Conv1D,
    Conv2D,
    GlobalAveragePool,
    GlobalMaxPool,
    LayerNormalization,
    MaxPool1D,
    MaxPool2D,
    MemberDense,
    Network,
    Periodic,
    PiecewiseLinear,
    Scale,
    TokenEmbedding,
)
from chainrule.network.automatic import jax_is_usable, load_jax
from chainrule.network.recurrent import Recurrent

__all__ = ["choose_engine", "estimated_seconds", "taking"]

_SECONDS_PER_NUMPY_STEP = 250e-6
_SECONDS_PER_NUMPY_LAYER = 50e-6
_OPERATIONS_PER_SECOND = 2e10
_SECONDS_WORTH_STARTING_XLA = 2.5

_together: ContextVar[Any] = ContextVar("_together", default=None)

logger = logging.getLogger("chainrule.engine")


def choose_engine(choice: str, program: Program, data: Data, n_epochs: int, batch_size: int) -> Engine:
    """The engine for this training.

    Parameters
    ----------
    choice : {"auto", "numpy", "xla"}
        "auto" takes xla when the numpy engine would need longer (2.5 s) than importing JAX, compiling and
        running takes, JAX can be imported, the rows are dense, and this is not a forked child: JAX's threads
        do not survive a fork.

    Raises
    ------
    EngineError
        For "xla" where JAX cannot be imported, or in a forked child.
    """
    sparse = hasattr(data.X, "toarray")
    together = _together.get()
    if together is not None and choice in ("auto", "numpy", "xla"):
        by_itself = choice == "numpy" or (choice == "auto" and sparse)
        engine: Engine = together.around(NumpyEngine()) if by_itself else together
        return engine
    if choice not in ("auto", "numpy", "xla"):
        raise ParameterError(f"engine must be 'auto', 'numpy' or 'xla', however: {choice!r}")
    if choice == "numpy":
        return NumpyEngine()
    if choice == "xla":
        load_jax('engine="xla"')
        return _xla()
    worth_it = estimated_seconds(program, data, n_epochs, batch_size) > _SECONDS_WORTH_STARTING_XLA
    if worth_it and not sparse and jax_is_usable():
        try:
            load_jax('engine="auto"')
            return _xla()
        except EngineError as error:
            logger.warning(
                "JAX is installed but cannot be imported (%s); computing with NumPy, slower", error.__cause__
            )
    return NumpyEngine()


@contextmanager
def taking(engine: Any) -> Iterator[None]:
    """A context, of this thread, in which `engine`, a `Lockstep`, computes what is not left to NumPy."""
    token = _together.set(engine)
    try:
        yield
    finally:
        _together.reset(token)


def estimated_seconds(program: Program, data: Data, n_epochs: int, batch_size: int) -> float:
    """Rough time the numpy engine takes: overhead per step and layer, and 6 operations per weight and row."""
    n_rows = len(data.weights)
    steps = n_epochs * ceil(n_rows / batch_size)
    overhead = _SECONDS_PER_NUMPY_STEP + _SECONDS_PER_NUMPY_LAYER * _n_plain_layers(program.network)
    return steps * overhead + 6.0 * program.multiplications * n_rows * n_epochs / _OPERATIONS_PER_SECOND


def _n_plain_layers(network: Network) -> int:
    """Layers; those of members, embeddings, grids, sequences as the several operations that they are."""
    several = {
        MemberDense: 6,
        Periodic: 12,
        PiecewiseLinear: 8,
        CategoryEmbedding: 4,
        TokenEmbedding: 4,
        Scale: 4,
        Conv1D: 8,
        Conv2D: 8,
        MaxPool1D: 12,
        MaxPool2D: 20,
        AveragePool1D: 6,
        AveragePool2D: 10,
        GlobalAveragePool: 4,
        GlobalMaxPool: 6,
        LayerNormalization: 8,
    }
    count = 0
    for layer in network.layers:
        if isinstance(layer, Network):
            count += _n_plain_layers(layer)
        elif isinstance(layer, Columns):
            count += 2 + sum(_n_plain_layers(inner) for *_, inner in layer.branches)
        elif isinstance(layer, Bidirectional):
            count += 2 + 2 * _n_operations(layer.layer)
        elif isinstance(layer, Recurrent):
            count += _n_operations(layer)
        else:
            count += several.get(type(layer), 1)
    return count


def _n_operations(layer: Recurrent) -> int:
    """Layers that the steps of a recurrent layer take as long as."""
    return layer.steps * (layer.gates + 1) // 2


def _xla() -> Engine:
    from chainrule.engine.xla import XlaEngine

    return XlaEngine()
