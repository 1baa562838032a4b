"""Without warnings for a while, in any number of threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from warnings import catch_warnings, simplefilter

__all__ = ["without_warnings"]

_lock = Lock()
_inside = 0
_before: Any = None


@contextmanager
def without_warnings() -> Iterator[None]:
    """A context that says nothing; behind it Python's filters are what they were.

    Counted, because the filters belong to the process: of two threads that each put back what they found, the
    later one would put back the silence of the other, for good.
    """
    global _inside, _before
    with _lock:
        if _inside == 0:
            _before = catch_warnings()
            _before.__enter__()
            simplefilter("ignore")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _before.__exit__(None, None, None)
