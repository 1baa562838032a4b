"""One module per library: the code that a good user of it would write, and nothing else.

A module offers, as far as its library takes part:

    trainers(case, **options)    -> {variant: a function that makes a `speed.timing.Trainer`}
    predictors(weights)          -> {variant: `speed.systems.Predictor`}
    warm_up()                    imports and first operation, before memory is measured
    fit(X, y, **options)         -> rows seen, for the part "memory"
    compiling(case)              -> a function that trains for an epoch and gives the seconds it took
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

__all__ = ["Predictor"]


class Predictor(NamedTuple):
    """`call` takes a NumPy array (n, n_features) and gives one; `context` is what it is to run in."""

    call: Callable[[Any], Any]
    context: Callable[[], AbstractContextManager[Any]] = nullcontext
