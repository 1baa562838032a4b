"""One step after the other: the loop of a recurrence, for both kinds of arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["scan"]

Array = Any
Arrays = tuple[Array, ...]


def scan(
    step: Callable[[Arrays, Arrays], tuple[Arrays, Arrays]],
    state: Arrays,
    sequences: Arrays,
    reverse: bool = False,
) -> tuple[Arrays, Arrays]:
    """(state, kept) after (state, kept_t) = step(state, sequences_t) for t = 0, 1, ..., or from the last on.

    Parameters
    ----------
    state : tuple of arrays
        In front of the first step that is taken.
    sequences : tuple of arrays with the steps as first axis; None stands for nothing
    reverse : bool, default=False
        Begin with the last step. What is kept of step t comes out at place t either way.
    """
    if not isinstance(state[0], np.ndarray):
        from jax import lax

        return lax.scan(step, state, sequences, reverse=reverse)  # type: ignore[no-any-return]
    n_steps = _length(sequences)
    kept: Arrays = ()
    for t in reversed(range(n_steps)) if reverse else range(n_steps):
        state, values = step(state, _at(sequences, t))
        if not kept:
            kept = tuple(np.empty((n_steps, *value.shape), value.dtype) for value in values)
        for whole, value in zip(kept, values, strict=True):
            whole[t] = value
    return state, kept


def _length(sequences: Arrays) -> int:
    """Steps of the first array."""
    for part in sequences:
        if isinstance(part, tuple) and part:
            return _length(part)
        if isinstance(part, np.ndarray):
            return len(part)
    raise AssertionError("sequences must hold an array")


def _at(sequences: Any, t: int) -> Any:
    """What of the sequences belongs to one step."""
    if isinstance(sequences, tuple):
        return tuple(_at(part, t) for part in sequences)
    return None if sequences is None else sequences[t]
