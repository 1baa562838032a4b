"""Ctrl-C where no training is there to keep: one line, wherever it strikes."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["ending_at_once", "nothing_saved"]


@contextmanager
def ending_at_once() -> Iterator[None]:
    """While modules are imported, Ctrl-C ends the process: an exception could get lost in their code."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, frame: Any) -> None:  # noqa: ARG001
    os.write(2, b"chainrule: error: interrupted\n")
    os._exit(130)


@contextmanager
def nothing_saved() -> Iterator[None]:
    """Say of a Ctrl-C that it came before anything was saved."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("interrupted; nothing was saved") from None
