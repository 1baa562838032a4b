"""Files that commands read."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from warnings import warn

from chainrule.errors import DegradedWarning, ModelFileError, TableError
from chainrule.estimators.table_model import TableModel
from chainrule.files import load
from chainrule.table import TableFile
from chainrule.table.values import RowError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["content_digest", "load_table_model", "naming", "table_for", "warn_of_unseen_levels"]


@contextmanager
def naming(file: TableFile, rows: Sequence[int] | None = None) -> Iterator[None]:
    """Put the file's name in front of what is wrong with its table, and name the line where it has lines.

    Parameters
    ----------
    rows : sequence of int, optional
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


def load_table_model(path: Path) -> TableModel:
    """Load a model that was trained on a table.

    Raises
    ------
    ModelFileError
        If it is not one.
    """
    model = load(path)
    if not isinstance(model, TableModel):
        kind = "Network" if isinstance(model, tuple) else type(model).__name__
        raise ModelFileError(
            f"{path} holds a {kind} without the table it belongs to; use it from Python, or train one with "
            "chainrule train"
        )
    return model


def table_for(model: TableModel, file: TableFile) -> "pl.DataFrame":
    """Give the columns of a table file their types, leaving as text what was text in training."""
    text_columns = [*model.encoder.text_columns]
    if model.classes.dtype.kind in "UO":
        text_columns.append(model.target)
    return file.table(text_columns)


def warn_of_unseen_levels(model: TableModel, table: "pl.DataFrame") -> None:
    """Warn of every column that holds categories which training never saw."""
    for name, values in model.encoder.unseen(table).items():
        rows = "1 row" if len(values) == 1 else f"{len(values):,} rows"
        warn(
            f"column {name!r} holds in {rows} what training never saw, such as {values[0]!r}; it counts as "
            "unknown",
            DegradedWarning,
            stacklevel=2,
        )


def content_digest(table: "pl.DataFrame", columns: Sequence[str]) -> str:
    """SHA-256 of the values in these columns, whatever the format of the file they came from."""
    return hashlib.sha256(table.select(columns).write_csv().encode()).hexdigest()
