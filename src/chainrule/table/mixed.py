"""A column in which most values are numbers, and some are words."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from chainrule.table.category import codes_of, frequent_levels, listed, unknown
from chainrule.table.cells import Cells
from chainrule.table.levels import Levels
from chainrule.table.number import range_of
from chainrule.table.typed import Feature, TypedColumn

__all__ = ["Mixed", "number_in"]


@dataclass(frozen=True)
class Mixed(TypedColumn):
    """Numbers among which stand words ("12", "?", "> 90"): the number, and which of the words.

    The number is NaN where a word stands; the code is 0 missing, 1 an unknown or rare word, 2 any number,
    3, 4, ... the words in order. Which words are kept: see `Category`.

    Attributes
    ----------
    low, high : float
        The range of the numbers in training.
    levels : tuple of str
        The words.
    is_pooled : bool
        Training saw more words than these.
    """

    low: float
    high: float
    levels: tuple[str, ...]
    is_pooled: bool

    kind: ClassVar[str] = "mixed"

    @classmethod
    def learn(cls, cells: Cells) -> Self:
        """Learn the range and the words."""
        texts, _ = cells.factors
        numbers = _numbers(cells)
        words = [text for text, x in zip(texts, numbers, strict=True) if np.isnan(x)]
        levels, _ = frequent_levels(cells.name, words, cells.counts[np.isnan(numbers)])
        return cls(
            cells.name, cells.missing_share, *range_of(numbers), levels, is_pooled=len(levels) < len(words)
        )

    @property
    def features(self) -> tuple[Feature, ...]:
        """The number and the code."""
        return (
            Feature(self.name, self.name, "number"),
            Feature(f"{self.name} word", self.name, "code", 3 + len(self.levels)),
        )

    @cached_property
    def _levels(self) -> Levels:
        return Levels(self.levels)

    def read(self, cells: Cells) -> np.ndarray:
        """Numbers, NaN where there is none, and codes."""
        x = np.append(_numbers(cells), np.nan)[cells.factors[1]]
        codes = codes_of(cells, self._levels)
        return np.stack([x, np.where(np.isnan(x), codes + (codes > 1), 2)], axis=1)

    @property
    def extent(self) -> str:
        """The range and the first words."""
        return f"{self.low:g} to {self.high:g}; {listed(self.levels)}"

    def unseen(self, cells: Cells) -> list[Any]:
        """Find unknown words, one per row; none where training pooled some: there they are expected."""
        if self.is_pooled:
            return []
        return [value for value in unknown(cells, self._levels) if number_in(str(value)) is None]

    def is_sound(self) -> bool:
        """Whether its attributes fit each other."""
        return self.low <= self.high


def number_in(text: str) -> float | None:
    """The finite number that a text says, if it says one; 1_000 and "nan" are words."""
    try:
        number = float(text) if "_" not in text else np.nan
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _numbers(cells: Cells) -> np.ndarray:
    """The number of each different value, NaN for words."""
    found = [number_in(text) for text in cells.factors[0]]
    return np.array([np.nan if number is None else number for number in found], dtype=np.float64)
