"""Ctrl-C while training: noticed wherever it strikes."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["ctrl_c"]


@contextmanager
def ctrl_c() -> Iterator[Callable[[], None]]:
    """A context that gives a function to call now and then, which raises a Ctrl-C that was swallowed.

    Ctrl-C raises `KeyboardInterrupt` where the program happens to be; in a callback of the garbage collector,
    such as JAX has one, Python ignores it. Only in the main thread, and only where the user has not taken
    the signal over.
    """
    pressed = threading.Event()

    def check() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield check
        return

    def handler(number: int, frame: Any) -> None:
        pressed.set()
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, handler)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
