"""What one pass over a data set tells: how many rows, a sample to learn the columns from, rows to judge by.

The encoder is learned from the sample as from a table in memory. What is rare could be missing there; so the
first row with each level of a text and with a missing value, and the rows with the smallest and the largest
number of a column, are kept as witnesses beside the sample, each with the weight of one row among all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import TableError
from chainrule.scale.keys import Drawn, row_keys
from chainrule.scale.source import Source
from chainrule.scale.types import TextTypes
from chainrule.scale.witnesses import Witnesses
from chainrule.table.cells import infinite
from chainrule.table.levels import level_text
from chainrule.table.values import RowError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["NothingToLearnError", "Roles", "Survey", "survey"]

Array = Any

_MOST_SAMPLED_CELLS = 6_000_000
_MOST_SAMPLED_ROWS = 200_000
_MOST_JUDGES = 10_000
_MOST_CLASSES = 1_000
_SAMPLE, _JUDGES = 1, 2
_HASH_SEED = 7
_KINDS_OF_TEXT = ("category", "text", "mixed", "date", "boolean")


class NothingToLearnError(TableError):
    """No row has a target and a weight above 0."""


@dataclass(frozen=True)
class Roles:
    """Which columns are what.

    Attributes
    ----------
    features : tuple of str
    target : str
    weight : str or None
    """

    features: tuple[str, ...]
    target: str
    weight: str | None = None

    @property
    def columns(self) -> list[str]:
        """All that are read."""
        return [*self.features, self.target, *([self.weight] if self.weight else [])]


@dataclass(frozen=True)
class Survey:
    """What is known of a data set before training.

    Attributes
    ----------
    starts : tuple of int
        Number of the first row of each part, and behind the last one that of all rows.
    n_learned : int
        Rows to learn from: with a target, a weight above 0, and no judges.
    sample : polars.DataFrame
        Typed rows, target included: drawn at random, then the witnesses unless all rows were drawn.
    n_drawn : int
        So many of them were drawn.
    weights : array
        Of the rows of the sample, as rows of all.
    judges : polars.DataFrame or None
        Typed rows that are not learned from.
    last_judge : int
        The largest key of a judge; -1 without any.
    types : TextTypes
        What columns of text are taken for.
    seed : int
    digest : int
        Of the contents of all rows, in whatever order.
    classes : dict of str to int, or None
        How often each level of a target occurs, judges included; None for more than 1,000, or real numbers.
    """

    starts: tuple[int, ...]
    n_learned: int
    sample: "pl.DataFrame"
    n_drawn: int
    weights: Array
    judges: "pl.DataFrame | None"
    last_judge: int
    types: TextTypes
    seed: int
    digest: int = 0
    classes: dict[str, int] | None = None

    @property
    def n_rows(self) -> int:
        """All rows that were read."""
        return self.starts[-1]

    def learned(self, first: int, n: int) -> Array:
        """Which of the rows `first`, `first` + 1, ... are no judges."""
        if self.last_judge < 0:
            return np.ones(n, dtype=bool)
        return row_keys(first, n, self.seed + _JUDGES) > np.uint64(self.last_judge)


def survey(
    source: Source, roles: Roles, kinds: Mapping[str, str], judges: float, seed: int, n_sources: int = 1
) -> Survey:
    """Pass over all rows once.

    Parameters
    ----------
    source : Source
    roles : Roles
    kinds : mapping from column to kind
        What is known of columns already.
    judges : float
        Share of the rows to judge by; 10,000 rows at the most.
    seed : int
        Decides which rows are drawn.
    n_sources : int, default=1
        As many sources have surveys of their own, which will be put together: each draws as many rows less.

    Raises
    ------
    TableError
        If no row is left, a weight is no number ≥ 0, or a number is infinite.
    """
    most = min(_MOST_SAMPLED_ROWS, max(1000, _MOST_SAMPLED_CELLS // len(roles.columns))) // n_sources
    most_judges = _MOST_JUDGES // n_sources if judges else 0
    types = TextTypes([name for name, kind in kinds.items() if kind in _KINDS_OF_TEXT])
    to_check = [name for name in roles.features if kinds.get(name) != "ignore"]
    sample, judged, witnesses = Drawn(most), Drawn(most_judges), Witnesses(roles.target)
    starts, n_used, digest, classes, infinities = [0], 0, 0, _Classes(), _Infinities()
    for part in range(len(source.parts)):
        first = starts[-1]
        for piece in source.pieces(roles.columns, [part]):
            types.learn(piece)
            typed = types.applied(piece)
            infinities.note(typed.select(to_check), first)
            infinities.check(source.name, piece)
            used = usable(typed, first, roles, source)
            rows = piece if used.all() else piece.filter(used)
            n_used += rows.height
            for drawn, which in ((sample, _SAMPLE), (judged, _JUDGES)):
                drawn.offer(rows, row_keys(first, piece.height, seed + which)[used])
            witnesses.offer(rows, types)
            classes.count(rows[roles.target])
            digest = (digest + int(piece.hash_rows(seed=_HASH_SEED).sum())) % 2**64
            first += piece.height
        starts.append(first)
    if not n_used:
        raise NothingToLearnError(
            f"{source.name} has no row with a target and a weight above 0; there is nothing to learn"
        )
    n_judges = int(judges * n_used)
    known = _summed_up(tuple(starts), n_used, sample, judged, n_judges, witnesses, types, seed)
    infinities.check(source.name, known.sample)
    return replace(known, classes=classes.counts(types), digest=digest)


def usable(piece: "pl.DataFrame", first: int, roles: Roles, source: Source) -> Array:
    """Which rows of a piece that begins with the row `first` count, have a target, and a weight above 0.

    Raises
    ------
    RowError
        If a weight of a row with a target is no number ≥ 0.
    """
    import polars as pl

    target = piece[roles.target]
    has_target = target.is_not_null()
    if target.dtype.is_float():
        has_target &= target.is_not_nan().fill_null(False)
    used: Array = has_target.to_numpy() & source.counted(first, piece.height)
    if roles.weight is None:
        return used
    weights = piece[roles.weight].cast(pl.Float64, strict=False)
    wrong = used & ~(weights.is_finite() & (weights >= 0)).fill_null(False).to_numpy()
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise RowError(
            f"{source.name}: the weights in {roles.weight!r:.80} must be numbers ≥ 0, however ",
            first + row,
            f" holds {piece[roles.weight][row]!r:.80}; correct it, or give it the weight 0",
        )
    return used & (weights > 0).fill_null(False).to_numpy()


class _Classes:
    """Counts the levels of a target, until they are too many to be classes."""

    def __init__(self) -> None:
        self._counted: pl.DataFrame | None = None
        self._may_be = True

    def count(self, target: "pl.Series") -> None:
        """Take targets into account, as they came."""
        import polars as pl

        if not self._may_be or not len(target):
            return
        name, count = target.name, f"rows with {target.name}"
        counted = target.to_frame().group_by(name, maintain_order=True).len(count)
        if self._counted is not None:
            both = pl.concat([self._counted, counted], how="vertical_relaxed")
            counted = both.group_by(name, maintain_order=True).agg(pl.col(count).sum())
        self._counted = counted
        self._may_be = counted.height <= _MOST_CLASSES and _are_whole(counted.to_series())

    def counts(self, types: TextTypes) -> dict[str, int] | None:
        """How often each level occurs, now that its type is known; None if they are no classes."""
        if self._counted is None or not self._may_be:
            return None
        counted = types.applied(self._counted)
        if not _are_whole(counted.to_series()):
            return None
        found: dict[str, int] = {}
        for level, n in counted.rows():
            text = level_text(level)
            found[text] = found.get(text, 0) + n
        return found


def _are_whole(target: "pl.Series") -> bool:
    """Whether targets may be classes: no number among them has a fraction."""
    return not target.dtype.is_float() or bool((target.is_finite() & (target == target.floor())).all())


class _Infinities:
    """The first infinite value of each column; in a column of text it may be a text, in the end."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}

    def note(self, features: "pl.DataFrame", first: int) -> None:
        """Take typed rows into account that begin with the row `first` of the whole."""
        import polars as pl

        numbers = features.select(pl.selectors.float())
        broken = numbers.select(pl.all().is_infinite().any())
        for column in broken.columns:
            if broken[column].any():
                self._first.setdefault(column, first + int(numbers[column].is_infinite().arg_true()[0]))

    def check(self, name: str, frame: "pl.DataFrame") -> None:
        """Refuse an infinite number, by its row in the whole, in a column that is numbers in this frame."""
        for column, row in self._first.items():
            if frame[column].dtype.is_float():
                error = infinite(column, row)
                raise RowError(f"{name}: {error.before}", error.row, error.after)


def _summed_up(
    starts: tuple[int, ...],
    n_used: int,
    sample: Drawn,
    judged: Drawn,
    n_judges: int,
    witnesses: Witnesses,
    types: TextTypes,
    seed: int,
) -> Survey:
    import polars as pl

    judges, keys = judged.rows(n_judges) if n_judges else (None, np.empty(0, np.uint64))
    rows, _ = sample.rows()
    beside = witnesses.rows() if rows.height < n_used else rows.clear()
    weights = np.ones(rows.height + beside.height)
    weights[rows.height :] = rows.height / n_used
    return Survey(
        starts=starts,
        n_learned=n_used - len(keys),
        sample=types.applied(pl.concat([rows, beside])),
        n_drawn=rows.height,
        weights=weights,
        judges=None if judges is None else types.applied(judges),
        last_judge=int(keys[-1]) if len(keys) else -1,
        types=types,
        seed=seed,
    )
