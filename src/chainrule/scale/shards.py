"""What is done with one shard of a data set where its rows are: look at them, encode them.

    rows as they came ──► survey ──► (the driver learns columns, classes, scales) ──► encoded rows

Every function is pure, and a shard is made by the data alone: whoever computes it, and however often, the
same comes out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.engine import Data
from chainrule.errors import TableError
from chainrule.scale.feed import Encode, Feed
from chainrule.scale.parts import Part, rows_of_a_piece
from chainrule.scale.source import Source
from chainrule.scale.survey import Roles, Survey, survey, usable
from chainrule.scale.types import TextTypes

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Known", "Whole", "encoded_shard", "held_source", "surveyed_shard", "whole"]

Array = Any


@dataclass(frozen=True)
class _HeldPart(Part):
    """Rows in memory."""

    frame: "pl.DataFrame"

    def pieces(self, columns: Sequence[str]) -> Iterator["pl.DataFrame"]:
        if self.frame.height:
            yield from self.frame.select(columns).iter_slices(rows_of_a_piece(len(columns)))


def held_source(name: str, names: Sequence[str], frames: Sequence["pl.DataFrame"]) -> Source:
    """A source of rows in memory."""
    return Source(name, tuple(names), tuple(_HeldPart(frame) for frame in frames))


class Known(NamedTuple):
    """What is known of one shard.

    Attributes
    ----------
    survey : Survey
        Its sample holds the first row of each class, too.
    n_used : int
        Rows with a target and a weight above 0.
    """

    survey: Survey
    n_used: int


class Whole(NamedTuple):
    """What is known of all shards.

    Attributes
    ----------
    survey : Survey
        As of one source; its `starts` are not known.
    weights_of_judges : array
        Of the rows to judge by, as rows of all.
    """

    survey: Survey
    weights_of_judges: Array


def surveyed_shard(
    shard: Source, roles: Roles, kinds: Mapping[str, str], judges: float, seed: Sequence[int], n_shards: int
) -> Known | None:
    """What is known of a shard, one of so many; None where it has no row to learn from.

    Columns are of the types that they come with: text that looks like numbers stays text.
    """
    import polars as pl

    firsts = _first_of_each_class(shard, roles)
    if firsts is None:
        return None
    texts = {name: "text" for name, kind in firsts.schema.items() if kind == pl.String}
    own_seed = int(np.random.default_rng(seed).integers(2**31))
    known = survey(shard, roles, texts | dict(kinds), judges, own_seed, n_shards)
    n_used = known.n_learned + (0 if known.judges is None else known.judges.height)
    if known.classes is not None and known.n_drawn < n_used:
        one = np.full(firsts.height, known.n_drawn / n_used)
        sample = pl.concat([known.sample, firsts.select(known.sample.columns)])
        known = replace(known, sample=sample, weights=np.concatenate([known.weights, one]))
    return Known(known, n_used)


def _first_of_each_class(shard: Source, roles: Roles) -> "pl.DataFrame | None":
    """The first used row with each value of the target; one row for real numbers, None without any row."""
    import polars as pl

    found: pl.DataFrame | None = None
    first = 0
    for piece in shard.pieces(roles.columns):
        rows = piece.filter(usable(piece, first, roles, shard))
        first += piece.height
        if rows.height:
            rows = rows if found is None else pl.concat([found, rows])
            is_real = rows[roles.target].dtype.is_float()
            found = rows[:1] if is_real else rows.unique(roles.target, keep="first", maintain_order=True)
    return found


def whole(shards: Sequence[Known | None], name: str) -> Whole:
    """What is known of all shards together, in their order.

    Raises
    ------
    TableError
        If none has a row to learn from.
    """
    import polars as pl

    found = [shard for shard in shards if shard is not None]
    if not found:
        raise TableError(f"{name} has no row with a target and a weight above 0; there is nothing to learn")
    surveys = [shard.survey for shard in found]
    judged = [(known.judges, n_used) for known, n_used in found if known.judges is not None]
    rows_per_judge = [np.full(judges.height, n_used / judges.height) for judges, n_used in judged]
    together = Survey(
        starts=(),
        n_learned=sum(known.n_learned for known in surveys),
        sample=pl.concat([known.sample for known in surveys], how="vertical_relaxed"),
        n_drawn=sum(known.n_drawn for known in surveys),
        weights=np.concatenate([known.weights * (n_used / known.n_drawn) for known, n_used in found]),
        judges=pl.concat([rows for rows, _ in judged], how="vertical_relaxed") if judged else None,
        last_judge=-1,
        types=TextTypes(),
        seed=0,
        classes=_counts([known.classes for known in surveys]),
    )
    return Whole(together, np.concatenate(rows_per_judge) if judged else np.empty(0))


def _counts(counts: Sequence[dict[str, int] | None]) -> dict[str, int] | None:
    together: dict[str, int] = {}
    for own in counts:
        if own is None:
            return None
        for level, n in own.items():
            together[level] = together.get(level, 0) + n
    return together


def encoded_shard(
    shard: Source, known: Known | None, roles: Roles, encode: Encode, widths: tuple[int, int], dtype: Any
) -> Data:
    """The encoded rows that a shard is learned from, those of weight 0 left out.

    Parameters
    ----------
    widths : (columns of the encoded matrix, columns of the targets)
    """
    n_inputs, n_targets = widths
    rows = np.empty((0, n_inputs + n_targets + 1), dtype)
    if known is not None:
        feed = Feed(shard, roles, known.survey, encode, n_inputs, n_targets, batch_size=1)
        rows = np.concatenate(list(feed.encoded(np.random.default_rng(known.survey.seed)))).astype(dtype)
    rows = rows[rows[:, -1] > 0]
    return Data(*map(np.ascontiguousarray, (rows[:, :n_inputs], rows[:, n_inputs:-1], rows[:, -1])))
