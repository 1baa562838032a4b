"""How long does a training step of a convolutional network take beside PyTorch's?

    python benchmarks/convolution.py [--torch-python PYTHON] [--turns 9] [--seconds 1] [--output FILE]

Two networks for digits, of 8 × 8 and of 28 × 28 pixels: 32 convolutions of 3 × 3, ReLU, 64 of 3 × 3, ReLU,
maxima of 2 × 2, 128 neurons, ReLU, 10 classes. A step is forward pass, loss, backward pass and Adam over a
batch of 64, in float32.

A process per system and network; they take turns, one measuring while the others sleep. PyTorch computes
with one thread and with two, in its own order of the axes and with channels last. Medians over the turns of
the time that passed and of the processors' time, which tells more where others use the machine too. Where
PyTorch is installed in another environment, name its Python with `--torch-python`; where it is not, it is
left out.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from taking_turns import Times, has_torch, in_turns, serve

SIDES = (8, 28)
BATCH = 64
STEPS_PER_EPOCH = {8: 16, 28: 8}


def images(side: int) -> tuple[Any, Any]:
    """Noise and classes: neither changes how long a step takes."""
    rng, n = np.random.default_rng(0), STEPS_PER_EPOCH[side] * BATCH
    return rng.normal(size=(n, side * side)).astype(np.float32), rng.integers(0, 10, n)


def own(side: int, engine: Any) -> Callable[[], Any]:
    """An epoch of chainrule's training."""
    from chainrule import network
    from chainrule.engine import Data, Program, start
    from chainrule.optimization import Adam, get_schedule
    from chainrule.training import Training

    X, y = images(side)
    first = network.Conv2D(32, 3, (side, side, 1))
    second = network.Conv2D(64, 3, first.out_shape)
    pool = network.MaxPool2D(2, second.out_shape)
    relu = network.Activation("relu")
    layers = (first, relu, second, relu, pool, network.Dense(128), relu, network.Dense(10))
    made = network.Network(side * side, layers)
    program = Program(made, network.get_loss("softmax_cross_entropy"), Adam())
    settings = {"l2": 0.0, "tol": 0.0, "patience": np.inf, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
    training = Training(
        program=program,
        engine=engine,
        data=Data(X, y[:, None].astype(np.float32), np.ones(len(X), np.float32)),
        state=start(made.initialize(np.random.default_rng(0)), program.optimizer.n_moments),
        numbers=settings,
        schedule=get_schedule("constant"),
        learning_rate=1e-3,
        batch_size=BATCH,
        max_epochs=10**6,
        planned_epochs=10**6,
        rng=np.random.default_rng(0),
    )
    epochs = training.epochs()
    return lambda: next(epochs)


def of_chainrule(side: int) -> dict[str, Callable[[], Any]]:
    from chainrule.engine.numpy import NumpyEngine
    from chainrule.engine.xla import XlaEngine

    return {"xla": own(side, XlaEngine()), "numpy": own(side, NumpyEngine())}


def of_pytorch(side: int) -> dict[str, Callable[[], Any]]:
    """An epoch of a PyTorch training as its users write it, with the fused Adam."""
    import torch
    from torch import nn

    X, y = map(torch.from_numpy, images(side))
    X = X.reshape(-1, 1, side, side)

    def variant(threads: int, order: Any) -> Callable[[], None]:
        convolutions = (nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU())
        dense = (nn.Flatten(), nn.Linear(64 * (side // 2) ** 2, 128), nn.ReLU(), nn.Linear(128, 10))
        model = nn.Sequential(*convolutions, nn.MaxPool2d(2), *dense).to(memory_format=order)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

        def epoch() -> None:
            torch.set_num_threads(threads)
            for rows in torch.randperm(len(X)).split(BATCH):
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(X[rows]), y[rows]).backward()
                optimizer.step()

        return epoch

    orders = {"": torch.contiguous_format, ", channels last": torch.channels_last}
    return {f"PyTorch, {n}{name}": variant(n, order) for n in (1, 2) for name, order in orders.items()}


SYSTEMS = {"chainrule": of_chainrule, "PyTorch": of_pytorch}


def compared(side: int, pythons: dict[str, str], turns: int, seconds: float) -> Times:
    """What the systems answer, turn by turn."""
    words = [__file__, "--side", str(side), "--seconds", str(seconds), "--serve"]
    return in_turns({name: ([python, *words, name], {}) for name, python in pythons.items()}, turns)


def report(side: int, times: Times) -> str:
    """Milliseconds per step, and of PyTorch's fastest variant to each of ours the ratio."""
    passed, of_processors = (
        {name: 1e3 * median(turn[i] for turn in turns) for name, turns in times.items()} for i in (0, 1)
    )
    lines = [f"{side} × {side}: milliseconds per training step, and of the processors"]
    lines += [f"  {name:26s} {passed[name]:8.2f} {of_processors[name]:8.2f}" for name in times]
    others = [name for name in times if name.startswith("PyTorch")]
    for name in ("xla", "numpy") if others else ():
        ratios = [each[name] / min(each[other] for other in others) for each in (passed, of_processors)]
        lines.append(f"  {name} / PyTorch's best: {ratios[0]:.2f}, of the processors {ratios[1]:.2f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.0, help="of a turn")
    parser.add_argument("--torch-python", default=sys.executable, help="the Python that has PyTorch")
    parser.add_argument("--output", type=Path, help="where to write all turns, as JSON")
    parser.add_argument("--serve", choices=SYSTEMS, help=argparse.SUPPRESS)
    parser.add_argument("--side", type=int, choices=SIDES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(SYSTEMS[arguments.serve](arguments.side), STEPS_PER_EPOCH[arguments.side], arguments.seconds)
        return
    pythons = {"chainrule": sys.executable, "PyTorch": arguments.torch_python}
    if not has_torch(arguments.torch_python):
        print(f"PyTorch left out: {pythons.pop('PyTorch')} cannot import it; pip install torch, or name one")
    results = {}
    for side in SIDES:
        results[side] = compared(side, pythons, arguments.turns, arguments.seconds)
        print(report(side, results[side]), flush=True)
    if arguments.output:
        arguments.output.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
