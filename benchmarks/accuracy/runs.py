"""Who runs on what, and the file of records: one line each, the last of a system, set and split counts."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from accuracy.data import ROWS_TO_TRAIN, task_of
from accuracy.processes import Worker
from accuracy.systems import SYSTEMS
from speed.machine import describe

__all__ = ["Plan", "Record", "key_of", "read", "run", "write"]

Record = dict[str, Any]
Key = tuple[str, int, str]


@dataclass(frozen=True)
class Plan:
    """What is measured, and how.

    Parameters
    ----------
    folder : the data sets
    results : file of the records
    fresh : measure again what is there already
    cold : with an empty cache of compiled programs for each system, or with that of the user
    longest : seconds after which a fit is given up
    """

    systems: list[str]
    sets: list[str]
    splits: list[int]
    folder: Path
    results: Path
    fresh: bool = False
    cold: bool = True
    longest: float = 1800.0


def key_of(record: Record) -> Key:
    """Data set, split, method."""
    return record["data"], record["split"], record["method"]


def read(path: Path) -> list[Record]:
    """The records of a file, the last of each key; [] where it is missing."""
    if not path.exists():
        return []
    records = map(json.loads, filter(str.strip, path.read_text().splitlines()))
    return list({key_of(record): record for record in records}.values())


def write(path: Path, records: Iterable[Record]) -> None:
    """One line each, in order."""
    lines = [json.dumps(record) for record in sorted(records, key=key_of)]
    partly = path.with_suffix(".partly")
    partly.write_text("".join(f"{line}\n" for line in lines))
    partly.replace(path)


def run(plan: Plan) -> None:
    """Measure what is missing or has failed; a record is kept as soon as it is there.

    The systems take turns on every table, each in a process of its own that sleeps meanwhile: what slows the
    machine down for a while slows all of them down.
    """
    plan.results.parent.mkdir(parents=True, exist_ok=True)
    done = {key_of(r) for r in read(plan.results) if "failed" not in r and not plan.fresh}
    about = circumstances() | {"cold": plan.cold}
    with ExitStack() as stack, plan.results.open("a") as file:
        workers: dict[str, Worker] = {}
        for name, split, system in product(plan.sets, plan.splits, plan.systems):
            if (name, split, system) in done:
                continue
            if system not in workers:
                workers[system] = started(plan, system, stack)
            record = {"data": name, "split": split, "method": system, "cap": ROWS_TO_TRAIN}
            record |= {"task": task_of(plan.folder, name)}
            record |= workers[system].ask({"data": name, "split": split})
            record |= {"settings": SYSTEMS[system].settings, **about}
            file.write(json.dumps(record) + "\n")
            file.flush()
            print(f"{system:9} {name:18} {split}  {in_short(record)}", flush=True)
    write(plan.results, read(plan.results))


def started(plan: Plan, system: str, stack: ExitStack) -> Worker:
    """The process for all tables of a system, closed with the stack."""
    cache = users_cache()
    if plan.cold:
        cache = stack.enter_context(tempfile.TemporaryDirectory(prefix="chainrule-accuracy-"))
    return stack.enter_context(closing(Worker(system, plan.folder, cache, plan.longest)))


def in_short(record: Record) -> str:
    """Score and times, for whoever watches."""
    if "failed" in record:
        return f"failed: {record['failed']}"
    score = "rmse" if "rmse" in record else "nll"
    return f"{score} {record[score]:<12.6g} fit {record['fit_s']:.2f} s, predict {record['predict_s']:.2f} s"


def users_cache() -> str:
    """Where this user's programs keep what can be made anew."""
    return os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")


def circumstances() -> Record:
    """Version and revision, date, machine."""
    machine = describe()
    return {
        "version": machine["libraries"].get("chainrule"),
        "revision": revision(),
        "date": machine["date"],
        "cores": machine["cores"],
        "processor": machine["processor"],
    }


def revision() -> str | None:
    """Of the project, with `-dirty` where files differ from it; None where that is not known."""
    command = ["git", "describe", "--always", "--dirty"]
    here = Path(__file__).parent
    try:
        done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
