"""The layers of a network one by one, those within branches and nested networks in place of these."""

from collections.abc import Iterator
from typing import Any

from chainrule.network import Columns, Network
from chainrule.network.network import networks_of

__all__ = ["layers_ahead", "layers_back", "layers_of"]

Array = Any


def layers_of(network: Network) -> Iterator[Any]:
    """The layers, from the first to the last."""
    for layer in network.layers:
        if inner := networks_of(layer):
            for one in inner:
                yield from layers_of(one)
        else:
            yield layer


def layers_ahead(network: Network, p: Any, z: Array) -> Iterator[tuple[Any, Array]]:
    """(layer, its output), from the first layer to the last, for rows `z`."""
    for layer, own in zip(network.layers, network.by_layer(p), strict=True):
        inner = _within(layer, own)
        for branch, named, columns, _ in inner:
            yield from layers_ahead(branch, named, z[:, columns])
        z = layer.forward(own, z, None)[0]
        if not inner:
            yield layer, z


def layers_back(network: Network, p: Any, z: Array, slope: Any) -> Iterator[tuple[Any, ...]]:
    """(layer, its parameters, its input, dL/d(output), dL/d(parameters)), from the last layer to the first.

    Parameters
    ----------
    slope : callable
        From the network's outputs to dL/d(output).
    """
    passed = []
    for layer, own in zip(network.layers, network.by_layer(p), strict=True):
        out, saved = layer.forward(own, z, None)
        passed.append((layer, own, z, saved))
        z = out
    dout = slope(z)
    for layer, own, z_in, saved in reversed(passed):
        inner = _within(layer, own)
        for branch, named, columns, outputs in reversed(inner):
            share = dout[:, outputs]
            yield from layers_back(branch, named, z_in[:, columns], lambda _, share=share: share)
        dp, dz = layer.backward(own, saved, dout)
        if not inner:
            yield layer, own, z_in, dout, dp
        dout = dz


def _within(layer: Any, p: dict[str, Array]) -> list[tuple[Network, dict[str, Array], slice, slice]]:
    """(network, its parameters, columns that go in, columns that come out) of what is within a layer."""
    if not isinstance(layer, Columns):
        return [(network, p, slice(None), slice(None)) for network in networks_of(layer)]
    found, start = [], 0
    for (first, behind, network), own in zip(layer.branches, layer.by_branch(p), strict=True):
        found.append((network, own, slice(first, behind), slice(start, start + network.n_outputs)))
        start += network.n_outputs
    return found
