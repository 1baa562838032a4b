"""The past of a run: moments to go back to, few of the long ago, all of the last ones."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Past"]

_LAST = 200
_MOST = 1_200


@dataclass
class Past:
    """Moments by their step. What is asked for is the last one at or before a step.

    Between two moments that are kept there are only plain steps, which can be done again: after whatever
    else happened (a setting changed, a weight edited) the moment is kept for good.
    """

    moments: list[Any] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    fixed: list[bool] = field(default_factory=list)

    def keep(self, step: int, moment: Any, fixed: bool = False) -> None:
        """Remember a moment; it replaces what was remembered of the same step."""
        if self.steps and self.steps[-1] == step:
            fixed = fixed or self.fixed[-1]
            self.moments[-1], self.fixed[-1] = moment, fixed
            return
        self.moments.append(moment)
        self.steps.append(step)
        self.fixed.append(fixed)
        if len(self.steps) > _MOST:
            self._thin()

    def at(self, step: int) -> Any:
        """The last moment at or before a step, or the first there is; what came after it is forgotten."""
        place = max(bisect_right(self.steps, step) - 1, 0)
        del self.moments[place + 1 :], self.steps[place + 1 :], self.fixed[place + 1 :]
        return self.moments[place]

    @property
    def first_step(self) -> int:
        """The earliest step one can go back to."""
        return self.steps[0] if self.steps else 0

    def _thin(self) -> None:
        """Forget every other of the older moments; the oldest for good where too many are fixed."""
        older = len(self.steps) - _LAST
        kept = [i for i in range(len(self.steps)) if i >= older or self.fixed[i] or i % 2 == 0]
        if len(kept) > _MOST - _LAST // 2:
            kept = kept[_LAST:]
        self.moments = [self.moments[i] for i in kept]
        self.steps = [self.steps[i] for i in kept]
        self.fixed = [self.fixed[i] for i in kept]
