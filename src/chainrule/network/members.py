"""Some members of an ensemble, as an ensemble of their own."""

from dataclasses import replace
from typing import Any

from chainrule.network.dropout import Dropout
from chainrule.network.ensemble import MemberDense, Scale
from chainrule.network.network import Network
from chainrule.network.parametric import ParametricActivation

__all__ = ["of_members"]

Array = Any


def of_members(network: Network, p: dict[str, Array], chosen: slice) -> tuple[Network, dict[str, Array]]:
    """(network, parameters by full names) of the chosen members, for predicting.

    Parameters
    ----------
    network : Network
        With layers of members one behind the other, such as those of `MemberDense`.
    p : parameters by full names
    chosen : slice of the members
    """
    layers: list[Any] = []
    parameters: dict[str, Array] = {}
    for layer, named in zip(network.layers, network.by_layer(p), strict=True):
        if isinstance(layer, Dropout):
            continue  # it may have a rate per member, and predicting does not drop
        has_members = isinstance(layer, MemberDense | Scale | ParametricActivation) and layer.members > 1
        if has_members:
            named = {name: array[chosen] if len(array) > 1 else array for name, array in named.items()}
            n = max(map(len, named.values()))
            layer = replace(layer, members=n)
        parameters |= {f"{len(layers)}.{name}": array for name, array in named.items()}
        layers.append(layer)
    return Network(network.n_inputs, tuple(layers)), parameters
