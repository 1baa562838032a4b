"""What can be chosen in the playground, checked: everything that a run depends on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from chainrule.errors import ParameterError
from chainrule.network.activations import ACTIVATIONS
from chainrule.network.initializers import INITIALIZERS

__all__ = [
    "BUNDLED",
    "CELLS",
    "GRID_LIMITS",
    "LIMITS",
    "LOSSES",
    "SCHEDULES",
    "SOLVERS",
    "DataSettings",
    "LayerSettings",
    "Settings",
]

LIMITS = {"units": 64, "layers": 12, "classes": 10, "points": 5_000, "table_bytes": 50_000_000}
"""Beyond these a picture shows nothing any more, or a message is refused."""

BUNDLED = {
    "iris": ("Iris", "classification", "species of 150 irises by four measures"),
    "wine": ("Wine", "classification", "cultivar of 178 wines by 13 analyses"),
    "breast_cancer": ("Breast cancer", "classification", "diagnosis of 569 tumors by 30 measures"),
    "diabetes": ("Diabetes", "regression", "progression in 442 patients by 10 measures"),
}
"""Tables that come with scikit-learn: label, task, what they are."""

SOLVERS = {
    "sgd": "SGD",
    "momentum": "SGD with momentum",
    "nesterov": "SGD with Nesterov momentum",
    "adam": "Adam",
    "adamw": "AdamW",
}
SCHEDULES = {
    "constant": "Constant",
    "adaptive": "Adaptive (÷5 where progress stops)",
    "invscaling": "Inverse scaling",
    "cosine": "Cosine",
    "one_cycle": "One cycle",
    "warmup": "Warm-up",
    "warmup_cosine": "Warm-up, then cosine",
}
LOSSES = {
    "classification": {"log_loss": "Cross entropy"},
    "regression": {
        "squared_error": "½ squared error",
        "mean_squared_error": "Mean squared error",
        "absolute_error": "Mean absolute error",
        "huber": "Huber",
    },
}
PENALTIES = ("none", "l1", "l2")
CELLS = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
GRID_LIMITS = {"filters": 8, "cell_units": 8, "steps": 24}
"""What can be seen at once of a convolution, and of a recurrence."""


def _mapping(what: str, value: Any, known: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ParameterError(f"{what} must be an object, however: {value!r:.80}")
    names = [one.name for one in fields(known)]
    if unknown := [name for name in value if name not in names]:
        raise ParameterError(f"{what} has no {unknown[0]!r:.80}; there are: {', '.join(names)}")
    return value


def _list(what: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple) or len(value) > 1000:
        raise ParameterError(f"{what} must be a list, however: {value!r:.80}")
    return list(value)


def _check_among(what: str, value: Any, known: Any) -> None:
    if not isinstance(value, str) or value not in known:
        raise ParameterError(f"{what} must be one of {', '.join(known)}, however: {value!r:.80}")


def _check_whole(what: str, value: Any, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise ParameterError(f"{what} must be a whole number from {low} to {high}, however: {value!r:.80}")


def _check_number(what: str, value: Any, low: float, high: float) -> None:
    if type(value) not in (int, float) or not low <= value <= high:
        raise ParameterError(f"{what} must be a number from {low:g} to {high:g}, however: {value!r:.80}")


@dataclass(frozen=True)
class LayerSettings:
    """A hidden layer."""

    units: int
    activation: str = "tanh"
    dropout: float = 0.0

    def __post_init__(self) -> None:
        _check_whole("units", self.units, 1, LIMITS["units"])
        _check_among("activation", self.activation, ACTIVATIONS)
        _check_number("dropout", self.dropout, 0.0, 0.95)


def _layer(described: Any) -> LayerSettings:
    fields_of_it = _mapping("a layer", described, LayerSettings(1))
    if "units" not in fields_of_it:
        raise ParameterError(f"a layer needs its number of units, however: {described!r:.80}")
    return LayerSettings(**fields_of_it)


@dataclass(frozen=True)
class DataSettings:
    """Which rows there are.

    Parameters
    ----------
    kind : name of a data set of the catalog, "drawn" or "table"
    noise : percent
    seed : of the points, and of which rows are test rows
    share : percent of the rows that are learned from
    steps : of sequences
    """

    kind: str = "circle"
    noise: float = 0.0
    seed: int = 0
    share: int = 50
    steps: int = 8

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str):
            raise ParameterError(f"the data set must be a name, however: {self.kind!r:.80}")
        _check_number("noise", self.noise, 0.0, 50.0)
        _check_whole("the seed of the data", self.seed, 0, 2**31 - 1)
        _check_whole("share", self.share, 10, 90)
        _check_whole("steps", self.steps, 2, GRID_LIMITS["steps"])


@dataclass(frozen=True)
class Settings:
    """Everything that a run depends on, as the page and the address of the page hold it.

    Parameters
    ----------
    data : DataSettings
    features : names from `features.FEATURES`, for points of the plane
    layers : the hidden layers
    loss : one of `LOSSES` of the data's task
    solver, momentum, learning_rate, schedule : as in the estimators
    planned_epochs : what the schedule is stretched over
    penalty, penalty_rate : "none", "l1" or "l2", and its strength
    batch_size : rows of a step
    initializer : initial weights
    seed : of initial weights, batch orders and dropout
    filters : of the convolution that reads pictures
    cell, cell_units : "rnn", "lstm" or "gru", which reads sequences, and its units
    """

    data: DataSettings = field(default_factory=DataSettings)
    features: tuple[str, ...] = ("x1", "x2")
    layers: tuple[LayerSettings, ...] = (LayerSettings(4), LayerSettings(2))
    loss: str = "log_loss"
    solver: str = "sgd"
    momentum: float = 0.9
    learning_rate: float = 0.03
    schedule: str = "constant"
    planned_epochs: int = 200
    penalty: str = "none"
    penalty_rate: float = 0.0
    batch_size: int = 10
    initializer: str = "glorot_uniform"
    seed: int = 0
    filters: int = 4
    cell: str = "rnn"
    cell_units: int = 4

    def __post_init__(self) -> None:
        if not 0 <= len(self.layers) <= LIMITS["layers"]:
            raise ParameterError(
                f"layers: at most {LIMITS['layers']} hidden layers, however: {len(self.layers)}"
            )
        _check_among("loss", self.loss, [name for losses in LOSSES.values() for name in losses])
        _check_among("solver", self.solver, SOLVERS)
        _check_number("momentum", self.momentum, 0.0, 0.999)
        _check_number("learning_rate", self.learning_rate, 1e-8, 1e4)
        _check_among("schedule", self.schedule, SCHEDULES)
        _check_whole("planned_epochs", self.planned_epochs, 1, 1_000_000)
        _check_among("penalty", self.penalty, PENALTIES)
        _check_number("penalty_rate", self.penalty_rate, 0.0, 1e4)
        _check_whole("batch_size", self.batch_size, 1, 1_000_000)
        _check_among("initializer", self.initializer, ["auto", *INITIALIZERS])
        _check_whole("seed", self.seed, 0, 2**31 - 1)
        _check_whole("filters", self.filters, 1, GRID_LIMITS["filters"])
        _check_among("cell", self.cell, CELLS)
        _check_whole("cell_units", self.cell_units, 1, GRID_LIMITS["cell_units"])

    def changed(self, changes: Mapping[str, Any]) -> "Settings":
        """These settings with some of them replaced, as the page sends them.

        Raises
        ------
        ParameterError
            For a setting that there is not, or a value that it cannot have.
        """
        changes = dict(_mapping("settings", changes, self))
        if "data" in changes:
            changes["data"] = replace(self.data, **_mapping("data", changes["data"], self.data))
        if "layers" in changes:
            described = _list("layers", changes["layers"])
            changes["layers"] = tuple(map(_layer, described))
        if "features" in changes:
            changes["features"] = tuple(_list("features", changes["features"]))
        return replace(self, **changes)

    def as_data(self) -> dict[str, Any]:
        """As plain data that `changed` takes."""
        return asdict(self)
