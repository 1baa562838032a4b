"""The engine's process: it does the work, is talked to through pipes, and leaves nothing behind."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, cast

from chainrule.errors import MessageError
from chainrule.playground.messages import pack, read_message, write_message

__all__ = ["COMMAND", "WorkerProcess"]

logger = logging.getLogger("chainrule.playground")

COMMAND = [sys.executable, "-P", "-m", "chainrule.playground.worker"]
"""-P: a file beside the table that is called like a module must not be run."""

_PATIENCE = 0.4
"""Seconds that a worker has to end after it was asked; so many again before it is killed."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class WorkerProcess:
    """A worker that runs until it is closed, or until its parent ends: then its standard input ends.

    Parameters
    ----------
    on_message : callable
        Takes each frame that the worker sends, in a thread of its own. While it runs nothing further is read,
        and a worker that goes on writing waits: so no queue can grow.
    on_end : callable
        Takes a sentence, once, where the worker ends without having been closed.
    options : dict
        What the worker's first message says: "data", "target", "model" and "limits".
    """

    def __init__(
        self,
        on_message: Callable[[bytes], None],
        on_end: Callable[[str], None],
        options: dict[str, Any],
    ):
        self._on_message = on_message
        self._on_end = on_end
        # In a group of its own: Ctrl-C in the terminal is for the server, which then closes its workers.
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | dict.fromkeys(_THREADS, "1"),
            process_group=0,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._input, self._output, self._errors = cast("tuple[IO[bytes], IO[bytes], IO[bytes]]", pipes)
        self._is_closed = False
        self._writing = threading.Lock()
        self._last_words = ""
        self._logging = threading.Thread(target=self._log_errors, daemon=True)
        self._reading = threading.Thread(target=self._read_messages, daemon=True)
        self._logging.start()
        self._reading.start()
        self.send(pack({"type": "begin", **options}))

    def send(self, data: bytes) -> None:
        """Send a frame; waits while the worker does not read. If it has ended, `on_end` tells of that."""
        with self._writing, suppress(OSError, ValueError):
            write_message(self._input, data)

    def close(self) -> None:
        """End the worker, by the end of its input, by a signal, by force; it is gone when this returns."""
        self._is_closed = True
        # Whoever is in the middle of sending holds the pipe until the worker has read or ended.
        if self._writing.acquire(timeout=_PATIENCE):
            self._close_input()
            self._writing.release()
            self._wait()
        for end in (self._process.terminate, self._process.kill):
            if self._process.poll() is None:
                end()
                self._wait()
        self._process.wait()
        with self._writing:
            self._close_input()
        for thread in (self._reading, self._logging):
            if thread is not threading.current_thread():
                thread.join(_PATIENCE)

    def _wait(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)

    def _close_input(self) -> None:
        with suppress(OSError):
            self._input.close()

    def _read_messages(self) -> None:
        with self._output:
            try:
                while (message := read_message(self._output)) is not None:
                    self._on_message(message)
            except MessageError as error:
                logger.error("the engine wrote what is not a message: %s", error)
                self._process.kill()
        if not self._is_closed:
            self._on_end(self._how_it_ended())

    def _log_errors(self) -> None:
        with self._errors:
            for line in self._errors:
                text = line.decode(errors="replace").rstrip()
                logger.warning("worker: %s", text)
                self._last_words = text or self._last_words

    def _how_it_ended(self) -> str:
        self._wait()
        self._process.kill()
        code = self._process.wait()
        self._logging.join(_PATIENCE)
        if code < 0:
            return f"the engine was ended by {signal.Signals(-code).name}"
        return f"the engine ended with exit code {code}" + f" ({self._last_words})" * bool(self._last_words)
