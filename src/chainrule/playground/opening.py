"""Tables and models that are opened: from a path of the command line, or as bytes from the page."""

import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.errors import ModelFileError, ParameterError, TableError
from chainrule.playground.examples import Examples
from chainrule.playground.settings import LIMITS, DataSettings
from chainrule.playground.tables import scaled, table_rows, with_columns
from chainrule.table.limits import DEFAULT_LIMITS, TableLimits

__all__ = ["Table", "chosen_columns", "model_in"]

_SUFFIXES = (".csv", ".tsv", ".parquet")


@dataclass(frozen=True)
class Table:
    """A table that was opened, to be read again with another target.

    Parameters
    ----------
    name : of its file
    path : where it lies, if the command line named it
    data : its bytes, if they came through the page
    limits : what is refused because it is too much
    """

    name: str
    path: Path | None = None
    data: bytes = b""
    limits: TableLimits = DEFAULT_LIMITS

    @classmethod
    def from_page(cls, name: Any, data: bytes, limits: TableLimits = DEFAULT_LIMITS) -> "Table":
        """A table that came through the page.

        Raises
        ------
        TableError
            If it is too large.
        """
        name = Path(str(name)).name[:120] or "table.csv"
        if len(data) > LIMITS["table_bytes"]:
            raise TableError(
                f"{name} has {len(data):,} bytes; the playground takes {LIMITS['table_bytes']:,}"
            )
        return cls(name, data=data, limits=limits)

    def examples(self, target: Any, columns: Any, data: DataSettings) -> Examples:
        """Read it.

        Parameters
        ----------
        target : column to predict; None: the last
        columns : those that the network sees; None: all that it can
        data : whose seed and share split the rows

        Raises
        ------
        TableError
            If it cannot be read, or there is no such column; names it as the person did.
        """
        if target is not None and not isinstance(target, str):
            raise TableError(f"the target is the name of a column, however: {target!r:.80}")
        if self.path is not None:
            return self._read(self.path, target, columns, data)
        suffix = Path(self.name).suffix.lower()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"table{suffix if suffix in _SUFFIXES else '.csv'}")
            path.write_bytes(self.data)
            try:
                return self._read(path, target, columns, data)
            except TableError as error:
                raise TableError(str(error).replace(str(path), self.name)) from None

    def _read(self, path: Path, target: str | None, columns: Any, data: DataSettings) -> Examples:
        rows = table_rows(path, target, data.seed, self.name, self.limits)
        if columns is not None:
            known = {column.name for column in rows.columns}
            rows = with_columns(rows, [name for name in _names(columns) if name in known])
        return scaled(rows, data.share)


def chosen_columns(examples: Examples, columns: Any) -> Examples:
    """The same rows, of which the network sees these columns."""
    if examples.rows.is_plane or examples.rows.grid:
        raise TableError("open a table first")
    return scaled(with_columns(examples.rows, _names(columns)), examples.share)


def model_in(data: bytes, name: Any) -> Any:
    """The model in the bytes of a model file of that name."""
    from chainrule.files import load

    name = Path(str(name or "model.safetensors")).name[:120]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        path.write_bytes(data)
        try:
            return load(path)
        except ModelFileError as error:
            raise ModelFileError(str(error).replace(str(path), name)) from None


def _names(value: Any) -> Collection[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ParameterError(f"columns are a list of names, however: {value!r:.80}")
    return value
