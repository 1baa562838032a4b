"""Fitting several models at once."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from sklearn import config_context, get_config

from chainrule.engine.choose import taking
from chainrule.errors import ParameterError
from chainrule.network.automatic import load_jax

__all__ = ["fit_together"]

_AT_ONCE = 16


def fit_together(fits: Iterable[tuple[Any, Any, Any]]) -> list[Any]:
    """Fit several MLPs at once: many seeds, many settings, the folds of a cross-validation.

    Models of one shape are trained by one compiled program, 16 at a time: the same layers, loss, solver and
    batch size, and tables with the same number of rows, such as the folds of a cross-validation that divides
    the table evenly. What they learn is what `fit` teaches each alone, up to rounding. On a CPU this pays for
    small networks, of up to about 32 units a layer, where it shares out what an operation costs beside its
    arithmetic; larger ones, and models with solver "lbfgs" or ``engine="numpy"``, are computed one by one.

    Parameters
    ----------
    fits : iterable of (estimator, X, y)
        `MLPClassifier` or `MLPRegressor`, all different objects, and what to fit each to. Give them seeds:
        a `RandomState` that several of them share is drawn from in any order.

    Returns
    -------
    list
        The estimators, fitted. Ctrl-C ends the fits with what they have learned so far, as in `fit`.

    Raises
    ------
    EngineError
        If JAX cannot be imported.
    Exception
        What the first of the fits that fail raises, when all others are done.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> models = [MLPClassifier((8,), alpha=alpha, max_iter=20) for alpha in (0.1, 0.01)]
    >>> [first, second] = fit_together((model, X, y) for model in models)
    """
    load_jax("fit_together")
    fits = list(fits)
    if len({id(estimator) for estimator, _, _ in fits}) < len(fits):
        raise ParameterError(
            "fit_together takes different objects; one is given twice, use sklearn.base.clone"
        )
    done: list[Future[Any]] = []
    for start in range(0, len(fits), _AT_ONCE):
        now, interrupted = _fit_lot(fits[start : start + _AT_ONCE])
        done += now
        if interrupted and len(done) < len(fits):
            raise KeyboardInterrupt
    return [future.result() for future in done]


def _fit_lot(fits: list[tuple[Any, Any, Any]]) -> tuple[list[Future[Any]], bool]:
    """The fits, done, and whether Ctrl-C has ended them."""
    from chainrule.engine.lockstep import Lockstep

    lockstep = Lockstep(len(fits))

    settings = get_config()

    def fitted(estimator: Any, X: Any, y: Any) -> Any:
        with lockstep.taking_part(), taking(lockstep), config_context(**settings):
            return estimator.fit(X, y)

    futures: list[Future[Any]] = []
    with ThreadPoolExecutor(len(fits)) as pool:
        try:
            futures += [pool.submit(fitted, *each) for each in fits]
            for future in futures:
                future.exception()
        except BaseException as error:
            lockstep.interrupt()
            if len(futures) < len(fits) or not isinstance(error, KeyboardInterrupt):
                raise
            return futures, True
    return futures, False
