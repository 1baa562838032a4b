"""Encoded rows in chunks of equal size, shuffled, prepared while the chunk before is trained on.

parts, in another order every epoch ─► pieces ─► encoded ─► shuffle buffer ─► chunks
                                                    └─► a file, from which further epochs read
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.engine import Data
from chainrule.errors import TableError
from chainrule.scale.ahead import ahead
from chainrule.scale.kept import KeptRows
from chainrule.scale.places import naming_rows
from chainrule.scale.source import Source
from chainrule.scale.survey import Roles, Survey, usable

if TYPE_CHECKING:
    import polars as pl

    from chainrule.training import Training

__all__ = ["Encode", "Feed"]

Array = Any

Encode = Callable[["pl.DataFrame", np.random.Generator], Array]
"""Typed rows, target and weight included ↦ float32 (n, width): the matrix, the targets, the weights."""

_BYTES_OF_A_CHUNK = 32_000_000


@dataclass
class Feed:
    """Where the rows of a training come from that does not hold them in memory.

    Parameters
    ----------
    source, roles, survey
    encode : Encode
    n_inputs, n_targets : int
        Columns of the encoded matrix and of the targets.
    batch_size : int
    keeps : bool
        Keep the encoded rows of the first epoch in a file, for further epochs.
    """

    source: Source
    roles: Roles
    survey: Survey
    encode: Encode
    n_inputs: int
    n_targets: int
    batch_size: int
    keeps: bool = False
    _kept: KeptRows | None = field(default=None, init=False)

    @property
    def n_rows(self) -> int:
        """Rows of an epoch."""
        return self.survey.n_learned

    @property
    def n_bytes(self) -> int:
        """Of all encoded rows."""
        return 4 * self._width * self.n_rows

    @property
    def sizes(self) -> list[int]:
        """Rows of each chunk: whole batches but for the very last one, and as equal as that allows."""
        most = _BYTES_OF_A_CHUNK // (4 * self._width * self.batch_size)
        n_steps = ceil(self.n_rows / self.batch_size)
        n_chunks = ceil(n_steps / max(1, most))
        ends = [self.batch_size * (n_steps * i // n_chunks) for i in range(n_chunks)] + [self.n_rows]
        sizes: list[int] = np.diff(ends).tolist()
        return sizes

    @property
    def identity(self) -> str:
        """What tells these rows, and how they are handed out, from others."""
        return f"{self.survey.digest} {self.survey.starts} {self.n_rows} {self.keeps}"

    def chunks(self, rng: np.random.Generator, is_first: bool) -> Iterator[Data]:
        """The rows of an epoch in an order that `rng` decides; of a fit's first epoch in one of their own."""
        if not self.keeps:
            blocks = self.encoded(rng)
        elif is_first:
            blocks = self._filled()
        else:
            if self._kept is None or self._kept.n_rows != self.n_rows:  # a fit that goes on: as it was filled
                for _ in self._filled():
                    pass
            assert self._kept is not None
            blocks = self._kept.blocks(rng)
        with ahead(self._shuffled(blocks, rng)) as chunks:
            for rows in chunks:
                first_target = self.n_inputs
                yield Data(rows[:, :first_target], rows[:, first_target:-1], rows[:, -1])

    def training(self, **settings: Any) -> "Training":
        """A training over these rows."""
        from chainrule.scale.training import StreamedTraining

        return StreamedTraining(feed=self, **settings)

    def close(self) -> None:
        """Delete what was kept on disk."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    @property
    def _width(self) -> int:
        return self.n_inputs + self.n_targets + 1

    def _filled(self) -> Iterator[Array]:
        """Encoded rows, which are kept meanwhile; in an order of the data set's own, the same each time."""
        self.close()
        self._kept = KeptRows(self._width)
        for rows in self.encoded(np.random.default_rng(self.survey.seed)):
            self._kept.append(rows)
            yield rows

    def encoded(self, rng: np.random.Generator) -> Iterator[Array]:
        """Encoded rows as the source gives them, part after part in another order."""
        for part in rng.permutation(len(self.source.parts)).tolist():
            first = self.survey.starts[part]
            for piece in self.source.pieces(self.roles.columns, [part]):
                typed = self.survey.types.applied(piece)
                used = usable(typed, first, self.roles, self.source)
                used &= self.survey.learned(first, piece.height)
                if used.any():
                    with naming_rows(self.source, first, used):
                        rows = self.encode(typed if used.all() else typed.filter(used), rng)
                    yield rows
                first += piece.height

    def _shuffled(self, blocks: Iterator[Array], rng: np.random.Generator) -> Iterator[Array]:
        """Chunks of rows drawn from a buffer that holds one chunk more than is drawn."""
        sizes = self.sizes
        buffer = _Buffer(min(2 * max(sizes), self.n_rows), self._width, rng)
        found, drawn = 0, 0
        for block in blocks:
            found += len(block)
            while len(block) and drawn < len(sizes):
                block = buffer.filled(block)
                if buffer.is_full:
                    yield buffer.drawn(sizes[drawn])
                    drawn += 1
        for size in sizes[drawn:]:
            if buffer.n_rows < size:
                break
            yield buffer.drawn(size)
        if found != self.n_rows:
            raise TableError(
                f"{self.source.name} has changed: it had {self.n_rows:,} rows to learn from, and now "
                f"{found:,}; train anew on data that stays as it is"
            )


class _Buffer:
    """Rows of which some are drawn at random, to make room for others.

    Parameters
    ----------
    most : int
        Rows that it holds.
    width : int
    rng : Generator
    """

    def __init__(self, most: int, width: int, rng: np.random.Generator) -> None:
        self._rows = np.empty((most, width), np.float32)
        self._rng = rng
        self.n_rows = 0

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another row."""
        return self.n_rows == len(self._rows)

    def filled(self, block: Array) -> Array:
        """Take in rows as far as there is room; the others."""
        n = min(len(block), len(self._rows) - self.n_rows)
        self._rows[self.n_rows : self.n_rows + n] = block[:n]
        self.n_rows += n
        return block[n:]

    def drawn(self, size: int) -> Array:
        """So many of its rows in random order, which it then holds no more."""
        taken, left = np.split(self._rng.permutation(self.n_rows), [size])
        chunk = self._rows[taken]
        self.n_rows -= size
        self._rows[taken[taken < self.n_rows]] = self._rows[left[left >= self.n_rows]]
        return chunk
