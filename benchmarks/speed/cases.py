"""The networks, how much is measured, and which system takes part in what."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "CASES",
    "FULL",
    "PARTS",
    "QUICK",
    "SYSTEMS",
    "TO_COMPILE",
    "TO_PREDICT",
    "Case",
    "Settings",
    "System",
    "cores",
]

ROWS = 20_000
PARTS = ("step", "fit", "predict", "compile", "memory")


def cores() -> int:
    """Cores that this process, and any that it starts, may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Case:
    """A network and its batches: half squared error for one output, softmax cross entropy for several.

    Parameters
    ----------
    sizes : values in, units of each hidden layer, values out
    batch : rows per step
    """

    sizes: tuple[int, ...]
    batch: int
    activation: str = "relu"
    dropout: float = 0.0

    @property
    def name(self) -> str:
        """As it stands in the tables."""
        dropout = f", dropout {self.dropout}" if self.dropout else ""
        return f"{'-'.join(map(str, self.sizes))} {self.activation}{dropout}, B {self.batch}"

    @property
    def n_classes(self) -> int:
        """0 for regression."""
        return self.sizes[-1] if self.sizes[-1] > 1 else 0

    @property
    def n_rows(self) -> int:
        """20,000, less the rows that do not fill a batch: every step of every system has B rows."""
        return self.steps_per_epoch * self.batch

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches."""
        return ROWS // self.batch

    @property
    def operations(self) -> int:
        """Floating point operations of the matrix products of a step.

        Forward, gradient of the weights and gradient of the layer's input are 2 B d_i d_(i+1) each; the
        gradient of the table's own values is not needed.
        """
        products = [a * b for a, b in zip(self.sizes[:-1], self.sizes[1:], strict=True)]
        return 6 * self.batch * sum(products) - 2 * self.batch * products[0]


_REGRESSION = (
    ((10, 32, 32, 1), 32),
    ((20, 64, 64, 1), 128),
    ((20, 100, 1), 200),
    ((50, 256, 256, 256, 1), 256),
    ((100, 512, 512, 1), 256),
)
_CLASSES = ((20, 256, 256, 256, 10), 256)

CASES = (
    *(Case(*shape) for shape in _REGRESSION),
    *(Case(*shape, activation="tanh") for shape in _REGRESSION),
    Case(*_CLASSES),
    Case(*_CLASSES, dropout=0.1),
)

TO_COMPILE = Case((20, 256, 256, 256, 1), 256, dropout=0.1)
TO_PREDICT = Case((20, 64, 64, 1), 128)


@dataclass(frozen=True)
class System:
    """A library, or a way of using it.

    Parameters
    ----------
    module : where its code is, in `speed.systems`
    needs : what must be installed
    parts : what it takes part in
    options : passed to the functions of the module
    """

    module: str
    needs: tuple[str, ...]
    parts: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)


SYSTEMS = {
    "chainrule": System("own", ("jax",), PARTS, {"engine": "xla"}),
    "chainrule-numpy": System("own", (), ("step", "memory"), {"engine": "numpy"}),
    "scikit-learn": System("scikit_learn", (), ("step", "fit", "predict", "memory")),
    "torch": System("pytorch", ("torch",), ("step", "predict", "memory")),
    "jax": System("handwritten", ("jax",), ("step", "compile")),
    "onnxruntime": System("onnx_runtime", ("onnx", "onnxruntime"), ("predict",)),
}


@dataclass(frozen=True)
class Settings:
    """How much is measured.

    Parameters
    ----------
    rounds : how often every process is started
    turns, seconds : turns of a process in a round, and how long it measures each of its variants in one
    cases : numbers of the networks in `CASES`
    tables, runs, cold_runs : of "fit"
    again : runs of "compile" and "memory"
    table_rows, bulk_rows : rows of the tables in "memory" and "predict"
    """

    rounds: int = 2
    turns: int = 2
    seconds: float = 0.25
    cases: tuple[int, ...] = tuple(range(len(CASES)))
    tables: tuple[str, ...] = ("iris", "breast cancer", "digits", "synthetic")
    runs: int = 5
    cold_runs: int = 2
    again: int = 2
    table_rows: int = 400_000
    bulk_rows: int = 1_000_000

    def order(self, systems: list[str], turn: int) -> Iterator[str]:
        """The systems, in the opposite order every other turn."""
        return iter(systems) if turn % 2 == 0 else reversed(systems)


FULL = Settings()
QUICK = Settings(
    rounds=1, turns=2, seconds=0.15, cases=(1, 11), tables=("digits",), runs=1, cold_runs=1, again=1
)
