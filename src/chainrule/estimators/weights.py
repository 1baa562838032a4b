"""Sample weights: which are refused, and how those that are left are added up without overflow."""

from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from chainrule.errors import ParameterError
from chainrule.estimators.rows import not_masked

__all__ = ["checked_sample_weight", "in_reach", "weights_in_loss"]

Array = Any

_STRONGEST_PENALTY = 1e6
"""Times the loss of a row: where tiny sample weights make it stronger, only the penalty is learned from."""


def checked_sample_weight(sample_weight: Any, n_rows: int) -> Array:
    """Sample weights as float64 (n,), not negative and not all 0; 1 where there are none.

    Raises
    ------
    ValueError
    """
    if n_rows and hasattr(sample_weight, "dtype") and np.iscomplexobj(sample_weight):
        raise ParameterError(f"sample_weight must be real numbers, however: {sample_weight!r:.200}")
    not_masked(sample_weight, "sample_weight")
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return _check_sample_weight(
                sample_weight, np.zeros((n_rows, 1)), dtype=np.float64, ensure_non_negative=True
            )
    except (TypeError, OverflowError) as error:
        raise ParameterError(f"sample_weight must be numbers, however: {error}") from None


def in_reach(weights: Array, dtype: Any) -> tuple[Array, float]:
    """(weights in a unit that makes the largest 1 to 2, that unit): none is too large to be added up.

    The unit is a power of two, which changes no digit. 0 for rows whose weight is so small beside the largest
    that `dtype` has no reciprocal of it: a batch of them would be divided by 0.
    """
    unit = float(np.ldexp(1.0, int(np.frexp(weights.max())[1]) - 1))
    weights = weights / unit
    return np.where(weights < np.finfo(dtype).tiny, 0.0, weights), unit


def weights_in_loss(
    weights: Array, penalties: dict[str, float], adds_up: bool, dtype: Any
) -> tuple[Array, dict[str, float]]:
    """(weights in reach of `dtype`, penalties in the same unit), for a loss that is divided by their sum.

    One that adds up instead takes both as they are.

    Raises
    ------
    ParameterError
        If there is no weight, or the penalties would be all that is learned from.
    """
    if not 0 < weights.max() < np.inf:
        raise ParameterError(
            "the product of sample_weight and class_weight must be a number, and not 0 for every row, "
            f"however the largest is {weights.max()}"
        )
    if adds_up:
        return weights, penalties
    in_units, unit = in_reach(weights, dtype)
    total = unit * float(in_units.sum())
    if total < 1 and not max(penalties.values()) < _STRONGEST_PENALTY * total:
        raise ParameterError(
            f"penalties are divided by the sum of the rows' weights, however it is {total:.3g}, and nothing "
            "would be learned; scale sample_weight to about 1, or set alpha and l1 to 0"
        )
    return in_units, {name: strength / unit for name, strength in penalties.items()}
