"""The past of a run: moments to go back to, all of the last steps, and of the long ago one in so many."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Past"]

_LAST = 200
_MOST = 1_200
_MOST_BYTES = 256 * 2**20


@dataclass
class Past:
    """Moments by their step. What is asked for is the last one at or before a step.

    Between two moments that are kept there are only plain steps, which can be done again: after whatever
    else happened (a setting changed, a weight edited) the moment is kept until the oldest have to go. Plain
    moments of the long ago are evenly apart, so that none of all steps is far from one.

    Parameters
    ----------
    arrays_of : what a moment holds; what several of them share is counted once
    most_bytes : of all arrays; the last moment is kept in any case
    """

    arrays_of: Callable[[Any], Iterable[Any]] = lambda _: ()
    most_bytes: int = _MOST_BYTES
    moments: list[Any] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    fixed: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._apart = 1
        self._n_bytes = 0
        self._last_arrays: set[int] = set()

    def keep(self, step: int, moment: Any, fixed: bool = False) -> None:
        """Remember a moment; it replaces what was remembered of the same step."""
        if self.steps and self.steps[-1] == step:
            fixed = fixed or self.fixed[-1]
            self.moments[-1], self.fixed[-1] = moment, fixed
        else:
            self.moments.append(moment)
            self.steps.append(step)
            self.fixed.append(fixed)
        self._weigh(moment)
        if len(self.steps) > _MOST:
            self._thin(_MOST - _LAST)
        while self._n_bytes > self.most_bytes and len(self.steps) > 1:
            self._thin(len(self.steps) // 2)

    def at(self, step: int) -> Any:
        """The last moment at or before a step, or the first there is; what came after it is forgotten."""
        self._apart = 1
        self._only(range(max(bisect_right(self.steps, step), 1)))
        return self.moments[-1]

    def before(self, epochs: int) -> Any:
        """The last moment with fewer epochs done, or the first there is."""
        return self.moments[max(bisect_right(self.moments, epochs - 1, key=lambda one: one.epochs) - 1, 0)]

    @property
    def first_step(self) -> int:
        """The earliest step one can go back to."""
        return self.steps[0] if self.steps else 0

    def _weigh(self, moment: Any) -> None:
        """Add what the moment before did not hold: a little too much, where a moment is replaced."""
        arrays = {id(one): one.nbytes for one in self.arrays_of(moment)}
        self._n_bytes += sum(size for one, size in arrays.items() if one not in self._last_arrays)
        self._last_arrays = set(arrays)

    def _thin(self, most: int) -> None:
        """Leave so many at most: in the long ago ever further apart, and without the oldest if need be."""
        newest = len(self.steps) - min(_LAST, most // 2)
        kept: Sequence[int] = range(len(self.steps))
        while len(kept) > most and self._apart <= self.steps[-1]:
            kept = [i for i in kept if i >= newest or self.fixed[i] or self.steps[i] % self._apart == 0]
            if len(kept) > most:
                self._apart *= 2
        self._only(kept[-most:])

    def _only(self, kept: Sequence[int]) -> None:
        self.moments = [self.moments[i] for i in kept]
        self.steps = [self.steps[i] for i in kept]
        self.fixed = [self.fixed[i] for i in kept]
        arrays = {id(one): one.nbytes for moment in self.moments for one in self.arrays_of(moment)}
        self._n_bytes = sum(arrays.values())
