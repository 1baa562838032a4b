"""A network: a tuple of layers, itself a layer; f(x) = f_L(f_{L-1}(··· f_1(x)))    lecture equation (4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network.activation import Activation
from chainrule.network.activations import ActivationFunction
from chainrule.network.columns import Columns
from chainrule.network.dense import Dense
from chainrule.network.described import Described
from chainrule.network.dropout import Dropout
from chainrule.network.initializers import initial_parameters
from chainrule.network.layer import Layer
from chainrule.network.layers import LAYERS
from chainrule.network.parametric import ParametricActivation
from chainrule.network.special import namespace

__all__ = ["Network", "networks_of"]

Array = Any
Parameters = tuple[dict[str, Array], ...]


@dataclass(frozen=True)
class Network(Described):
    """f(x) = f_L(··· f_2(f_1(x))): layers one behind the other.

    Parameters are one flat vector θ; `views` gives it names and shapes without copying. In θ, layer by
    layer, every parameter is stored row after row in the order of the layer's `shapes`.

    Parameters
    ----------
    n_inputs : int
        Number of values per row that go in. The input is not counted as a layer.
    layers : tuple of Layer
        A network is a layer too and may stand among them.

    Examples
    --------
    >>> Network.mlp(3, (4,), 2).n_parameters
    26
    """

    kind: ClassVar[str] = "network"
    n_inputs: int
    layers: tuple[Any, ...]

    def __post_init__(self) -> None:
        if type(self.n_inputs) is not int or self.n_inputs < 1:
            raise ParameterError(f"n_inputs must be a positive integer, however: {self.n_inputs!r}")
        object.__setattr__(self, "layers", tuple(self.layers))
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise ParameterError(f"layers must be Layer objects such as Dense(32), however: {layer!r}")

    @classmethod
    def mlp(
        cls,
        n_inputs: int,
        hidden: Sequence[int] = (100,),
        n_outputs: int = 1,
        activation: Any = "relu",
        dropout: float | Sequence[float] = 0.0,
        initializer: str = "auto",
        biases: str = "zeros",
    ) -> "Network":
        """A multilayer perceptron: hidden layers (dense, activation, dropout), then a dense output layer.

        Parameters
        ----------
        hidden : sequence of int
            Neurons of each hidden layer; empty for a linear model.
        activation : see `get_activation`, or a list of one per hidden layer
        dropout : float or one per hidden layer, default=0
            Behind each activation; 0 leaves the dropout layer out.
        initializer, biases : str, default="auto" and "zeros"
            Initial values, see `Dense`.
        """
        hidden = (hidden,) if isinstance(hidden, int) else tuple(hidden)
        activations = _one_per_layer("activation", activation, len(hidden), isinstance(activation, list))
        rates = _one_per_layer("dropout", dropout, len(hidden), not isinstance(dropout, Real))
        layers: list[Any] = []
        for units, function, rate in zip(hidden, activations, rates, strict=True):
            layers += [Dense(units, initializer, biases), Activation(function)]
            if rate:
                layers.append(Dropout(rate))
        return cls(n_inputs, (*layers, Dense(n_outputs, initializer, biases)))

    # -- what it is ---------------------------------------------------------------------------------

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Number of values per row in front of each layer, and behind the last."""
        widths = [self.n_inputs]
        for layer in self.layers:
            widths.append(layer.n_out(widths[-1]))
        return tuple(widths)

    @property
    def n_outputs(self) -> int:
        """Number of values per row that come out."""
        return self.widths[-1]

    @cached_property
    def dense_layers(self) -> tuple[Dense, ...]:
        """The layers of neurons, nested networks included."""
        found: list[Dense] = []
        for layer in self.layers:
            found += layer.dense_layers if isinstance(layer, Network) else [layer] * isinstance(layer, Dense)
        return tuple(found)

    @property
    def n_layers(self) -> int:
        """Layers of neurons, the output layer included, the input not: as the lecture counts."""
        return len(self.dense_layers)

    def n_neurons(self, count_bias_neurons: bool = False) -> int:
        """Neurons, the inputs not counted.

        Parameters
        ----------
        count_bias_neurons : bool, default=False
            Count the constant 1 that each hidden layer passes on beside its outputs as a neuron too.
        """
        units = [layer.units for layer in self.dense_layers]
        return sum(units) + (len(units) - 1 if count_bias_neurons and units else 0)

    @cached_property
    def shapes_by_layer(self) -> tuple[dict[str, tuple[int, ...]], ...]:
        """Per layer: names and shapes of its parameters."""
        return tuple(layer.shapes(n) for layer, n in zip(self.layers, self.widths[:-1], strict=True))

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        """Names and shapes of all parameters, such as {"0.W": (4, 3), "0.b": (4,)}: place of layer, name."""
        if n_in != self.n_inputs:
            raise ParameterError(f"this network takes {self.n_inputs} inputs, however: {n_in} go in")
        return {f"{i}.{name}": shape for i, s in enumerate(self.shapes_by_layer) for name, shape in s.items()}

    @cached_property
    def n_parameters(self) -> int:
        """Number of learnable parameters: the length of θ."""
        return sum(prod(shape) for shape in self.shapes(self.n_inputs).values())

    def multiplications(self, n_in: int) -> int:
        """Of a row's forward pass: one per parameter, where a layer does not say that it uses them often."""
        return sum(
            layer.multiplications(n) if hasattr(layer, "multiplications") else sum(map(prod, shapes.values()))
            for layer, n, shapes in zip(self.layers, self.widths[:-1], self.shapes_by_layer, strict=True)
        )

    def n_out(self, n_in: int) -> int:
        """As a layer: number of values per row that come out."""
        if n_in != self.n_inputs:
            raise ParameterError(f"this network takes {self.n_inputs} inputs, however: {n_in} go in")
        return self.n_outputs

    @cached_property
    def activation_functions(self) -> tuple[ActivationFunction, ...]:
        """The activation functions in it, those of nested networks and of branches included."""
        found: list[ActivationFunction] = []
        for layer in self.layers:
            for network in networks_of(layer):
                found += network.activation_functions
            if isinstance(layer, Activation):
                found.append(layer.function)
        return tuple(found)

    @cached_property
    def is_random(self) -> bool:
        """Whether training it draws random numbers, as dropout does."""
        return any(map(_is_random, self.layers))

    # -- its parameters -----------------------------------------------------------------------------

    def views(self, theta: Array) -> Parameters:
        """θ with names and shapes, one mapping per layer: ``views(theta)[0]["W"]``. Shares memory with θ."""
        if theta.shape != (self.n_parameters,):
            raise ParameterError(
                f"this network has {self.n_parameters} parameters in one vector, however: {theta.shape}"
            )
        parameters, start = [], 0
        for shapes in self.shapes_by_layer:
            named = {}
            for name, shape in shapes.items():
                named[name] = theta[start : start + prod(shape)].reshape(shape)
                start += prod(shape)
            parameters.append(named)
        return tuple(parameters)

    def flat(self, parameters: Iterable[dict[str, Array]]) -> Array:
        """θ, or its gradient, from one mapping per layer: the inverse of `views`."""
        parts = [
            named[name].reshape(-1)
            for named, shapes in zip(parameters, self.shapes_by_layer, strict=True)
            for name in shapes
        ]
        return namespace(parts[0]).concat(parts) if parts else np.zeros(0)

    def initialize(
        self, rng: Any, dtype: Any = np.float32, behind: ActivationFunction | None = None
    ) -> Array:
        """θ at the start, as each dense layer's `initializer` and `biases` say.

        Parameters
        ----------
        rng : Generator or RandomState
        behind : ActivationFunction, optional
            What follows this network, where it is a layer of another one.
        """
        theta = np.zeros(self.n_parameters)
        for i, (layer, named) in enumerate(zip(self.layers, self.views(theta), strict=True)):
            function = self._activation_behind(i, behind)
            if isinstance(layer, Network):
                values = layer.named(layer.initialize(rng, np.float64, function))
            else:
                shapes = {name: array.shape for name, array in named.items()}
                values = initial_parameters(layer, shapes, rng, function)
            for name, value in values.items():
                named[name][...] = value
        return theta.astype(dtype)

    def _activation_behind(self, i: int, behind: ActivationFunction | None) -> ActivationFunction | None:
        """The activation that the output of layer `i` goes into, if no other weights come first.

        Pooling, dropout and normalization are looked through.
        """
        for j, layer in enumerate(self.layers[i + 1 :], start=i + 1):
            if isinstance(layer, Activation | ParametricActivation):
                return layer.function  # type: ignore[no-any-return]
            if isinstance(layer, Network):
                return layer._activation_behind(-1, self._activation_behind(j, behind))
            if any(len(shape) > 1 for shape in self.shapes_by_layer[j].values()):
                return None
        return behind

    def named(self, theta: Array) -> dict[str, Array]:
        """θ by full names: ``{"0.W": ..., "0.b": ..., "2.W": ...}``. Shares memory with θ."""
        return {
            f"{i}.{name}": value for i, named in enumerate(self.views(theta)) for name, value in named.items()
        }

    @cached_property
    def decayed(self) -> tuple[str, ...]:
        """Full names of the parameters that penalties and weight decay shrink: weights, not biases."""
        return tuple(f"{i}.{name}" for i, layer in enumerate(self.layers) for name in layer.decayed)

    @cached_property
    def rates(self) -> dict[str, float]:
        """Full names of the parameters whose learning rate is another than the rest's, with their factors."""
        return {
            f"{i}.{name}": rate
            for i, layer in enumerate(self.layers)
            for name, rate in getattr(layer, "rates", {}).items()
        }

    def decay_mask(self) -> Array:
        """1 where penalties and weight decay act on θ (weights), 0 elsewhere (biases)."""
        mask = np.zeros(self.n_parameters, dtype=bool)
        named = self.named(mask)
        for name in self.decayed:
            named[name][...] = True
        return mask

    # -- what it computes ---------------------------------------------------------------------------

    def forward(self, p: Any, z: Array, draw: Any = None) -> tuple[Array, Any]:
        """(out, saved): all layers one after the other        lecture equations (38)-(41).

        Parameters
        ----------
        p : the views of θ, one mapping per layer; as a nested layer, one mapping by full names
        z : array (n, n_inputs)
        draw : Draw or None
            None when predicting: dropout is off.
        """
        self._check_rows(z)
        saved = []
        for i, (layer, named) in enumerate(zip(self.layers, self.by_layer(p), strict=True)):
            own = draw.fold(i) if draw is not None and _is_random(layer) else None
            z, kept = layer.forward(named, z, own)
            saved.append(kept)
        return z, tuple(saved)

    def backward(self, p: Any, saved: Any, dout: Array, needs_dz: bool = True) -> tuple[Any, Array | None]:
        """(dp, dz): the chain rule, from the last layer to the first        equations (21)-(61).

        Parameters
        ----------
        needs_dz : bool, default=True
            False spares the derivative by the input, which training does not use; dz is then None.
        """
        gradients: list[dict[str, Array]] = []
        dz: Array | None = dout
        for i, (layer, named, kept) in reversed(
            list(enumerate(zip(self.layers, self.by_layer(p), saved, strict=True)))
        ):
            if i == 0 and not needs_dz and hasattr(layer, "parameter_gradients"):
                dp, dz = layer.parameter_gradients(named, kept, dz), None
            else:
                dp, dz = layer.backward(named, kept, dz)
            gradients.insert(0, dp)
        if isinstance(p, dict):
            return {f"{i}.{name}": dx for i, dp in enumerate(gradients) for name, dx in dp.items()}, dz
        return tuple(gradients), dz

    def by_layer(self, p: Any) -> Any:
        """One mapping per layer, from `views` or, nested, from one mapping by full names."""
        if not isinstance(p, dict):
            return p
        return [{name: p[f"{i}.{name}"] for name in shapes} for i, shapes in enumerate(self.shapes_by_layer)]

    def predict(self, theta: Array, X: Array) -> Array:
        """Raw outputs (n, n_outputs) for the rows of X; the output activation is the loss's `link`."""
        return self.outputs(self.views(theta), X)

    def outputs(self, p: Parameters, z: Array) -> Array:
        """What `forward` gives when predicting, without keeping what backward would need."""
        self._check_rows(z)
        for layer, named in zip(self.layers, p, strict=True):
            z = layer.forward(named, z, None)[0]
        return z

    def _check_rows(self, z: Array) -> None:
        if z.shape[1:] != (self.n_inputs,):
            raise ParameterError(
                f"this network takes rows of {self.n_inputs} values, however the shape: {z.shape}"
            )
        if hasattr(z, "tocsr") and any(isinstance(layer, _OF_DENSE_ROWS) for layer in self.layers[:1]):
            raise ParameterError(
                f"rows must be dense for a network that begins with {self.layers[0].kind!r}, however they "
                "are sparse; give X.toarray(), or begin with Dense"
            )

    # -- as plain data ------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """Plain data (numbers, strings, lists) from which `from_description` makes an equal network."""
        return {
            "layer": self.kind,
            "n_inputs": self.n_inputs,
            "layers": [layer.describe() for layer in self.layers],
        }

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Network":
        """The network that `describe` described; only the layers of `LAYERS` exist."""
        layers = []
        for described in description["layers"]:
            kind = described.get("layer")
            if kind not in LAYERS:
                raise ParameterError(f"layer {kind!r} is unknown; known are {sorted(LAYERS)}")
            layers.append(LAYERS[kind].from_description(described))
        return cls(description["n_inputs"], tuple(layers))


LAYERS[Network.kind] = Network
_OF_DENSE_ROWS = tuple(layer for layer in LAYERS.values() if layer not in (Dense, Dropout, Network))


def networks_of(layer: Any) -> tuple[Network, ...]:
    """The networks within a layer: itself, if it is one, or its branches."""
    if isinstance(layer, Columns):
        return tuple(network for *_, network in layer.branches)
    return (layer,) if isinstance(layer, Network) else ()


def _is_random(layer: Any) -> bool:
    return getattr(layer, "is_random", True)  # a stranger's layer may draw


def _one_per_layer(what: str, value: Any, n_hidden: int, is_list: bool) -> Sequence[Any]:
    values = list(value) if is_list else [value] * n_hidden
    if len(values) != n_hidden:
        raise ParameterError(
            f"{what} must be one value or one per hidden layer ({n_hidden}), however: {value!r}"
        )
    return values
