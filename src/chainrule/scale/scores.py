"""Accuracy and R² of rows that are never together: put together from sums over parts of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.errors import TableError

__all__ = ["Sums", "accuracy_of", "r2_of", "sums_of_hits", "sums_of_squares"]

Array = Any


class Sums(NamedTuple):
    """What the score needs to know of some rows.

    Attributes
    ----------
    weight : float
        Of all of them.
    mean : float
        Weighted mean of the hits, or of the targets.
    spread, errors : float
        Weighted sums of the targets' squared distances from that mean, and from the predictions.
    """

    weight: float
    mean: float
    spread: float = 0.0
    errors: float = 0.0


_NOTHING = Sums(0.0, 0.0)


def sums_of_hits(hits: Array, weights: Array) -> Sums:
    """The sums of rows of which is known whether they were hit."""
    weight = float(weights.sum())
    return Sums(weight, float(weights @ hits) / weight) if weight else _NOTHING


def sums_of_squares(predicted: Array, y: Array, weights: Array) -> Sums:
    """The sums of rows with these predictions and targets."""
    weight = float(weights.sum())
    if not weight:
        return _NOTHING
    mean = float(weights @ y) / weight
    return Sums(weight, mean, float(weights @ (y - mean) ** 2), float(weights @ (y - predicted) ** 2))


def accuracy_of(sums: Sequence[Sums], name: str) -> float:
    """The share of hits among all rows of the data set of this name.

    Raises
    ------
    TableError
        If there is none.
    """
    return sum(own.weight * own.mean for own in sums) / _weight(sums, name)


def r2_of(sums: Sequence[Sums], name: str) -> float:
    """1 - Σw(y - a)² / Σw(y - ȳ)² of all rows; where all targets are equal 1 without any error, and else 0.

    The spread is put together from those around the means of the parts, which loses no digits.

    Raises
    ------
    TableError
        If there is none.
    """
    mean = sum(own.weight * own.mean for own in sums) / _weight(sums, name)
    spread = sum(own.spread + own.weight * (own.mean - mean) ** 2 for own in sums)
    errors = sum(own.errors for own in sums)
    if not spread:
        return 0.0 if errors else 1.0
    return float(np.float64(1.0) - errors / spread)


def _weight(sums: Sequence[Sums], name: str) -> float:
    weight = sum(own.weight for own in sums)
    if not weight:
        raise TableError(f"{name} has no row with a target and a weight above 0; there is nothing to score")
    return weight
