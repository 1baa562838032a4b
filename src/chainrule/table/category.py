"""A column of categories or booleans."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nsmallest
from typing import Any, ClassVar, Self
from warnings import warn

import numpy as np

from chainrule.errors import DegradedWarning, TableError
from chainrule.table.cells import Cells
from chainrule.table.levels import Levels
from chainrule.table.typed import Feature, TypedColumn

__all__ = ["MOST_LEVELS", "Boolean", "Category", "codes_of", "frequent_levels", "listed", "unknown"]

MOST_LEVELS = 1000
"""A column with more levels keeps its most frequent ones; the others are pooled in code 1."""

_FEW = 30  # so many levels are all kept, also those that occur once
_MANY = 100  # with more levels, how frequent a level is tells something of its own


@dataclass(frozen=True)
class Category(TypedColumn):
    """A level becomes its code: 0 missing, 1 unseen in training or too rare, 2, 3, ... the levels in order.

    Levels are matched by value (`Levels`): 1, 1.0 and "1" are one. Up to 30 levels are all kept; of more,
    those that occur once are pooled in code 1, and so are those beyond the `MOST_LEVELS` most frequent.

    With more than 100 levels there is a number besides, log(1 + count of the level in training); that of
    code 1 is log 2 if training pooled levels there, and 0 otherwise, that of a missing value is 0.

    Attributes
    ----------
    levels : tuple of str
        In sorted order.
    counts : tuple of int
        How often each occurred in training; empty where the number above is not wanted.
    is_pooled : bool
        Training saw more levels than these.
    """

    levels: tuple[str, ...]
    counts: tuple[int, ...]
    is_pooled: bool

    kind: ClassVar[str] = "category"

    @classmethod
    def learn(cls, cells: Cells) -> Self:
        """Learn the levels, and their counts if they are many."""
        texts, _ = cells.factors
        levels, counts = frequent_levels(cells.name, texts, cells.counts)
        return cls(
            cells.name,
            cells.missing_share,
            levels,
            counts if len(levels) > _MANY else (),
            len(levels) < len(texts),
        )

    @property
    def features(self) -> tuple[Feature, ...]:
        """The code, and the frequency of many levels."""
        code = Feature(self.name, self.name, "code", 2 + len(self.levels))
        return (code, Feature(f"{self.name} frequency", self.name, "number")) if self.counts else (code,)

    @cached_property
    def _levels(self) -> Levels:
        return Levels(self.levels)

    def read(self, cells: Cells) -> np.ndarray:
        """Codes, and the logarithms of counts."""
        codes = codes_of(cells, self._levels)
        if not self.counts:
            return codes[:, None].astype(np.float64)
        frequency = np.log1p([0, 1 if self.is_pooled else 0, *self.counts])
        return np.stack([codes, frequency[codes]], axis=1)

    @property
    def extent(self) -> str:
        """The first levels."""
        return listed(self.levels)

    def unseen(self, cells: Cells) -> list[Any]:
        """Find unknown levels, one per row; none where training pooled some: there they are expected."""
        return [] if self.is_pooled else unknown(cells, self._levels)

    def is_sound(self) -> bool:
        """Whether its attributes fit each other."""
        return len(self.counts) == (len(self.levels) if len(self.levels) > _MANY else 0)


@dataclass(frozen=True)
class Boolean(TypedColumn):
    """False and true, or another pair of levels, become the codes 2 and 3; 0 is missing, 1 anything else.

    They are matched by value: True, "true", 1 and 1.0 are one.

    Attributes
    ----------
    levels : tuple of str
        One or two, in sorted order.
    """

    levels: tuple[str, ...]

    kind: ClassVar[str] = "boolean"

    @classmethod
    def learn(cls, cells: Cells) -> Self:
        """Learn the two levels.

        Raises
        ------
        TableError
            If there are more than two.
        """
        levels = ("False", "True") if cells.type == "boolean" else tuple(sorted(cells.factors[0]))
        if len(levels) > 2:
            raise TableError(
                f"column {cells.name!r:.80} cannot be boolean: it has {len(levels)} different values "
                f"({listed(levels)}); call it a category or a number"
            )
        return cls(cells.name, cells.missing_share, levels)

    @property
    def features(self) -> tuple[Feature, ...]:
        """The code."""
        return (Feature(self.name, self.name, "code", 2 + len(self.levels)),)

    def read(self, cells: Cells) -> np.ndarray:
        """Codes."""
        return codes_of(cells, Levels(self.levels))[:, None].astype(np.float64)

    @property
    def extent(self) -> str:
        """Both levels."""
        return listed(self.levels)

    def unseen(self, cells: Cells) -> list[Any]:
        """Find what is neither of the levels, one per row."""
        return unknown(cells, Levels(self.levels))

    def is_sound(self) -> bool:
        """Whether its attributes fit each other."""
        return 1 <= len(self.levels) <= 2


def codes_of(cells: Cells, levels: Levels) -> np.ndarray:
    """Code of each row: 0 missing, 1 unknown, 2, 3, ... the levels; different values are looked up once."""
    texts, codes = cells.factors
    known = np.array([levels.place(text) + 2 for text in texts] + [0])  # the last one, at -1, is missing
    return np.asarray(known[codes])


def unknown(cells: Cells, levels: Levels) -> list[Any]:
    """The values, one per row, that are none of the levels."""
    return [cells.value(int(row)) for row in np.flatnonzero(codes_of(cells, levels) == 1)]


def frequent_levels(
    name: str, texts: Sequence[str], counts: np.ndarray
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Choose the levels to be kept: sorted, each with its count.

    Warns
    -----
    DegradedWarning
        If more than `MOST_LEVELS` occur twice or more.
    """
    pairs = [
        (-n, text) for text, n in zip(texts, counts.tolist(), strict=True) if len(texts) <= _FEW or n > 1
    ]
    if len(pairs) > MOST_LEVELS:
        warn(
            f"column {name!r:.80} has {len(texts):,} different values; the {MOST_LEVELS} most frequent ones "
            "are kept, all others count as one",
            DegradedWarning,
            stacklevel=2,
        )
    kept = sorted((text, -n) for n, text in nsmallest(MOST_LEVELS, pairs))
    return tuple(text for text, _ in kept), tuple(n for _, n in kept)


def listed(levels: Sequence[str]) -> str:
    """The first levels, and how many there are."""
    shown = ", ".join(level if len(level) <= 20 else f"{level[:19]}…" for level in levels[:3])
    return shown if len(levels) <= 3 else f"{shown}, … ({len(levels)} levels)"
