"""How large the values in a network can become: a network that would run out of numbers is not read.

A bound goes through the layers as rows do: |z| ≤ r in front of a dense layer makes |a| ≤ |W| r + |b| behind
it. Where a layer computes larger values than come out of it, its bound is that of these.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.network import (
    Activation,
    CategoryEmbedding,
    Columns,
    LayerNormalization,
    Network,
    ParametricActivation,
    Periodic,
    Standardize,
    TokenEmbedding,
)

__all__ = ["check_bounds"]

Array = Any

_LARGEST_INPUT = 1e3
_LARGEST_VALUE = {np.dtype(np.float32): 1e37, np.dtype(np.float64): 1e150}
"""The squares of float64, of which spreads are made, are numbers too."""

_USUAL_WEIGHT = 1e4
_USUAL_WIDTH = 1 << 20
_MOST_LAYERS = 4096


def check_bounds(network: Network, theta: np.ndarray) -> None:
    """Refuse a network that is wider than its parameters, or so large in them that sums overflow.

    The bound grows with every layer, by more than values do: deep networks whose weights are all of a usual
    size are not held to it.

    Raises
    ------
    ValueError
    """
    _check_size(network)
    with np.errstate(all="ignore"):
        bound = _behind(network, network.views(np.abs(theta)), np.full((1, network.n_inputs), _LARGEST_INPUT))
    largest = max([float(np.abs(theta).max(initial=0)), *map(abs, _settings(network))])
    if largest > _USUAL_WEIGHT and not bound.max() <= _LARGEST_VALUE[theta.dtype]:
        raise ValueError(f"with parameters up to {largest:.3g}, what the network computes is not finite")


def _check_size(network: Network) -> None:
    """Refuse what is larger than the parameters in the file, before anything of that size is allocated."""
    widest = max(_USUAL_WIDTH, network.n_parameters)
    for inner in _networks(network):
        if len(inner.layers) > _MOST_LAYERS:
            raise ValueError(
                f"a network has {len(inner.layers):,} layers, and at most {_MOST_LAYERS:,} are read"
            )
        if max(inner.widths) > widest:
            raise ValueError(
                f"a network has {widest:,} parameters at the most for {max(inner.widths):,} values"
            )


def _networks(network: Network) -> Iterator[Network]:
    """The network and those within it."""
    yield network
    for layer in network.layers:
        branches = [inner for *_, inner in layer.branches] if isinstance(layer, Columns) else [layer]
        for inner in branches:
            if isinstance(inner, Network):
                yield from _networks(inner)


def _settings(network: Network) -> Iterator[float]:
    """The numbers that belong to activation functions."""
    for inner in _networks(network):
        for layer in inner.layers:
            if isinstance(layer, Activation | ParametricActivation):
                yield from dict(layer.function.settings).values()


def _behind(network: Network, p: Any, bound: Array) -> Array:
    """Largest values behind the network, from its parameters without their signs."""
    for layer, named in zip(network.layers, network.by_layer(p), strict=True):
        bound = _behind_layer(layer, named, bound)
    return bound


def _behind_layer(layer: Any, p: dict[str, Array], bound: Array) -> Array:
    if isinstance(layer, Network):
        return _behind(layer, p, bound)
    if isinstance(layer, Columns):
        parts = [
            _behind(inner, named, bound[:, first:behind])
            for (first, behind, inner), named in zip(layer.branches, layer.by_branch(p), strict=True)
        ]
        return np.concatenate(parts, axis=1)
    if isinstance(layer, Activation):
        return _of_function(layer.function, bound)
    if isinstance(layer, ParametricActivation):
        return bound + layer._alpha(p, bound) * (_of_function(layer.function, bound) + bound)
    if isinstance(layer, CategoryEmbedding):
        return p["E"].max(axis=0, keepdims=True).astype(np.float64)
    if isinstance(layer, TokenEmbedding):
        largest = np.append(p["E"].max(axis=0), [1.0] * layer.masked)
        return np.tile(largest.astype(np.float64), layer.steps)[None]
    if isinstance(layer, Periodic):
        turns = bound.T[:, :, None] * p["w"][:, None] + p["c"][:, None]
        waves = np.where(np.isfinite(turns), 1.0, np.inf)
        return (np.matmul(waves, p["L"]) + p["l"][:, None]).transpose(1, 0, 2).reshape(1, -1)
    if isinstance(layer, Standardize):
        return layer.forward({"m": -p["m"], "s": p["s"]}, bound, None)[0]
    if isinstance(layer, LayerNormalization):
        places = np.sqrt(layer.features) * p["g"] + p["b"]
        squares = bound.max() ** 2
        return np.tile(np.maximum(places, squares).astype(np.float64), bound.shape[1] // layer.features)[None]
    out = layer.forward(p, bound, None)[0]
    return np.maximum(out, _largest_sum(p, bound)) if any(name.endswith("U") for name in p) else out


def _largest_sum(p: dict[str, Array], bound: Array) -> float:
    """Of a recurrent layer's inputs and states, in front of its gates: these would hide that it overflows."""
    directions = [name[:-1] for name in p if name.endswith("U")]
    return max(
        float((p[f"{each}W"].sum(1) * bound.max() + p[f"{each}U"].sum(1) + p[f"{each}b"]).max())
        for each in directions
    )


def _of_function(function: Any, bound: Array) -> Array:
    """No activation is further from 0 within ±r than at an end, or than r itself, or 1."""
    ends = np.maximum(np.abs(function.value(bound)), np.abs(function.value(-bound)))
    return np.maximum(np.maximum(ends, bound), 1.0)
