"""The layers of a forecaster: a linear autoregression, and beside it what reads the window."""

from typing import Any

from chainrule.estimators.grid_network import check_rates
from chainrule.estimators.parameters import hidden_layer_sizes
from chainrule.estimators.sequence import CELLS
from chainrule.network import Activation, Columns, Dense, Dropout, Network

__all__ = ["forecast_layers"]


def forecast_layers(estimator: Any, window: int, features: int, n_inputs: int) -> tuple[Any, ...]:
    """[z, hidden(read(window of z), rest of z)]: a linear autoregression, and more, for the output layer.

    Parameters
    ----------
    estimator : Forecaster
    window, features : int
        A row begins with the window's steps, so many numbers each.
    n_inputs : int
        Numbers of a row.

    Raises
    ------
    ParameterError
    """
    check_rates(estimator.dropout)
    read = window * features
    layers: list[Any] = []
    sizes = hidden_layer_sizes(estimator.units)
    if estimator.cell == "dense":
        layers += [layer for units in sizes for layer in (Dense(units), Activation("relu"))]
    else:
        cell = CELLS[estimator.cell]
        stack = [
            cell(units, window, "sequence" if i + 1 < len(sizes) else "last") for i, units in enumerate(sizes)
        ]
        branches = [(0, read, Network(read, tuple(stack)))]
        if n_inputs > read:
            branches.append((read, n_inputs, Network(n_inputs - read, ())))
        layers.append(Columns(tuple(branches)))
    for units in hidden_layer_sizes(estimator.hidden_layer_sizes):
        layers += [Dense(units), Activation("relu")]
    if estimator.dropout:
        layers.append(Dropout(float(estimator.dropout)))
    linear, hidden = Network(n_inputs, ()), Network(n_inputs, tuple(layers))
    return (Columns(((0, n_inputs, linear), (0, n_inputs, hidden))),)
