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
    codes = np.zeros(n_rows, dtype=np.intp)
    if classes is not None:
        levels, codes, counts = np.unique(classes, return_inverse=True, return_counts=True)
        alone = levels[counts == 1]
        order = order[counts[codes[order]] > 1]
    wanted = min(wanted, len(order) - 1)
    if wanted < 2:
        raise ParameterError(_too_small(fraction, n_rows, wanted, alone))
    held_out = np.zeros(n_rows, dtype=bool)
    for code, members in enumerate(_shares(wanted, np.bincount(codes[order]))):
        held_out[order[codes[order] == code][:members]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _shares(wanted: int, counts: Array) -> Array:
    """`wanted` rows divided among classes in proportion to their members, by largest remainders."""
    exact = wanted * counts / counts.sum()
    shares = np.floor(exact).astype(int)
    # A class keeps a row to learn from before the remainders decide; then the larger remainder comes first.
    order = np.lexsort((shares - exact, shares + 1 >= counts))
    shares[order[: wanted - shares.sum()]] += 1
    return shares


def _too_small(fraction: float, n_rows: int, wanted: int, alone: Array) -> str:
    message = (
        "The validation set is too small. Increase 'validation_fraction' or the size of your dataset: "
        f"{fraction} of {n_rows} rows would be {max(wanted, 0)} validation rows, and 2 are needed."
    )
    if len(alone):
        message += (
            " The least populated classes in y have only 1 member, which stays in training. "
            f"Classes with too few members are: {[str(level) for level in alone]}"
        )
    return message
