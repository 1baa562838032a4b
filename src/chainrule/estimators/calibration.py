"""Honest numbers from held-out rows: a temperature for probabilities, residuals for intervals."""

from math import ceil
from typing import Any

import numpy as np

from chainrule.engine.blas import one_thread
from chainrule.errors import ParameterError
from chainrule.network import Loss

__all__ = ["conformal_radius", "mixture_shares", "temperature"]

Array = Any

_PRIOR_SPREAD = 0.2
_WIDEST = 3.0
_ROWS_PER_MEMBER = 10.0
_ROUNDS = 50


def temperature(loss: Loss, a: Array, y: Array, weights: Array) -> float:
    """T > 0 with the least Σ w ℓ(a / T, y) + ½ (log T / 0.2)²: honest probabilities link(a / T).

    Guo, Pleiss, Sun, Weinberger 2017, arXiv 1706.04599. The second term, a prior that
    hundreds of rows outweigh, keeps T near 1 where a few dozen are held out: they can look better than the
    rest by chance, the more so as they chose the epoch.

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


@one_thread()
def mixture_shares(log_p: Array, weights: Array) -> Array:
    """Shares s ≥ 0 with sum 1 and the largest Σ_n w_n log Σ_m s_m p_nm: how much of the mean each member is.

    By expectation and maximization (Dempster, Laird, Rubin 1977): a member's new share is the mean part that
    it has in the probabilities of the truth. Ten rows that speak for all alike are added per member.

    Parameters
    ----------
    log_p : array (n, members)
        Log probability of the truth, for rows that training has not seen.
    weights : array (n,)

    Returns
    -------
    array (members,)
    """
    p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    weights = weights * (len(weights) / weights.sum())
    shares = np.full(p.shape[1], 1 / p.shape[1])
    for _ in range(_ROUNDS):
        parts = p * shares
        shares = weights @ (parts / parts.sum(axis=1, keepdims=True)) + _ROWS_PER_MEMBER
        shares /= shares.sum()
    return shares


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
