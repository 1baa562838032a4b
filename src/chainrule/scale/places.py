"""Errors that name the data set, and a row by its place in the whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule.errors import TableError
from chainrule.scale.source import Source
from chainrule.table.values import RowError

__all__ = ["naming_rows"]

Array = Any


@contextmanager
def naming_rows(source: Source, first: int | None, used: Array | None = None) -> Iterator[None]:
    """A context in which an error about rows of a source says its name, and their place in the whole.

    Parameters
    ----------
    source : Source
    first : int or None
        Number of the first row of the piece that is worked on; None for rows from everywhere, whose places
        nobody knows.
    used : array of bool, optional
        Which rows of the piece are worked on; default: all.
    """
    try:
        yield
    except RowError as error:
        before = f"{source.name}: {error.before}"
        if first is None:
            raise TableError(f"{before}some row{error.after}") from None
        row = error.row if used is None else int(np.flatnonzero(used)[error.row])
        raise RowError(before, first + row, error.after) from None
    except TableError as error:
        raise TableError(f"{source.name}: {error}") from None
