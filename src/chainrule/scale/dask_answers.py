"""Answers and scores of a fitted model for rows on a cluster, computed where the rows are."""

from math import nan
from typing import Any

import dask.array as da
import numpy as np
from dask import compute, delayed

from chainrule.errors import TableError
from chainrule.scale.dask_data import Partitions, column_of, partitions_of
from chainrule.scale.scores import Sums, accuracy_of, r2_of, sums_of_hits, sums_of_squares
from chainrule.table.names import absent_message

__all__ = ["answered", "scored"]

Array = Any


def answered(model: Any, method: str, X: Any) -> Any:
    """What `model.method` gives for each row, as a lazy dask array in the partitions of X.

    Parameters
    ----------
    model : fitted estimator, not one of dask's
    method : str
        Such as "predict".
    X : dask DataFrame or array, or path of a data set

    Raises
    ------
    TableError
        If X lacks a column.
    """
    rows = _checked(partitions_of(X), model)
    example = _answer(model, method, _example(rows, X), None)
    shared = delayed(model)
    blocks = [
        da.from_delayed(
            delayed(_answer)(shared, method, part, example[:0]),
            shape=(nan if length is None else length, *example.shape[1:]),
            dtype=example.dtype,
        )
        for part, length in zip(rows.parts, rows.lengths, strict=True)
    ]
    return da.concatenate(blocks, allow_unknown_chunksizes=True)


def scored(model: Any, X: Any, y: Any, sample_weight: Any) -> float:
    """Accuracy or R² of a model, added up in the order of the partitions.

    Parameters
    ----------
    y, sample_weight : names of columns of X, or collections like X; rows without a target do not count
    """
    rows = _checked(partitions_of(X), model)
    target, targets = column_of(rows, y, "y")
    weight, weights = (
        (None, None) if sample_weight is None else column_of(rows, sample_weight, "sample_weight")
    )
    n = len(rows.parts)
    shared = delayed(model)
    sums = compute(
        *[
            delayed(_sums)(
                shared, part, target if own is None else own, weight if own_weights is None else own_weights
            )
            for part, own, own_weights in zip(
                rows.parts, targets or [None] * n, weights or [None] * n, strict=True
            )
        ]
    )
    return accuracy_of(sums, rows.name) if hasattr(model, "classes_") else r2_of(sums, rows.name)


def _checked(rows: Partitions, model: Any) -> Partitions:
    absent = [name for name in getattr(model, "feature_names_in_", ()) if name not in rows.names]
    if absent and rows.has_names:
        raise TableError(f"{rows.name}: {absent_message(absent, list(rows.names))}")
    return rows


def _example(rows: Partitions, X: Any) -> Any:
    """A row or two of the types of X."""
    if not rows.has_names:
        return np.zeros((1, len(rows.names)), X.dtype)
    return X._meta_nonempty if hasattr(X, "_meta_nonempty") else rows.parts[0].compute()[:1]


def _answer(model: Any, method: str, rows: Any, empty: Any) -> Array:
    return getattr(model, method)(_features(model, rows)) if len(rows) else empty


def _features(model: Any, rows: Any) -> Any:
    names = getattr(model, "feature_names_in_", None)
    return rows if names is None or isinstance(rows, np.ndarray) else rows[list(names)]


def _sums(model: Any, rows: Any, y: Any, weights: Any) -> Sums:
    """What the score needs to know of one partition."""
    y = np.asarray(rows[y] if isinstance(y, str) else y)
    weights = np.ones(len(y)) if weights is None else rows[weights] if isinstance(weights, str) else weights
    used = np.array([value is not None and value == value for value in y.tolist()], dtype=bool)
    weights = np.asarray(weights, dtype=np.float64) * used
    if not weights.any():
        return Sums(0.0, 0.0)
    answers = model.predict(_features(model, rows))
    if hasattr(model, "classes_"):
        return sums_of_hits(answers == y, weights)
    return sums_of_squares(answers, np.where(used, y, 0.0).astype(np.float64), weights)
