"""Pictures and sequences, made or small: rows with a grid, which convolutions and recurrences read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.playground.examples import Column, Examples, GridInputs, Rows
from chainrule.playground.settings import DataSettings

__all__ = ["GRID_DATA", "GridData", "grid_examples"]

Array = Any

SIDE = 8
"""Pixels of a picture's height and width."""

_N_ROWS = 400
_N_DIGITS = 600


@dataclass(frozen=True)
class GridData:
    """A way to make pictures or sequences.

    Parameters
    ----------
    label : for people
    group : "pictures" or "sequences"
    labels : of the classes; () for numbers
    make : (rng, steps) -> values (n, places of the grid), y (n,)
    text : what there is to be learned from it
    """

    label: str
    group: str
    labels: tuple[str, ...]
    make: Callable[[np.random.Generator, int], tuple[Array, Array]]
    text: str

    @property
    def task(self) -> str:
        """As `Rows` have it."""
        return "classification" if self.labels else "regression"

    def grid(self, steps: int) -> tuple[int, ...]:
        """(height, width, channels) of a picture, (steps, features) of a sequence."""
        return (SIDE, SIDE, 1) if self.group == "pictures" else (steps, 1)


def grid_examples(data: DataSettings) -> Examples:
    """The pictures or sequences that settings name.

    Raises
    ------
    ParameterError
        For a name that there is not.
    """
    if data.kind not in GRID_DATA:
        raise ParameterError(f"there is no data set {data.kind!r:.80}; there are: {', '.join(GRID_DATA)}")
    known = GRID_DATA[data.kind]
    rng = np.random.default_rng(data.seed)
    values, y = known.make(rng, data.steps)
    values = values + data.noise / 100 * rng.normal(size=values.shape)
    grid = known.grid(data.steps)
    rows = Rows(
        title=known.label,
        task=known.task,
        target="class" if known.labels else "next value",
        labels=known.labels,
        columns=tuple(Column(name, -1.0, 1.0, 0.0) for name in _names(grid)),
        values=values,
        y=y.astype(np.float64),
        places=rng.permutation(len(y)) / len(y),
        is_plane=False,
        grid=grid,
    )
    return Examples(rows, GridInputs(_names(grid)), data.share)


def _names(grid: tuple[int, ...]) -> tuple[str, ...]:
    if len(grid) == 2:
        return tuple(f"step {t + 1}" for t in range(grid[0]))
    return tuple(f"pixel {i + 1}, {j + 1}" for i in range(grid[0]) for j in range(grid[1]))


def _bars(rng: np.random.Generator, _steps: int) -> tuple[Array, Array]:
    """A bar of 5 to 8 pixels somewhere in the picture, in one of four directions."""
    directions = [(0, 1), (1, 0), (-1, 1), (1, 1)]
    y = rng.permutation(np.arange(_N_ROWS) % len(directions))
    pictures = np.zeros((_N_ROWS, SIDE, SIDE))
    for picture, label in zip(pictures, y, strict=True):
        down, right = directions[label]
        length = rng.integers(5, SIDE + 1)
        top = rng.integers(0, SIDE - (length - 1) * abs(down))
        left = rng.integers(0, SIDE - (length - 1) * right)
        along = np.arange(length)
        first = top + (length - 1 if down < 0 else 0)
        picture[first + down * along, left + right * along] = rng.uniform(0.7, 1.0)
    return pictures.reshape(_N_ROWS, -1), y


def _digits(rng: np.random.Generator, _steps: int) -> tuple[Array, Array]:
    from sklearn.datasets import load_digits

    found = load_digits()
    chosen = rng.permutation(len(found.target))[:_N_DIGITS]
    return found.data[chosen] / 16, found.target[chosen]


def _first_symbol(rng: np.random.Generator, steps: int) -> tuple[Array, Array]:
    """The first value is -1 or 1, and the class; those behind it say nothing."""
    y = rng.permutation(np.arange(_N_ROWS) % 2)
    values = rng.uniform(-0.5, 0.5, (_N_ROWS, steps))
    values[:, 0] = 2 * y - 1
    return values, y


def _parity(rng: np.random.Generator, steps: int) -> tuple[Array, Array]:
    """Values -1 and 1; the class says whether the number of ones is odd."""
    bits = rng.integers(0, 2, (_N_ROWS, steps))
    return 2.0 * bits - 1, bits.sum(axis=1) % 2


def _sine(rng: np.random.Generator, steps: int) -> tuple[Array, Array]:
    """Pieces of sine waves of several lengths; the target is the value behind the last."""
    phase = rng.uniform(0, 2 * np.pi, (_N_ROWS, 1))
    pace = rng.uniform(0.4, 1.2, (_N_ROWS, 1))
    waves = np.sin(phase + pace * np.arange(steps + 1))
    return waves[:, :-1], waves[:, -1]


GRID_DATA: dict[str, GridData] = {
    "bars": GridData(
        "Bars",
        "pictures",
        ("horizontal", "vertical", "rising", "falling"),
        _bars,
        "a bar somewhere in the picture: which direction?",
    ),
    "digits": GridData("Digits", "pictures", tuple("0123456789"), _digits, "written digits, of scikit-learn"),
    "first_symbol": GridData(
        "First symbol", "sequences", ("-1", "1"), _first_symbol, "remember what came first, until the end"
    ),
    "parity": GridData("Parity", "sequences", ("even", "odd"), _parity, "is the number of ones even or odd?"),
    "sine": GridData("Sine wave", "sequences", (), _sine, "what value comes next?"),
}
"""What can be chosen, by name."""
