"""Processes that measure: their environment, how they are started and spoken to.

A process answers when it has imported, loaded and warmed up, and then measures for a moment whenever it is
told that it is its turn; meanwhile it sleeps. An answer is a line of JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

__all__ = ["Worker", "WorkerError", "environment", "fresh_folder", "once", "started", "wall_time"]

HERE = Path(__file__).parent.parent
_LONGEST = 300.0
_NOT_HANDED_ON = ("JAX_", "XLA_", "OMP_", "OPENBLAS_", "MKL_", "TORCH", "PYTHONDONTWRITEBYTECODE")


class WorkerError(Exception):
    """A process has failed; the text says why."""


def fresh_folder() -> Any:
    """A temporary folder, as a context."""
    return tempfile.TemporaryDirectory(prefix="chainrule-speed-")


def environment(cache: str) -> dict[str, str]:
    """Environment of a process: no settings of threads or compilers; chainrule's cache in that folder.

    Without PYTHONDONTWRITEBYTECODE: compiling Python's modules at every start would be measured otherwise.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_HANDED_ON)}
    return kept | {
        "XDG_CACHE_HOME": cache,
        "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }


class Worker:
    """A process that runs `speed.worker` for one job."""

    def __init__(self, job: dict[str, Any], cache: str) -> None:
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "speed.worker", json.dumps(job)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=environment(cache),
        )

    def ask(self, word: str = "") -> Any:
        """The answer to a word; without one, what the process says next."""
        timer = Timer(_LONGEST, self.process.kill)
        timer.start()
        try:
            if word:
                self.process.stdin.write(word + "\n")
                self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            raise WorkerError(self.reason())
        return json.loads(line)

    def reason(self) -> str:
        """Last line of the errors of a process that has ended."""
        code = self.process.wait()
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return f"{lines[-1] if lines else 'no message'} (exit status {code})"

    def close(self) -> None:
        """End the process if it has not ended."""
        self.process.kill()
        self.process.communicate()
        self.errors.close()


@contextmanager
def started(jobs: dict[str, dict[str, Any]], cache: str) -> Iterator[dict[str, Worker]]:
    """Name -> process, of all jobs, started together."""
    with ExitStack() as stack:
        workers = {}
        for name, job in jobs.items():
            workers[name] = Worker(job, cache)
            stack.callback(workers[name].close)
        yield workers


def once(job: dict[str, Any], cache: str) -> Any:
    """The one answer of a process."""
    with started({"": job}, cache) as workers:
        return workers[""].ask()


def wall_time(arguments: list[str], cache: str) -> tuple[float, Any]:
    """(seconds, result) of a Python program that prints its result as JSON, from its start to its end."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env=environment(cache),
        timeout=_LONGEST,
        check=False,
    )
    seconds = time.perf_counter() - begin
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise WorkerError(lines[-1] if lines else f"exit status {done.returncode}")
    return seconds, json.loads(done.stdout)
