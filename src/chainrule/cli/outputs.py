"""Files that commands write: checked before the work, written whole or not at all."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import ParameterError
from chainrule.files.atomic import write_atomically

if TYPE_CHECKING:
    import polars as pl

    from chainrule.scale.source import Source

__all__ = ["check_output", "describe_file", "guarded", "inputs_of", "write_text"]

_FORMULA_BEGINNINGS = r"^(\s*[=+\-@＝＋－＠]|[\t\r\n])"  # wide ones too: where they are typed, they count


def check_output(option: str, path: Path, overwrite: bool, inputs: Mapping[str, Path]) -> None:
    """Refuse a place where nothing can be written, before any work is done for it.

    Parameters
    ----------
    inputs : mapping of str to Path
        The files that the command reads, by what they are. None of them is ever overwritten.

    Raises
    ------
    ParameterError
        If the folder does not exist, the path is a folder, or a file is there that may not be overwritten.
    """
    if path.is_dir():
        raise ParameterError(f"{option}: {path} is a directory; name a file in it")
    if not path.parent.is_dir():
        raise ParameterError(f"{option}: the folder {path.parent} does not exist; create it first")
    for what, read in inputs.items():
        if path.exists() and read.exists() and path.samefile(read):
            raise ParameterError(f"{option}: {path} is the {what} that is read; choose another name")
    if path.exists() and not overwrite:
        raise ParameterError(f"{option}: {path} exists; choose another name, or allow it with --overwrite")


def inputs_of(source: "Source") -> dict[str, Path]:
    """The files of a data set, for `check_output`."""
    return {f"file {file} of the data set": file for file in source.files}


def write_text(option: str, path: Path, text: str) -> None:
    """Write a file in UTF-8, whole or not at all.

    Raises
    ------
    ParameterError
        If the operating system refuses.
    """
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise ParameterError(f"{option}: {path} cannot be written: {error.strerror}") from None


def describe_file(path: Path) -> dict[str, Any]:
    """Name, size and SHA-256 digest of a file, as plain data."""
    content = path.read_bytes()
    return {"file": str(path), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def guarded(table: "pl.DataFrame") -> "pl.DataFrame":
    """Put ' in front of text that a spreadsheet would run as a formula: it begins with = + - or @.

    Numbers stay as they are, also where they are written as text.
    """
    import polars as pl

    texts = table.select(pl.selectors.string())
    names = _guarded(pl.Series(table.columns, dtype=pl.String)).to_list()
    return table.with_columns(map(_guarded, texts)).rename(dict(zip(table.columns, names, strict=True)))


def _guarded(texts: "pl.Series") -> "pl.Series":
    import polars as pl

    is_number = texts.str.strip_chars().cast(pl.Float64, strict=False).is_not_null()
    is_formula = texts.str.contains(_FORMULA_BEGINNINGS) & ~is_number
    return pl.select(pl.when(is_formula).then("'" + texts).otherwise(texts).alias(texts.name)).to_series()
