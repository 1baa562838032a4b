"""Table files: CSV, TSV and Parquet to a frame, or one sentence that says what is wrong and where."""

import csv
import difflib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.errors import TableError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["EXTENSIONS", "MISSING", "TableFile", "open_table", "read_table"]

MISSING = ("", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None")
"""Fields that stand for "no value", once the blanks around them are gone."""

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
EXTENSIONS = (*_SEPARATORS, ".parquet")

_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}

_ROWS_AT_A_TIME = 1000  # few enough for the processor's cache: three times as fast as 20,000


def read_table(path: str | Path, text_columns: Collection[str] = ()) -> "pl.DataFrame":
    """Read a .csv, .tsv or .parquet file, with a type per column inferred from all of its rows.

    In text files the fields must be UTF-8 (with or without a byte order mark) and may be quoted with ``"``;
    a quoted field may span lines. Blank lines and blanks around fields do not count. Fields as in `MISSING`
    are missing. A column whose other fields are all integers becomes Int64, numbers Float64, true/false (in
    any case) Boolean, and everything else String; so do integers with leading zeros, such as 00013, which
    are names and not numbers. Dates stay text. Parquet brings its own types.

    Parameters
    ----------
    path : str or Path
        The extension, in any case, says the format.
    text_columns : collection of str, default=()
        Columns that stay String whatever they look like: a column that held "007" and "x" in training stays
        text where today only "007" occurs. Names that the file lacks are ignored.

    Returns
    -------
    polars.DataFrame
        With at least one column and one row.

    Raises
    ------
    TableError
        One sentence that names the file, the line or column and the fix.
    ImportError
        If polars is not installed.
    """
    return open_table(path).table(text_columns)


@dataclass(frozen=True)
class TableFile:
    """A table file that has been read: its fields as they stand, and the table with types.

    Attributes
    ----------
    path : Path
    fields : polars.DataFrame
        The text of every field, without what quotes it; of a Parquet file the table itself.
    lines : sequence of int
        The line on which each row begins; empty for Parquet.
    """

    path: Path
    fields: "pl.DataFrame"
    lines: Sequence[int]

    def table(self, text_columns: Collection[str] = ()) -> "pl.DataFrame":
        """Give each column its type; see `read_table`."""
        if not self.lines:
            return self.fields
        return self.fields.with_columns(
            _typed(self.fields[name], name in text_columns) for name in self.fields.columns
        )


def open_table(path: str | Path) -> TableFile:
    """Read a file as `read_table` does, and keep its fields as they stand."""
    _require_polars()
    path = Path(path)
    extension = _check_file(path)
    if extension == ".parquet":
        file = TableFile(path, _read_parquet(path), ())
    else:
        file = _read_text(path, _SEPARATORS[extension])
    if file.fields.width == 0 or file.fields.height == 0:
        raise TableError(f"{path} has a header and no rows; add the rows, or choose another file")
    return file


def _require_polars() -> None:
    try:
        import polars  # noqa: F401, ICN001
    except ImportError:
        raise ImportError(
            'reading table files needs polars, which is not installed: pip install "chainrule[cli]"'
        ) from None


def _check_file(path: Path) -> str:
    """Find the extension of a file that exists and is not empty."""
    if path.is_dir():
        raise TableError(f"{path} is a directory; name a file in it")
    if not path.exists():
        siblings = [file.name for file in path.parent.glob("*")]
        near = difflib.get_close_matches(path.name, siblings, n=1, cutoff=0.8)
        hint = f"did you mean {path.parent / near[0]}?" if near else "check the spelling and the folder"
        raise TableError(f"{path} does not exist; {hint}")
    extension = path.suffix.lower()
    if not path.is_file():
        raise TableError(f"{path} is not a regular file; save the table to a file first")
    if extension in (*EXTENSIONS, ".gz", ".zip", ".bz2", ".xz"):
        _check_unpacked(path)
    if extension not in EXTENSIONS:
        raise TableError(
            f"{path} has the extension {path.suffix!r}, and known are {', '.join(EXTENSIONS)}; "
            "save the table in one of these formats"
        )
    if path.stat().st_size == 0:
        raise TableError(f"{path} is empty (0 bytes); save the table again")
    return extension


def _check_unpacked(path: Path) -> None:
    try:
        with path.open("rb") as file:
            beginning = file.read(8)
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}") from None
    for mark, packer in _PACKED.items():
        if beginning.startswith(mark):
            raise TableError(f"{path} is packed with {packer}; unpack it first, and name the table in it")


def _read_parquet(path: Path) -> "pl.DataFrame":
    import polars as pl

    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise TableError(f"{path} cannot be read as Parquet ({reason}); save the table again") from None


def _read_text(path: Path, separator: str) -> TableFile:
    """Make the frame of the very fields that were checked: two parsers would disagree somewhere."""
    import polars as pl

    try:
        with path.open("rb") as file:
            rows = _checked_rows(path, _decoded_lines(path, file), separator)
            _, names = next(rows)
            chunks = [pl.DataFrame(schema=dict.fromkeys(names, pl.String))]
            lines: list[int] = []
            while chunk := list(islice(rows, _ROWS_AT_A_TIME)):
                lines.extend(line for line, _ in chunk)
                columns = zip(names, zip(*(fields for _, fields in chunk), strict=True), strict=True)
                chunks.append(pl.DataFrame([pl.Series(n, fields, dtype=pl.String) for n, fields in columns]))
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}") from None
    return TableFile(path, pl.concat(chunks), lines)


def _decoded_lines(path: Path, file: Iterable[bytes]) -> Iterator[str]:
    start = 0
    for number, line in enumerate(file, start=1):
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
        yield text
        start += len(line)


def _checked_rows(path: Path, lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the header's names, then the fields of each row, with the line; blank lines are left out."""
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=separator != " ", strict=True)
    header: list[str] = []
    first_line = 1
    try:
        for fields in reader:
            if not header:
                if any(field.strip() for field in fields):
                    header = _checked_header(path, first_line, [field.strip() for field in fields], separator)
                    yield first_line, header
            elif fields:
                if len(fields) != len(header):
                    cure = (
                        "add what is missing" if len(fields) < len(header) else "quote fields with separators"
                    )
                    raise TableError(
                        f"{path}, line {first_line}: {_count(len(fields), 'field')}, however the header has "
                        f"{len(header)}; {cure}"
                    )
                yield first_line, fields
            first_line = reader.line_num + 1
    except csv.Error as error:
        raise TableError(f"{path}, line {max(first_line, reader.line_num)}: {_explained(error)}") from None
    if not header:
        raise TableError(f"{path} holds blank lines only; save the table again")


def _explained(error: csv.Error) -> str:
    """Put the csv module's message into words, with the fix."""
    message = str(error)
    if "new-line character" in message:
        return "a carriage return stands inside the line; save the file with the line ends of Unix or Windows"
    if "unexpected end of data" in message:
        return 'the file ends inside a quoted field; close it with "'
    if "expected after" in message:
        return 'something follows the closing " of a field; write a " inside a quoted field twice'
    if "field limit" in message:
        return f'a field is longer than {csv.field_size_limit():,} characters; perhaps a closing " is missing'
    return message


def _checked_header(path: Path, line: int, names: list[str], separator: str) -> list[str]:
    other = next((other for other in ";\t," if other in names[0] and other != separator), None)
    if len(names) == 1 and other is not None:
        raise TableError(
            f"{path}, line {line}: the fields seem to be separated by {other!r} and not by {separator!r}; "
            f"save the file with {separator!r} between the fields"
        )
    seen: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if not name:
            raise TableError(f"{path}, line {line}: column {number} of the header has no name; give it one")
        if name in seen:
            raise TableError(
                f"{path}, line {line}: columns {seen[name]} and {number} of the header are both named "
                f"{name!r}; rename one of them"
            )
        seen[name] = number
    return names


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _typed(fields: "pl.Series", stays_text: bool) -> "pl.Series":
    """Turn a column of text into integers, numbers, booleans or, if it is none of these, leave it."""
    import polars as pl

    text = fields.str.strip_chars()
    text = text.set(text.is_in(MISSING), None)
    if stays_text:
        return text
    present = text.drop_nulls()
    if present.cast(pl.Float64, strict=False).null_count() == 0:
        integers = text.cast(pl.Int64, strict=False)
        if present.str.contains("^[+-]?[0-9]+$").all() and present.str.contains("^[+-]?0[0-9]").any():
            return text
        if integers.null_count() == text.null_count():
            return integers
        return text.cast(pl.Float64)
    lower = text.str.to_lowercase()
    if present.str.to_lowercase().is_in(["true", "false"]).all():
        return lower == "true"
    return text
