"""Data sets of several files: a folder, or a pattern such as data/*.parquet."""

import glob
from collections.abc import Sequence
from pathlib import Path

from chainrule.errors import ParameterError

__all__ = ["check_unlimited", "is_data_set", "name_of"]


def is_data_set(data: Path) -> bool:
    """Whether a folder or a pattern is named, rather than a file."""
    return data.is_dir() or (not data.exists() and glob.has_magic(str(data)))


def name_of(data: Path) -> str:
    """What to call what is made of a table: by its file, its folder, or the folder of its pattern."""
    while glob.has_magic(data.name):
        data = data.parent
    return data.stem or data.resolve().stem


def check_unlimited(limits: Sequence[str] | None) -> None:
    """Refuse limits where none are kept.

    Raises
    ------
    ParameterError
    """
    if limits:
        raise ParameterError(
            f"--limit {limits[0]!r:.80} does not go with a data set that is read piece by piece; leave "
            "the option out: a data set may be of any size"
        )
