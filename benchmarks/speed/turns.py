"""Several processes take turns: one measures for a moment while the others sleep, again and again."""

from typing import Any

from speed.cases import Settings
from speed.processes import Worker, WorkerError, started
from speed.results import add

__all__ = ["Notes", "take_turns"]

Times = dict[str, dict[str, list[float]]]


class Notes(list[str]):
    """What was left out and why, each said once; and whether anything has failed."""

    failed = False

    def failure(self, note: str) -> None:
        """As `say`, of what should have worked."""
        self.failed = True
        self.say(note)

    def say(self, note: str) -> None:
        """Keep it and print it."""
        if note not in self:
            self.append(note)
            print(f"  left out: {note}", flush=True)


def take_turns(
    jobs: dict[str, dict[str, Any]], settings: Settings, cache: str, notes: Notes, what: str
) -> tuple[Times, dict[str, Any]]:
    """(system -> variant -> seconds, system -> what the process says in the end) of one round.

    A process that fails is left out with a note, its numbers too.
    """
    times: Times = {}
    ends: dict[str, Any] = {}
    with started(jobs, cache) as workers:
        for name in list(workers):
            left_out = _ask(workers, name, "", notes, what, times)
            for variant, reason in (left_out or {}).items():
                notes.say(f"{name} ({variant}): {what}: {reason}")
        for turn in range(settings.turns):
            for name in settings.order(list(workers), turn):
                add(times, name, _ask(workers, name, "turn", notes, what, times) or {})
        for name in list(workers):
            ends[name] = _ask(workers, name, "end", notes, what, times)
    return times, ends


def _ask(
    workers: dict[str, Worker], name: str, word: str, notes: Notes, what: str, times: Times
) -> dict[str, Any] | None:
    try:
        return workers[name].ask(word)
    except WorkerError as failure:
        notes.failure(f"{name}: {what}: {failure}")
        del workers[name]
        times.pop(name, None)
        return None
