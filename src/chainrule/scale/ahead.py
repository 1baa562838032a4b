"""The next item is made by another thread while this one is used."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Full, Queue
from threading import Event, Thread
from typing import Any, TypeVar

__all__ = ["ahead"]

T = TypeVar("T")

_SECONDS_BETWEEN_LOOKS = 0.1
_END = object()


@contextmanager
def ahead(items: Iterator[T], n: int = 1) -> Iterator[Iterator[T]]:
    """A context that gives the same items in the same order, `n` of them made in advance.

    What the iterator raises is raised where the item would have been. Leaving the context ends the thread.
    """
    queue: Queue[Any] = Queue(n)
    ended = Event()

    def put(item: Any) -> None:
        while not ended.is_set():
            try:
                return queue.put(item, timeout=_SECONDS_BETWEEN_LOOKS)
            except Full:
                continue
        raise _EndedError

    def make() -> None:
        try:
            for item in items:
                put((item, None))
            put((_END, None))
        except _EndedError:
            pass
        except BaseException as error:
            with suppress(_EndedError):
                put((_END, error))

    def taken() -> Iterator[T]:
        while True:
            item, error = queue.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item

    thread = Thread(target=make, name="chainrule-ahead", daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        ended.set()
        thread.join()


class _EndedError(Exception):
    """Nobody wants further items."""
