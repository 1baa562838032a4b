"""A column from which nothing is learned."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from chainrule.table.cells import Cells
from chainrule.table.typed import Feature, TypedColumn

__all__ = ["Ignored"]

_REASONS = ("as asked", "constant", "empty", "identifier")


@dataclass(frozen=True)
class Ignored(TypedColumn):
    """A column that becomes nothing: whatever it holds later is not even looked at.

    Attributes
    ----------
    reason : "as asked", "constant", "empty" or "identifier"
        Asked for by the user; one value in every row; no value in any row; another value in every row.
    """

    reason: str = "as asked"

    kind: ClassVar[str] = "ignore"

    @classmethod
    def learn(cls, cells: Cells, reason: str = "as asked") -> Self:
        """Learn nothing but how much of it is missing."""
        return cls(cells.name, cells.missing_share, reason)

    @property
    def features(self) -> tuple[Feature, ...]:
        """None."""
        return ()

    def read(self, cells: Cells) -> np.ndarray:
        """No numbers."""
        return np.zeros((len(cells.values), 0))

    @property
    def extent(self) -> str:
        """Nothing."""
        return ""

    @property
    def becomes(self) -> str:
        """Why it becomes nothing."""
        return f"ignored: {self.reason}"

    def is_sound(self) -> bool:
        """Whether its attributes fit each other."""
        return self.reason in _REASONS
