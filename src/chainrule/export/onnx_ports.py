"""The inputs of an exported model: one for each column of its table, or the samples of a network."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators import (
    Forecaster,
    MLPClassifier,
    MLPRegressor,
    SequenceClassifier,
    SequenceRegressor,
    TabularClassifier,
    TabularRegressor,
)
from chainrule.estimators.grid_network import GridNetwork
from chainrule.estimators.image import ImageClassifier
from chainrule.estimators.sequence import SequenceNetwork
from chainrule.export.onnx_columns import is_text
from chainrule.table.calendar import Calendar
from chainrule.table.frame import as_table
from chainrule.table.typed import TypedColumn

__all__ = ["OUTPUTS", "Port", "check_model", "is_tabular", "onnx_inputs", "ports_of"]

OUTPUTS = ("label", "probabilities", "prediction")

_WRITTEN = (
    TabularClassifier,
    TabularRegressor,
    MLPClassifier,
    MLPRegressor,
    ImageClassifier,
    SequenceClassifier,
    SequenceRegressor,
)

_UNITS = {"date": "days since 1970-01-01 in UTC", "time": "hours", "duration": "seconds"}


@dataclass(frozen=True)
class Port:
    """An input of the graph.

    Attributes
    ----------
    name : str
        That of the column, or another where ONNX cannot have it.
    column : TypedColumn or None
        None: what a network that takes numbers takes.
    shape : tuple of int
        Of a sample: values, or axes of them.
    dtype : dtype
        float32, float64, int64, or object for text.
    holds : str
        What it is filled with, where it is no column.
    """

    name: str
    column: TypedColumn | None
    shape: tuple[int, ...]
    dtype: Any
    holds: str = ""

    def describe(self) -> dict[str, Any]:
        """What must be known to fill it, as plain data."""
        if self.column is None:
            return {"input": self.name, "holds": self.holds}
        holds = _UNITS[self.column.form] if isinstance(self.column, Calendar) else "a number"
        return {
            "input": self.name,
            "column": self.column.name,
            "kind": self.column.kind,
            "holds": "text" if self.dtype == object else holds,
            "missing": "the empty text" if self.dtype == object else "NaN",
        }


def is_tabular(model: Any) -> bool:
    """Whether the model takes tables."""
    return isinstance(model, TabularClassifier | TabularRegressor)


def check_model(model: Any) -> None:
    """Refuse what is no fitted model of the library.

    Raises
    ------
    ParameterError
    """
    if type(model) not in _WRITTEN:
        names = ", ".join(written.__name__ for written in _WRITTEN)
        network = "; its network is one: to_onnx(model.network_)" if isinstance(model, Forecaster) else ""
        raise ParameterError(
            f"ONNX is written of a fitted {names}, however: a {type(model).__name__}{network}"
        )
    if not hasattr(model, "coefs_" if isinstance(model, MLPClassifier | MLPRegressor) else "theta_"):
        raise ParameterError(f"the {type(model).__name__} is not fitted; call fit before writing it as ONNX")


def ports_of(model: Any) -> tuple[Port, ...]:
    """The inputs of a fitted model, in the order of its columns; ignored ones are none.

    Raises
    ------
    ParameterError
        If a column cannot be an input, or there is none.
    """
    check_model(model)
    if isinstance(model, GridNetwork):
        return _ports_of_grids(model)
    if not is_tabular(model):
        n = model.network_.n_inputs
        return (Port("X", None, (n,), np.dtype(np.float32), f"{n} numbers"),)
    columns = [column for column in model.encoder_.schema.columns if column.features]
    if model.encoder_.inputs == (("nothing", "flag"),):
        raise ParameterError(
            "the model goes by none of its columns, which are all constant or ignored, and so there is no "
            "input; predict where chainrule is installed, or train on columns that vary"
        )
    taken = {column.name for column in columns} | set(OUTPUTS)
    return tuple(_port(place, column, taken) for place, column in enumerate(columns))


def _ports_of_grids(model: Any) -> tuple[Port, ...]:
    """Images (height, width, channels); or steps with their features, and what a sample has beside them."""
    floats, shape = np.dtype(np.float32), model.input_shape_
    if isinstance(model, ImageClassifier):
        return (Port("X", None, shape, floats, "an image: height, width, channels"),)
    ports = [Port("X", None, shape, floats, "steps and their features; anything behind the last step")]
    if model.sequence_shape_.masked:
        ports.append(Port("lengths", None, (), np.dtype(np.int64), "the number of steps"))
    if static := model.sequence_shape_.static:
        ports.append(Port("static", None, (static,), floats, "numbers that do not change from step to step"))
    return tuple(ports)


def _port(place: int, column: TypedColumn, taken: Collection[str]) -> Port:
    name = column.name
    if not name or name in OUTPUTS or name.encode(errors="replace").decode() != name:
        name = f"column_{place}"
        while name in taken:
            name += "_"
    return Port(name, column, (1,), np.dtype(object if is_text(column) else np.float64))


def onnx_inputs(model: Any, X: Any) -> dict[str, Any]:
    """The arrays to run the ONNX model with, for the rows of a table or a matrix.

    Parameters
    ----------
    model : fitted model
        The one that `to_onnx` has written.
    X : as for its `predict`

    Returns
    -------
    dict of input to array
        float64 (n, 1) for numbers and dates, with NaN where missing; text (n, 1), empty where missing. For an
        MLP "X", float32 (n, n_features); for images and sequences see `to_onnx`.
    """
    ports = ports_of(model)
    if isinstance(model, GridNetwork):
        return _grids(model, X, ports)
    if not is_tabular(model):
        return {"X": np.asarray(X, dtype=np.float32)}
    table = as_table(X)
    places = model.encoder_.schema.places(table)
    found = {}
    for port in ports:
        if port.column is not None:
            cells = table.cells(places[port.column.name])
            found[port.name] = (_texts if port.dtype == object else _numbers)(port.column, cells)[:, None]
    return found


def _grids(model: Any, X: Any, ports: tuple[Port, ...]) -> dict[str, Any]:
    rows = model._rows_to_answer(X)
    found = {"X": rows}
    if isinstance(model, SequenceNetwork):
        shape = model.sequence_shape_
        grid = rows[:, : shape.n_in_steps].reshape(len(rows), shape.steps, -1)
        found = {"X": grid[..., : shape.features], "static": rows[:, shape.n_in_steps :]}
        found["lengths"] = grid[..., -1].sum(axis=1)
    return {port.name: found[port.name].reshape(-1, *port.shape).astype(port.dtype) for port in ports}


def _texts(_: TypedColumn, cells: Any) -> Any:
    texts, codes = cells.factors
    return np.array([*texts, ""], dtype=object)[codes]


def _numbers(column: TypedColumn, cells: Any) -> Any:
    if isinstance(column, Calendar):
        column = replace(column, low=0.0, parts=())  # days since 1970-01-01, not since those of training
    return column.read(cells)[:, 0]
