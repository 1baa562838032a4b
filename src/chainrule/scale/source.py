"""Data sets larger than the memory, read piece by piece: Parquet, CSV, lazy frames.

A source is a sequence of parts that can be read independently of each other, in any order: see `parts`.
"""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from chainrule.errors import ParameterError, TableError
from chainrule.estimators.streams import is_streamed
from chainrule.scale.keys import Share
from chainrule.scale.parts import Fragment, LazyFrame, Part, TextFile, polars_in_words
from chainrule.scale.text import header_of
from chainrule.table.names import absent_message

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Source", "source_of"]

_TEXT = {".csv": ",", ".tsv": "\t"}
_FORMATS = (*_TEXT, ".parquet")
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")


@dataclass(frozen=True)
class Source:
    """A data set that is read piece by piece.

    Attributes
    ----------
    name : str
        What to call it in messages.
    names : tuple of str
        Of the columns.
    parts : tuple of Part
    share : Share, optional
        The rows that count; default: all.
    files : tuple of Path
        That are read, as far as they are known.
    """

    name: str
    names: tuple[str, ...]
    parts: tuple[Part, ...]
    share: Share | None = None
    files: tuple[Path, ...] = ()

    is_read_piece_by_piece: ClassVar[bool] = True

    def divided(self, share: float, seed: int) -> tuple["Source", "Source"]:
        """(the source with the other rows, the source with a share of the rows, drawn at random)."""
        drawn = Share(share, seed)
        return replace(self, share=replace(drawn, inside=False)), replace(self, share=drawn)

    def without(self, columns: Sequence[str]) -> "Source":
        """The source without these columns.

        Raises
        ------
        TableError
            If one of them is absent.
        """
        self._check(columns)
        return replace(self, names=tuple(name for name in self.names if name not in columns))

    def counted(self, first: int, n: int) -> np.ndarray:
        """Which of the rows `first`, `first` + 1, ... count."""
        return np.ones(n, dtype=bool) if self.share is None else self.share.rows(first, n)

    def pieces(self, columns: Sequence[str], order: Sequence[int] | None = None) -> Iterator["pl.DataFrame"]:
        """All rows, whether they count or not, part after part in the given order; these columns only.

        Raises
        ------
        TableError
            If a column is absent, or a file cannot be read any more.
        """
        self._check(columns)
        for place in range(len(self.parts)) if order is None else order:
            yield from self.parts[place].pieces(columns)

    def _check(self, columns: Sequence[str]) -> None:
        absent = [column for column in columns if column not in self.names]
        if absent:
            raise TableError(f"{self.name}: {absent_message(absent, list(self.names))}")


def source_of(X: Any) -> Source:
    """The source that X names or is.

    Parameters
    ----------
    X : path of a file or a folder, pattern such as "data/*.parquet", pyarrow dataset or polars LazyFrame
        The files are all Parquet, all CSV or all TSV.

    Raises
    ------
    TableError
        If there is no such file, the files are of several formats, or cannot be read.
    """
    if isinstance(X, Source):
        return X
    if isinstance(X, str | Path):
        return _of_files(str(X), _files(str(X)))
    if hasattr(X, "get_fragments"):
        return _of_dataset("the data set", X, X.schema)
    if is_streamed(X):
        return _of_lazy_frame(X)
    raise ParameterError(
        "a source must be a path, a pattern, a pyarrow.dataset.Dataset or a polars.LazyFrame, however: "
        f"{type(X).__name__}"
    )


def _files(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        return _files_below(path)
    found = [path] if path.is_file() else [Path(file) for file in sorted(glob.glob(name, recursive=True))]
    if not found:
        raise TableError(f"{name} does not exist, and matches no file; check the spelling and the folder")
    return found


def _files_below(folder: Path) -> list[Path]:
    """The tables in a folder and in those below it; names that begin with . or _ are no data."""
    seen = [
        file
        for file in sorted(folder.rglob("*"))
        if not any(name.startswith((".", "_")) for name in file.relative_to(folder).parts) and file.is_file()
    ]
    for file in seen:
        if file.suffix.lower() in _PACKED and Path(file.stem).suffix.lower() in _FORMATS:
            raise TableError(
                f"{file} is packed, and cannot be read piece by piece; unpack it, or move it away"
            )
    found = [file for file in seen if file.suffix.lower() in _FORMATS]
    if not found:
        raise TableError(f"{folder} holds no .parquet, .csv or .tsv file; name another folder")
    return found


def _of_files(name: str, files: Sequence[Path]) -> Source:
    formats = {file.suffix.lower() for file in files}
    if len(formats) > 1 or not formats <= set(_FORMATS):
        raise TableError(
            f"{name} has files of the formats {', '.join(sorted(formats))}; what is read piece by piece must "
            "be all .parquet, all .csv or all .tsv, not packed"
        )
    if formats == {".parquet"}:
        return _of_parquet(name, files)
    separator = _TEXT[formats.pop()]
    first, *others = (header_of(file, separator) for file in files)
    for file, header in zip(files[1:], others, strict=True):
        if header != first:
            raise TableError(
                f"{file} has other columns than {files[0]}; give all files of {name} the same header"
            )
    return Source(name, first, tuple(TextFile(file, separator) for file in files), files=tuple(files))


# -- Parquet -------------------------------------------------------------------------------------------------


def _of_parquet(name: str, files: Sequence[Path]) -> Source:
    try:
        from pyarrow import ArrowException
        from pyarrow import dataset as arrow
    except ImportError:
        raise ImportError(
            "reading Parquet piece by piece needs pyarrow, which is not installed: "
            'pip install "chainrule[scale]"'
        ) from None
    base = Path(name).absolute() if Path(name).is_dir() else None
    try:
        found = arrow.dataset(
            [str(file.absolute()) for file in files],
            format="parquet",
            partitioning="hive" if base else None,
            partition_base_dir=str(base) if base else None,
        )
        return replace(_of_dataset(name, found, _common_schema(found)), files=tuple(files))
    except (ArrowException, OSError, ValueError) as error:
        raise TableError(f"{name} cannot be read as Parquet ({str(error).splitlines()[0]})") from None


def _common_schema(dataset: Any) -> Any:
    """The schema of all files of a data set: what is numbers, or empty, in one may be wider in another."""
    import pyarrow as pa

    first, *others = dataset.get_fragments()
    names, schemas = set(first.physical_schema.names), [dataset.schema, first.physical_schema]
    for fragment in others:
        if set(fragment.physical_schema.names) != names:
            raise TableError(
                f"{fragment.path} has other columns than {first.path}; give all files the same columns"
            )
        schemas.append(fragment.physical_schema)
    return pa.unify_schemas(schemas, promote_options="permissive")


def _of_dataset(name: str, dataset: Any, schema: Any) -> Source:
    parts: list[Part] = []
    try:
        fragments = list(dataset.get_fragments())
    except ValueError as error:
        raise ParameterError(
            f"{name} cannot be read in parts ({str(error).splitlines()[0]}); leave out rows before "
            "they are written, or give a polars.LazyFrame"
        ) from None
    for fragment in fragments:
        groups = fragment.split_by_row_group() if hasattr(fragment, "split_by_row_group") else [fragment]
        parts += [Fragment(name, group, schema) for group in groups]
    return Source(name, tuple(schema.names), tuple(parts))


# -- lazy frames ---------------------------------------------------------------------------------------------


def _of_lazy_frame(frame: Any) -> Source:
    with polars_in_words():
        return Source("the lazy frame", tuple(frame.collect_schema().names()), (LazyFrame(frame),))
