"""Freed memory at hand while a shard is trained, where dask has the C library give it back at once.

Dask starts its workers with ``MALLOC_TRIM_THRESHOLD_=65536``, so that they do not hold on to memory. Every
array of a training step then is mapped, zeroed page by page and unmapped again: half of the step's time.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CDLL
from functools import cache
from threading import Lock
from typing import Any

__all__ = ["freed_memory_at_hand"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's `mallopt`: free bytes that are kept, bytes from which an array is mapped by itself."""

_KEPT = {_TRIM_THRESHOLD: 128 << 20, _MMAP_THRESHOLD: 32 << 20}
_USUAL = 128 << 10

_lock = Lock()
_inside = 0


@contextmanager
def freed_memory_at_hand() -> Iterator[None]:
    """A context in which freed memory is used again; what is still free is given back behind it.

    Does nothing but with glibc, and where ``MALLOC_TRIM_THRESHOLD_`` is set: elsewhere the C library finds
    good thresholds by itself. They belong to the process; threads that are inside share them.
    """
    global _inside
    library = _glibc() if "MALLOC_TRIM_THRESHOLD_" in os.environ else None
    if library is None:
        yield
        return
    with _lock:
        _inside += 1
        _set(library, _KEPT)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _set(library, {_TRIM_THRESHOLD: _told("TRIM"), _MMAP_THRESHOLD: _told("MMAP")})
                library.malloc_trim(0)


@cache
def _glibc() -> Any:
    try:
        library = CDLL(None)
        return library if hasattr(library, "gnu_get_libc_version") else None
    except (OSError, TypeError):  # no C library to ask, as on Windows
        return None


def _set(library: Any, thresholds: dict[int, int]) -> None:
    for name, value in thresholds.items():
        library.mallopt(name, value)


def _told(name: str) -> int:
    """The threshold that the environment sets, or the usual one."""
    value = os.environ.get(f"MALLOC_{name}_THRESHOLD_", "")
    return int(value) if value.isdecimal() else _USUAL
