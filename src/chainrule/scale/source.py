"""Data sets larger than the memory, read piece by piece: Parquet, CSV, lazy frames.

A source is a sequence of parts that can be read independently of each other, in any order: the row groups of
Parquet files, CSV files, a lazy frame. A part is read in pieces of a bounded number of rows.
"""

import glob
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from chainrule.errors import ParameterError, TableError
from chainrule.estimators.streams import is_streamed
from chainrule.scale.keys import Share
from chainrule.table.names import absent_message
from chainrule.table.readers import MISSING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["PIECE", "Part", "Source", "source_of"]

PIECE = 65_536
"""Rows of a piece at the most."""

_TEXT = {".csv": ",", ".tsv": "\t"}


class Part(ABC):
    """Some rows of a source that can be read without the others."""

    @abstractmethod
    def pieces(self, columns: Sequence[str]) -> Iterator["pl.DataFrame"]:
        """The rows in their order, these columns only, at most `PIECE` rows at a time."""


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
    """

    name: str
    names: tuple[str, ...]
    parts: tuple[Part, ...]
    share: Share | None = None

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
        return _of_dataset("the data set", X)
    if is_streamed(X):
        return Source("the lazy frame", tuple(X.collect_schema().names()), (_LazyPart(X),))
    raise ParameterError(
        "a source must be a path, a pattern, a pyarrow.dataset.Dataset or a polars.LazyFrame, however: "
        f"{type(X).__name__}"
    )


def _files(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        found = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in (*_TEXT, ".parquet")]
        if not found:
            raise TableError(f"{name} holds no .parquet, .csv or .tsv file; name another folder")
        return found
    found = [path] if path.is_file() else [Path(file) for file in sorted(glob.glob(name, recursive=True))]
    if not found:
        raise TableError(f"{name} does not exist, and matches no file; check the spelling and the folder")
    return found


def _of_files(name: str, files: Sequence[Path]) -> Source:
    formats = {file.suffix.lower() for file in files}
    if len(formats) > 1 or not formats <= {*_TEXT, ".parquet"}:
        raise TableError(
            f"{name} has files of the formats {', '.join(sorted(formats))}; what is read piece by piece must "
            "be all .parquet, all .csv or all .tsv, not packed"
        )
    if formats == {".parquet"}:
        return _of_parquet(name, files)
    separator = _TEXT[formats.pop()]
    first, *others = (_header(file, separator) for file in files)
    for file, header in zip(files[1:], others, strict=True):
        if header != first:
            raise TableError(
                f"{file} has other columns than {files[0]}; give all files of {name} the same header"
            )
    return Source(name, first, tuple(_CsvPart(file, separator) for file in files))


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
    try:
        base = name if Path(name).is_dir() else None
        found = arrow.dataset(
            base or [str(file) for file in files], format="parquet", partitioning="hive" if base else None
        )
        return _of_dataset(name, found)
    except (ArrowException, OSError, ValueError) as error:
        raise TableError(f"{name} cannot be read as Parquet ({str(error).splitlines()[0]})") from None


def _of_dataset(name: str, dataset: Any) -> Source:
    parts: list[Part] = []
    for fragment in dataset.get_fragments():
        groups = fragment.split_by_row_group() if hasattr(fragment, "split_by_row_group") else [fragment]
        parts += [_Fragment(name, group, dataset.schema) for group in groups]
    return Source(name, tuple(dataset.schema.names), tuple(parts))


@dataclass(frozen=True)
class _Fragment(Part):
    """A row group of a Parquet file, or a fragment of another format that pyarrow reads."""

    name: str
    fragment: Any
    schema: Any

    def pieces(self, columns: Sequence[str]) -> Iterator["pl.DataFrame"]:
        import polars as pl
        from pyarrow import ArrowException

        try:
            batches = self.fragment.to_batches(
                schema=self.schema,
                columns=list(columns),
                batch_size=PIECE,
                batch_readahead=1,
                fragment_readahead=1,
            )
            for batch in batches:
                if batch.num_rows:
                    yield pl.DataFrame(pl.from_arrow(batch))
        except (ArrowException, OSError) as error:
            raise TableError(f"{self.name} cannot be read ({str(error).splitlines()[0]})") from None


# -- text ----------------------------------------------------------------------------------------------------


def _header(file: Path, separator: str) -> tuple[str, ...]:
    import polars as pl

    try:
        return tuple(pl.read_csv(file, separator=separator, n_rows=0, infer_schema=False).columns)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TableError(f"{file} cannot be read ({str(error).splitlines()[0]})") from None


@dataclass(frozen=True)
class _CsvPart(Part):
    """A text file; its fields stay text, blanks around them go, and what stands for no value is missing."""

    path: Path
    separator: str

    def pieces(self, columns: Sequence[str]) -> Iterator["pl.DataFrame"]:
        import polars as pl

        try:
            frame = pl.scan_csv(self.path, separator=self.separator, infer_schema=False).select(
                pl.col(columns).str.strip_chars()
            )
            present = pl.all().is_in(list(MISSING)).not_()
            for piece in frame.collect_batches(chunk_size=PIECE, maintain_order=True):
                yield piece.with_columns(pl.when(present).then(pl.all()))
        except (pl.exceptions.PolarsError, OSError) as error:
            raise TableError(f"{self.path} cannot be read ({str(error).splitlines()[0]})") from None


@dataclass(frozen=True)
class _LazyPart(Part):
    """A lazy frame of polars, which its streaming engine runs anew each time."""

    frame: Any

    def pieces(self, columns: Sequence[str]) -> Iterator["pl.DataFrame"]:
        yield from self.frame.select(columns).collect_batches(chunk_size=PIECE, maintain_order=True)
