"""Parquet files: how large a table says it is, and the table."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import TableError
from chainrule.table.limits import TableLimits

if TYPE_CHECKING:
    import polars as pl

__all__ = ["read_parquet"]

_MARK = b"PAR1"
_BYTES_OF_A_CELL = 8
_MOST_DEPTH = 16

# Types of Thrift's compact protocol, in which the footer is written.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_VARINT = re.compile(rb"[\x80-\xff]{0,9}[\x00-\x7f]")

# Places in the footer's structs, as the format defines them: what is wanted of FileMetaData, of each of its
# SchemaElements and of each of its RowGroups.
_SCHEMA, _ROWS, _GROUPS = 2, 3, 4
_CHILDREN = 5
_GROUP_BYTES = 2
_WANTED: dict[int, Any] = {_SCHEMA: {_CHILDREN: {}}, _ROWS: {}, _GROUPS: {_GROUP_BYTES: {}}}


class _FooterError(Exception):
    """The footer is not what the format says."""


def read_parquet(path: Path, limits: TableLimits) -> "pl.DataFrame":
    """Read a file whose footer declares no more than what is allowed.

    Raises
    ------
    TableError
        If it is no Parquet file, or too large; nothing but the footer has been read then.
    """
    import polars as pl

    try:
        _check_size(path, limits)
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, _FooterError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise TableError(f"{path} cannot be read as Parquet ({reason}); save the table again") from None


def _check_size(path: Path, limits: TableLimits) -> None:
    try:
        footer, _ = _struct(_footer_of(path, limits), 0, _WANTED)
        rows = int(footer[_ROWS])
        columns = sum(not element.get(_CHILDREN) for element in footer[_SCHEMA])
        packed = sum(int(group[_GROUP_BYTES]) for group in footer[_GROUPS])
    except (AttributeError, IndexError, KeyError, TypeError):
        raise _FooterError("its footer is not what the format says") from None
    # A column of one repeated value takes no room in the file, and all its rows in memory.
    size = max(packed, rows * columns * _BYTES_OF_A_CELL)
    limits.check(str(path), rows=rows, columns=columns, bytes=size)


def _footer_of(path: Path, limits: TableLimits) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 8))
        end = file.read()
        length = int.from_bytes(end[:4], "little")
        if end[4:] != _MARK or not 0 < length <= size - 12:
            raise _FooterError("it has no footer")
        limits.check(str(path), bytes=length)
        file.seek(size - 8 - length)
        return file.read(length)


# -- values of the footer: each function takes the bytes and a place, and gives (value, place behind it) ----


def _struct(data: bytes, place: int, wanted: dict[int, Any], depth: int = 0) -> tuple[dict[int, Any], int]:
    """The wanted fields of a struct, by their places in it; the others are passed over."""
    if depth > _MOST_DEPTH:
        raise _FooterError("its footer is nested too deeply")
    found: dict[int, Any] = {}
    field = 0
    while head := data[place]:
        place += 1
        if head >> 4:
            field += head >> 4
        else:
            field, place = _integer(data, place)
        kind = head & 15
        if kind in (_TRUE, _FALSE):
            value: Any = kind == _TRUE
        else:
            value, place = _value(data, place, kind, wanted.get(field, {}), depth)
        if field in wanted:
            found[field] = value
    return found, place + 1


def _value(data: bytes, place: int, kind: int, wanted: dict[int, Any], depth: int) -> tuple[Any, int]:
    if kind in (_I16, _I32, _I64):
        return _integer(data, place)
    if kind == _BINARY:
        length, place = _unsigned(data, place)
        return None, place + length
    if kind == _STRUCT:
        return _struct(data, place, wanted, depth + 1)
    if kind in (_LIST, _SET):
        return _list(data, place, wanted, depth)
    if kind in (_TRUE, _FALSE, _BYTE):  # a truth takes a byte where it stands in a list
        return None, place + 1
    if kind == _DOUBLE:
        return None, place + 8
    raise _FooterError(f"its footer holds a value of type {kind}")


def _list(data: bytes, place: int, wanted: dict[int, Any], depth: int) -> tuple[list[Any], int]:
    """The values of a list of which something is wanted; of another one nothing."""
    n, kind = data[place] >> 4, data[place] & 15
    place += 1
    if n == 15:
        n, place = _unsigned(data, place)
    if n > len(data) - place:  # each value takes a byte at least
        raise _FooterError("its footer is cut off")
    found = []
    for _ in range(n):
        value, place = _value(data, place, kind, wanted, depth + 1)
        if wanted:
            found.append(value)
    return found, place


def _unsigned(data: bytes, place: int) -> tuple[int, int]:
    if (first := data[place]) < 128:  # as nearly all are
        return first, place + 1
    match = _VARINT.match(data, place)
    if match is None:
        raise _FooterError("its footer holds a number of too many bytes")
    return sum((byte & 127) << 7 * place for place, byte in enumerate(match[0])), match.end()


def _integer(data: bytes, place: int) -> tuple[int, int]:
    value, place = _unsigned(data, place)
    return (value >> 1) ^ -(value & 1), place
