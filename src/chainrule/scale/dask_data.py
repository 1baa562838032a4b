"""Dask's collections and data sets of Parquet, as partitions that are read where they are used.

A partition is a delayed frame of pandas, block of an array, or part of a `Source`; a shard is some partitions
that follow each other. How many shards there are the data decides, never the workers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from dask import delayed

from chainrule.errors import ParameterError, TableError
from chainrule.scale.shards import held_source
from chainrule.scale.source import Source, source_of
from chainrule.scale.survey import Roles
from chainrule.table.names import absent_message

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Partitions", "column_of", "is_distributed", "partitions_of", "shards_of"]

Array = Any

_NAMES = {"y": "target of the rows", "sample_weight": "weight of the rows"}


def is_distributed(X: Any) -> bool:
    """Whether X is a collection of dask, or names a data set."""
    is_collection = type(X).__module__.partition(".")[0] == "dask" and hasattr(X, "__dask_graph__")
    return is_collection or isinstance(X, str | Path | Source)


@dataclass(frozen=True)
class Partitions:
    """Rows in partitions.

    Attributes
    ----------
    name : str
        What to call them in messages.
    names : tuple of str
        Of the columns.
    has_names : bool
        False for arrays.
    categories : tuple of str
        Columns that are categories by their type.
    parts : list
        A delayed frame, array or tuple of a source and a place for each partition.
    lengths : list of int or None
        Rows of each; None where they are not known.
    """

    name: str
    names: tuple[str, ...]
    has_names: bool
    categories: tuple[str, ...]
    parts: list[Any]
    lengths: list[int | None]


def partitions_of(X: Any) -> Partitions:
    """The partitions of a dask DataFrame or array, or of a Parquet data set that X names.

    Raises
    ------
    ParameterError
        If X is none of them.
    """
    if isinstance(X, str | Path | Source):
        source = source_of(X)
        firsts = _first_rows(source)
        parts = [
            delayed(_frame_of_part)(source, number, firsts[number]) for number in range(len(source.parts))
        ]
        return Partitions(source.name, source.names, True, (), parts, [None] * len(parts))
    if hasattr(X, "npartitions") and hasattr(X, "columns") and hasattr(X, "to_delayed"):
        names = tuple(map(str, X.columns))
        categories = tuple(
            name for name, kind in zip(names, X.dtypes, strict=True) if kind.name == "category"
        )
        parts = X.to_delayed()
        return Partitions("the dask DataFrame", names, True, categories, parts, [None] * len(parts))
    if hasattr(X, "chunks") and hasattr(X, "rechunk"):
        return _of_array(X)
    raise ParameterError(
        "X must be a dask DataFrame, a dask array, or the path of a Parquet data set, however: "
        f"{type(X).__name__}; use TabularClassifier and its like for a table in memory"
    )


def _of_array(X: Any) -> Partitions:
    if X.ndim != 2:
        raise ParameterError(f"X must have rows and columns, however: a dask array of shape {X.shape}")
    X = X.rechunk({1: -1})
    lengths = [None if np.isnan(n) else int(n) for n in X.chunks[0]]
    names = tuple(f"x{place}" for place in range(X.shape[1]))
    return Partitions("the dask array", names, False, (), list(X.to_delayed()[:, 0]), lengths)


def _first_rows(source: Source) -> list[int]:
    """The number of each part's first row, where it decides which rows count."""
    if source.share is None:
        return [0] * len(source.parts)
    lengths = [
        sum(piece.height for piece in source.pieces(source.names[:1], [number]))
        for number in range(len(source.parts))
    ]
    return [0, *np.cumsum(lengths).tolist()]


def _frame_of_part(source: Source, number: int, first: int) -> "pl.DataFrame":
    """The rows of a part that count, on the worker that calls this; `first` is the first one's number."""
    import polars as pl

    rows = pl.concat(source.pieces(source.names, [number]))
    return rows.filter(source.counted(first, rows.height))


def shards_of(X: Any, y: Any, sample_weight: Any, most: int) -> tuple[Partitions, Roles, list[Any]]:
    """(partitions, which columns are what, a delayed `Source` for each shard).

    Parameters
    ----------
    X : see `partitions_of`
    y, sample_weight : name of a column of X, or dask Series or array (sample_weight: optional)
    most : int
        Shards at the most.

    Raises
    ------
    ParameterError, TableError
        If X, y and sample_weight do not go together.
    """
    rows = partitions_of(X)
    target, targets = column_of(rows, y, "y")
    weight, weights = (
        (None, None) if sample_weight is None else column_of(rows, sample_weight, "sample_weight")
    )
    features = tuple(name for name in rows.names if name not in (target, weight))
    if not features:
        raise TableError(f"{rows.name} has no column but the target; add what is to be learned from")
    roles = Roles(features, target, weight)
    n_shards = min(most, len(rows.parts))
    together = list(zip(rows.parts, targets or rows.parts, weights or rows.parts, strict=True))
    shards = []
    for places in np.array_split(np.arange(len(rows.parts)), n_shards):
        own = [
            (together[i][0], together[i][1] if targets else None, together[i][2] if weights else None)
            for i in places.tolist()
        ]
        shards.append(delayed(_shard)(rows.name, roles, rows.names, own))
    return rows, roles, shards


def column_of(rows: Partitions, values: Any, what: str) -> tuple[str, list[Any] | None]:
    """(name of the column, its partitions where it does not belong to X); `what` is y or sample_weight."""
    if isinstance(values, str):
        if values not in rows.names:
            raise TableError(f"{rows.name}: {absent_message([values], list(rows.names))}")
        return values, None
    if hasattr(values, "chunks") and hasattr(values, "rechunk"):
        lengths = [length for length in rows.lengths if length is not None]
        if len(lengths) == len(rows.lengths) and not np.isnan(values.shape[0]):
            if values.shape[0] != sum(lengths):
                raise ParameterError(
                    f"X and {what} must be of one length, however: {sum(lengths)}, {values.shape[0]}"
                )
            values = values.rechunk({0: tuple(lengths)})
        parts = list(values.to_delayed().ravel())
    elif hasattr(values, "to_delayed"):
        parts = values.to_delayed()
    else:
        raise ParameterError(
            f"{what} must be the name of a column of X, or a collection of dask as X is, however: "
            f"{type(values).__name__}"
        )
    if len(parts) != len(rows.parts):
        raise ParameterError(
            f"X and {what} must have the same partitions, however: {len(rows.parts)} and {len(parts)}; "
            "take both from one DataFrame, or repartition them alike"
        )
    return _NAMES[what], parts


def _shard(name: str, roles: Roles, names: Sequence[str], parts: Sequence[tuple[Any, Any, Any]]) -> Source:
    """The rows of some partitions, with target and weights as columns, on the worker that calls this."""
    import polars as pl

    frames = []
    for rows, target, weight in parts:
        frame = typed_frame(rows, names)
        for column, values in ((roles.target, target), (roles.weight, weight)):
            if values is not None:
                series = pl.Series(column, _plain(values))
                if len(series) != frame.height:
                    raise ParameterError(
                        f"{name}: a partition has {frame.height} rows, and its {column} {len(series)}; give "
                        "X and y the same partitions"
                    )
                frame = frame.with_columns(series)
        frames.append(frame)
    return held_source(name, [*roles.columns], frames)


def typed_frame(rows: Any, names: Sequence[str]) -> "pl.DataFrame":
    """A partition as a polars frame; categories as what they stand for."""
    import polars as pl

    if isinstance(rows, pl.DataFrame):
        frame = rows
    elif isinstance(rows, np.ndarray):
        frame = pl.DataFrame({name: _plain(rows[:, place]) for place, name in enumerate(names)})
    else:
        rows = rows.set_axis(list(names), axis=1)
        frame = pl.from_pandas(rows.astype(_kinds_of_categories(rows)), include_index=False)
    return frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))


def _kinds_of_categories(rows: Any) -> dict[str, Any]:
    return {
        name: rows[name].cat.categories.dtype
        for name in rows.columns
        if rows[name].dtype.name == "category" and not rows[name].isna().any()
    }


def _plain(values: Any) -> Any:
    """A partition of targets or weights as NumPy or polars take it."""
    import polars as pl

    if isinstance(values, np.ndarray):
        return values.reshape(-1) if values.dtype.kind != "O" else values.reshape(-1).tolist()
    return pl.from_pandas(values.astype(object) if values.dtype.name == "category" else values)
