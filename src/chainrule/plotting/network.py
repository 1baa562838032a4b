"""A network as it is built: neurons and weights, or blocks of layers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from chainrule.errors import ParameterError
from chainrule.estimators.base import BaseNetwork
from chainrule.network import Activation, Dense, Dropout, Network
from chainrule.plotting.blocks import draw_blocks, rows_of_blocks
from chainrule.plotting.canvas import axes_for
from chainrule.plotting.neurons import Diagram, draw_neurons
from chainrule.plotting.reading import numbered, own_model

__all__ = ["NetworkDisplay"]

Array = Any

_VIEWS = ("auto", "neurons", "blocks")


class NetworkDisplay:
    """The network: neurons with a line per weight, |w| its width and sign w its colour; or a block per layer.

    Parameters
    ----------
    network : Network
    theta : array (n_parameters,), optional
        Needed for neurons, whose weights are drawn.
    input_names, output_names : sequence of str, optional
        Default: x₁, x₂, ... and y₁, y₂, ...
    out_activation : str, optional
        Name of what turns the raw outputs into predictions.
    view : {"auto", "neurons", "blocks"}, default="auto"
        "auto": neurons for networks of dense, activation and dropout layers, blocks for all others, which
        have too many weights to draw.

    Attributes
    ----------
    lines_ : list of LineCollection
        For neurons, per layer: the weights' lines, the largest |w| last.
    ax_, figure_ : what was drawn

    Examples
    --------
    >>> NetworkDisplay.from_estimator(model, max_units=8, biases=True)  # doctest: +SKIP
    """

    def __init__(
        self,
        network: Network,
        theta: Array | None = None,
        *,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        out_activation: str | None = None,
        view: str = "auto",
    ) -> None:
        if view not in _VIEWS:
            raise ParameterError(f"view must be one of {_VIEWS}, however: {view!r}")
        plain = all(isinstance(layer, Dense | Activation | Dropout) for layer in network.layers)
        self.view = ("neurons" if plain and network.n_layers else "blocks") if view == "auto" else view
        if self.view == "neurons" and not (plain and network.n_layers and theta is not None):
            raise ParameterError(
                "view='neurons' needs theta and a network of dense, activation and dropout layers; "
                "use view='blocks'"
            )
        self.network = network
        self.theta = theta
        self.input_names = _names("input_names", input_names, network.n_inputs, "x")
        self.output_names = _names("output_names", output_names, network.n_outputs, "y")
        self.out_activation = out_activation

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        view: str = "auto",
        max_units: int = 12,
        biases: bool = False,
        ax: Any = None,
    ) -> "NetworkDisplay":
        """Draw the network of a fitted model.

        Parameters
        ----------
        estimator : a fitted model of this package, or a pipeline that ends in one
        input_names, output_names : sequence of str, optional
            Default: the model's feature names and classes.
        view, max_units, biases, ax : see the class and `plot`
        """
        model = own_model(estimator, "a picture of a network")
        network = model.network_
        is_mlp = hasattr(model, "coefs_")
        if isinstance(model, BaseNetwork):
            theta, out_activation = model._theta(network), model.out_activation_
        else:
            theta, out_activation = model.theta_, model._loss.out_activation
        if input_names is None and is_mlp:
            input_names = getattr(model, "feature_names_in_", None)
        if output_names is None and is_mlp and is_classifier(model):
            several = network.n_outputs == len(model.classes_)
            output_names = [str(k) for k in (model.classes_ if several else model.classes_[-1:])]
        display = cls(
            network,
            theta,
            input_names=input_names,
            output_names=output_names,
            out_activation=out_activation,
            view=view,
        )
        return display.plot(ax, max_units=max_units, biases=biases)

    @classmethod
    def from_network(
        cls,
        network: Network,
        theta: Array | None = None,
        *,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        view: str = "auto",
        max_units: int = 12,
        biases: bool = False,
        ax: Any = None,
    ) -> "NetworkDisplay":
        """Draw a network with the parameters θ; parameters as in the class and in `plot`."""
        display = cls(network, theta, input_names=input_names, output_names=output_names, view=view)
        return display.plot(ax, max_units=max_units, biases=biases)

    def plot(self, ax: Any = None, *, max_units: int = 12, biases: bool = False) -> "NetworkDisplay":
        """Draw it.

        Parameters
        ----------
        ax : axes, optional
        max_units : int, default=12
            Longer layers are shortened to that many places, one of them an ellipsis.
        biases : bool, default=False
            Draw the constant 1 of each layer, with its weights b.
        """
        if max_units < 3:
            raise ParameterError(f"max_units must be 3 at least, however: {max_units!r}")
        self.ax_ = ax = axes_for(ax)
        self.figure_ = ax.figure
        ax.set_axis_off()
        if self.view == "blocks":
            self.lines_: list[Any] = []
            draw_blocks(ax, rows_of_blocks(self.network, self.out_activation), self.network.n_parameters)
        else:
            self.lines_ = draw_neurons(ax, self._diagram(), max_units, biases)
        return self

    def _diagram(self) -> Diagram:
        weights, biases, titles = [], [], ["input"]
        for layer, named in zip(self.network.layers, self.network.views(np.asarray(self.theta)), strict=True):
            if isinstance(layer, Dense):
                weights.append(named["W"])
                biases.append(named["b"])
                titles.append("")
            elif isinstance(layer, Activation):
                titles[-1] = layer.function.name
        titles = [title or "linear" for title in titles]
        if titles[-1] == "linear":
            titles[-1] = "output" if self.out_activation in (None, "identity") else str(self.out_activation)
        return Diagram(weights, biases, titles, self.input_names, self.output_names)


def _names(what: str, names: Sequence[str] | None, n: int, letter: str) -> list[str]:
    if names is None:
        return ["$y$"] if n == 1 and letter == "y" else numbered(letter, n)
    if len(names) != n:
        raise ParameterError(f"{what} must be {n} names, however: {len(names)}")
    return [str(name) for name in names]
