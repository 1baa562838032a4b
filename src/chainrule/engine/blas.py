"""Matrix products by one thread of BLAS each; where there is much to do, in pieces, several at once.

BLAS adds up in another order when it shares a product out to several threads: the last digits would depend
on how many there are, and on what else this process computes. And for a small product waiting for a second
thread costs more than the product. The pieces, instead, are the same however many threads compute them.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from contextvars import Context, copy_context
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["blas_threads", "in_threads", "one_thread", "one_thread_for"]

_TAKEN_BY_ONE = 9000
"""Multiplications of a product that no BLAS should share out; OpenBLAS does from 9216 on."""

_lock = Lock()
_inside = 0
_granted: list[int] = []


def blas_threads() -> int:
    """Threads that this process grants to BLAS outside of `one_thread`; few in a worker process of joblib."""
    with _lock:
        return max(_granted if _inside else _threads(), default=1)


@contextmanager
def one_thread() -> Iterator[None]:
    """A context in which BLAS uses one thread.

    Counted, because the limit belongs to the process: fits in several threads share one limit.
    """
    global _inside, _granted
    with _lock:
        if _inside == 0:
            _granted = _threads()
            _set_threads([1] * len(_granted))
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside = max(0, _inside - 1)  # in a forked child it may be 0 already
            if _inside == 0:
                _set_threads(_granted)


def one_thread_for(multiplications: int) -> Any:
    """`one_thread`, where products of so many multiplications might get several."""
    return one_thread() if multiplications > _TAKEN_BY_ONE else nullcontext()


Each = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]


@contextmanager
def in_threads() -> Iterator[Each]:
    """A context with a `map` that computes as many pieces at once as BLAS may use threads, each with one."""
    threads = blas_threads()
    with one_thread(), ThreadPoolExecutor(threads) as pool:

        def each(function: Callable[[Any], Any], pieces: Sequence[Any]) -> Iterable[Any]:
            if threads == 1 or len(pieces) == 1:
                return map(function, pieces)
            contexts = [copy_context() for _ in pieces]  # NumPy's errstate is one of a context
            return pool.map(lambda context, piece: _run(context, function, piece), contexts, pieces)

        yield each


def _run(context: Context, function: Callable[[Any], Any], piece: Any) -> Any:
    return context.run(function, piece)


@cache
def _libraries() -> list[Any]:
    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


@cache
def _releases() -> Any:
    found = (getattr(library, "clear_controlling_thread", None) for library in _libraries())
    return next(filter(None, found), None)


def _threads() -> list[int]:
    return [library.num_threads or 1 for library in _libraries()]


def _set_threads(numbers: list[int]) -> None:
    """Set each library's threads, from whichever thread this is.

    threadpoolctl lets but one thread at a time, the first, set those of OpenBLAS (since 3.7) and does nothing
    for others: a fit that ends in another thread would leave the limit behind.
    """
    _release()
    for library, number in zip(_libraries(), numbers, strict=True):
        library.set_num_threads(number)
    _release()


def _release() -> None:
    """Let any thread set threads; one library speaks for all of them."""
    if release := _releases():
        release(force=True)


def _begin_anew() -> None:
    """In a forked child: the threads that were inside are not here."""
    global _inside
    if _inside:
        _set_threads(_granted)
        _inside = 0
    _lock.release()


if hasattr(os, "register_at_fork"):
    # Held across the fork, so that no lock below it is copied while another thread holds it.
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_begin_anew)
