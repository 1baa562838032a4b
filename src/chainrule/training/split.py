"""Which rows are held out for validation."""

from math import ceil
from typing import Any

import numpy as np

from chainrule.errors import ParameterError

__all__ = ["hold_out"]

Array = Any


def hold_out(
    n_rows: int, fraction: float, rng: np.random.Generator, classes: Array | None = None
) -> tuple[Array, Array]:
    """(training rows, validation rows), drawn at random; stratified where `classes` are given.

    Every class keeps its share in the validation rows to within one row. A class with one member stays in
    training: nothing could be learned of it otherwise.

    Parameters
    ----------
    n_rows : int
    fraction : float
        Share of the rows to hold out, rounded up.
    classes : array (n_rows,), optional

    Raises
    ------
    ParameterError
        If fewer than 2 rows would be held out, or none would be left to learn from.
    """
    wanted = ceil(fraction * n_rows)
    order = rng.permutation(n_rows)
    alone = np.empty(0, dtype=order.dtype)
    if classes is not None:
        levels, codes, counts = np.unique(classes, return_inverse=True, return_counts=True)
        is_alone = counts[codes] == 1
        alone = levels[counts == 1]
        order = _interleaved(order[~is_alone[order]], codes)
    wanted = min(wanted, len(order) - 1)
    if wanted < 2:
        message = (
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset: "
            f"{fraction} of {n_rows} rows would be {max(wanted, 0)} validation rows, and 2 are needed."
        )
        if len(alone):
            message += (
                " The least populated classes in y have only 1 member, which stays in training. "
                f"Classes with too few members are: {[str(level) for level in alone]}"
            )
        raise ParameterError(message)
    held_out = np.zeros(n_rows, dtype=bool)
    held_out[order[:wanted]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _interleaved(order: Array, codes: Array) -> Array:
    """`order` rearranged so that any beginning of it holds every class in proportion."""
    members = codes[order]
    place = np.empty(len(order))
    for code in np.unique(members):
        where = np.flatnonzero(members == code)
        # the j-th member of a class of m stands at (j + ½)/m of the whole
        place[where] = (np.arange(len(where)) + 0.5) / len(where)
    return order[np.argsort(place, kind="stable")]
