"""Automatic differentiation by JAX, for functions that come without a slope; and whether JAX can run here."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Lock
from typing import Any

import numpy as np

from chainrule.errors import EngineError, ParameterError

__all__ = ["jax_is_usable", "load_jax", "pulled_back", "written_for_both"]

Array = Any


def _is_forked_worker() -> bool:
    """Whether `multiprocessing` started this process by a fork, before this module could notice."""
    started_by_another = multiprocessing.parent_process() is not None
    return started_by_another and multiprocessing.get_start_method(allow_none=True) == "fork"


_forked = _is_forked_worker()
_starting = Lock()
_jax: Any = None


def _mark_as_forked() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_mark_as_forked)


def jax_is_usable() -> bool:
    """Whether JAX seems to be installed and this is not a forked child: its threads do not survive a fork."""
    return not _forked and find_spec("jax") is not None


def load_jax(purpose: str) -> Any:
    """JAX, imported now.

    Parameters
    ----------
    purpose : str
        What needs it, as the beginning of the error's sentence.

    Raises
    ------
    EngineError
        If it cannot be imported, or in a forked child, where it may hang.
    """
    if _forked:
        raise EngineError(
            f"{purpose} needs JAX, which may hang in a forked child; start the process by 'spawn' or "
            "'forkserver', or do without JAX here (engine='numpy', functions with a slope)"
        )
    try:
        jax = _started()
    except ImportError as error:
        raise EngineError(
            f"{purpose} needs JAX, which cannot be imported ({error}); install 'chainrule[xla]', or do "
            "without JAX (engine='numpy', functions with a slope)"
        ) from error
    return jax


def _started() -> Any:
    """JAX, started with no more threads than OMP_NUM_THREADS grants.

    joblib sets that variable in its worker processes, which would otherwise start as many threads each as the
    machine has cores; XLA reads another one, once, when it starts.
    """
    global _jax
    with _starting:
        if _jax is None:
            granted = os.environ.get("OMP_NUM_THREADS", "")
            chosen = "NPROC" not in os.environ and granted.isdigit()
            if chosen:
                os.environ["NPROC"] = granted
            try:
                import jax

                jax.devices()
            finally:
                if chosen:
                    del os.environ["NPROC"]
            _jax = jax
    return _jax


def pulled_back(
    function: Callable[[Array], Array], x: Array, dout: Array | None = None
) -> tuple[Array, Array]:
    """(out, dx) of out = function(x), with dout = dL/dout (all 1 where None), by `jax.vjp`.

    NumPy arrays give NumPy arrays, of the dtype of `x`.
    """
    jax = load_jax(f"the derivative of {function!r}")
    with written_for_both():
        return _pulled_back(jax, function, x, dout)


@contextmanager
def written_for_both() -> Iterator[None]:
    """A context that says what to do when a function written with NumPy meets JAX's arrays.

    Raises
    ------
    ParameterError
    """
    try:
        yield
    except TypeError as error:
        if type(error).__name__ != "TracerArrayConversionError":
            raise
        raise ParameterError(
            "your own function is written with NumPy and cannot be given to JAX; take "
            "xp = a.__array_namespace__() and xp.exp, xp.where, ... instead of np's, or give "
            "(function, slope) and use engine='numpy'"
        ) from error


def _pulled_back(
    jax: Any, function: Callable[[Array], Array], x: Array, dout: Array | None
) -> tuple[Array, Array]:
    if isinstance(x, np.ndarray):
        with jax.enable_x64(x.dtype == np.float64):
            given = None if dout is None else jax.numpy.asarray(dout)
            out, dx = _pulled_back(jax, function, jax.numpy.asarray(x), given)
            return np.asarray(out), np.asarray(dx)
    out, pull_back = jax.vjp(function, x)
    return out, pull_back(jax.numpy.ones_like(out) if dout is None else dout)[0]
