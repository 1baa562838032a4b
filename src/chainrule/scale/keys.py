"""A number for every row, which its place decides: what is drawn does not depend on how rows are read."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.estimators.rows import stirred

__all__ = ["Drawn", "Share", "owned", "row_keys"]

Array = Any


def row_keys(first: int, n: int, seed: int) -> Array:
    """Uniform 64-bit numbers of the rows `first`, `first` + 1, ...; another seed, other numbers."""
    places = np.arange(first, first + n, dtype=np.uint64)
    return stirred(stirred(places + np.uint64(1)) ^ stirred(np.asarray([seed], dtype=np.uint64)))


def owned(rows: Any) -> Any:
    """The same rows of a polars frame in memory of their own: a part of a text column keeps the whole."""
    import polars as pl

    content = rows.write_ipc(None, compat_level=pl.CompatLevel.oldest())
    return pl.read_ipc(content.getvalue())


@dataclass(frozen=True)
class Share:
    """A share of the rows, drawn at random, or those that are not in it.

    Attributes
    ----------
    share : float
    seed : int
        Decides which rows are in it.
    inside : bool, default=True
    """

    share: float
    seed: int
    inside: bool = True

    def rows(self, first: int, n: int) -> Array:
        """Which of the rows `first`, `first` + 1, ... belong here."""
        is_in = row_keys(first, n, self.seed) < np.uint64(self.share * (2**64 - 1))
        return is_in if self.inside else ~is_in


class Drawn:
    """The rows with the smallest keys of all that were offered: a uniform sample of bounded size.

    Parameters
    ----------
    most : int
        Rows in the end; twice as many are held at the most in between.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._frames: list[Any] = []
        self._keys: list[Array] = []
        self._n = 0
        self._bound = np.uint64(2**64 - 1)

    def offer(self, frame: Any, keys: Array) -> None:
        """Take the rows of a polars frame into account."""
        chosen = np.flatnonzero(keys <= self._bound)
        if not len(chosen) or not self._most:
            return
        self._frames.append(owned(frame[chosen]))
        self._keys.append(keys[chosen])
        self._n += len(chosen)
        if self._n > 2 * self._most:
            self._cut(self._most)

    def rows(self, most: int | None = None) -> tuple[Any, Array]:
        """(the rows in the order of their keys, the keys): a sample of a sample is cut by `most`."""
        self._cut(self._most if most is None else min(most, self._most))
        return (self._frames[0], self._keys[0]) if self._n else (None, np.empty(0, np.uint64))

    def _cut(self, most: int) -> None:
        if not self._n:
            return
        import polars as pl

        keys = np.concatenate(self._keys)
        order = np.argsort(keys, kind="stable")[:most]
        self._frames = [owned(pl.concat(self._frames)[order])]
        self._keys = [keys[order]]
        self._n = len(order)
        if self._n == self._most:
            self._bound = self._keys[0][-1]
