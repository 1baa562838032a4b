"""L-BFGS: full-batch minimization with an approximate curvature, by SciPy."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["LbfgsResult", "minimize"]

Array = Any

_ROUNDING = 1e-16
_SMALL_GRADIENT = 1e-6


@dataclass
class LbfgsResult:
    """Where L-BFGS stopped, and why.

    Attributes
    ----------
    theta : array
        The last iterate; its loss is ``losses[-1]``.
    losses : list of float
        Loss after every iteration.
    converged, interrupted : bool
    message : str
        The minimizer's own words.
    """

    theta: Array
    losses: list[float] = field(default_factory=list)
    converged: bool = False
    interrupted: bool = False
    message: str = ""


def minimize(
    value_and_gradient: Callable[[Array], tuple[float, Array]],
    theta: Array,
    *,
    max_iter: int,
    max_fun: int,
    tol: float,
    after_iteration: Callable[[int, float, Array], bool] | None = None,
) -> LbfgsResult:
    """Minimize a function of θ from its value and gradient (Liu and Nocedal 1989; Byrd et al. 1995).

    Parameters
    ----------
    theta : array, float64
        Where to start.
    max_iter, max_fun : int
        At most so many iterations, so many evaluations.
    tol : float
        Stop when no entry of the gradient exceeds it, or when the value falls by less than tol² (between
        1e-16 and 2e-9) of itself: near the minimum it is quadratic in the distance. A line search that finds
        nothing better although the gradient is as small as rounding makes it has converged, too.
    after_iteration : callable (number, loss, theta) -> stop, optional

    Notes
    -----
    Ctrl-C ends the minimization with the last iterate, `interrupted` set.
    """
    from scipy.optimize import minimize as scipy_minimize

    result = LbfgsResult(theta)

    def callback(intermediate_result: Any) -> None:
        result.theta = np.array(intermediate_result.x)
        result.losses.append(float(intermediate_result.fun))
        if after_iteration is not None and after_iteration(
            len(result.losses), result.losses[-1], result.theta
        ):
            raise StopIteration

    try:
        found = scipy_minimize(
            value_and_gradient,
            theta,
            method="L-BFGS-B",
            jac=True,
            callback=callback,
            options={
                "maxiter": max_iter,
                "maxfun": max_fun,
                "gtol": tol,
                "ftol": min(max(tol * tol, _ROUNDING), 2.2e-9),
            },
        )
    except KeyboardInterrupt:
        result.interrupted = True
        result.message = "interrupted"
        return result
    result.theta = found.x
    if not result.losses:
        result.losses.append(float(found.fun))
    smallest = _SMALL_GRADIENT * max(1.0, abs(float(found.fun)))  # a sum over rows has their rounding
    at_rounding = "ABNORMAL" in str(found.message) and np.abs(found.jac).max() < smallest
    result.converged = bool(found.success) or at_rounding
    result.message = str(found.message)
    return result
