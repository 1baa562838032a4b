"""Text files piece by piece, by the rules of `read_table`.

The rows come from the code that reads tables in memory, which goes through them one by one. Blocks of lines
that are fields with separators between them, and nothing else, are the same whoever reads them: polars does,
about five times as fast.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from chainrule.errors import TableError
from chainrule.table.csv_rows import check_unpacked, csv_rows
from chainrule.table.limits import TableLimits, TooLargeError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["header_of", "text_frames"]

_NO_LIMITS = TableLimits(bytes=None, rows=None, columns=None, levels=None)
_MOST_CHARACTERS = 131_072  # of a field, as `TableLimits` has it
_BYTES_OF_A_BLOCK = 2**22
_ROWS_AT_A_TIME = 1_000
_BEGINNING = 8


def header_of(path: Path, separator: str) -> tuple[str, ...]:
    """The names of a file's columns.

    Raises
    ------
    TableError
        If it cannot be read, or has no header that can be used.
    """
    return _header(path, separator)[1]


def text_frames(path: Path, separator: str) -> Iterator["pl.DataFrame"]:
    """The fields of all rows as they stand, a few thousand rows at a time.

    Raises
    ------
    TableError
        For what cannot be read or is no table, while it is read; names the line.
    """
    n_given = 0
    line, names = _header(path, separator)
    with path.open("rb") as file:
        above = [file.readline() for _ in range(line)]
        is_plain = b'"' not in above[-1] and b"\r" not in above[-1].removesuffix(b"\r\n")
        while is_plain and (block := _block(file)):
            frame = _plain_rows(block, separator, names)
            is_plain = frame is not None
            if frame is not None and frame.height:
                n_given += frame.height
                yield frame
    if not is_plain:
        yield from _other_rows(path, separator, n_given)


def _header(path: Path, separator: str) -> tuple[int, tuple[str, ...]]:
    """(the line on which the header begins, its names)."""
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
        if not beginning:
            raise TableError(f"{path} is empty (0 bytes); save the table again")
        check_unpacked(path, beginning)
        with csv_rows(path, separator, _NO_LIMITS) as rows:
            line, names = next(rows)
            return line, tuple(names)
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}") from None
    except TooLargeError as error:
        raise _too_large(error) from None


def _block(file: BinaryIO) -> bytes:
    """Some lines of a file; nothing at its end."""
    return file.read(_BYTES_OF_A_BLOCK) + file.readline()


def _plain_rows(block: bytes, separator: str, names: Sequence[str]) -> "pl.DataFrame | None":
    """The rows of lines that hold fields and separators only; None for others."""
    import polars as pl

    block = block.replace(b"\r\n", b"\n")
    if any(mark in block for mark in (b'"', b"\r", b"\0")) or not _is_utf8(block):
        return None
    block = re.sub(rb"\n\n+", b"\n", block.strip(b"\n") + b"\n")
    if block == b"\n":
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    content = np.frombuffer(block, np.uint8)
    marks = np.flatnonzero((content == ord("\n")) | (content == ord(separator)))
    widths = np.diff(np.flatnonzero(content[marks] == ord("\n")), prepend=-1)
    if (widths != len(names)).any() or np.diff(marks, prepend=-1).max() > _MOST_CHARACTERS:
        return None
    return pl.read_csv(
        block,
        separator=separator,
        has_header=False,
        quote_char=None,
        schema=dict.fromkeys(names, pl.String),
    )


def _is_utf8(block: bytes) -> bool:
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _other_rows(path: Path, separator: str, first: int) -> Iterator["pl.DataFrame"]:
    """The rows from the row `first` on, one by one."""
    import polars as pl

    try:
        with csv_rows(path, separator, _NO_LIMITS) as rows:
            _, names = next(rows)
            fields = (fields for _, fields in islice(rows, first, None))
            while chunk := list(islice(fields, _ROWS_AT_A_TIME)):
                columns = zip(names, zip(*chunk, strict=True), strict=True)
                yield pl.DataFrame([pl.Series(name, texts, dtype=pl.String) for name, texts in columns])
    except TooLargeError as error:
        raise _too_large(error) from None


def _too_large(error: TooLargeError) -> TableError:
    return TableError(f"{error.found}; mend the file, or turn it into Parquet")
