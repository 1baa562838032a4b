"""Files that commands read."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np

from chainrule.errors import DegradedWarning, ModelFileError, TableError
from chainrule.estimators import Forecaster, TabularClassifier, TabularRegressor
from chainrule.files.model_file import load_with_record
from chainrule.table import Schema, TableFile, known_labels, known_numbers
from chainrule.table.values import RowError

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "TrainedModel",
    "content_digest",
    "known_target",
    "load_trained",
    "naming",
    "table_for",
    "trained",
    "warn_of_unseen_levels",
]

_KINDS_WRITTEN_AS_TEXT = ("category", "text", "mixed", "date")


@dataclass(frozen=True)
class TrainedModel:
    """A model of one column of a table, and what its file remembers of the training.

    Parameters
    ----------
    estimator : TabularClassifier or TabularRegressor
        Fitted.
    record : dict
        "target", the name of the column that is predicted; further what `train` has written.
    """

    estimator: Any
    record: dict[str, Any]

    @property
    def target(self) -> str:
        """Name of the column that is predicted."""
        return str(self.record["target"])

    @property
    def task(self) -> str:
        """Whether classes or numbers are predicted."""
        return "classification" if isinstance(self.estimator, TabularClassifier) else "regression"

    @property
    def classes(self) -> np.ndarray:
        """The classes in the order of `predict_proba`'s columns; empty for regression."""
        return np.asarray(getattr(self.estimator, "classes_", ()))

    @property
    def schema(self) -> Schema:
        """The columns it predicts from."""
        schema: Schema = self.estimator.encoder_.schema
        return schema

    @property
    def baseline(self) -> int | float | None:
        """What a constant answer is: the place of the most frequent class, if that is known, or the mean."""
        known = self.record.get("baseline")
        if self.task == "regression":
            return float(known if isinstance(known, float) else self.estimator.target_mean_[0])
        return known if type(known) is int and 0 <= known < len(self.classes) else None


@contextmanager
def naming(file: TableFile, rows: np.ndarray | None = None) -> Iterator[None]:
    """Put the file's name in front of what is wrong with its table, and name the line where it has lines.

    Parameters
    ----------
    rows : array of int, optional
        The rows of the table that are worked on, where it is not all of them.
    """
    try:
        yield
    except RowError as error:
        row = error.row if rows is None else int(rows[error.row])
        place = f"line {file.lines[row]}" if file.lines else f"row {row + 1}"
        raise TableError(f"{file.path}: {error.before}{place}{error.after}") from None
    except TableError as error:
        raise TableError(f"{file.path}: {error}") from None


def load_trained(path: Path) -> TrainedModel:
    """Load a model of one column of a table.

    Raises
    ------
    ModelFileError
        If it is not one, or does not say which column that is.
    """
    return trained(path, *load_with_record(path))


def trained(path: Path, model: Any, record: dict[str, Any]) -> TrainedModel:
    """The model and the record of a file as a model of one column of a table; see `load_trained`."""
    if isinstance(model, Forecaster):
        raise ModelFileError(
            f"{path} holds a Forecaster, which predict (without --stream), evaluate, inspect and doctor "
            "take; in Python it does more"
        )
    kind = "Network" if isinstance(model, tuple) else type(model).__name__
    if not isinstance(model, TabularClassifier | TabularRegressor):
        raise ModelFileError(
            f"{path} holds a {kind} without the table it belongs to; use it from Python, or train one with "
            "chainrule train"
        )
    if not isinstance(record.get("target"), str):
        raise ModelFileError(
            f"{path} does not say which column its {kind} predicts; save it again with "
            "chainrule.save(model, path, record={'target': name})"
        )
    is_one = model._one_column if isinstance(model, TabularRegressor) else not model._coding.multilabel
    if not is_one:
        raise ModelFileError(f"{path} holds a {kind} that gives several answers per row; use it from Python")
    return TrainedModel(model, record)


def table_for(model: TrainedModel, file: TableFile) -> "pl.DataFrame":
    """Give the columns of a table file their types, leaving as text what was text in training."""
    text_columns = [column.name for column in model.schema.columns if column.kind in _KINDS_WRITTEN_AS_TEXT]
    if model.classes.dtype.kind in "UO":
        text_columns.append(model.target)
    return file.table(text_columns)


def known_target(model: TrainedModel, table: "pl.DataFrame") -> tuple[np.ndarray, np.ndarray]:
    """(targets as the estimator takes them, the rows that have one).

    Raises
    ------
    TableError
        If the target is absent, without a value in all rows, or of another kind than in training.
    """
    if model.task == "classification":
        places, rows = known_labels(table, model.target, model.classes)
        return model.classes[places], rows
    return known_numbers(table, model.target)


def warn_of_unseen_levels(model: TrainedModel, table: "pl.DataFrame") -> None:
    """Warn of every column that holds categories which training never saw."""
    for name, values in model.schema.unseen(table).items():
        rows = "1 row" if len(values) == 1 else f"{len(values):,} rows"
        warn(
            f"column {name!r} holds in {rows} what training never saw, such as {values[0]!r}; it counts as "
            "unknown",
            DegradedWarning,
            stacklevel=2,
        )


def content_digest(table: "pl.DataFrame", columns: Sequence[str]) -> str | None:
    """SHA-256 of the values in these columns, whatever the format of the file; None if it lacks one."""
    if not set(columns) <= set(table.columns):
        return None
    return hashlib.sha256(table.select(columns).write_csv().encode()).hexdigest()
