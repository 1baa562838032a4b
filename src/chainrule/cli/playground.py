"""chainrule playground: a network that trains before your eyes, in the browser."""

from collections.abc import Sequence
from pathlib import Path

from chainrule.errors import ParameterError

__all__ = ["playground"]

_TABLES = (".csv", ".tsv", ".parquet")
_MODEL = ".safetensors"


def playground(files: Sequence[Path], *, target: str | None, port: int, open_browser: bool) -> None:
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
        _check_table(data)
    if model is not None and not model.is_file():
        raise ParameterError(f"{model} does not exist; check the spelling and the folder")
    serve(port=port, open_browser=open_browser, data=data, target=target, model=model)


def _the_only(what: str, files: Sequence[Path]) -> Path | None:
    if len(files) > 1:
        raise ParameterError(f"the playground opens one of the {what} {', '.join(map(str, files))} at a time")
    return files[0] if files else None


def _check_table(data: Path) -> None:
    if data.is_file() and data.suffix.lower() in _TABLES:
        return  # the rest is the worker's to read; what reads tables takes long to import
    from chainrule.table import open_table

    open_table(data)
