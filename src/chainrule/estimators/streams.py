"""Whether a table is to be read piece by piece: then the room `scale` prepares the fit."""

from pathlib import Path
from typing import Any

__all__ = ["is_streamed"]


def is_streamed(X: Any) -> bool:
    """Whether X names or is a data set, rather than a table in memory."""
    if isinstance(X, str | Path) or getattr(X, "is_read_piece_by_piece", False):
        return True
    library = type(X).__module__.partition(".")[0]
    return (
        library == "dask"
        or (library == "polars" and type(X).__name__ == "LazyFrame")
        or (library == "pyarrow" and hasattr(X, "get_fragments"))
    )
