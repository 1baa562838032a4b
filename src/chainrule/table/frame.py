"""A table as it is given: a frame of some library, a matrix or rows of Python values."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from chainrule.errors import ParameterError, TableError
from chainrule.table.cells import Cells, cells_of_array, cells_of_series

__all__ = ["Table", "array_of_rows", "as_table"]


@dataclass(frozen=True)
class Table:
    """Columns in their order, each taken when it is asked for.

    Attributes
    ----------
    names : tuple of str
    n_rows : int
    cells : function
        ``cells(place)`` gives the values of one column.
    rows : function
        ``rows(mask)`` is the table of the rows where the boolean array is true.
    block : array (n_rows, number of columns) or None
        All columns at once, if the table is a matrix of numbers.
    has_names : bool
        False for matrices and rows of values: their columns are called x0, x1, ... and go by their place.
    """

    names: tuple[str, ...]
    n_rows: int
    cells: Callable[[int], Cells]
    rows: Callable[[np.ndarray], "Table"]
    block: np.ndarray | None = None
    has_names: bool = True

    def kept(self) -> "Table":
        """The same table, which takes each of its columns once, however often it is asked for."""
        return replace(self, cells=cache(self.cells))

    def shuffled(self, place: int, rng: np.random.Generator) -> "Table":
        """The same table with the rows of one column in another order."""
        order = rng.permutation(self.n_rows)

        def cells(asked: int) -> Cells:
            found = self.cells(asked)
            if asked != place:
                return found
            return Cells(found.name, found.type, found.values[order], found.missing[order], found.texts)

        return replace(self, cells=cells, block=None)


def as_table(frame: Any) -> Table:
    """Take a pandas, polars or pyarrow frame, a two-dimensional array, or a list of rows.

    Raises
    ------
    ParameterError
        If it is none of them.
    TableError
        If two of its columns have the same name; names them.
    """
    if isinstance(frame, Table):
        return frame
    if isinstance(frame, np.ndarray | list | tuple):
        return _of_matrix(_matrix(frame))
    import narwhals as nw

    try:
        wrapped = nw.from_native(frame, eager_only=True)
        keys = list(wrapped.columns)
    except nw.exceptions.DuplicateError as error:
        raise TableError(f"columns must have different names; {' '.join(str(error).split()):.200}") from None
    except (TypeError, nw.exceptions.NarwhalsError) as error:
        raise ParameterError(
            "a table must be a pandas, polars or pyarrow frame, a matrix or a list of rows, "
            f"however: {type(frame).__name__} ({error})"
        ) from None
    names = tuple(map(str, keys))
    if len(set(names)) < len(names):
        name = next(name for name in names if names.count(name) > 1)
        same = " and ".join(f"{key!r:.80}" for key in keys if str(key) == name)
        raise TableError(
            f"two columns are called {name!r:.80} once their names are text: {same}; rename one of them"
        )
    return Table(
        names,
        len(wrapped),
        lambda place: cells_of_series(wrapped.get_column(keys[place]), names[place]),
        lambda mask: as_table(wrapped[np.flatnonzero(mask).tolist()]),
    )


def array_of_rows(rows: Any) -> np.ndarray:
    """Rows of Python values as an array that keeps them: NumPy would make text of numbers beside text.

    Raises
    ------
    ParameterError
        If the rows have several lengths.
    """
    try:
        with suppress(ValueError):  # a cell that is a list itself is refused by the name of its column
            if (numbers := np.asarray(rows)).dtype.kind in "biuf":
                return numbers
        objects = np.array(rows, dtype=object)
    except ValueError as error:
        raise ParameterError(f"a table cannot be made of these rows: {error}") from None
    if objects.ndim == 1 and any(isinstance(row, list | tuple) for row in objects):
        raise ParameterError("the rows of a table must all have the same length")
    return objects


def _matrix(rows: Any) -> np.ndarray:
    """Make an array of which each column keeps its type: numbers, or the objects as they are."""
    if isinstance(rows, np.ma.MaskedArray):
        matrix = np.array(rows.data, dtype=object)
        matrix[np.ma.getmaskarray(rows)] = None
    elif isinstance(rows, np.ndarray):
        matrix = rows
    else:
        matrix = array_of_rows(rows)
    if matrix.ndim != 2:
        raise ParameterError(f"a table must have rows and columns, however: an array of shape {matrix.shape}")
    return matrix


def _of_matrix(matrix: np.ndarray) -> Table:
    names = tuple(f"x{place}" for place in range(matrix.shape[1]))
    block = matrix if matrix.dtype.kind in "iuf" else None
    return Table(
        names,
        len(matrix),
        lambda place: cells_of_array(matrix[:, place], names[place]),
        lambda mask: _of_matrix(matrix[mask]),
        block,
        has_names=False,
    )
