"""One thread for small matrix products: sharing them out costs more than computing them."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["blas_threads", "one_thread", "one_thread_if_small"]

_SMALL_PRODUCT = 1e7
"""Operations of a product below which one thread is faster; on a busy machine waiting for a second one costs
milliseconds where the product takes microseconds."""


def one_thread_if_small(operations: float) -> Any:
    """A context in which BLAS uses one thread, if its largest product takes so few operations."""
    return one_thread() if operations < _SMALL_PRODUCT else nullcontext()


def blas_threads() -> int:
    """Threads that BLAS may use now: 1 within `one_thread`, few in a worker process of joblib."""
    return max(
        (pool["num_threads"] for pool in _controller().info() if pool["user_api"] == "blas"), default=1
    )


_lock = Lock()
_inside = 0
_limit: Any = None


@contextmanager
def one_thread() -> Iterator[None]:
    """A context in which BLAS uses one thread.

    Counted, because the limit belongs to the process: fits in several threads share one limit.
    """
    global _inside, _limit
    with _lock:
        _inside += 1
        if _inside == 1:
            _limit = _controller().limit(limits=1, user_api="blas")
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limit.restore_original_limits()


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
