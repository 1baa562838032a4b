"""Systems in processes of their own that take turns: one measures while the others sleep."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

Times = dict[str, list[tuple[float, float]]]
"""(seconds, seconds of the processors) per step of each variant, turn by turn."""


def serve(variants: Mapping[str, Callable[[], Any]], steps: int, seconds: float) -> None:
    """In a child: measure each variant whenever a line comes in, and answer with a line of JSON.

    Parameters
    ----------
    variants : what to run, by name
    steps : int
        Of a run.
    seconds : float
        To measure for.
    """
    for run in variants.values():
        run()
    print("ready", flush=True)
    for _ in sys.stdin:
        found = {name: _measured(run, steps, seconds) for name, run in variants.items()}
        print(json.dumps(found), flush=True)


def _measured(run: Callable[[], Any], steps: int, seconds: float) -> tuple[float, float]:
    """After one run that is not counted: it wakes threads and caches."""
    run()
    begin, of_processors, n = time.perf_counter(), time.process_time(), 0
    while n < 2 or time.perf_counter() - begin < seconds:
        run()
        n += 1
    return (time.perf_counter() - begin) / (n * steps), (time.process_time() - of_processors) / (n * steps)


def in_turns(children: Mapping[str, tuple[list[str], dict[str, str]]], turns: int) -> Times:
    """What the children measure: by name the words of a command that ends in `serve`, and its environment."""
    running = []
    for name, (words, environment) in children.items():
        child = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | environment
        )
        _answer(child, name)
        running.append((name, child))
    times: Times = {}
    for _ in range(turns):
        for name, child in running:
            child.stdin.write("turn\n")
            child.stdin.flush()
            for variant, found in json.loads(_answer(child, name)).items():
                times.setdefault(variant, []).append(tuple(found))
    for _, child in running:
        child.communicate()
    return times


def _answer(child: Any, name: str) -> str:
    """The next line that a child prints."""
    line: str = child.stdout.readline()
    if not line:
        raise SystemExit(f"the process of {name} has ended; its message stands above")
    return line


def has_torch(python: str) -> bool:
    """Whether PyTorch can be imported there."""
    return subprocess.run([python, "-c", "import torch"], capture_output=True, check=False).returncode == 0
