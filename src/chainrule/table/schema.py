"""Any table to typed columns: what each column of training was, and how a table is read as that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import numpy as np

from chainrule.errors import ParameterError, TableError
from chainrule.table.cells import infinite
from chainrule.table.frame import Table, as_table
from chainrule.table.ignored import Ignored
from chainrule.table.kinds import KINDS, typed_column
from chainrule.table.names import absent_message
from chainrule.table.number import Number
from chainrule.table.typed import Feature, TypedColumn

__all__ = ["Feature", "Schema"]

_HEADINGS = ("column", "kind", "levels or range", "missing", "becomes")


@dataclass(frozen=True)
class Schema:
    """What each column of a table is, and which numbers it becomes.

    A table is a pandas, polars or pyarrow frame, a matrix, or a list of rows. Columns of frames are found by
    name: their order does not matter, further ones are ignored. Columns of matrices and of rows go by their
    place; they are called x0, x1, ...

    Parameters
    ----------
    columns : tuple of TypedColumn
        In the order of training: `Number`, `Category`, `Boolean`, `Calendar`, `Text`, `Mixed`, `Ignored`.

    Examples
    --------
    >>> schema = Schema.learn([[1.5, "red"], [2.5, "blue"], [None, "red"]])
    >>> print(schema)
    column  kind      levels or range  missing  becomes
    x0      number    1.5 to 2.5       33 %     1 number
    x1      category  blue, red        0 %      1 code
    >>> schema.read([[3, "red"], [None, "green"]])
    array([[ 3.,  3.],
           [nan,  1.]])
    """

    columns: tuple[TypedColumn, ...]

    # -- learning -----------------------------------------------------------------------------------

    @classmethod
    def learn(cls, frame: Any, kinds: Mapping[str, str] | None = None) -> "Schema":
        """Learn what each column is.

        Parameters
        ----------
        frame : table
        kinds : mapping from column to kind, default=None
            "number", "category", "boolean", "date", "text", "mixed" or "ignore" for columns that are
            something else than what `infer_kind` makes of them.

        Raises
        ------
        TableError
            For a column that cannot be used, or not as the kind that is asked for; by name.
        ParameterError
            For an unknown column or kind in `kinds`, or what is no table.

        Warns
        -----
        DegradedWarning
            For identifiers, which are ignored; very many levels; dates that cannot be read.
        """
        table = as_table(frame)
        kinds = {str(name): kind for name, kind in (kinds or {}).items()}
        _check_kinds(kinds, table.names)
        if table.block is not None:
            return cls(tuple(_learned_from_block(table, table.block, kinds)))
        return cls(
            tuple(typed_column(table.cells(place), kinds.get(name)) for place, name in enumerate(table.names))
        )

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The columns of the matrix that `read` gives."""
        return tuple(feature for column in self.columns for feature in column.features)

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each column; `learn` takes it as its `kinds`."""
        return {column.name: column.kind for column in self.columns}

    # -- applying -----------------------------------------------------------------------------------

    def read(self, frame: Any) -> np.ndarray:
        """Turn a table with the columns of training into numbers (n rows, one column per feature), float64.

        Raises
        ------
        TableError
            If columns are absent, or hold what their kind cannot read; by name and row.
        """
        table = as_table(frame)
        used = self.places(table)
        matrix = np.empty((table.n_rows, len(self.features)))
        start = 0
        plain: list[tuple[int, int]] = []
        for column in self.columns:
            stop = start + len(column.features)
            if stop > start:
                place = used[column.name]
                if table.block is not None and isinstance(column, Number):
                    plain.append((start, place))
                else:
                    matrix[:, start:stop] = column.read(table.cells(place))
            start = stop
        if plain and table.block is not None:
            _copy_numbers(matrix, table, table.block, plain)
        return matrix

    def unseen(self, frame: Any) -> dict[str, list[Any]]:
        """Find the levels that training never saw: by column, one value for each row that has one."""
        table = as_table(frame)
        used = self.places(table)
        found = {
            column.name: column.unseen(table.cells(used[column.name]))
            for column in self.columns
            if column.features
        }
        return {name: values for name, values in found.items() if values}

    def places(self, table: Table) -> dict[str, int]:
        """Find the place in a table of each column that is used."""
        names = [column.name for column in self.columns]
        if table.has_names:
            places = {name: place for place, name in enumerate(table.names)}
            absent = [column.name for column in self.columns if column.features and column.name not in places]
            if not absent:
                return {column.name: places[column.name] for column in self.columns if column.features}
            if len(places) != len(names) or names != [f"x{place}" for place in range(len(names))]:
                raise TableError(absent_message(absent, list(table.names)))
        elif len(table.names) != len(names):
            raise TableError(
                f"X has {len(table.names)} features, but this model is expecting {len(names)} features "
                "as input"
            )
        return {column.name: place for place, column in enumerate(self.columns) if column.features}

    # -- as plain data ------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """Return plain data from which `from_description` makes an equal schema."""
        return {"columns": [column.describe() for column in self.columns]}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Schema":
        """Make the schema that `describe` described.

        Raises
        ------
        ParameterError
            If the description is not one that `describe` writes.
        """
        described = description.get("columns")
        if set(description) != {"columns"} or not isinstance(described, list):
            raise ParameterError(f"not the description of a schema: {description!r:.200}")
        columns = []
        for column in described:
            kind = KINDS.get(str(column.get("kind"))) if isinstance(column, dict) else None
            if kind is None:
                raise ParameterError(f"not the description of a column: {column!r:.200}")
            columns.append(kind.from_description(column))
        if len({column.name for column in columns}) != len(columns):
            raise ParameterError("two columns of a schema have the same name")
        return cls(tuple(columns))

    # -- to be seen ---------------------------------------------------------------------------------

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (column.name, column.kind, column.extent, f"{100 * column.missing:.0f} %", column.becomes)
            for column in self.columns
        ]

    def __str__(self) -> str:
        rows = [_HEADINGS, *([" ".join(cell.split()) for cell in row] for row in self._rows())]
        widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
        lines = (
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
        )
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        head = _html_row("th", _HEADINGS)
        body = "".join(_html_row("td", row) for row in self._rows())
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def _html_row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _check_kinds(kinds: Mapping[str, str], names: tuple[str, ...]) -> None:
    absent = [name for name in kinds if name not in names]
    if absent:
        raise ParameterError(
            f"kinds are given for columns that do not exist: {absent_message(absent, list(names))}"
        )
    for name, kind in kinds.items():
        if not isinstance(kind, str) or kind not in KINDS:
            raise ParameterError(
                f"the kind of column {name!r:.80} must be one of {', '.join(KINDS)}, however: {kind!r}"
            )


def _learned_from_block(table: Table, block: np.ndarray, kinds: Mapping[str, str]) -> Iterable[TypedColumn]:
    """Learn from a matrix of numbers, all columns at once."""
    x = block.astype(np.float64)
    missing = np.isnan(x).mean(axis=0) if len(x) else np.ones(x.shape[1])
    low, high = (
        (bound.reduce(x, axis=0) for bound in (np.fmin, np.fmax)) if len(x) else (missing * np.nan,) * 2
    )
    for place, name in enumerate(table.names):
        if name in kinds:
            yield typed_column(table.cells(place), kinds[name])
        elif missing[place] == 1:
            yield Ignored(name, 1.0, "empty")
        elif np.isinf([low[place], high[place]]).any():
            raise infinite(name, int(np.flatnonzero(np.isinf(x[:, place]))[0]))
        elif low[place] == high[place] and missing[place] == 0:
            yield Ignored(name, 0.0, "constant")
        else:
            yield Number(name, float(missing[place]), float(low[place]), float(high[place]))


def _copy_numbers(matrix: np.ndarray, table: Table, block: np.ndarray, plain: list[tuple[int, int]]) -> None:
    """Copy columns of a matrix of numbers, all at once: from each second place to each first."""
    starts, places = (list(side) for side in zip(*plain, strict=True))
    if matrix.shape[1] == len(starts) == block.shape[1]:
        matrix[:] = block
    else:
        matrix[:, starts] = block[:, places]
    if np.isinf(matrix[:, starts]).any():
        row, which = (int(found[0]) for found in np.nonzero(np.isinf(matrix[:, starts])))
        raise infinite(table.names[places[which]], row)
