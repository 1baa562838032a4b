"""Table files: CSV, TSV and Parquet to a frame, or one sentence that says what is wrong and where."""

import difflib
from array import array
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import TableError
from chainrule.table.csv_rows import check_unpacked, csv_rows
from chainrule.table.limits import DEFAULT_LIMITS, TableLimits
from chainrule.table.parquet import read_parquet

if TYPE_CHECKING:
    import polars as pl

__all__ = ["EXTENSIONS", "MISSING", "TableFile", "extension_of", "open_table", "read_table"]

MISSING = ("", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None")
"""Fields that stand for "no value", once the blanks around them are gone."""

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_PACKED_EXTENSIONS = tuple(f"{extension}.gz" for extension in _SEPARATORS)
EXTENSIONS = (*_SEPARATORS, ".parquet", *_PACKED_EXTENSIONS)

_ROWS_AT_A_TIME = 1000  # few enough for the processor's cache: three times as fast as 20,000
_FIELDS_AT_A_TIME = 1_000_000


def read_table(
    path: str | Path, text_columns: Collection[str] = (), limits: TableLimits = DEFAULT_LIMITS
) -> "pl.DataFrame":
    """Read a .csv, .tsv, .csv.gz, .tsv.gz or .parquet file, with a type per column inferred from all rows.

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
    limits : TableLimits
        What is larger is refused while it is read, before it fills the memory.

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
    return open_table(path, limits).table(text_columns)


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
    limits : TableLimits
        By which it was read; that of levels holds for the table with types.
    """

    path: Path
    fields: "pl.DataFrame"
    lines: Sequence[int]
    limits: TableLimits = DEFAULT_LIMITS

    def table(self, text_columns: Collection[str] = ()) -> "pl.DataFrame":
        """Give each column its type; see `read_table`."""
        table = self.fields
        if self.lines:
            table = _typed(table, text_columns)
        self._check_levels(table)
        return table

    def _check_levels(self, table: "pl.DataFrame") -> None:
        import polars as pl

        if self.limits.levels is None or table.height <= self.limits.levels:
            return
        for column in table.select(pl.selectors.string() | pl.selectors.categorical()):
            self.limits.check(
                f"{self.path}, column {column.name!r:.80}", levels=column.drop_nulls().n_unique()
            )


def open_table(path: str | Path, limits: TableLimits = DEFAULT_LIMITS) -> TableFile:
    """Read a file as `read_table` does, and keep its fields as they stand."""
    _require_polars()
    path = Path(path)
    try:
        extension = _check_file(path, limits)
    except OSError as error:  # such as a folder that may not be looked into
        raise TableError(f"{path} cannot be read: {error.strerror}") from None
    if extension == ".parquet":
        file = TableFile(path, read_parquet(path, limits), (), limits)
    else:
        file = _read_text(path, _SEPARATORS[extension.removesuffix(".gz")], limits)
    if file.fields.width == 0 or file.fields.height == 0:
        raise TableError(f"{path} has a header and no rows; add the rows, or choose another file")
    return file


def extension_of(path: Path) -> str:
    """The end of a file's name that says its format, such as .csv or .csv.gz, in small letters."""
    return "".join(path.suffixes[-2:]).lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def _require_polars() -> None:
    try:
        import polars  # noqa: F401, ICN001
    except ImportError:
        raise ImportError(
            'reading table files needs polars, which is not installed: pip install "chainrule[cli]"'
        ) from None


def _check_file(path: Path, limits: TableLimits) -> str:
    """Find the extension of a file that exists, is not empty and not too large."""
    if path.is_dir():
        raise TableError(f"{path} is a directory; name a file in it")
    if not path.exists():
        siblings = [file.name for file in path.parent.glob("*") if file.name != path.name]
        near = difflib.get_close_matches(path.name, siblings, n=1, cutoff=0.8)
        hint = f"did you mean {path.parent / near[0]}?" if near else "check the spelling and the folder"
        raise TableError(f"{path} does not exist; {hint}")
    if not path.is_file():
        raise TableError(f"{path} is not a regular file; save the table to a file first")
    extension = extension_of(path)
    if extension not in _PACKED_EXTENSIONS:
        with path.open("rb") as file:
            check_unpacked(path, file.read(8))
    if extension not in EXTENSIONS:
        raise TableError(
            f"{path} has the extension {extension!r}, and known are {', '.join(EXTENSIONS)}; "
            "save the table in one of these formats"
        )
    size = path.stat().st_size
    if size == 0:
        raise TableError(f"{path} is empty (0 bytes); save the table again")
    if extension not in _PACKED_EXTENSIONS:  # of those it is counted as they are unpacked
        limits.check(str(path), bytes=size)
    return extension


def _read_text(path: Path, separator: str, limits: TableLimits) -> TableFile:
    """Make the frame of the very fields that were checked: two parsers would disagree somewhere."""
    import polars as pl

    with csv_rows(path, separator, limits) as rows:
        _, names = next(rows)
        chunks = [pl.DataFrame(schema=dict.fromkeys(names, pl.String))]
        lines = array("Q")
        at_a_time = max(1, min(_ROWS_AT_A_TIME, _FIELDS_AT_A_TIME // len(names)))
        while chunk := list(islice(rows, at_a_time)):
            lines.extend(line for line, _ in chunk)
            columns = zip(names, zip(*(fields for _, fields in chunk), strict=True), strict=True)
            chunks.append(pl.DataFrame([pl.Series(n, fields, dtype=pl.String) for n, fields in columns]))
    return TableFile(path, pl.concat(chunks), lines, limits)


def _typed(fields: "pl.DataFrame", text_columns: Collection[str]) -> "pl.DataFrame":
    """Turn columns of text into integers, numbers, booleans or, if they are none of these, leave them.

    All columns at once: one after the other, ten thousand of them would take ten seconds.
    """
    import polars as pl

    text = fields.select(pl.all().str.strip_chars()).select(pl.all().replace(list(MISSING), None))
    missing = text.null_count().row(0, named=True)

    def read_as(dtype: type[pl.DataType], names: Collection[str]) -> set[str]:
        unread = _of_each(text, names, lambda column: column.cast(dtype, strict=False).null_count())
        return {name for name in names if unread[name] == missing[name]}

    def all_are(names: Collection[str], what: Callable[[pl.Expr], pl.Expr]) -> set[str]:
        found = _of_each(text, names, what)
        return {name for name in names if found[name]}

    free = [name for name in text.columns if name not in set(text_columns)]
    numbers = read_as(pl.Float64, free)
    whole = all_are(numbers, lambda column: column.str.contains("^[+-]?[0-9]+$").all())
    codes = all_are(whole, lambda column: column.str.contains("^[+-]?0[0-9]").any())
    integers = read_as(pl.Int64, numbers - codes)
    truths = all_are(set(free) - numbers, lambda column: _lower(column).is_in(["true", "false"]).all())
    return text.with_columns(
        pl.col(sorted(integers)).cast(pl.Int64),
        pl.col(sorted(numbers - codes - integers)).cast(pl.Float64),
        _lower(pl.col(sorted(truths))) == "true",
    )


def _lower(column: "pl.Expr") -> "pl.Expr":
    return column.str.to_lowercase()


def _of_each(
    table: "pl.DataFrame", names: Collection[str], what: Callable[["pl.Expr"], "pl.Expr"]
) -> dict[str, Any]:
    import polars as pl

    return table.select(what(pl.col(sorted(names)))).row(0, named=True) if names else {}
