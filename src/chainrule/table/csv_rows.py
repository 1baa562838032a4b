"""The rows of a text file: a header's names, then fields; what is no such file is refused by line."""

import csv
import gzip
import io
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chainrule.errors import TableError
from chainrule.table.limits import TableLimits

__all__ = ["check_unpacked", "csv_rows"]

_PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_MOST_BYTES_OF_A_LINE = 2**24
_USUAL_CHARACTERS = 2**17  # of the csv module
_MOST_CHARACTERS = 2**31 - 1  # what the csv module can be told on every system
_BEGINNING = 8

_field_limit_lock = threading.Lock()


@contextmanager
def csv_rows(path: Path, separator: str, limits: TableLimits) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """Open a file, packed with gzip if its name says so: (line, names), then (line, fields) of each row.

    Raises
    ------
    TableError
        For what cannot be read or is no such table, while it is read; names the line.
    """
    try:
        with _unpacked(path) as file, _field_limit_of(limits):
            yield _checked_rows(path, _decoded_lines(path, file, limits), separator, limits)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TableError(f"{path} cannot be unpacked: {str(error).rstrip('.')}; pack it again") from None
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}") from None


def check_unpacked(path: Path, beginning: bytes, is_unpacked: bool = False) -> None:
    """Refuse a file that begins as a packed one does.

    Parameters
    ----------
    is_unpacked : bool
        What begins so has come out of a packed file.
    """
    packer = next((packer for mark, packer in _PACKED.items() if beginning.startswith(mark)), None)
    if packer is None:
        return
    if is_unpacked:
        raise TableError(f"{path} holds what is packed with {packer} once more; unpack it, and pack it once")
    name = "" if packer != "gzip" else f", or call it {path.name}.gz if it holds a table as text"
    raise TableError(f"{path} is packed with {packer}; unpack it first, and name the table in it{name}")


@contextmanager
def _unpacked(path: Path) -> Iterator[io.BufferedIOBase]:
    with path.open("rb") as file:
        if path.suffix.lower() != ".gz":
            yield file
            return
        with gzip.open(file) as unpacked:
            check_unpacked(path, unpacked.peek(_BEGINNING), is_unpacked=True)
            yield unpacked


@contextmanager
def _field_limit_of(limits: TableLimits) -> Iterator[None]:
    """Have the csv module read fields as long as allowed: it has one limit for all threads."""
    wanted = _MOST_CHARACTERS if limits.field is None else min(limits.field, _MOST_CHARACTERS)
    if wanted <= _USUAL_CHARACTERS:
        yield
        return
    with _field_limit_lock:
        before = csv.field_size_limit(wanted)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _decoded_lines(path: Path, file: io.BufferedIOBase, limits: TableLimits) -> Iterator[str]:
    longest = None if limits.field is None else max(_MOST_BYTES_OF_A_LINE, 4 * limits.field)
    start = number = 0
    while line := file.readline(-1 if longest is None else longest + 1):
        number += 1
        if longest is not None and len(line) > longest:
            raise limits.too_long(
                f"{path}, line {number} is longer than {longest:,} bytes; perhaps the line ends are missing"
            )
        yield _decoded(path, line, number, start)
        start += len(line)
        if limits.bytes is not None and start > limits.bytes:
            raise limits.refusal(f"{path}, line {number}", "bytes", f"more than {limits.bytes:,}")


def _decoded(path: Path, line: bytes, number: int, start: int) -> str:
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise TableError(
            f"{path}, line {number}: byte {start + error.start} (0x{line[error.start]:02x}) is not "
            'UTF-8; save the file with the encoding UTF-8 (in a spreadsheet: "CSV UTF-8")'
        ) from None
    if "\0" in text:
        raise TableError(
            f"{path}, line {number}: byte {start + line.index(0)} is NUL, which no text holds; "
            "save the file as text with the encoding UTF-8"
        )
    return text


def _checked_rows(
    path: Path, lines: Iterable[str], separator: str, limits: TableLimits
) -> Iterator[tuple[int, list[str]]]:
    """Yield the header's names, then the fields of each row, with the line; blank lines are left out."""
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=separator != " ", strict=True)
    header: list[str] = []
    first_line = 1
    try:
        for number, fields in enumerate(reader):
            where = f"{path}, line {first_line}"
            if limits.rows is not None and number > limits.rows:
                raise limits.refusal(where, "rows", f"more than {limits.rows:,}")
            if not header:
                if any(field.strip() for field in fields):
                    limits.check(where, columns=len(fields))
                    header = _checked_header(where, [field.strip() for field in fields], separator)
                    yield first_line, header
            elif fields:
                _check_width(where, len(fields), len(header))
                yield first_line, fields
            if limits.field is not None and limits.field < csv.field_size_limit():
                limits.check(where, field=max(map(len, fields), default=0))
            first_line = reader.line_num + 1
    except csv.Error as error:
        where = f"{path}, line {max(first_line, reader.line_num)}"
        if "field limit" in str(error):
            longest = csv.field_size_limit()
            said = f'a field is longer than {longest:,} characters; perhaps a closing " is missing'
            raise limits.too_long(f"{where}: {said}") from None
        raise TableError(f"{where}: {_explained(str(error))}") from None
    if not header:
        raise TableError(f"{path} holds blank lines only; save the table again")


def _explained(message: str) -> str:
    """Put the csv module's message into words, with the fix."""
    if "new-line character" in message:
        return "a carriage return stands inside the line; save the file with the line ends of Unix or Windows"
    if "unexpected end of data" in message:
        return 'the file ends inside a quoted field; close it with "'
    if "expected after" in message:
        return 'something follows the closing " of a field; write a " inside a quoted field twice'
    return message


def _check_width(where: str, found: int, wanted: int) -> None:
    if found != wanted:
        cure = "add what is missing" if found < wanted else "quote fields with separators"
        fields = "1 field" if found == 1 else f"{found} fields"
        raise TableError(f"{where}: {fields}, however the header has {wanted}; {cure}")


def _checked_header(where: str, names: list[str], separator: str) -> list[str]:
    other = next((other for other in ";\t," if other in names[0] and other != separator), None)
    if len(names) == 1 and other is not None:
        raise TableError(
            f"{where}: the fields seem to be separated by {other!r} and not by {separator!r}; "
            f"save the file with {separator!r} between the fields"
        )
    seen: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if not name:
            raise TableError(f"{where}: column {number} of the header has no name; give it one")
        if name in seen:
            raise TableError(
                f"{where}: columns {seen[name]} and {number} of the header are both named "
                f"{name!r:.80}; rename one of them"
            )
        seen[name] = number
    return names
