"""What runs inside a process: `python -m speed.worker JOB`, the job being JSON.

For "step" and "predict" the process answers to the words "turn" and "end"; the other jobs give one answer.
"""

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from statistics import median
from typing import Any

import numpy as np

from speed.cases import CASES, SYSTEMS, TO_COMPILE, TO_PREDICT
from speed.data import large_table, rows_and_targets, weights_of
from speed.timing import Trainer, far_behind, loss_of, repeat, settled, with_check

__all__ = ["main"]


_CALLS = 6


class _Step:
    """Seconds per training step of each variant of a system, turn by turn."""

    def __init__(self, job: dict[str, Any]) -> None:
        system = SYSTEMS[job["system"]]
        self.case, self.seconds = CASES[job["case"]], job["seconds"]
        self.trainers, self.left_out = {}, {}
        for name, make in _module(job).trainers(self.case, **system.options).items():
            self.make(name, make, job["round"])
        self.losses = {name: loss_of(self.case, trainer) for name, trainer in self.trainers.items()}
        self.times: dict[str, list[float]] = {name: [] for name in self.trainers}
        self.n_steps = dict.fromkeys(self.trainers, 0)
        # Several processes are starting: no other work now, as products on several threads would take ages.
        for name, trainer in self.trainers.items():
            if trainer.compiles:
                self.advance(name)

    def make(self, name: str, make: Callable[[], Trainer], number: int) -> None:
        """What is compiled starts slowly and needs a compiler: only in one round, left out if it fails."""
        if not name.startswith("compiled"):
            self.trainers[name] = make()
        elif number == 0:
            try:
                self.trainers[name] = make()
            except Exception as error:
                reason = (str(error).strip().splitlines() or ["no message"])[0]
                self.left_out[name] = f"{type(error).__name__}: {reason}"

    def advance(self, name: str) -> int:
        done = self.trainers[name].advance()
        self.n_steps[name] += done
        return done

    def turn(self) -> dict[str, list[float]]:
        found = {}
        for name, trainer in self.trainers.items():
            if far_behind(name, self.times):
                continue
            with trainer.context():
                found[name] = settled(partial(self.advance, name), self.seconds)
            self.times[name] += found[name]
        return found

    def end(self) -> dict[str, Any]:
        return {
            name: with_check(self.case, trainer, self.losses[name], self.n_steps[name])
            for name, trainer in self.trainers.items()
        }


class _Predict:
    """Seconds per call with one row, and seconds of a call with many, turn by turn."""

    left_out: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, job: dict[str, Any]) -> None:
        self.seconds = job["seconds"]
        weights = weights_of(TO_PREDICT)
        self.predictors = _module(job).predictors(weights)
        self.X = {n: rows_and_targets(TO_PREDICT, n)[0] for n in (1, job["rows"])}
        self.times: dict[int, dict[str, list[float]]] = {
            n: {name: [] for name in self.predictors} for n in self.X
        }
        for name, predictor in self.predictors.items():
            with predictor.context():
                _check_outputs(name, predictor.call, weights, self.X[job["rows"]][:1000])

    def turn(self) -> dict[str, list[float]]:
        found = {}
        for n, times in self.times.items():
            for name, predictor in self.predictors.items():
                if far_behind(name, times):
                    continue
                with predictor.context():
                    found[f"{n} {name}"] = settled(partial(self.predict, name, n), self.seconds)
                times[name] += found[f"{n} {name}"]
        return found

    def predict(self, name: str, n: int) -> int:
        self.predictors[name].call(self.X[n])
        return 1

    def end(self) -> dict[str, Any]:
        return {}


def _check_outputs(name: str, call: Any, weights: Any, X: Any) -> None:
    z = X
    for W, b in weights[:-1]:
        z = np.maximum(z @ W + b, 0)
    wanted = (z @ weights[-1][0] + weights[-1][1])[:, 0]
    for rows in (X, X[:1]):
        error = np.abs(np.ravel(call(rows)) - wanted[: len(rows)]).max()
        if not error < 1e-4:
            raise RuntimeError(f"{name} predicts otherwise than the equations, by {error}")


def _compile(job: dict[str, Any]) -> dict[str, Any]:
    """First call less the median of later ones; and what JAX says about its own stages in the first."""
    import jax
    from jax import monitoring

    jax.block_until_ready(jax.numpy.ones(3) + 1)
    stages: dict[str, float] = {}

    def listen(event: str, seconds: float, **_: Any) -> None:
        stages[event] = stages.get(event, 0.0) + seconds

    call = _module(job).compiling(TO_COMPILE)
    monitoring.register_event_duration_secs_listener(listen)
    seconds = [call() for _ in range(_CALLS)]
    names = {
        "trace_s": "/jax/core/compile/jaxpr_trace_duration",
        "lower_s": "/jax/core/compile/jaxpr_to_mlir_module_duration",
        "backend_s": "/jax/core/compile/backend_compile_duration",
    }
    later = median(seconds[1:])
    return {"compile_s": seconds[0] - later, "first_s": seconds[0], "later_s": later} | {
        name: stages.get(event) for name, event in names.items()
    }


def _memory(job: dict[str, Any]) -> dict[str, Any]:
    """Resident memory in bytes: after imports, with the table, and the peak of the process after `fit`."""
    options = SYSTEMS[job["system"]].options
    module = _module(job)
    module.warm_up(**options)
    imported = _resident()
    X, y = large_table(job["rows"], job["columns"])
    with_data, peak_before = _resident(), _peak()
    epochs = 2
    seen = module.fit(X, y, (64, 64), 256, epochs, **options)
    if seen != epochs * len(X):
        raise RuntimeError(f"{seen} rows were seen, however {epochs} epochs are {epochs * len(X)}")
    return {
        "imported": imported,
        "with_data": with_data,
        "peak_before": peak_before,
        "peak": _peak(),
        "data": X.nbytes,
    }


def _resident() -> int:
    """Resident memory now; where it cannot be read, the peak so far."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return _peak()


def _peak() -> int:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _peak_of_products(job: dict[str, Any]) -> dict[str, float]:
    """Operations per second of NumPy's best float32 product of two 1024 x 1024 matrices."""
    from threadpoolctl import threadpool_limits

    n = 1024
    a, b, out = (np.random.default_rng(0).random((n, n), np.float32) for _ in range(3))

    def work() -> int:
        np.matmul(a, b, out=out)
        return 1

    best = {}
    for name, limit in (("one_thread", 1), ("all_threads", None)):
        with threadpool_limits(limit):
            repeat(work, 0.2)
            best[name] = 2 * n**3 / min(repeat(work, job["seconds"]))
    best["all_threads"] = max(best.values())
    return best


def _module(job: dict[str, Any]) -> Any:
    return import_module(f"speed.systems.{SYSTEMS[job['system']].module}")


_SERVED = {"step": _Step, "predict": _Predict}
_ONCE = {"compile": _compile, "memory": _memory, "peak": _peak_of_products}


def main(job: dict[str, Any]) -> None:
    # What libraries print goes to the errors; the answers have the pipe for themselves.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(answer: Any) -> None:
        answers.write(json.dumps(answer) + "\n")

    if job["part"] in _ONCE:
        say(_ONCE[job["part"]](job))
        return
    served = _SERVED[job["part"]](job)
    say(served.left_out)
    for word in sys.stdin:
        say(getattr(served, word.strip())())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
