"""Honest numbers from held-out rows: a temperature for probabilities, residuals for intervals."""

from math import ceil
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network import Loss

__all__ = ["conformal_radius", "temperature"]

Array = Any

_PRIOR_SPREAD = 0.5
_WIDEST = 3.0


def temperature(loss: Loss, a: Array, y: Array, weights: Array) -> float:
    """T > 0 with the least Σ w ℓ(a / T, y) + ½ (log T / ½)²: honest probabilities link(a / T).

    Guo, Pleiss, Sun, Weinberger 2017, arXiv 1706.04599. The second term, a prior worth less than a row of
    average loss, keeps T near 1 where few rows are held out.

    Parameters
    ----------
    loss : Loss
        Cross entropy without label smoothing.
    a : array (n, K)
        Raw outputs for rows that training has not seen.
    """
    from scipy.optimize import minimize_scalar

    a = np.asarray(a, dtype=np.float64)
    weights = weights * (len(weights) / weights.sum())

    def objective(log_t: float) -> float:
        return float(loss(a * np.exp(-log_t), y, weights)[0] * len(a) + 0.5 * (log_t / _PRIOR_SPREAD) ** 2)

    found = minimize_scalar(objective, bounds=(-_WIDEST, _WIDEST), method="bounded")
    return float(np.exp(found.x))


def conformal_radius(residuals: Array, coverage: float) -> Array:
    """Radius r such that a new |residual| is at most r with probability c: the ⌈(n + 1) c⌉-th smallest.

    Holds for rows that are exchangeable with the n held-out ones: Vovk, Gammerman, Shafer 2005; Lei et al.
    2018, arXiv 1604.04173 ("split conformal").

    Parameters
    ----------
    residuals : array (n, K)
        Absolute residuals of held-out rows, per output.

    Raises
    ------
    ParameterError
        If so few rows cannot promise such a coverage.
    """
    n = len(residuals)
    rank = ceil((n + 1) * coverage - 1e-9)
    if rank > n:
        raise ParameterError(
            f"coverage={coverage} needs at least {ceil(coverage / (1 - coverage) - 1e-9)} held-out rows, "
            f"however there are {n}; ask for less, raise validation_fraction, or give X_val and y_val"
        )
    return np.sort(residuals, axis=0)[rank - 1]
