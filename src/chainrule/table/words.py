"""A column of sentences."""

import re
from dataclasses import dataclass
from typing import ClassVar, Self
from zlib import crc32

import numpy as np

from chainrule.errors import TableError
from chainrule.table.cells import Cells
from chainrule.table.typed import Feature, TypedColumn

__all__ = ["N_BUCKETS", "Text"]

N_BUCKETS = 32
"""Words are counted in so many buckets."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Text(TypedColumn):
    """log(1 + how many words fall into bucket b), for 32 buckets: b = CRC-32 of the word, modulo 32.

    Words are runs of letters, digits and underscores, without regard to case. CRC-32 of their UTF-8 bytes is
    the same on every machine and in every run, and nothing has to be learned, so an unknown word falls into a
    bucket as any other. A missing text has no words: all numbers are 0.

    Weinberger et al., Feature hashing for large scale multitask learning, ICML 2009.

    Attributes
    ----------
    example : str
        The beginning of the first text of training.
    """

    example: str

    kind: ClassVar[str] = "text"

    @classmethod
    def learn(cls, cells: Cells) -> Self:
        """Learn nothing; keep an example.

        Raises
        ------
        TableError
            If it is no text.
        """
        if cells.type not in ("text", "category"):
            raise TableError(
                f"column {cells.name!r:.80} cannot be text: it holds values of type {cells.type}"
            )
        return cls(cells.name, cells.missing_share, cells.factors[0][0][:40])

    @property
    def features(self) -> tuple[Feature, ...]:
        """One number per bucket."""
        return tuple(Feature(f"{self.name} ~{b}", self.name, "number") for b in range(N_BUCKETS))

    def read(self, cells: Cells) -> np.ndarray:
        """Logarithms of counts of words; each different text is split once."""
        texts, codes = cells.factors
        buckets: dict[str, int] = {}
        places = []
        for row, text in enumerate(texts):
            for word in _WORD.findall(text.casefold()):
                bucket = buckets.get(word)
                if bucket is None:
                    bucket = buckets[word] = crc32(word.encode("utf-8", "surrogatepass")) % N_BUCKETS
                places.append(row * N_BUCKETS + bucket)
        counts = np.bincount(
            np.array(places, dtype=np.intp), minlength=(len(texts) + 1) * N_BUCKETS
        )  # the last row, at -1, is that of missing texts
        return np.asarray(np.log1p(counts).reshape(-1, N_BUCKETS)[codes])

    @property
    def extent(self) -> str:
        """An example."""
        return f"{self.example!r:.80}, …"
