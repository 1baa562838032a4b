"""chainrule playground: a network that trains before your eyes, in the browser."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.errors import ParameterError

if TYPE_CHECKING:
    from chainrule.table.limits import TableLimits

__all__ = ["playground"]

_TABLES = (".csv", ".tsv", ".parquet", ".csv.gz", ".tsv.gz")
_MODEL = ".safetensors"


def playground(
    files: Sequence[Path], *, target: str | None, port: int, open_browser: bool, limits: "TableLimits | None"
) -> None:
    """Serve the playground until Ctrl-C.

    Parameters
    ----------
    files : sequence of path
        A table, a model file, or one of each, in any order.
    target : str, optional
        Column of the table.
    port : int
        0 takes one that is free.
    open_browser : bool
        Whether to open the page in the browser.
    limits : TableLimits, optional
        Of the table; default: those by which every table is read.

    Raises
    ------
    ChainruleError
        If a file is not there or cannot be told apart, or the server cannot run.
    ImportError
        If the extra "playground" is not installed.
    """
    from chainrule.playground import serve

    data = _the_only("tables", [file for file in files if file.suffix.lower() != _MODEL])
    model = _the_only("model files", [file for file in files if file.suffix.lower() == _MODEL])
    if target is not None and data is None:
        raise ParameterError(f"--target {target!r} is a column of a table; name the table too")
    if data is not None:
        _check_table(data, limits)
    if model is not None and not model.is_file():
        raise ParameterError(f"{model} does not exist; check the spelling and the folder")
    serve(port=port, open_browser=open_browser, data=data, target=target, model=model, limits=limits)


def _the_only(what: str, files: Sequence[Path]) -> Path | None:
    if len(files) > 1:
        raise ParameterError(f"the playground opens one of the {what} {', '.join(map(str, files))} at a time")
    return files[0] if files else None


def _check_table(data: Path, limits: "TableLimits | None") -> None:
    if data.is_file() and data.name.lower().endswith(_TABLES):
        return  # the rest is the worker's to read; what reads tables takes long to import
    from chainrule.table import DEFAULT_LIMITS, open_table

    open_table(data, limits or DEFAULT_LIMITS)
