"""Rows in CSV: a header with the columns' names, then the rows."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from chainrule.errors import TableError
from chainrule.serving.body import Body
from chainrule.serving.columns import InputColumn
from chainrule.serving.request_error import RequestError
from chainrule.table import TableFile, open_table
from chainrule.table.frame import as_table

__all__ = ["read_csv"]

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
    file = _opened(content)
    texts = [column.name for column in columns if column.column.kind in _WRITTEN_AS_TEXT]
    return Body(as_table(file.table(texts)), lambda row: f"line {file.lines[row]}")


def _opened(content: bytes) -> TableFile:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        path.write_bytes(content)
        try:
            return open_table(path)
        except TableError as error:
            said = str(error).removeprefix(str(path)).replace(str(path), "the table")
    if said.startswith(", line "):
        where, _, message = said[2:].partition(": ")
        raise RequestError(400, f"the table, {where}: {message}", where)
    raise RequestError(400, f"the table{said}")
