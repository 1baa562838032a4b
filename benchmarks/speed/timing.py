"""Repetitions: what is timed, for how long, and the check that work was done.

A system offers variants, each of which is measured for a moment in every turn of the process. Of those that
differ by the number of threads only, one that is far behind is left alone from then on.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import numpy as np

from speed.cases import Case
from speed.data import rows_and_targets

__all__ = ["Trainer", "far_behind", "loss_of", "repeat", "settled", "with_check"]

Array = Any

_SHORTEST_REPETITION = 0.05
_FAR_BEHIND = 1.5
_THREADS = ("default", "1 thread", "all threads")
_ROWS_TO_JUDGE = 2_000


class Trainer(Protocol):
    """A network in training."""

    compiles: bool = False
    """Whether the first `advance` compiles, and is not to be measured."""

    context: Callable[[], AbstractContextManager[Any]] = nullcontext
    """Within which it is to run, such as a number of threads."""

    def advance(self) -> int:
        """Train on, for an epoch or a part of it; how many steps that were."""
        ...

    def steps(self) -> int:
        """Steps that the system's own optimizer has counted."""
        ...

    def outputs(self, X: Array) -> Array:
        """Predictions (n,), or logits or logarithms of probabilities (n, classes), without dropout."""
        ...


def repeat(work: Callable[[], int], seconds: float) -> list[float]:
    """Seconds per unit of work, one number per repetition of 50 ms or more."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        done, start = 0, time.perf_counter()
        while (taken := time.perf_counter() - start) < _SHORTEST_REPETITION:
            done += work()
        times.append(taken / done)
    return times


def settled(work: Callable[[], int], seconds: float) -> list[float]:
    """As `repeat`, after one piece of work that is not counted: other processes have had the caches.

    A piece that takes longer than this is counted and is the only one.
    """
    start = time.perf_counter()
    done = work()
    taken = time.perf_counter() - start
    return [taken / done] if taken > seconds else repeat(work, seconds)


def far_behind(name: str, times: dict[str, list[float]]) -> bool:
    """Whether the same with another number of threads has been found to be much better."""
    best = {variant: min(own) for variant, own in times.items() if own}
    alike = [value for variant, value in best.items() if _without_threads(variant) == _without_threads(name)]
    return name in best and best[name] > _FAR_BEHIND * min(alike)


def _without_threads(name: str) -> str:
    for threads in _THREADS:
        name = name.removesuffix(threads)
    return name


def loss_of(case: Case, trainer: Trainer) -> float:
    """Mean loss over some of the rows, computed here from the system's predictions."""
    X, y = (part[:_ROWS_TO_JUDGE] for part in rows_and_targets(case))
    a = np.asarray(trainer.outputs(X), np.float64)
    if not case.n_classes:
        return float(0.5 * np.mean((a.ravel() - y) ** 2))
    a = a - a.max(1, keepdims=True)
    log_p = a - np.log(np.exp(a).sum(1, keepdims=True))
    return float(-log_p[np.arange(len(y)), y].mean())


def with_check(case: Case, trainer: Trainer, before: float, n_steps: int) -> dict[str, float]:
    """Loss before and after, and steps; an error if the loss has not fallen or the steps are not as many."""
    after, steps = loss_of(case, trainer), trainer.steps()
    if not (np.isfinite(after) and after < before):
        raise RuntimeError(f"the loss has not fallen: {before:.4g} before, {after:.4g} after {n_steps} steps")
    if steps != n_steps:
        raise RuntimeError(f"{n_steps} steps were timed, however the optimizer has done {steps}")
    return {"loss_before": before, "loss_after": after, "steps": steps}
