"""Layers that see a grid or go through steps, as the operations that ONNX has for them.

What runs ONNX has most of these operations in float32 only: they compute in it.
"""

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np

from chainrule.estimators.image import ImageClassifier
from chainrule.export.onnx_value import ROWS, Value, as_value, concat, erf, permute_dims, where
from chainrule.network import (
    GRU,
    LSTM,
    RNN,
    ActivationFunction,
    AveragePool1D,
    AveragePool2D,
    Bidirectional,
    Conv1D,
    Conv2D,
    GlobalAveragePool,
    GlobalMaxPool,
    MaxPool1D,
    MaxPool2D,
    get_activation,
)
from chainrule.network.recurrent import Recurrent

__all__ = ["applied", "grid_output", "rows_of_grids"]

Array = Any

_ORDERS: dict[Any, tuple[int, ...]] = {LSTM: (0, 3, 1, 2), GRU: (1, 0, 2), RNN: (0,)}
"""Our gates in the order of ONNX: i o f c; z r h."""

_FUNCTIONS = {"tanh": "Tanh", "relu": "Relu", "logistic": "Sigmoid", "sigmoid": "Sigmoid"}


def applied(function: ActivationFunction, a: Value) -> Value:
    """φ(a)."""
    if function == get_activation("gelu"):
        z: Value = a * (0.5 * (1 + erf(a * sqrt(0.5))))
        return z
    return function.value(a)  # type: ignore[no-any-return]


def rows_of_grids(model: Any, inputs: dict[str, Value]) -> Value:
    """The flat rows that the network takes, of an estimator's images or sequences."""
    X = inputs["X"]
    if isinstance(model, ImageClassifier):
        return X.reshape(ROWS, -1)
    if "lengths" in inputs:
        steps = as_value(X.graph, np.arange(X.shape[1]), np.int64)
        exists = (steps < inputs["lengths"][:, None])[:, :, None]
        X = concat([where(exists, X, np.float32(0)), exists.astype(np.float32)], axis=2)
    rows = X.reshape(ROWS, -1)
    return concat([rows, inputs["static"]]) if "static" in inputs else rows


def grid_output(layer: Any, p: dict[str, Array], z: Value) -> Value | None:
    """What comes out of such a layer for rows `z`; None for a layer that is none of them."""
    for kinds, write in _WRITERS:
        if isinstance(layer, kinds):
            out = write(layer, p, z.astype(np.float32))
            return out.reshape(ROWS, -1).astype(z.dtype)
    return None


# -- images ------------------------------------------------------------------------------------------------


def _convolution(layer: Any, p: dict[str, Array], z: Value) -> Value:
    window = layer.window
    kernel = p["W"].reshape(-1, *window.size, window.grid[2]).transpose(0, 3, 1, 2)
    (above, below), (left, right) = window.padding
    constants = [as_value(z.graph, array, np.float32) for array in (kernel, p["b"])]
    a = _channels_first(layer, z).then(
        "Conv",
        *constants,
        shape=(ROWS, layer.units, *window.places),
        kernel_shape=list(window.size),
        strides=list(window.stride),
        dilations=list(window.dilation),
        pads=[above, left, below, right],
    )
    return permute_dims(a, (0, 2, 3, 1))


def _pool(operation: str) -> Any:
    def write(layer: Any, p: dict[str, Array], z: Value) -> Value:  # noqa: ARG001
        window = layer.window
        (above, below), (left, right) = window.padding
        a = _channels_first(layer, z).then(
            operation,
            shape=(ROWS, window.grid[2], *window.places),
            kernel_shape=list(window.size),
            strides=list(window.stride),
            pads=[above, left, below, right],
        )
        return permute_dims(a, (0, 2, 3, 1))

    return write


def _global_average(layer: Any, p: dict[str, Array], z: Value) -> Value:  # noqa: ARG001
    values, exists = _places(layer, z)
    if exists is None:
        return values.mean(1)
    count = np.maximum(exists.astype(np.float32).sum(1), np.float32(1))
    mean: Value = where(exists, values, np.float32(0)).sum(1) / count
    return mean


def _global_max(layer: Any, p: dict[str, Array], z: Value) -> Value:  # noqa: ARG001
    values, exists = _places(layer, z)
    if exists is None:
        return values.max(1)
    some = exists.astype(np.float32).max(1) > 0
    return where(some, where(exists, values, np.float32(-np.inf)).max(1), np.float32(0))


def _places(layer: Any, z: Value) -> tuple[Value, Value | None]:
    """(values (n, places, channels), whether each place exists (n, places, 1), None for all of them)."""
    grid = z.reshape(ROWS, -1, layer.channels + layer.masked)
    return grid[:, :, : layer.channels], grid[:, :, layer.channels :] > 0 if layer.masked else None


def _channels_first(layer: Any, z: Value) -> Value:
    """Rows as grids (n, channels, height, width); a sequence is a grid of height 1."""
    return permute_dims(layer.window.as_grid(z), (0, 3, 1, 2))


# -- sequences ---------------------------------------------------------------------------------------------


def _recurrent(layer: Any, p: dict[str, Array], z: Value) -> Value:
    grid = z.reshape(ROWS, layer.steps, -1)
    features = grid.shape[2] - layer.masked
    x = permute_dims(grid[:, :, :features], (1, 0, 2))
    exists = grid[:, :, features:] > 0.5 if layer.masked else None
    by_step = type(layer) is RNN and layer.activation.name not in _FUNCTIONS
    states, last = (_step_by_step if by_step else _operation)(layer, p, x, exists)
    if layer.returns == "last":
        return last
    return concat([states, grid[:, :, features:]], axis=2) if layer.masked else states


def _operation(layer: Any, p: dict[str, Array], x: Value, exists: Value | None) -> tuple[Value, Value]:
    """(states (n, steps, units), the last one (n, units)) by ONNX's own RNN, LSTM or GRU."""
    order, graph = _ORDERS[type(layer)], x.graph
    W, U, b = (_by_gate(p[name], order) for name in ("W", "U", "b"))
    behind = np.zeros_like(b)
    settings: dict[str, Any] = {"hidden_size": layer.units}
    if "c" in p:
        behind[-layer.units :] = p["c"]
        settings["linear_before_reset"] = 1
    if type(layer) is RNN:
        settings["activations"] = [_FUNCTIONS[layer.activation.name]]
    if layer.reverse:
        settings["direction"] = "reverse"
    arrays = [as_value(graph, array[None], np.float32).name for array in (W, U, np.concatenate([b, behind]))]
    lengths = [] if exists is None else [exists.astype(np.int32)[:, :, 0].sum(1).name]
    names = graph.free("states"), graph.free("last")
    graph.add(layer.kind.upper(), x.name, *arrays, *lengths, results=names, **settings)
    states = Value(graph, names[0], (layer.steps, 1, ROWS, layer.units), np.float32)
    last = Value(graph, names[1], (1, ROWS, layer.units), np.float32)[0]
    states = permute_dims(states[:, 0], (1, 0, 2))
    if exists is not None and not layer.reverse:
        states = where(exists, states, last[:, None])  # the last state stays; ONNX has 0 there
    return states, last


def _by_gate(array: Array, order: tuple[int, ...]) -> Array:
    parts = np.split(array, len(order))
    return np.concatenate([parts[gate] for gate in order])


def _step_by_step(layer: Any, p: dict[str, Array], x: Value, exists: Value | None) -> tuple[Value, Value]:
    """The same of an RNN with a function that ONNX's operation lacks: a_t = W x_t + U h_{t-1} + b."""
    constants: dict[str, Value] = {name: as_value(x.graph, p[name], np.float32) for name in p}
    a = x @ constants["W"].T + constants["b"]
    state = a[0] * 0
    found: dict[int, Value] = {}
    for t in reversed(range(layer.steps)) if layer.reverse else range(layer.steps):
        after = applied(layer.activation, a[t] + state @ constants["U"].T)
        state = found[t] = after if exists is None else where(exists[:, t], after, state)
    return concat([found[t][:, None] for t in range(layer.steps)], axis=1), state


def _bidirectional(layer: Any, p: dict[str, Array], z: Value) -> Value:
    ahead, back = (
        _recurrent(own, {name.partition(".")[2]: p[name] for name in p if name.startswith(f"{way}.")}, z)
        for way, own in layer.directions.items()
    )
    return concat([ahead[..., : layer.layer.units], back], axis=ahead.ndim - 1)


_WRITERS: tuple[tuple[Any, Callable[[Any, dict[str, Array], Value], Value]], ...] = (
    ((Conv1D, Conv2D), _convolution),
    ((MaxPool1D, MaxPool2D), _pool("MaxPool")),
    ((AveragePool1D, AveragePool2D), _pool("AveragePool")),
    (GlobalAveragePool, _global_average),
    (GlobalMaxPool, _global_max),
    (Recurrent, _recurrent),
    (Bidirectional, _bidirectional),
)
