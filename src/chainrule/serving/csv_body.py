"""Rows in CSV: a header with the columns' names, then the rows."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from chainrule.errors import TableError
from chainrule.serving.body import Body
from chainrule.serving.columns import InputColumn
from chainrule.serving.request_error import RequestError
from chainrule.table import TableFile, TableLimits, open_table
from chainrule.table.frame import as_table
from chainrule.table.limits import TooLargeError

__all__ = ["read_csv"]

_FURTHER_COLUMNS = 10_000
_WRITTEN_AS_TEXT = ("category", "text", "mixed", "date")


def read_csv(content: bytes, columns: Sequence[InputColumn], max_rows: int) -> Body:
    """Read rows as `chainrule predict` reads them from a file; further columns are ignored.

    Raises
    ------
    RequestError
        For what is no such table, and for too many lines.
    """
    if content.count(b"\n") > max_rows + 1:
        message = f"at most {max_rows:,} lines of rows are answered at a time; send them in parts"
        raise RequestError(413, message)
    file = _opened(content, TableLimits(rows=max_rows, columns=len(columns) + _FURTHER_COLUMNS))
    texts = [column.name for column in columns if column.column.kind in _WRITTEN_AS_TEXT]
    return Body(as_table(file.table(texts)), lambda row: f"line {file.lines[row]}")


def _opened(content: bytes, limits: TableLimits) -> TableFile:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        path.write_bytes(content)
        try:
            return open_table(path, limits)
        except TooLargeError as error:
            status, said = 413, error.found
        except TableError as error:
            status, said = 400, str(error)
    said = said.removeprefix(str(path)).replace(str(path), "the table")
    if said.startswith(", line "):
        where, _, message = said[2:].partition(": ")
        raise RequestError(status, f"the table, {where}: {message}", where)
    raise RequestError(status, f"the table{said}")
