"""What a recurrent layer remembers while it reads: its states over time."""

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.sequence import SequenceNetwork
from chainrule.network import Bidirectional, Columns, Network
from chainrule.network.recurrent import Recurrent
from chainrule.plotting.canvas import axes_for, describe_axes, matplotlib, text_size
from chainrule.plotting.reading import last_step

__all__ = ["StatesDisplay"]

Array = Any


class StatesDisplay:
    """h of every unit (a row) at every step (a column), purple below 0 and orange above.

    Units that go up and down together stand together: they are sorted by the direction in which they vary
    most.

    Parameters
    ----------
    states : array (steps, units)
        Of one sequence, the steps that it has.
    name : str, default=""
        Of the layer.

    Attributes
    ----------
    order_ : array, the units from the top to the bottom, counted from 0
    ax_, figure_, image_, colorbar_ : what was drawn

    Examples
    --------
    >>> StatesDisplay.from_estimator(model, X[0])  # doctest: +SKIP
    """

    def __init__(self, states: Array, name: str = "") -> None:
        self.states = np.asarray(states, dtype=np.float64)
        self.name = name
        if self.states.ndim != 2 or not self.states.size:
            raise ParameterError(f"states must be (steps, units), however their shape: {self.states.shape}")

    @classmethod
    def from_estimator(
        cls, estimator: Any, sequence: Any, *, layer: int = 1, ax: Any = None
    ) -> "StatesDisplay":
        """Draw the states of a fitted SequenceClassifier or SequenceRegressor for one sequence.

        Parameters
        ----------
        sequence : array (steps, features), or a frame of one row
            As `fit` takes several.
        layer : int, default=1
            Recurrent layers are counted from 1.
        ax : axes, optional
        """
        model = last_step(estimator)
        if not isinstance(model, SequenceNetwork):
            raise ParameterError(
                "a picture of states needs a SequenceClassifier or SequenceRegressor, however: "
                f"{type(model).__name__}"
            )
        rows = model._rows_to_answer(sequence if hasattr(sequence, "columns") else [np.asarray(sequence)])
        if len(rows) != 1:
            raise ParameterError(f"sequence must be a single one, however: {len(rows)}")
        shape = model.sequence_shape_
        network, p = _of_steps(model.network_, model._parameters(model.network_))
        found = _states(network, p, rows[:, : shape.n_in_steps])
        if isinstance(layer, bool) or not isinstance(layer, int) or not 1 <= layer <= len(found):
            raise ParameterError(
                f"layer must be a recurrent layer of the model, from 1 to {len(found)}, however: {layer!r}"
            )
        grid = rows[0, : shape.n_in_steps].reshape(shape.steps, -1)
        n_steps = int(grid[:, -1].sum()) if shape.masked else shape.steps
        name, states = found[layer - 1]
        return cls(states[:n_steps], name).plot(ax)

    def plot(self, ax: Any = None) -> "StatesDisplay":
        """Draw them.

        Parameters
        ----------
        ax : axes, optional
        """
        self.ax_ = ax = axes_for(ax)
        self.figure_ = ax.figure
        centered = self.states - self.states.mean(axis=0)
        self.order_ = np.argsort(np.linalg.svd(centered, full_matrices=False)[2][0], kind="stable")
        bound = float(np.abs(self.states).max()) or 1.0
        n_steps, n_units = self.states.shape
        self.image_ = ax.imshow(
            self.states.T[self.order_],
            cmap="PuOr_r",
            vmin=-bound,
            vmax=bound,
            aspect="auto",
            interpolation="nearest",
            extent=(0.5, n_steps + 0.5, n_units + 0.5, 0.5),
        )
        describe_axes(ax, "step", "unit, sorted", self.name)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_yticks([])
        self.colorbar_ = ax.figure.colorbar(self.image_, ax=ax, pad=0.02)
        self.colorbar_.ax.tick_params(labelsize=0.9 * text_size(ax))
        self.colorbar_.set_label("h", fontsize=text_size(ax))
        self.colorbar_.locator = matplotlib("ticker").MaxNLocator(4)
        return self


def _of_steps(network: Network, p: Any) -> tuple[Network, Any]:
    """The network of the steps alone, where static columns stand beside them."""
    first = network.layers[0]
    if not isinstance(first, Columns):
        return network, p
    branch = first.branches[0][2]
    return branch, branch.by_layer(first.by_branch(p[0])[0])


def _states(network: Network, p: Any, z: Array) -> list[tuple[str, Array]]:
    """(name, states (steps, units)) of each recurrent layer, of both directions side by side."""
    found = []
    for layer, own in zip(network.layers, p, strict=True):
        if isinstance(layer, Recurrent | Bidirectional):
            cell: Any = getattr(layer, "layer", layer)
            all_steps = replace(cell, returns="sequence")
            whole = replace(layer, layer=all_steps) if isinstance(layer, Bidirectional) else all_steps
            out = whole.forward(own, z, None)[0].reshape(cell.steps, -1)
            units = out.shape[1] - cell.masked
            both = ", both directions" if isinstance(layer, Bidirectional) else ""
            found.append((f"{cell.kind.upper()} of {cell.units} units{both}", out[:, :units]))
        z = layer.forward(own, z, None)[0]
    return found
