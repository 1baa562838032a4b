"""Files that commands read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.errors import ModelFileError, TableError
from chainrule.estimators.table_model import TableModel
from chainrule.files import load
from chainrule.table import read_table

if TYPE_CHECKING:
    import polars as pl

__all__ = ["load_table_model", "naming", "read_for"]


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name in front of what is wrong with its table."""
    try:
        yield
    except TableError as error:
        if str(path) in str(error):
            raise
        raise TableError(f"{path}: {error}") from None


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


def read_for(model: TableModel, data: Path) -> "pl.DataFrame":
    """Read a table file, leaving as text what was text when the model was trained."""
    text_columns = [*model.encoder.text_columns]
    if model.classes.dtype.kind in "UO":
        text_columns.append(model.target)
    return read_table(data, text_columns)
