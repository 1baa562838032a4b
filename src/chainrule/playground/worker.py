"""The process that trains: messages of one page come in at standard input, its pictures go out.

python -m chainrule.playground.worker
"""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import copy
from queue import Empty, Queue
from time import perf_counter
from typing import IO, Any

import numpy as np

from chainrule.errors import MessageError
from chainrule.playground.failures import sentence_of
from chainrule.playground.messages import pack, read_message, unpack, write_message
from chainrule.playground.session import Session

__all__ = ["Worker", "main"]

_SLICE = 0.008
"""Seconds of training between two looks at the messages: half of a screen's refresh."""
_SECONDS_BETWEEN_EXAMINATIONS = 2.0
_MEMORY = 8 * 2**30
_MOST_QUESTIONS = 16
_MOST_WAITING = 64
"""Messages read before they are taken: who sends more of them has to wait."""


class Worker:
    """Reads messages, trains between them, sends frames when they are wanted."""

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self.source, self.sink = source, sink
        self.inbox: Queue[bytes | Callable[[], None] | None] = Queue(_MOST_WAITING)
        self.writing = threading.Lock()
        self.aside = ThreadPoolExecutor(1)
        self.places = threading.Semaphore(_MOST_QUESTIONS)
        self.session = Session(self.reply, self.later)
        self.examined_at = -np.inf
        self.examined: tuple[Any, Any] = (None, None)
        self.examining = False
        self.complaint: str | None = None
        self.trained: list[tuple[float, int]] = []
        self.frame_seconds = 0.0

    def reply(self, content: dict[str, Any], buffers: dict[str, np.ndarray]) -> None:
        """Send a message to the page."""
        data = pack(content, buffers)
        with self.writing:
            write_message(self.sink, data)

    def later(self, work: Callable[[], Any]) -> None:
        """Work beside the training, whose message is sent when it is there; of too much, the last waits."""
        self.places.acquire()

        def do() -> None:
            content, buffers = work()
            try:
                self.reply(content, buffers)
            except MessageError as error:
                self.reply({**content, "error": str(error)}, {})
            finally:
                self.places.release()

        self.aside.submit(do)

    def serve(self) -> None:
        """Work until the input ends."""
        threading.Thread(target=self._read, daemon=True).start()
        first = self.inbox.get()
        if not isinstance(first, bytes):
            return
        content, _ = unpack(first)
        self.session.begin(*(content.get(name) for name in ("data", "target", "model", "limits")))
        self.aside.submit(_import_what_explains)
        while self._take_messages():
            session = self.session
            if session.is_busy:
                self._train()
            if session.wants_frame and session.is_changed:
                self._send_frame()
            if self._is_examination_due:
                self._examine()

    def _read(self) -> None:
        data: bytes | None = b""
        while data is not None:
            try:
                data = read_message(self.source)
            except MessageError as error:  # nothing that comes after it can be understood
                sys.stderr.write(f"{error}\n")
                data = None
            self.inbox.put(data)

    def _take_messages(self) -> bool:
        """Take all that has come, waiting where there is nothing else to do; False at the end."""
        session = self.session
        waits = not session.is_busy and not (session.wants_frame and session.is_changed)
        timeout = _SECONDS_BETWEEN_EXAMINATIONS if self._has_something_to_examine else None
        while True:
            try:
                data = self.inbox.get(block=waits, timeout=timeout)
            except Empty:
                return True
            if data is None:
                return False
            waits = False
            if callable(data):
                data()
                continue
            try:
                session.take(*unpack(data))
            except MessageError as error:
                session.refuse(str(error))

    def _train(self) -> None:
        started = perf_counter()
        until = started + max(_SLICE, self.frame_seconds)  # pictures take half of the time at most
        steps = self.session.train(lambda: perf_counter() >= until)
        now = perf_counter()
        self.trained = [(at, n) for at, n in self.trained if at > now - 1.0] + [(now, steps)]
        span = now - self.trained[0][0]
        self.session.speed = sum(n for _, n in self.trained[1:]) / span if span else 0.0

    def _send_frame(self) -> None:
        started = perf_counter()
        self.session.send_frame()
        self.frame_seconds = perf_counter() - started

    @property
    def _has_something_to_examine(self) -> bool:
        """Whether the doctor has not seen the run as it is now; what he needs is imported first."""
        now, findings = self.session.run.now, self.session.findings
        if now.examples.rows.grid:
            return False
        is_known = now is self.examined[0] and findings is self.examined[1]
        return now.step > 0 and not is_known and "chainrule.playground.glass" in sys.modules

    @property
    def _is_examination_due(self) -> bool:
        waited = perf_counter() - self.examined_at >= _SECONDS_BETWEEN_EXAMINATIONS
        return waited and not self.examining and self._has_something_to_examine

    def _examine(self) -> None:
        """Let the doctor look, beside the training; what he finds comes in as a message does."""
        run, known = copy(self.session.run), self.session.findings
        self.examining = True

        def examine() -> None:
            from chainrule.playground import glass

            found: Any = known
            complaint: str | None = None
            try:
                found = glass.findings(run)
            except Exception as error:  # whatever it is: training goes on without a doctor
                complaint = sentence_of(error)
            self.inbox.put(lambda: self._take_findings(run.now, found, known, complaint))

        threading.Thread(target=examine, daemon=True).start()

    def _take_findings(self, now: Any, found: Any, known: Any, complaint: str | None) -> None:
        """Show what was found, unless something was changed, or taken back, in the meantime."""
        self.examined_at, self.examining = perf_counter(), False
        if complaint is not None and complaint != self.complaint:
            self.session.refuse(complaint)
        self.complaint = complaint
        if self.session.findings is known:
            self.examined = (now, found)
            self.session.findings, self.session.is_changed = found, True


def _import_what_explains() -> None:
    """Import what takes a second before it is asked for."""
    from chainrule.playground import glass, python_code  # noqa: F401


def _limit_memory() -> None:
    """So that no table can take the machine's memory, where the system has such a limit."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = _MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard)
    with suppress(ValueError, OSError):  # macOS refuses what is less than its libraries alone span
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def main() -> None:
    """Serve the page at standard input and output; what is printed by mistake goes to standard error."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit_memory()
    Worker(sys.stdin.buffer, sink).serve()
    os._exit(0)


if __name__ == "__main__":
    main()
