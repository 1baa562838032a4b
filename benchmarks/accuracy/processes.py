"""A process that measures one system on data set after data set, and is given up when it takes too long."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Timer
from typing import Any

from speed.processes import environment

__all__ = ["Worker"]

_START = 600.0  # seconds for imports, on a busy machine
_PIPES = {"text": True, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE}


class Worker:
    """`accuracy.worker` for a system; started anew at the first question after it has ended.

    Parameters
    ----------
    system : its name
    folder : the data sets
    cache : folder in which chainrule keeps compiled programs
    longest : seconds after which a job is given up
    """

    def __init__(self, system: str, folder: Path, cache: str, longest: float) -> None:
        self.command = [sys.executable, "-m", "accuracy.worker", system, str(folder)]
        self.cache, self.longest = cache, longest
        self.process: Any = None
        self.errors: Any = None

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """The figures of a job; `failed` if the process ends or takes too long."""
        if not self.process:
            self.errors = tempfile.TemporaryFile()  # noqa: SIM115
            self.process = subprocess.Popen(
                self.command, stderr=self.errors, env=environment(self.cache), **_PIPES
            )
            if failure := self._answer(_START).get("failed"):
                return {"failed": failure}
        return self._answer(self.longest, json.dumps(job))

    def _answer(self, longest: float, question: str = "") -> dict[str, Any]:
        """What the process says within some seconds, to a question or when it is ready."""
        process, out_of_time = self.process, []

        def give_up() -> None:
            out_of_time.append(True)
            process.kill()

        timer = Timer(longest, give_up)
        timer.start()
        try:
            if question:
                process.stdin.write(question + "\n")
                process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if line:
            return dict(json.loads(line))
        reason = f"more than {longest:.0f} s" if out_of_time else self._reason()
        self.close()
        return {"failed": f"the process was ended: {reason}"}

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.errors.close()
            self.process = None

    def _reason(self) -> str:
        """Exit status, and the last line of the errors."""
        code = self.process.wait()
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return f"exit status {code}, {lines[-1] if lines else 'no message'}"
