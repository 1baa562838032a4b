"""A column of numbers."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from chainrule.table.cells import Cells
from chainrule.table.typed import Feature, TypedColumn

__all__ = ["Number", "range_of"]


@dataclass(frozen=True)
class Number(TypedColumn):
    """A number stays the number it is; a missing one is NaN.

    Text that says numbers is read, true and false are 1 and 0; other text and infinities are refused, by name
    and row.

    Attributes
    ----------
    low, high : float
        The range in training.
    """

    low: float
    high: float

    kind: ClassVar[str] = "number"

    @classmethod
    def learn(cls, cells: Cells) -> Self:
        """Learn the range."""
        return cls(cells.name, cells.missing_share, *range_of(cells.numbers()))

    @property
    def features(self) -> tuple[Feature, ...]:
        """The number."""
        return (Feature(self.name, self.name, "number"),)

    def read(self, cells: Cells) -> np.ndarray:
        """Numbers, NaN where missing."""
        return cells.numbers()[:, None]

    @property
    def extent(self) -> str:
        """The range in training."""
        return f"{self.low:g} to {self.high:g}"

    def is_sound(self) -> bool:
        """Whether its attributes fit each other."""
        return self.low <= self.high


def range_of(x: np.ndarray) -> tuple[float, float]:
    """Smallest and largest number, without NaN; (0, 0) if there is none."""
    known = x[~np.isnan(x)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
