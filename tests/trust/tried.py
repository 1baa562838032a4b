"""How many inputs of each class of fault were tried, and what came of them.

A test draws inputs around a fault and sorts what happens into "answered", which it has checked, and
"refused": one of the package's own errors, in words. Everything else fails the test. `./dev fuzz` draws
more of them (the environment's `CHAINRULE_FUZZ` times as many, at random) and collects the counts.
"""

import json
import os
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings

__all__ = ["SCALE", "counted", "examples", "write_counts"]

SCALE = float(os.environ.get("CHAINRULE_FUZZ", "1"))

_counts = Counter()


def examples(n):
    """``@examples(20)``: so many inputs by default, drawn the same way every time; more by `./dev fuzz`."""
    return settings(
        max_examples=max(1, round(n * SCALE)),
        derandomize=SCALE == 1,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def counted(fault, outcome, n=1):
    """Count `n` inputs of the class `fault` ("labels: one class") with this outcome."""
    assert outcome in ("answered", "refused"), outcome
    _counts[fault, outcome] += n


def write_counts():
    """Append the counts of this process to the file that the environment names, if it does."""
    if (path := os.environ.get("CHAINRULE_FUZZ_COUNTS")) and _counts:
        with Path(path).open("a", encoding="utf-8") as file:
            for (fault, outcome), n in sorted(_counts.items()):
                file.write(json.dumps({"fault": fault, "outcome": outcome, "n": n}) + "\n")
