"""A table as a matrix of numbers, column by column."""

import difflib
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ParameterError, TableError
from chainrule.table.column import Column
from chainrule.table.values import RowError

__all__ = ["TableEncoder", "column_of", "wrapped_frame"]


@dataclass(frozen=True)
class TableEncoder:
    """Table to matrix: numbers standardized, categories one-hot, missing values imputed and marked.

    The numbers are those of scikit-learn's `SimpleImputer`, `StandardScaler` and `OneHotEncoder`; kept of
    them are plain numbers and strings, so that an encoder can be described, saved and applied without them.

    Parameters
    ----------
    columns : tuple of Column
        In the order of training.

    Examples
    --------
    >>> import polars
    >>> table = polars.DataFrame({"size": [1.0, 3.0], "color": ["red", "blue"]})
    >>> TableEncoder.fit(table).transform(table)
    array([[-1.,  0.,  1.],
           [ 1.,  1.,  0.]], dtype=float32)
    """

    columns: tuple[Column, ...]

    @classmethod
    def fit(cls, frame: Any) -> "TableEncoder":
        """Learn how to encode tables like this one.

        Parameters
        ----------
        frame : pandas, polars or pyarrow frame
            All of its columns are used.

        Raises
        ------
        TableError
            For a column that cannot be encoded, by name; if no column holds any value.

        Warns
        -----
        DegradedWarning
            For a column with very many levels.
        """
        frame = wrapped_frame(frame)
        encoder = cls(tuple(Column.fit(frame[name]) for name in frame.columns))
        if not encoder.feature_names:
            raise TableError(
                "no column holds any value to learn from; add at least one column besides the target"
            )
        return encoder

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the matrix's columns."""
        return tuple(name for column in self.columns for name in column.feature_names)

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Columns that a reader should leave as text, for `read_table`."""
        return tuple(column.name for column in self.columns if column.kind == "category")

    def transform(self, frame: Any, dtype: Any = np.float32) -> np.ndarray:
        """Turn a table with the columns of training into a matrix (n rows, one column per feature name).

        Parameters
        ----------
        frame : pandas, polars or pyarrow frame
            Columns are found by name: their order does not matter, further ones are ignored.
        dtype : NumPy dtype, default=float32
            Of the result; the arithmetic is float64.

        Raises
        ------
        TableError
            If columns are absent, hold text instead of numbers, or values too large for `dtype`; by name.
        """
        frame = wrapped_frame(frame)
        absent = [column.name for column in self.columns if column.name not in frame.columns]
        if absent:
            raise TableError(_absent_message(absent, frame.columns))
        matrix = np.empty((len(frame), len(self.feature_names)), dtype=dtype)
        start = 0
        for column in self.columns:
            with np.errstate(over="ignore"):
                encoded = column.encode(frame[column.name]).astype(dtype)
            if not np.isfinite(encoded).all():
                row = int(np.flatnonzero(~np.isfinite(encoded).all(axis=1))[0])
                raise RowError(
                    f"column {column.name!r} is so far from the values of training in ",
                    row,
                    f" that it exceeds {np.dtype(dtype)}; correct it, or leave it empty for missing",
                )
            matrix[:, start : start + encoded.shape[1]] = encoded
            start += encoded.shape[1]
        return matrix

    def unseen(self, frame: Any) -> dict[str, list[Any]]:
        """Find the levels that training never saw: by column, one value for each row that has one."""
        frame = wrapped_frame(frame)
        found = {column.name: column.unseen(column_of(frame, column.name)) for column in self.columns}
        return {name: values for name, values in found.items() if values}

    def describe(self) -> dict[str, Any]:
        """Return plain data from which `from_description` makes an equal encoder."""
        return {"columns": [column.describe() for column in self.columns]}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "TableEncoder":
        """Make the encoder that `describe` described.

        Raises
        ------
        ParameterError
            If the description is not one that `describe` writes.
        """
        described = description.get("columns")
        if set(description) != {"columns"} or not isinstance(described, list):
            raise ParameterError(f"not the description of an encoder: {description!r:.200}")
        if not all(isinstance(column, dict) for column in described):
            raise ParameterError("every column of an encoder is described by a mapping")
        columns = tuple(Column.from_description(column) for column in described)
        if len({column.name for column in columns}) != len(columns):
            raise ParameterError("two columns of an encoder have the same name")
        return cls(columns)


def wrapped_frame(frame: Any) -> Any:
    """Put a frame behind narwhals' one interface.

    Raises
    ------
    ParameterError
        If it is not a frame with different names, all of them strings.
    """
    import narwhals as nw

    try:
        wrapped = nw.from_native(frame, eager_only=True)
        names = list(wrapped.columns)
    except (TypeError, nw.exceptions.NarwhalsError) as error:
        raise ParameterError(
            f"a table must be a pandas, polars or pyarrow frame, however: {type(frame).__name__} ({error})"
        ) from None
    for name in names:
        if not isinstance(name, str):
            raise ParameterError(f"column names must be strings, however: {name!r}; rename the column")
    return wrapped


def column_of(frame: Any, name: str) -> Any:
    """Find a column of a wrapped frame by its name.

    Raises
    ------
    TableError
        If there is none of this name; suggests names that look like it.
    """
    if name in frame.columns:
        return frame[name]
    raise TableError(_absent_message([name], frame.columns))


def _absent_message(absent: list[str], present: list[str]) -> str:
    shown = ", ".join(map(repr, absent[:5])) + (f" and {len(absent) - 5} more" if len(absent) > 5 else "")
    noun = "column" if len(absent) == 1 else "columns"
    near = difflib.get_close_matches(absent[0], present, n=3)
    folded = [name for name in present if name.casefold() == absent[0].casefold()]
    suggested = list(dict.fromkeys([*folded, *near]))
    if suggested:
        return f"the table has no {noun} {shown}; did you mean {' or '.join(map(repr, suggested))}?"
    listed = ", ".join(map(repr, present[:12])) + (", ..." if len(present) > 12 else "")
    return f"the table has no {noun} {shown}; it has {listed}"
