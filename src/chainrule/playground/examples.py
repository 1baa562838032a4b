"""What a run learns from and is judged by: rows as they came, and the network's inputs and targets."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from chainrule.errors import ParameterError
from chainrule.playground.features import FEATURES, check_features, derived
from chainrule.playground.settings import DataSettings
from chainrule.playground.toy_data import HALF_WIDTH, TOY_DATA, toy_points

__all__ = [
    "LARGEST",
    "Column",
    "Examples",
    "GridInputs",
    "Inputs",
    "PlaneInputs",
    "Rows",
    "plane_rows",
    "toy_examples",
    "toy_rows",
]

Array = Any

LARGEST = 1e100
"""Of the numbers of a column: their squares and sums can still be computed."""


@dataclass(frozen=True)
class Column:
    """A column of rows, as it can be an axis of a picture or be held by a slider.

    Parameters
    ----------
    name : str
    low, high, middle : what a picture spans, and where the column is held at first
    levels : texts of a category, whose places are the values; () for numbers
    used : whether the network sees it
    """

    name: str
    low: float
    high: float
    middle: float
    levels: tuple[str, ...] = ()
    used: bool = True

    def place(self, value: Any) -> float:
        """The number that stands for a value from a slider or a list of levels."""
        if self.levels:
            if value not in self.levels:
                raise ParameterError(f"column {self.name!r} has no level {value!r:.80}")
            return float(self.levels.index(value))
        if type(value) not in (int, float) or not abs(value) <= LARGEST:
            raise ParameterError(f"column {self.name!r} is held at a number, however: {value!r:.80}")
        return float(value)

    @property
    def extent(self) -> tuple[float, float]:
        """What an axis spans."""
        return (-0.5, len(self.levels) - 0.5) if self.levels else (self.low, self.high)


class Inputs(Protocol):
    """How values of the columns become inputs of the network."""

    @property
    def names(self) -> tuple[str, ...]:
        """One per input."""
        ...

    def of(self, values: Array) -> Array:
        """(n, n_inputs) of values (n, n_columns)."""
        ...


@dataclass(frozen=True)
class PlaneInputs:
    """Features of points of the plane."""

    features: tuple[str, ...]

    def __post_init__(self) -> None:
        check_features(self.features)

    @property
    def names(self) -> tuple[str, ...]:
        """As people write them."""
        return tuple(FEATURES[name].label for name in self.features)

    def of(self, values: Array) -> Array:
        """See `features.derived`."""
        return derived(self.features, values)


@dataclass(frozen=True)
class GridInputs:
    """Pixels or steps, as they are."""

    names: tuple[str, ...]

    def of(self, values: Array) -> Array:
        """The values themselves."""
        return values


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as they came, not yet split and not yet scaled.

    Parameters
    ----------
    title : for people
    task : "classification" or "regression"
    target : its name
    labels : of the classes, in the order of the class numbers; () for numbers
    columns : tuple of Column
    values : array (n, n_columns); NaN where missing
    y : array (n,), class numbers or numbers
    places : array (n,) of numbers from 0 to 1
        Rows below the share that is learned from are training rows.
    is_plane : whether they are points of the plane, of which features are derived
    grid : (height, width, channels) of pictures, (steps, features) of sequences; () where there is none
    notices : what was left out, in sentences
    """

    title: str
    task: str
    target: str
    labels: tuple[Any, ...]
    columns: tuple[Column, ...]
    values: Array
    y: Array
    places: Array
    is_plane: bool = True
    notices: tuple[str, ...] = ()
    grid: tuple[int, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels as text."""
        return tuple(map(str, self.labels))

    def place_of(self, name: str) -> int:
        """Place of a column."""
        for place, column in enumerate(self.columns):
            if column.name == name:
                return place
        raise ParameterError(f"there is no column {name!r:.80}")

    def span(self) -> tuple[float, float]:
        """Smallest and largest target, apart from each other."""
        if self.labels or not len(self.y):
            return -1.0, 1.0
        low, high = float(self.y.min()), float(self.y.max())
        return (low, high) if high > low else (low - 1.0, high + 1.0)


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows with what the network makes of them: `X_train`, `X_test`, `y_train`, `y_test`.

    Parameters
    ----------
    rows : Rows
    inputs : Inputs
    share : percent of the rows that are learned from
    center, scale : the network learns (y - center) / scale
    """

    rows: Rows
    inputs: Inputs
    share: int
    center: float = 0.0
    scale: float = 1.0

    @cached_property
    def is_test(self) -> Array:
        """Which rows are held out."""
        return self.rows.places * 100 >= self.share

    @cached_property
    def X(self) -> Array:
        """Inputs of all rows."""
        return np.ascontiguousarray(self.inputs.of(self.rows.values))

    @cached_property
    def largest_inputs(self) -> Array:
        """Largest absolute value of each input; 1 where all are 0."""
        largest = np.abs(self.X).max(axis=0, initial=0.0)
        return np.where(largest > 0, largest, 1.0)

    @cached_property
    def y(self) -> Array:
        """Targets of all rows as the network learns them: class numbers, or scaled numbers."""
        return self.rows.y if self.rows.labels else (self.rows.y - self.center) / self.scale

    @cached_property
    def X_train(self) -> Array:
        """Inputs of the rows that are learned from."""
        return self.X[~self.is_test]

    @cached_property
    def X_test(self) -> Array:
        """Inputs of the rows that are held out."""
        return self.X[self.is_test]

    @cached_property
    def y_train(self) -> Array:
        """Targets of the rows that are learned from."""
        return self.y[~self.is_test]

    @cached_property
    def y_test(self) -> Array:
        """Targets of the rows that are held out."""
        return self.y[self.is_test]


def toy_rows(kind: str, noise: float = 0.0, seed: int = 0) -> Rows:
    """The rows of a data set of `TOY_DATA`.

    Raises
    ------
    ParameterError
        For a name that there is not.
    """
    if kind not in TOY_DATA:
        raise ParameterError(f"there is no data set {kind!r:.80}; there are: {', '.join(TOY_DATA)}")
    toy = TOY_DATA[kind]
    X, y = toy_points(kind, noise, seed)
    places = np.random.default_rng([seed, 1]).permutation(len(y)) / len(y)
    n_classes = int(y.max()) + 1 if toy.task == "classification" else 0
    return plane_rows(toy.label, X, y, places, n_classes)


def plane_rows(title: str, X: Array, y: Array, places: Array, n_classes: int) -> Rows:
    """Rows of points of the plane; `n_classes` is 0 for a regression."""
    columns = tuple(Column(name, -HALF_WIDTH, HALF_WIDTH, 0.0) for name in ("x1", "x2"))
    return Rows(
        title=title,
        task="classification" if n_classes else "regression",
        target="class" if n_classes else "y",
        labels=tuple(range(max(n_classes, 2))) if n_classes else (),
        columns=columns,
        values=X,
        y=y,
        places=places,
    )


def toy_examples(
    kind: str,
    *,
    noise: float = 0.0,
    seed: int = 0,
    share: int = 50,
    features: tuple[str, ...] = ("x1", "x2"),
) -> Examples:
    """A data set of the playground as it is there: `X_train`, `y_train`, `X_test`, `y_test`.

    Parameters
    ----------
    kind : such as "circle", "xor", "spiral", "plane"
    noise : percent, 0 to 50
    seed : of the points, and of which are test points
    share : percent of the points that are training points
    features : such as "x1", "x2", "x1^2", "x1*x2", "sin(x1)"
    """
    DataSettings(kind, noise, seed, share)
    return Examples(toy_rows(kind, noise, seed), PlaneInputs(tuple(features)), share)
