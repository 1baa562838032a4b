"""How long does a training step of RNN, LSTM and GRU take beside PyTorch's?

    python benchmarks/recurrent.py [--torch-python PYTHON] [--turns 15] [--hidden 64 --steps 50 ...]

A step is forward pass, loss, backward pass and Adam, in float32, of a recurrent layer and one dense output
from its last state. A process per system and layer, which take turns, one measuring while the others sleep:
chainrule as it is and with a JAX device per core, PyTorch with one thread and with all. Where PyTorch is
installed in another environment, name its Python with `--torch-python`. Medians (and bests) over the turns
are printed and written to results/recurrent.json.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from taking_turns import Times, has_torch, in_turns, serve

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

    return {f"PyTorch, {n} thread{'s' * (n > 1)}": lambda n=n: epoch(n) for n in sorted({1, everything()})}


def everything() -> int:
    """Cores of this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


SYSTEMS = {
    "chainrule": own,
    "cores": lambda *of: {f"chainrule, {everything()} devices": next(iter(own(*of).values()))},
    "PyTorch": pytorch,
}


def compared(kind: str, size: argparse.Namespace) -> Times:
    """Seconds per step of each variant, turn by turn."""
    words = [__file__, "--kind", kind, *arguments_of(size), "--serve"]
    cores = str(everything())
    children = {
        "chainrule": ([sys.executable, *words, "chainrule"], {"JAX_NUM_CPU_DEVICES": "1"}),
        "cores": ([sys.executable, *words, "cores"], {"JAX_NUM_CPU_DEVICES": cores}),
    }
    if has_torch(size.torch_python):
        children["PyTorch"] = ([size.torch_python, *words, "PyTorch"], {})
    return in_turns(children, size.turns)


SIZES = {"hidden": 64, "steps": 50, "batch": 64, "features": 8}


def arguments_of(size: argparse.Namespace) -> list[str]:
    return [word for name in (*SIZES, "seconds") for word in (f"--{name}", str(getattr(size, name)))]


def report(results: dict[str, Times]) -> str:
    """Milliseconds per step, and the ratio of PyTorch's fastest variant to each of ours."""
    lines = []
    for kind, turns in results.items():
        times = {name: [seconds for seconds, _ in measured] for name, measured in turns.items()}
        others = [each for name, each in times.items() if name.startswith("PyTorch")]
        for name, each in times.items():
            line = f"{kind:5s} {name:22s} {1e3 * median(each):6.2f} ({1e3 * min(each):.2f}) ms"
            if others and name.startswith("chainrule"):
                of_medians, of_bests = (min(map(f, others)) / f(each) for f in (median, min))
                line += f"   PyTorch's best / this: {of_medians:.2f} ({of_bests:.2f})"
            lines.append(line)
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
        serve(SYSTEMS[size.serve](size.kind, size), STEPS_PER_EPOCH, size.seconds)
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
