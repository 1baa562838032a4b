"""What runs inside a process: `python -m accuracy.worker SYSTEM FOLDER`, one system on all data sets.

It says `{}` when it is ready; a line `{"data": ..., "split": ...}` is answered by a line with the figures, or
with `failed`. What the libraries print goes to the errors.
"""

import json
import os
import sys
import time
import warnings
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from accuracy import data, metrics
from accuracy.systems import OWN, import_libraries, model_of

__all__ = ["main", "measured"]

_COVERAGE = 0.9


def main() -> None:
    system, folder = sys.argv[1], Path(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    import_libraries(system)
    answers.write("{}\n")
    load = lru_cache(maxsize=1)(data.load)  # the splits of a set follow one another
    for line in sys.stdin:
        job = json.loads(line)
        try:
            table = load(folder, job["data"])
            part = table.split(job["split"])
            record = {"n": len(part.y_train), "d": table.X.shape[1]} | measured(system, table, part)
        except Exception as error:
            record = {"failed": in_words(error)}
        answers.write(json.dumps(record) + "\n")


def measured(system: str, table: data.Table, part: data.Part) -> dict[str, Any]:
    """Times, memory and figures of a fit; or `failed` with the message. fit_cpu_s is of all threads."""
    try:
        model = model_of(system, table.classes)
        reset_peak()
        start, busy = time.perf_counter(), time.process_time()
        model.fit(part.X_train, part.y_train)
        fitted, busy = time.perf_counter(), time.process_time() - busy
        predicted = (model.predict_proba if table.classes else model.predict)(part.X_test)
        times = {"fit_s": fitted - start, "fit_cpu_s": busy, "predict_s": time.perf_counter() - fitted}
        times |= peak()
        if not table.classes:
            found = metrics.of_numbers(part.y_test, predicted)
            return times | found | (intervals(model, part) if system in OWN else {})
        classes = np.unique(table.y)
        p = metrics.for_all_classes(predicted, model.classes_, classes)
        return times | metrics.of_classes(part.y_test, p, classes)
    except Exception as error:
        return {"failed": in_words(error)}


def intervals(model: Any, part: data.Part) -> dict[str, Any]:
    """The keys coverage, width of the 90 % intervals, and sd of the target; {} without intervals."""
    if not hasattr(model, "predict_interval"):
        return {}
    try:
        found = metrics.of_intervals(part.y_test, model.predict_interval(part.X_test, coverage=_COVERAGE))
    except Exception as error:
        return {"interval_failed": in_words(error)}
    return found | {"sd": float(np.std(part.y_train))}


def in_words(error: Exception) -> str:
    """Class and first line."""
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or ['no message'])[0]}"


def reset_peak() -> None:
    """From now on `peak` is that of what follows: on Linux."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak() -> dict[str, float]:
    """peak_mb: most memory that this process has had since `reset_peak`; {} where that is not known."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return {}
    found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return {"peak_mb": round(found[0] * 1024 / 1e6, 1)} if found else {}


if __name__ == "__main__":
    main()
