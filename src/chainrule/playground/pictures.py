"""What is drawn of a network: what every neuron answers over the plane of two columns, and more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.engine.numpy import quiet
from chainrule.errors import ParameterError
from chainrule.network import Activation, Dense, Network
from chainrule.playground.examples import Examples
from chainrule.playground.run import Run

__all__ = ["Grid", "hidden_space", "histograms", "layer_lines", "main_picture", "unit_pictures"]

Array = Any

_BOUNDED = ("tanh", "logistic", "heaviside")
_BINS = 24
_MOST_ROWS = 1_000
_GRID_LINES = 11
_POINTS_OF_A_LINE = 41
_LINES_SIZE = 48
_LARGEST = 1e300
"""Of what can be drawn: beyond it a difference may overflow."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Inputs of the network over the plane of two columns, rows from high to low.

    Parameters
    ----------
    X : array (size², n_inputs)
    size : cells on a side
    """

    X: Array
    size: int

    @classmethod
    def of(cls, examples: Examples, axes: tuple[str, str], held: Mapping[str, Any], size: int) -> "Grid":
        """The centers of `size` x `size` cells of what the two columns span."""
        rows = examples.rows
        first, second = (rows.place_of(name) for name in axes)
        across = _centers(*rows.columns[first].extent, size)
        up = _centers(*rows.columns[second].extent, size)
        values = held_values(examples, held, size * size)
        values[:, first] = np.tile(across, size)
        values[:, second] = np.repeat(up[::-1], size)
        return cls(examples.inputs.of(values), size)


def held_values(examples: Examples, held: Mapping[str, Any], n: int) -> Array:
    """`n` rows in which every column is where it is held."""
    row = [
        column.place(held[column.name]) if column.name in held else column.middle
        for column in examples.rows.columns
    ]
    return np.tile(np.asarray(row, dtype=np.float64), (n, 1))


def _centers(low: float, high: float, size: int) -> Array:
    return low + (np.arange(size) + 0.5) * (high - low) / size


# -- what neurons answer -------------------------------------------------------------------------------------


def layers_of(network: Network, theta: Array, X: Array) -> tuple[list[Array], list[Array]]:
    """(weighted sums a, outputs z) of every layer of neurons; the last z is the raw output."""
    sums, outputs = [], []
    z = X
    with quiet():
        for layer, p in zip(network.layers, network.views(theta), strict=True):
            z = layer.forward(p, z, None)[0]
            if isinstance(layer, Dense):
                sums.append(z)
                outputs.append(z)
            elif isinstance(layer, Activation):
                outputs[-1] = z
    return sums, outputs


def unit_pictures(run: Run, grid: Grid) -> Array:
    """uint8 (inputs + units + outputs, size, size): 0 … 255 is -1 … 1."""
    network = run.now.setup.network
    _, outputs = layers_of(network, run.theta, grid.X)
    parts = [_inputs(run, grid)]
    parts += [_shown(z, layer.activation) for z, layer in zip(outputs, run.settings.layers, strict=False)]
    parts.append(_answers(run, outputs[-1]))
    cells = np.concatenate(parts, axis=1)
    return _bytes(cells).T.reshape(-1, grid.size, grid.size)


def main_picture(run: Run, grid: Grid, chosen: tuple[int, int] | None) -> tuple[Array, Array | None]:
    """(picture, how sure) of the output or of one neuron: uint8 (size, size)."""
    network, size = run.now.setup.network, grid.size
    _, outputs = layers_of(network, run.theta, grid.X)
    a = outputs[-1]
    if chosen is not None:
        layer, unit = chosen
        cells = _cells_of(run, grid, outputs, layer)
        if not 0 <= unit < cells.shape[1]:
            raise ParameterError(f"there is no neuron {unit} in layer {layer}")
        return _bytes(cells[:, unit]).reshape(size, size), None
    if a.shape[1] > 1:
        p = run.now.setup.program.loss.link(a)
        best = p.argmax(axis=1)
        sure = np.nan_to_num(p.max(axis=1)) * 255
        return best.astype(np.uint8).reshape(size, size), sure.astype(np.uint8).reshape(size, size)
    return _bytes(_answers(run, a)[:, 0]).reshape(size, size), None


def _cells_of(run: Run, grid: Grid, outputs: list[Array], layer: int) -> Array:
    if layer == -1:
        return _inputs(run, grid)
    if not 0 <= layer < len(outputs):
        raise ParameterError(f"there is no layer {layer}")
    if layer == len(outputs) - 1:
        return _answers(run, outputs[-1])
    return _shown(outputs[layer], run.settings.layers[layer].activation)


def _inputs(run: Run, grid: Grid) -> Array:
    """Inputs between -1 and 1 by the largest of all rows: one that is held at the middle is near 0."""
    return grid.X / run.examples.largest_inputs


def _shown(z: Array, activation: str) -> Array:
    """Outputs of a layer between -1 and 1: those of unbounded functions by each unit's largest."""
    return z if activation in _BOUNDED else _by_largest(z)


def _by_largest(z: Array) -> Array:
    largest = np.abs(np.nan_to_num(z)).max(axis=0)
    return z / np.where(largest > 0, largest, 1.0)


def _answers(run: Run, a: Array) -> Array:
    """Outputs between -1 and 1: of two classes 2p - 1, of more p, of numbers their place in the range."""
    rows = run.examples.rows
    answer = run.now.setup.program.loss.link(a)
    if rows.classes:
        return answer if a.shape[1] > 1 else 2 * answer - 1
    low, high = rows.span()
    numbers = answer * run.examples.scale + run.examples.center
    return 2 * (numbers - low) / (high - low) - 1


def _bytes(cells: Array) -> Array:
    return ((np.clip(np.nan_to_num(cells), -1, 1) + 1) * 127.5).round().astype(np.uint8)


# -- what else can be seen -----------------------------------------------------------------------------------


def layer_lines(run: Run, axes: tuple[str, str], held: Mapping[str, Any], layer: int) -> Array | None:
    """float32 (units, size, size): weighted sums a of a layer, each unit's line is where they are 0."""
    sums, _ = layers_of(run.now.setup.network, run.theta, Grid.of(run.examples, axes, held, _LINES_SIZE).X)
    if not 0 <= layer < len(sums) - 1:
        return None
    with quiet():
        return np.ascontiguousarray(sums[layer].T.reshape(-1, _LINES_SIZE, _LINES_SIZE), dtype=np.float32)


def hidden_space(
    run: Run, axes: tuple[str, str], held: Mapping[str, Any], layer: int, shown: Array
) -> tuple[tuple[str, str], Array, Array] | None:
    """(names, points (n, 2), lines (m, 2)) in the space of a hidden layer's outputs.

    More than two units are looked at along the two directions in which the points differ most.
    """
    network, examples = run.now.setup.network, run.examples
    _, outputs = layers_of(network, run.theta, examples.X[shown])
    if not 0 <= layer < len(outputs) - 1 or not len(shown):
        return None
    lines = _grid_lines(examples, axes, held)
    _, bent = layers_of(network, run.theta, lines.reshape(-1, lines.shape[-1]))
    names, axes_of_space, center = _directions(outputs[layer])
    with quiet():
        points = (outputs[layer] - center) @ axes_of_space
        warped = ((bent[layer] - center) @ axes_of_space).reshape(*lines.shape[:2], 2)
        gaps = np.full((len(warped), 1, 2), np.nan)
        joined = np.concatenate([warped, gaps], axis=1).reshape(-1, 2)
        return names, points.astype(np.float32), joined.astype(np.float32)


def _directions(z: Array) -> tuple[tuple[str, str], Array, Array]:
    n_units = z.shape[1]
    if n_units <= 2:
        names = ("z₁", "z₂") if n_units == 2 else ("z₁", "–")
        return names, np.eye(n_units, 2), np.zeros(n_units)
    with quiet():
        center = z.mean(axis=0)
        size = np.abs(z - center).max() or 1.0
        apart = np.nan_to_num((z - center) / size, posinf=0.0, neginf=0.0)
        _, vectors = np.linalg.eigh(apart.T @ apart)
    axes = vectors[:, :-3:-1]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])  # else they would flip between frames
    return ("1st principal direction of z", "2nd principal direction of z"), axes, center


def _grid_lines(examples: Examples, axes: tuple[str, str], held: Mapping[str, Any]) -> Array:
    """Inputs (lines, points, n_inputs) along lines across the plane, and up."""
    rows = examples.rows
    first, second = (rows.place_of(name) for name in axes)
    spans = [rows.columns[place].extent for place in (first, second)]
    along = [np.linspace(*span, _POINTS_OF_A_LINE) for span in spans]
    at = [np.linspace(*span, _GRID_LINES) for span in spans]
    lines = []
    for moving, still in ((0, 1), (1, 0)):
        for value in at[still]:
            values = held_values(examples, held, _POINTS_OF_A_LINE)
            values[:, (first, second)[still]] = value
            values[:, (first, second)[moving]] = along[moving]
            lines.append(examples.inputs.of(values))
    return np.stack(lines)


def histograms(run: Run) -> list[dict[str, Any]]:
    """How the outputs of each layer on training rows (raw at the end), and dL/dW, are distributed."""
    X = run.examples.X_train[:_MOST_ROWS]
    y = run.examples.y_train[:_MOST_ROWS, None]
    if not len(y):
        return []
    network, loss = run.now.setup.network, run.now.setup.program.loss
    p = network.views(run.theta)
    with quiet():
        a, saved = network.forward(p, X)
        _, da = loss(a, y, np.ones(len(y)))
        gradients, _ = network.backward(p, saved, da, needs_dz=False)
    _, outputs = layers_of(network, run.theta, X)
    slopes = [one["W"] for one in gradients if "W" in one]
    return [
        {"activations": _histogram(z), "gradients": _histogram(dW)}
        for z, dW in zip(outputs, slopes, strict=True)
    ]


def _histogram(values: Array) -> dict[str, Any]:
    known = values[np.abs(values) < _LARGEST]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    if high - low <= _BINS * max(np.spacing(abs(low)), np.spacing(abs(high)), np.finfo(float).tiny):
        middle, half = (low + high) / 2, 0.5 * max(1.0, abs(low))
        low, high = middle - half, middle + half
    counts, _ = np.histogram(known, bins=_BINS, range=(low, high))
    zeros = float((known == 0).mean()) if known.size else 0.0
    return {"low": low, "high": high, "counts": counts.tolist(), "zeros": zeros}
