"""Initial values that look at the data: every neuron starts with a spread of 1, its kinks among the rows."""

from math import sqrt
from typing import Any

import numpy as np

from chainrule.network.ensemble import MemberDense
from chainrule.network.network import Network

__all__ = ["initialize_from_data"]

Array = Any

_ROWS_PER_NEURON = 5
_MOST_ROWS = 2048
_SMALLEST_SPREAD = 1e-6


def initialize_from_data(
    network: Network, X: Array, rng: np.random.Generator, dtype: Any = np.float32
) -> Array:
    """θ such that the pre-activations of every `MemberDense` neuron have standard deviation 1 on X.

    Layer by layer, in evaluation mode: weights N(0, 1), divided by the standard deviation of what they
    give (with shared weights: by the mean of the members'); then the bias minus a random mean (Exp(1)
    weights) of the neuron's pre-activation at 5 random rows: Holzmüller et al. 2024, arXiv 2407.04491,
    appendix A ("std" and "he+5"). Other layers, and networks among the layers, start as `initialize` says. A
    neuron that all rows give the same keeps its weights.

    Parameters
    ----------
    X : array (n, n_inputs)
        Rows of training; beyond 2048 a random choice of them is looked at.
    """
    theta = network.initialize(rng, np.float64)
    if len(X) > _MOST_ROWS:
        X = X[rng.choice(len(X), _MOST_ROWS, replace=False)]
    z = np.asarray(X, dtype=np.float64)
    for layer, p in zip(network.layers, network.views(theta), strict=True):
        if isinstance(layer, MemberDense):
            _spread(p, z[None] if z.ndim == 2 else z, rng)
        z = layer.forward(p, z, None)[0]
    return theta.astype(dtype)


def _spread(p: dict[str, Array], z: Array, rng: np.random.Generator) -> None:
    """Scale W and set b, in place, for inputs z (members, n, from)."""
    W, b = p["W"], p["b"]
    a = np.matmul(z, np.swapaxes(W, 1, 2)) / sqrt(W.shape[2])
    deviation = a.std(axis=1)
    if len(W) < len(deviation):
        deviation = np.broadcast_to(deviation.mean(0), deviation.shape)
    deviation = np.where(deviation > _SMALLEST_SPREAD, deviation, 1.0)
    W /= deviation[: len(W), :, None]
    a /= deviation[:, None]
    members, n, units = a.shape
    rows = rng.integers(n, size=(_ROWS_PER_NEURON, members, units))
    shares = rng.exponential(size=rows.shape)
    shares /= shares.sum(0)
    chosen = a[np.arange(members)[:, None], rows, np.arange(units)]
    b[...] = -(shares * chosen).sum(0)
