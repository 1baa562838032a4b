"""What does an LSTM remember that a simple recurrent network of the same size does not?

    python benchmarks/long_memory.py [--picture FILE.svg] [--layers rnn lstm gru] [--units 32]

Two tasks of 50 steps, learned by the library's own training from random rows, drawn once; errors are
measured on rows of their own.

adding   Every step brings a number from [0, 1] and a mark; two steps are marked, one in each half. The sum
         of the two marked numbers is wanted (Hochreiter and Schmidhuber 1997, experiment 4, in the form of
         Martens and Sutskever 2011). Always saying 1, the mean, gives a mean squared error of 1/6;
         remembering the later number alone, 1/12.
recall   Every step shows one of four symbols; one of the first ten steps is marked. Wanted behind the last
         step: the marked symbol, over all those that came after it. Guessing is wrong in three of four cases.

The picture shows the errors epoch by epoch; figures are written to results/long_memory.json.
"""

import argparse
import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chainrule.engine import Data, Program, start
from chainrule.engine.xla import XlaEngine
from chainrule.network import GRU, LSTM, RNN, Dense, Network, get_loss
from chainrule.optimization import Adam, get_schedule
from chainrule.training import EpochRecord, Training

HERE = Path(__file__).parent
STEPS, SYMBOLS, MARKED = 50, 4, 10
LAYERS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
NAMES = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
NUMBERS = {"l2": 0.0, "clip": 1.0, "tol": 0.0, "patience": np.inf}
NUMBERS |= {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}


class Task(NamedTuple):
    """What is to be learned, and how its error is named and bounded from above."""

    loss: str
    metric: str
    n_outputs: int
    chance: float
    axis: str
    epochs: int


TASKS = {
    "adding": Task("squared_error", "none", 1, 1 / 6, "mean squared error", 40),
    "recall": Task(
        "softmax_cross_entropy", "accuracy", SYMBOLS, 1 - 1 / SYMBOLS, "share of wrong answers", 20
    ),
}


def adding(n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Rows of (number, mark) per step, and the sum of the marked numbers."""
    x = np.zeros((n, STEPS, 2), np.float32)
    x[:, :, 0] = rng.uniform(size=(n, STEPS))
    rows = np.arange(n)
    for half in (0, STEPS // 2):
        x[rows, half + rng.integers(STEPS // 2, size=n), 1] = 1
    return x.reshape(n, -1), (x[:, :, 0] * x[:, :, 1]).sum(1, keepdims=True)


def recall(n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Rows of (one-hot symbol, mark) per step, and the marked symbol."""
    symbols = rng.integers(SYMBOLS, size=(n, STEPS))
    place = rng.integers(MARKED, size=n)
    mark = np.arange(STEPS) == place[:, None]
    x = np.concatenate([np.eye(SYMBOLS)[symbols], mark[:, :, None]], axis=2, dtype=np.float32)
    return x.reshape(n, -1), symbols[np.arange(n), place][:, None].astype(np.float32)


ROWS = {"adding": adding, "recall": recall}


def training_of(name: str, layer: Any, arguments: argparse.Namespace) -> Training:
    """A training on rows of the task, judged on others after every epoch."""
    task, rng = TASKS[name], np.random.default_rng(0)
    X, y = ROWS[name](arguments.rows, rng)
    X_val, y_val = ROWS[name](2000, rng)
    network = Network(X.shape[1], (layer(arguments.units, STEPS), Dense(task.n_outputs)))
    program = Program(network, get_loss(task.loss), Adam(), "validation_loss", task.metric, clip=True)
    return Training(
        program=program,
        engine=XlaEngine(),
        data=Data(X, y, np.ones(len(X), np.float32), X_val, y_val, np.ones(len(X_val), np.float32)),
        state=start(network.initialize(np.random.default_rng(1)), program.optimizer.n_moments),
        numbers=NUMBERS,
        schedule=get_schedule("constant"),
        learning_rate=arguments.rate,
        batch_size=100,
        max_epochs=task.epochs,
        planned_epochs=task.epochs,
        rng=np.random.default_rng(2),
    )


def errors(name: str, records: Iterator[EpochRecord]) -> Iterator[float]:
    """The error on rows that the training has not seen, after each epoch."""
    for record in records:
        yield 1 - record.score if TASKS[name].metric == "accuracy" else record.validation_loss


def learned(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Errors and seconds of every layer on a task."""
    found = {}
    for kind in arguments.layers:
        begin = time.perf_counter()
        curve = list(errors(name, training_of(name, LAYERS[kind], arguments).epochs()))
        seconds = time.perf_counter() - begin
        found[kind] = {"errors": curve, "seconds": seconds}
        print(
            f"{name:7s} {NAMES[kind]:5s} {TASKS[name].axis} {curve[-1]:.4f} after {len(curve)} epochs, "
            f"by chance {TASKS[name].chance:.4f}   ({seconds:.0f} s)",
            flush=True,
        )
    return found


def draw(results: dict[str, Any], path: Path) -> None:
    """One field per task, one line per layer, and what chance gives."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, fields = plt.subplots(1, len(results), figsize=(9, 3.4), layout="constrained")
    for field, (name, found) in zip(np.atleast_1d(fields), results.items(), strict=True):
        for kind, result in found.items():
            field.plot(1 + np.arange(len(result["errors"])), result["errors"], label=NAMES[kind])
        field.axhline(TASKS[name].chance, color="gray", linestyle=":", label="by chance")
        field.set(title=f"{name}, {STEPS} steps", xlabel="epoch", ylabel=TASKS[name].axis, ylim=(0, None))
        field.xaxis.get_major_locator().set_params(integer=True)
        field.legend()
    figure.savefig(path)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--picture", type=Path, help="write a picture there: .svg, .png or .pdf")
    parser.add_argument("--layers", nargs="+", choices=LAYERS, default=["rnn", "lstm"])
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--units", type=int, default=32)
    parser.add_argument("--rows", type=int, default=5000, help="of the training")
    parser.add_argument("--rate", type=float, default=3e-3, help="Adam's learning rate")
    arguments = parser.parse_args()
    results = {name: learned(name, arguments) for name in arguments.tasks}
    if arguments.picture:
        draw(results, arguments.picture)
    given = {"units": arguments.units, "rows": arguments.rows, "rate": arguments.rate, "steps": STEPS}
    record = {"date": date.today().isoformat(), **given, "tasks": results}
    (HERE / "results" / "long_memory.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
