"""What a checkpoint has to do with an estimator: whether it is of this very fit."""

import hashlib
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule.engine import Data, Engine
from chainrule.errors import ModelFileError

__all__ = ["identity_of", "opened"]

Array = Any

_WITHOUT_EFFECT = ("verbose",)


@contextmanager
def opened(checkpoint: Any) -> Iterator[Any]:
    """A context in which the checkpoint that `fit` is given, a folder or a `Checkpoint`, belongs to it."""
    if checkpoint is None:
        yield None
        return
    from chainrule.files.checkpoint import Checkpoint

    store = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint(checkpoint)
    with store.opened():
        yield store


def identity_of(estimator: Any, engine: Engine, data: Data, theta: Array, feed: Any = None) -> dict[str, Any]:
    """What makes a fit the one it is, as plain data: parameters, encoded rows, first weights, engine."""
    from chainrule import __version__

    parameters = estimator.get_params(deep=False)
    versions = {"chainrule": __version__, "numpy": np.__version__, "machine": platform.machine()}
    if engine.name == "xla":
        import jax

        versions |= {"jax": jax.__version__, "devices": f"{jax.local_device_count()} {jax.default_backend()}"}
    return {
        "model": type(estimator).__name__,
        "engine": engine.name,
        "parameters": {
            name: _as_text(name, value)
            for name, value in sorted(parameters.items())
            if name not in _WITHOUT_EFFECT
        },
        "rows": _digest(*data) + getattr(feed, "identity", ""),
        "start": _digest(theta),
        "versions": versions,
    }


def _as_text(name: str, value: Any) -> str:
    """A parameter in words; functions and objects of the user's own by their names."""
    from chainrule.files.plain import parameter_to_plain

    try:
        return repr(parameter_to_plain(name, value))
    except ModelFileError:
        named = value if hasattr(value, "__qualname__") else type(value)
        return f"{named.__module__}.{named.__qualname__}"


def _digest(*arrays: Any) -> str:
    """SHA-256 of arrays, of their shapes and dtypes; None has one of its own."""
    digest = hashlib.sha256()
    for array in arrays:
        parts = (array.data, array.indices, array.indptr) if hasattr(array, "indptr") else (array,)
        for part in parts:
            whole = np.ascontiguousarray(part) if part is not None else np.empty(0, np.bool)
            digest.update(f"{whole.dtype.str}{whole.shape}{getattr(array, 'shape', None)}".encode())
            digest.update(whole.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
