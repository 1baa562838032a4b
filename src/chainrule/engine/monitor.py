"""Early stopping, best weights and the adaptive learning rate, as arithmetic on the training state.

Written as array operations without branches, so that it runs inside the compiled program: a stop then
takes effect at the exact epoch although several epochs are one call.
"""

from typing import Any

import numpy as np

from chainrule.engine.base import State
from chainrule.engine.parts import each
from chainrule.network import Loss
from chainrule.network.special import namespace

__all__ = ["score", "start", "watch"]

Array = Any

_SMALLEST_ADAPTIVE_RATE = 1e-6


def start(theta: Array, n_moments: int) -> State:
    """The state before the first step."""
    return State(
        theta=theta,
        moments=tuple(np.zeros_like(theta) for _ in range(n_moments)),
        step=0,
        best=np.inf,
        best_theta=theta,
        count=0,
        rate_factor=1.0,
        stopped=False,
        finite=True,
    )


def watch(
    state: State,
    value: Any,
    finite: Any,
    rate: Any,
    numbers: Any,
    adaptive: bool,
    theta: Array | None = None,
) -> State:
    """The state after an epoch whose watched `value` (lower is better) came out.

    An epoch makes progress when it beats the best value so far by `tol` at least. After more than
    `patience` epochs without progress training stops; if `adaptive`, the learning rate is divided by 5
    instead, until it is 1e-6. A loss or parameter that is not finite stops at once, and the best weights
    stay those of the last good epoch. A value that is not a number is no progress.

    Parameters
    ----------
    theta : array, optional
        The parameters that `value` was measured with, such as those before the epoch for the training loss;
        default: those of the state.
    """
    theta = state.theta if theta is None else theta
    xp = namespace(theta[0] if isinstance(theta, tuple) else theta)
    no_progress = (value > state.best - numbers["tol"]) | xp.isnan(value)
    count = xp.where(no_progress, state.count + 1, 0)
    better = finite & xp.isfinite(value) & (value < state.best)
    exhausted = count > numbers["patience"]
    stopped = exhausted
    rate_factor = state.rate_factor
    if adaptive:
        stopped = exhausted & (rate * state.rate_factor <= _SMALLEST_ADAPTIVE_RATE)
        slower = exhausted & ~stopped
        rate_factor = xp.where(slower, rate_factor / 5, rate_factor)
        count = xp.where(slower, 0, count)
    return state._replace(
        best=xp.where(better, value, state.best),
        best_theta=each(lambda new, old: xp.where(better, new, old), theta, state.best_theta),
        count=count,
        rate_factor=rate_factor,
        stopped=stopped | ~finite,
        finite=finite,
    )


def score(metric: str, loss: Loss, a: Array, y: Array, weights: Array) -> Any:
    """Accuracy or R² of the raw outputs `a`, weighted, as scikit-learn's metrics define them; 0 for "none".

    For several labels a row counts as right when all of its labels are; for several targets R² is the
    mean of theirs.
    """
    a, y = loss.prediction(a, y)
    xp = a.__array_namespace__()
    total = weights.sum()
    if metric == "accuracy":
        if loss.out_activation == "softmax":
            truth = y[:, 0] if y.shape[1] == 1 else xp.argmax(y, axis=1)
            right = xp.argmax(a, axis=1) == truth
        else:
            right = ((a > 0) == (y > 0.5)).all(axis=1)
        return (weights * right).sum() / total
    if metric == "r2":
        w = weights[:, None]
        residual = (w * (y - loss.link(a)) ** 2).sum(0)
        spread = (w * (y - (w * y).sum(0) / total) ** 2).sum(0)
        constant = xp.where(residual == 0, 1.0, 0.0)
        return xp.where(spread == 0, constant, 1 - residual / xp.where(spread == 0, 1, spread)).mean()
    return 0.0
