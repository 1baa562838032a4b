"""Threads that compute answers, and how many requests may wait for them."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from chainrule.serving.request_error import LATER, RequestError

__all__ = ["Lane", "Place"]

Answer = TypeVar("Answer")


class Lane:
    """A few threads with a queue of limited length.

    Parameters
    ----------
    threads : int
    places : int
        Requests that are computed or wait for it.
    """

    def __init__(self, threads: int, places: int):
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="predict")
        self._places = places
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def has_place(self) -> bool:
        """Whether one more request would be taken."""
        return self._taken < self._places

    @contextmanager
    def place(self) -> Iterator["Place"]:
        """Take a place; it is free again as soon as nothing is computed for it any more.

        Raises
        ------
        RequestError
            If there is none.
        """
        with self._lock:
            if not self.has_place:
                raise RequestError(503, "the server is busy; try again in a second", headers=LATER)
            self._taken += 1
        place = Place(self._pool)
        try:
            yield place
        finally:
            place.when_done(self._leave)

    def _leave(self) -> None:
        with self._lock:
            self._taken -= 1

    def close(self) -> None:
        """End the threads, after what they have begun."""
        self._pool.shutdown(cancel_futures=True)


class Place:
    """A request's place in a lane."""

    def __init__(self, pool: ThreadPoolExecutor):
        self._pool = pool
        self._future: Future[object] | None = None

    async def run(self, work: Callable[[], Answer], until: float) -> Answer:
        """Compute in a thread; what has begun cannot be stopped, but nobody waits for it beyond `until`."""
        future = self._pool.submit(work)
        self._future = future  # type: ignore[assignment]
        try:
            async with asyncio.timeout_at(until):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            message = "the answer takes too long; send fewer rows at a time"
            raise RequestError(503, message, headers=LATER) from None

    def when_done(self, act: Callable[[], None]) -> None:
        """Act when nothing is computed any more, which may be at once."""
        if self._future is None:
            act()
        else:
            self._future.add_done_callback(lambda _: act())
