"""The column to be predicted: classes or numbers, and which of the two."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chainrule.errors import ParameterError, TableError
from chainrule.table.levels import Levels, level_text
from chainrule.table.names import column_of, wrapped_frame
from chainrule.table.values import RowError, kind_of, numbers_of

__all__ = ["Target", "infer_task", "known_labels", "known_numbers", "prepare_target"]

Task = Literal["classification", "regression"]

_MOST_INTEGER_CLASSES = 20
_FEWEST_ROWS_PER_CLASS = 5
_EMPTY = "target {!r:.80} has no value in any row; choose another column, or fill it in"


@dataclass(frozen=True)
class Target:
    """The values to be predicted, without the rows in which they are missing.

    Attributes
    ----------
    name : str
    task : "classification" or "regression"
    values : array (n rows kept,)
        float64 for regression; for classification int64, bool or strings.
    rows : array of int (n rows kept,)
        Their row numbers in the table, from 0, ascending.
    n_missing : int
        How many rows are left out because the target is missing there.
    """

    name: str
    task: Task
    values: np.ndarray
    rows: np.ndarray
    n_missing: int


def infer_task(series: Any) -> Task:
    """Choose classification or regression, from the column alone.

    Text, categories and booleans are classes. Numbers are classes if all are integers, with at most 20
    different ones and, above two, at least 5 rows for each on average; other numbers are a regression.

    Parameters
    ----------
    series : narwhals series
    """
    if kind_of(series) != "number":
        return "classification"
    x = numbers_of(series)
    x = x[~np.isnan(x)]
    n_different = len(np.unique(x))
    most = max(2, min(_MOST_INTEGER_CLASSES, len(x) // _FEWEST_ROWS_PER_CLASS))
    return "classification" if (x == np.round(x)).all() and n_different <= most else "regression"


def prepare_target(frame: Any, name: str, task: str = "auto") -> Target:
    """Check the column to be predicted and take its values.

    Parameters
    ----------
    frame : pandas, polars or pyarrow frame
    name : str
    task : "auto", "classification" or "regression"
        "auto": see `infer_task`.

    Raises
    ------
    TableError
        If there is no such column, if it has no or only one value, if it does not suit the task.
    """
    if task not in ("auto", "classification", "regression"):
        raise ParameterError(f"task must be 'auto', 'classification' or 'regression', however: {task!r}")
    series = column_of(wrapped_frame(frame), name)
    kind = kind_of(series)
    if kind == "empty":
        raise TableError(_EMPTY.format(name))
    chosen: Task = (
        infer_task(series) if task == "auto" else "regression" if task == "regression" else "classification"
    )
    if chosen == "regression":
        values, present = _quantities(series, kind)
    else:
        values, present = _labels(series, kind)
    n_missing = int((~present).sum())
    _check_variety(name, chosen, values, n_missing)
    return Target(name, chosen, values, np.flatnonzero(present), n_missing)


def known_labels(frame: Any, name: str, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find, for each row that has a label, its place among the known classes, and its row number.

    Labels are matched by value (`Levels`): "1" in a file is the class 1 of training.

    Raises
    ------
    TableError
        If there is no such column, it is empty, or it holds a label that training never saw.
    """
    series = column_of(wrapped_frame(frame), name)
    if kind_of(series) == "empty":
        raise TableError(_EMPTY.format(name))
    missing = np.array(series.is_null().to_list())
    values = [value for value, gone in zip(series.to_list(), missing, strict=True) if not gone]
    places = Levels(map(level_text, classes)).places(values)
    rows = np.flatnonzero(~missing)
    if (places < 0).any():
        first = int(np.flatnonzero(places < 0)[0])
        known = ", ".join(" ".join(level_text(label).split())[:40] for label in classes[:12]) + (
            ", ..." if len(classes) > 12 else ""
        )
        raise RowError(
            f"target {name!r:.80} is {values[first]!r:.80} in ",
            int(rows[first]),
            f", a class the model never saw; it knows {known}",
        )
    return places, rows


def known_numbers(frame: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Find, for each row that has a target, its value in float64, and its row number.

    Raises
    ------
    TableError
        If there is no such column, it is empty, or it holds something else than numbers.
    """
    series = column_of(wrapped_frame(frame), name)
    kind = kind_of(series)
    if kind == "empty":
        raise TableError(_EMPTY.format(name))
    values, present = _quantities(series, kind)
    return values, np.flatnonzero(present)


def _quantities(series: Any, kind: str) -> tuple[np.ndarray, np.ndarray]:
    if kind == "boolean":
        raise TableError(
            f"target {series.name!r:.80} holds true and false, not numbers; use the task classification"
        )
    try:
        x = numbers_of(series)
    except RowError as error:
        before = f"a regression needs a target of numbers: {error.before}"
        raise RowError(before, error.row, error.after) from None
    present = ~np.isnan(x)
    return x[present], present


def _labels(series: Any, kind: str) -> tuple[np.ndarray, np.ndarray]:
    if kind == "number":
        x = numbers_of(series)
        present = ~np.isnan(x)
        broken = np.flatnonzero(present & (x != np.round(x)))
        if len(broken):
            raise RowError(
                f"target {series.name!r:.80} holds numbers such as {x[broken[0]]} (",
                int(broken[0]),
                "), not classes; use the task regression, or turn it into text",
            )
        return np.array([int(value) for value in series.drop_nulls().to_list() if value == value]), present
    present = ~np.array(series.is_null().to_list())
    values = series.drop_nulls().to_list()
    if kind == "boolean":
        return np.array(values, dtype=bool), present
    return np.array([level_text(value) for value in values]), present


def _check_variety(name: str, task: Task, values: np.ndarray, n_missing: int) -> None:
    different = np.unique(values)
    if len(different) == 1:
        what = "class" if task == "classification" else "value"
        lost = f" (and none in {n_missing} more, which do not count)" if n_missing else ""
        raise TableError(
            f"target {name!r:.80} has only one {what}, {different[0].item()!r:.80}, in {len(values)} rows"
            f"{lost}; choose another target, or add rows with other values"
        )
    if task == "classification" and len(different) > max(_MOST_INTEGER_CLASSES, len(values) / 2):
        raise TableError(
            f"target {name!r:.80} has {len(different)} different values in {len(values)} rows, too many to "
            "be classes; choose another target, or the task regression if they are numbers"
        )
