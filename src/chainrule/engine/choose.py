"""Which engine: "numpy", "xla", or "auto", which estimates the work."""

import os
from importlib.util import find_spec
from math import ceil

from chainrule.engine.base import Data, Engine, Program
from chainrule.engine.numpy import NumpyEngine
from chainrule.errors import EngineError, ParameterError

__all__ = ["choose_engine", "estimated_seconds"]

_SECONDS_PER_NUMPY_STEP = 60e-6
_SECONDS_PER_NUMPY_LAYER = 25e-6
_OPERATIONS_PER_SECOND = 2e10
_SECONDS_TO_START_XLA = 2.0

_forked = False


def _mark_as_forked() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_mark_as_forked)


def choose_engine(choice: str, program: Program, data: Data, n_epochs: int, batch_size: int) -> Engine:
    """The engine for this training.

    Parameters
    ----------
    choice : {"auto", "numpy", "xla"}
        "auto" takes xla when the numpy engine would need longer than importing JAX and compiling takes
        (about 2 s), JAX can be imported, the rows are dense, and this is not a forked child: JAX's threads do
        not survive a fork.

    Raises
    ------
    EngineError
        For "xla" where JAX cannot be imported, or in a forked child.
    """
    if choice not in ("auto", "numpy", "xla"):
        raise ParameterError(f"engine must be 'auto', 'numpy' or 'xla', however: {choice!r}")
    if choice == "numpy":
        return NumpyEngine()
    if choice == "xla":
        _require_xla()
        return _xla()
    worth_it = estimated_seconds(program, data, n_epochs, batch_size) > _SECONDS_TO_START_XLA
    sparse = hasattr(data.X, "toarray")
    if worth_it and not sparse and not _forked and find_spec("jax") is not None:
        return _xla()
    return NumpyEngine()


def estimated_seconds(program: Program, data: Data, n_epochs: int, batch_size: int) -> float:
    """Rough time the numpy engine takes: overhead per step and layer, and 6 operations per weight and row."""
    n_rows = len(data.weights)
    steps = n_epochs * ceil(n_rows / batch_size)
    overhead = _SECONDS_PER_NUMPY_STEP + _SECONDS_PER_NUMPY_LAYER * len(program.network.layers)
    return steps * overhead + 6.0 * program.network.n_parameters * n_rows * n_epochs / _OPERATIONS_PER_SECOND


def _require_xla() -> None:
    if find_spec("jax") is None:
        raise EngineError(
            'engine="xla" needs JAX, which is not installed; install "chainrule[xla]" or use "numpy"'
        )
    if _forked:
        raise EngineError(
            'engine="xla" cannot run in a forked child, where JAX may hang; use engine="numpy", or start the '
            'process by "spawn" or "forkserver"'
        )


def _xla() -> Engine:
    from chainrule.engine.xla import XlaEngine

    return XlaEngine()
