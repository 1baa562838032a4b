"""How long does a training step of RNN, LSTM and GRU take beside PyTorch's?

    python benchmarks/recurrent.py [--torch-python PYTHON] [--turns 15] [--hidden 64 --steps 50 ...]

A step is forward pass, loss, backward pass and Adam, in float32, of a recurrent layer and one dense output
from its last state. A process per library and layer, which take turns, one measuring while the others sleep;
PyTorch with one thread and with all. Where PyTorch is installed in another environment, name its Python with
`--torch-python`. Medians (and bests) over the turns are printed and written to results/recurrent.json.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

HERE = Path(__file__).parent
KINDS = ("RNN", "LSTM", "GRU")
STEPS_PER_EPOCH = 8


def rows(size: argparse.Namespace) -> tuple[Any, Any]:
    """Rows for `STEPS_PER_EPOCH` batches, and what to learn of them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(STEPS_PER_EPOCH * size.batch, size.steps, size.features)).astype(np.float32)
    return X, X[:, :, 0].mean(1, keepdims=True)


def own(kind: str, size: argparse.Namespace) -> dict[str, Callable[[], Any]]:
    """One epoch of chainrule's own training."""
    from chainrule import network
    from chainrule.engine import Data, Program, start
    from chainrule.engine.xla import XlaEngine
    from chainrule.optimization import Adam, get_schedule
    from chainrule.training import Training

    X, y = rows(size)
    n, width = len(X), size.steps * size.features
    layers = (getattr(network, kind)(size.hidden, size.steps), network.Dense(1))
    made = network.Network(width, layers)
    program = Program(made, network.get_loss("squared_error"), Adam())
    settings = {"l2": 0.0, "tol": 0.0, "patience": np.inf, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
    training = Training(
        program=program,
        engine=XlaEngine(),
        data=Data(X.reshape(n, width), y, np.ones(n, np.float32)),
        state=start(made.initialize(np.random.default_rng(0)), program.optimizer.n_moments),
        numbers=settings,
        schedule=get_schedule("constant"),
        learning_rate=1e-3,
        batch_size=size.batch,
        max_epochs=10**6,
        planned_epochs=10**6,
        rng=np.random.default_rng(0),
    )
    epochs = training.epochs()
    return {"chainrule": lambda: next(epochs)}


def pytorch(kind: str, size: argparse.Namespace) -> dict[str, Callable[[], Any]]:
    """One epoch of a PyTorch training as its users write it, with the fused Adam."""
    import torch

    X, y = (torch.from_numpy(part) for part in rows(size))
    layer = getattr(torch.nn, kind)(size.features, size.hidden, batch_first=True)
    dense = torch.nn.Linear(size.hidden, 1)
    optimizer = torch.optim.Adam([*layer.parameters(), *dense.parameters()], lr=1e-3, fused=True)

    def epoch(threads: int) -> None:
        torch.set_num_threads(threads)
        order = torch.randperm(len(X))
        for places in order.split(size.batch):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(dense(layer(X[places])[0][:, -1]), y[places])
            loss.backward()
            optimizer.step()

    everything = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {f"PyTorch, {n} thread{'s' * (n > 1)}": lambda n=n: epoch(n) for n in sorted({1, everything})}


SYSTEMS = {"chainrule": own, "PyTorch": pytorch}


def serve(system: str, kind: str, size: argparse.Namespace) -> None:
    """Measure whenever a line comes in: seconds per step of each variant, one JSON line."""
    variants = SYSTEMS[system](kind, size)
    for run in variants.values():
        run()
    print("{}", flush=True)
    for _ in sys.stdin:
        answer = {}
        for name, run in variants.items():
            run()  # wakes threads and caches
            times = []
            end = time.perf_counter() + size.seconds
            while time.perf_counter() < end or len(times) < 3:
                begin = time.perf_counter()
                run()
                times.append((time.perf_counter() - begin) / STEPS_PER_EPOCH)
            answer[name] = median(times)
        print(json.dumps(answer), flush=True)


def compared(kind: str, size: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds per step of each variant, turn by turn."""
    pythons = {"chainrule": sys.executable, "PyTorch": size.torch_python}
    children = {
        name: subprocess.Popen(
            [python, __file__, "--serve", name, "--kind", kind, *arguments_of(size)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, python in pythons.items()
        if name == "chainrule" or has_torch(python)
    }
    times: dict[str, list[float]] = {}
    for child in children.values():
        child.stdout.readline()
    for _ in range(size.turns):
        for name, child in children.items():
            child.stdin.write("turn\n")
            child.stdin.flush()
            line = child.stdout.readline()
            if not line:
                raise SystemExit(f"the process of {name} has ended; its message stands above")
            for variant, seconds in json.loads(line).items():
                times.setdefault(variant, []).append(seconds)
    for child in children.values():
        child.communicate()
    return times


def has_torch(python: str) -> bool:
    """Whether PyTorch can be imported there."""
    return subprocess.run([python, "-c", "import torch"], capture_output=True, check=False).returncode == 0


SIZES = {"hidden": 64, "steps": 50, "batch": 64, "features": 8}


def arguments_of(size: argparse.Namespace) -> list[str]:
    return [word for name in (*SIZES, "seconds") for word in (f"--{name}", str(getattr(size, name)))]


def report(results: dict[str, dict[str, list[float]]]) -> str:
    """Milliseconds per step, and the ratio of PyTorch's faster variant to ours."""
    lines = []
    for kind, times in results.items():
        ours = times["chainrule"]
        cells = [f"{name} {1e3 * median(t):.2f} ({1e3 * min(t):.2f}) ms" for name, t in times.items()]
        others = [t for name, t in times.items() if name != "chainrule"]
        if others:
            of_medians = min(map(median, others)) / median(ours)
            of_bests = min(map(min, others)) / min(ours)
            cells.append(f"PyTorch / chainrule {of_medians:.2f} ({of_bests:.2f})")
        lines.append(f"{kind:5s}" + "   ".join(cells))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in SIZES.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.3, help="of a turn")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--torch-python", default=sys.executable, help="the Python that has PyTorch")
    parser.add_argument("--serve", choices=SYSTEMS, help=argparse.SUPPRESS)
    parser.add_argument("--kind", choices=KINDS, help=argparse.SUPPRESS)
    size = parser.parse_args()
    if size.serve:
        serve(size.serve, size.kind, size)
        return
    if not has_torch(size.torch_python):
        print(f"PyTorch left out: {size.torch_python} cannot import it; pip install torch, or --torch-python")
    results = {kind: compared(kind, size) for kind in size.kinds}
    print("milliseconds per training step: median (best)")
    print(report(results))
    record = {
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "size": {name: getattr(size, name) for name in SIZES},
        "seconds_per_step": results,
    }
    target = HERE / "results" / "recurrent.json"
    target.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
