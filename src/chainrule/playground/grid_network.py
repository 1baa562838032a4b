"""The networks that read pictures and sequences."""

from typing import Any

from chainrule.network import GRU, LSTM, RNN, Activation, Conv2D, Dense, MaxPool2D, Network
from chainrule.playground.settings import Settings

__all__ = ["grid_network"]

_CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def grid_network(settings: Settings, grid: tuple[int, ...], n_outputs: int) -> Network:
    """Convolution 3x3, ReLU, largest of 2x2, dense, for a picture; a recurrence, dense, for a sequence."""
    output = Dense(n_outputs, settings.initializer)
    if len(grid) == 2:
        cell: Any = _CELLS[settings.cell]
        return Network(grid[0] * grid[1], (cell(settings.cell_units, grid[0]), output))
    convolution = Conv2D(settings.filters, 3, grid, initializer=settings.initializer)
    pool = MaxPool2D(2, convolution.out_shape)
    return Network(grid[0] * grid[1] * grid[2], (convolution, Activation("relu"), pool, output))
