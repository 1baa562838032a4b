"""Some members of an ensemble, for predicting."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from chainrule.network.dropout import Dropout
from chainrule.network.ensemble import MemberDense, Scale
from chainrule.network.network import Network
from chainrule.network.parametric import ParametricActivation

__all__ = ["of_members", "shared_part", "through"]

Array = Any
Layers = list[tuple[Any, dict[str, Array]]]


def shared_part(network: Network, p: dict[str, Array]) -> tuple[Layers, Layers]:
    """(layers before the first with weights of members, the others), each with its parameters.

    Without dropout, which may have a rate per member, and which predicting does not use.
    """
    pairs = list(zip(network.layers, network.by_layer(p), strict=True))
    pairs = [(layer, named) for layer, named in pairs if not isinstance(layer, Dropout)]
    first = next((i for i, (layer, _) in enumerate(pairs) if _has_members(layer)), len(pairs))
    return pairs[:first], pairs[first:]


def of_members(layers: Layers, chosen: slice) -> Iterator[tuple[Any, dict[str, Array]]]:
    """The same layers with the weights of the chosen members alone."""
    for layer, named in layers:
        if not _has_members(layer):
            yield layer, named
            continue
        named = {name: array[chosen] if len(array) > 1 else array for name, array in named.items()}
        yield replace(layer, members=max(map(len, named.values()))), named


def through(layers: Iterable[tuple[Any, dict[str, Array]]], z: Array) -> Array:
    """What comes out of the layers, one behind the other."""
    for layer, named in layers:
        z = layer.forward(named, z, None)[0]
    return z


def _has_members(layer: Any) -> bool:
    return isinstance(layer, MemberDense | Scale | ParametricActivation) and layer.members > 1
