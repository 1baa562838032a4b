"""Answers and scores of a fitted table model for a data set, of which one piece is in memory at a time."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from chainrule.errors import ParameterError, TableError
from chainrule.scale.fit import plain_target, roles_of
from chainrule.scale.places import naming_rows
from chainrule.scale.scores import Sums, accuracy_of, r2_of, sums_of_hits, sums_of_squares
from chainrule.scale.source import Source, source_of
from chainrule.scale.survey import Roles, usable
from chainrule.table.levels import Levels, level_text
from chainrule.table.values import numbers_of

if TYPE_CHECKING:
    import polars as pl

__all__ = ["answered_by_pieces", "columns_of", "scored_by_pieces"]

Array = Any


def answered_by_pieces(model: Any, X: Any, answer: Callable[[Any], Array]) -> Array:
    """What `answer` gives for the rows of a data set, piece by piece, joined.

    Parameters
    ----------
    model : fitted TabularClassifier or TabularRegressor
    X : see `source_of`
    answer : callable
        From a table in memory to an array with an entry for each row.

    Raises
    ------
    TableError
        If a column is absent, there are no rows, or one cannot be used, which is named by its place.
    """
    source = source_of(X)
    answers = []
    for piece, first in _pieces(source, columns_of(model, source)):
        with naming_rows(source, first):
            answers.append(answer(piece))
    if not answers:
        raise TableError(f"{source.name} has no rows; there is nothing to predict")
    return np.concatenate(answers)


def scored_by_pieces(model: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
    """Accuracy or R² for the rows of a data set that have a target and a weight above 0.

    Parameters
    ----------
    model : fitted TabularClassifier or TabularRegressor
    X : see `source_of`
    y, sample_weight : str
        Columns of X.

    Raises
    ------
    ParameterError
        If y or sample_weight are no names of columns, or the model does not predict one value per row.
    TableError
        If the source cannot be used, or has no such row.
    """
    source = source_of(X)
    roles = replace(roles_of(source, y, sample_weight), features=tuple(columns_of(model, source)))
    is_classifier = hasattr(model, "classes_")
    found = []
    for piece, first in _pieces(source, list(dict.fromkeys(roles.columns))):
        used = usable(piece, first, roles, source)
        if used.any():
            with naming_rows(source, first, used):
                found.append(_sums(model, piece if used.all() else piece.filter(used), roles, is_classifier))
    return accuracy_of(found, source.name) if is_classifier else r2_of(found, source.name)


def columns_of(model: Any, source: Source) -> list[str]:
    """The columns that a fitted table model goes by; any one for a model that goes by none."""
    return [c.name for c in model.encoder_.schema.columns if c.features] or list(source.names[:1])


def _pieces(source: Source, columns: list[str]) -> Iterator[tuple["pl.DataFrame", int]]:
    """The pieces that have rows, each with the number of its first one."""
    first = 0
    for piece in source.pieces(columns):
        if piece.height:
            yield piece, first
        first += piece.height


def _sums(model: Any, rows: "pl.DataFrame", roles: Roles, is_classifier: bool) -> Sums:
    import polars as pl

    predicted = model.predict(rows)
    if predicted.ndim > 1:
        raise ParameterError(
            f"the score of a data set needs a model of one value per row, however this one predicts "
            f"{predicted.shape[1]}; score rows in memory"
        )
    weights = np.ones(rows.height)
    if roles.weight is not None:
        weights = rows[roles.weight].cast(pl.Float64).to_numpy()
    target = plain_target(rows[roles.target])
    if not is_classifier:
        return sums_of_squares(predicted, numbers_of(nw.from_native(target, series_only=True)), weights)
    classes = Levels(map(level_text, model.classes_.tolist()))
    hits = model.classes_.searchsorted(predicted) == classes.places(target.to_list())
    return sums_of_hits(hits, weights)
