"""Parts of a data set that are read by themselves: row groups of Parquet files, text files, a lazy frame.

A part is read in pieces of a bounded number of rows.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import TableError
from chainrule.scale.text import text_frames
from chainrule.table.readers import MISSING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Fragment", "LazyFrame", "Part", "TextFile", "polars_in_words", "rows_of_a_piece"]

PIECE = 65_536
_CELLS_OF_A_PIECE = 2_000_000


def rows_of_a_piece(n_columns: int) -> int:
    """How many rows of so many columns are read at a time, at the most."""
    return max(1, min(PIECE, _CELLS_OF_A_PIECE // max(1, n_columns)))


class Part(ABC):
    """Some rows of a source that can be read without the others."""

    @abstractmethod
    def pieces(self, columns: Sequence[str]) -> Iterator["pl.DataFrame"]:
        """The rows in their order, these columns only, `rows_of_a_piece` at a time at the most."""


@dataclass(frozen=True)
class Fragment(Part):
    """A row group of a Parquet file, or a fragment of another format that pyarrow reads."""

    name: str
    fragment: Any
    schema: Any

    def pieces(self, columns: Sequence[str]) -> Iterator["pl.DataFrame"]:
        """See `Part`."""
        import polars as pl
        from pyarrow import ArrowException

        try:
            batches = self.fragment.to_batches(
                schema=self.schema,
                columns=list(columns),
                batch_size=rows_of_a_piece(len(columns)),
                batch_readahead=1,
                fragment_readahead=1,
            )
            for batch in batches:
                if batch.num_rows:
                    yield pl.DataFrame(pl.from_arrow(batch))
        except (ArrowException, OSError) as error:
            raise TableError(f"{self.name} cannot be read ({str(error).splitlines()[0]})") from None


@dataclass(frozen=True)
class TextFile(Part):
    """A text file; its fields stay text, blanks around them go, and what stands for no value is missing."""

    path: Path
    separator: str

    def pieces(self, columns: Sequence[str]) -> Iterator["pl.DataFrame"]:
        """See `Part`."""
        import polars as pl

        present = pl.all().is_in(list(MISSING)).not_()
        try:
            for fields in text_frames(self.path, self.separator):
                text = fields.select(pl.col(columns).str.strip_chars())
                fields = text.with_columns(pl.when(present).then(pl.all()))
                yield from fields.iter_slices(rows_of_a_piece(len(columns)))
        except (pl.exceptions.PolarsError, OSError) as error:
            raise TableError(f"{self.path} cannot be read ({str(error).splitlines()[0]})") from None


@dataclass(frozen=True)
class LazyFrame(Part):
    """A lazy frame of polars, which its streaming engine runs anew each time."""

    frame: Any

    def pieces(self, columns: Sequence[str]) -> Iterator["pl.DataFrame"]:
        """See `Part`."""
        with polars_in_words():
            yield from self.frame.select(columns).collect_batches(
                chunk_size=rows_of_a_piece(len(columns)), maintain_order=True
            )


@contextmanager
def polars_in_words() -> Iterator[None]:
    """A context in which an error of polars is a `TableError`."""
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TableError(f"the lazy frame cannot be read ({str(error).splitlines()[0]})") from None
