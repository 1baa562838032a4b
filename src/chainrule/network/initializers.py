"""Initial weights: distributions whose width keeps the variance of the signal from layer to layer.

W has shape (to, from), fan_in = from, fan_out = to; of a convolution fan_out = units · places of the kernel.

    he_normal        N(0, 2 / fan_in)                      He et al. 2015, arXiv 1502.01852
    he_uniform       U(±√(6 / fan_in))                     the same variance
    glorot_normal    N(0, 2 / (fan_in + fan_out))          Glorot and Bengio 2010
    glorot_uniform   U(±√(6 / (fan_in + fan_out)))         the same variance
    lecun_normal     N(0, 1 / fan_in)                      LeCun et al. 1998; Klambauer et al. 2017 for SELU
    lecun_uniform    U(±√(3 / fan_in))                     the same variance
    orthogonal       gain · Q, rows or columns orthonormal Saxe, McClelland, Ganguli 2013, arXiv 1312.6120
    zeros            0
"""

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network.activations import ActivationFunction

__all__ = ["INITIALIZERS", "initial_parameters", "initial_weights"]

Array = Any


def _normal(variance: Callable[[int, int], float]) -> Callable[..., Array]:
    def draw(rng: Any, shape: tuple[int, int], gain: float, fan_out: int) -> Array:  # noqa: ARG001
        return rng.normal(0.0, sqrt(variance(shape[1], fan_out)), shape[::-1]).T

    return draw


def _uniform(variance: Callable[[int, int], float]) -> Callable[..., Array]:
    def draw(rng: Any, shape: tuple[int, int], gain: float, fan_out: int) -> Array:  # noqa: ARG001
        bound = sqrt(3 * variance(shape[1], fan_out))
        return rng.uniform(-bound, bound, shape[::-1]).T

    return draw


def _orthogonal(rng: Any, shape: tuple[int, int], gain: float, fan_out: int) -> Array:  # noqa: ARG001
    rows, columns = shape
    q, r = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))
    q = q * np.sign(np.diag(r))  # makes Q uniform among the orthogonal matrices
    return gain * (q if rows >= columns else q.T)


def _zeros(rng: Any, shape: tuple[int, int], gain: float, fan_out: int) -> Array:  # noqa: ARG001
    return np.zeros(shape)


def _he(fan_in: int, _: int) -> float:
    return 2 / fan_in


def _glorot(fan_in: int, fan_out: int) -> float:
    return 2 / (fan_in + fan_out)


def _lecun(fan_in: int, _: int) -> float:
    return 1 / fan_in


INITIALIZERS: dict[str, Callable[..., Array]] = {
    "he_normal": _normal(_he),
    "he_uniform": _uniform(_he),
    "glorot_normal": _normal(_glorot),
    "glorot_uniform": _uniform(_glorot),
    "lecun_normal": _normal(_lecun),
    "lecun_uniform": _uniform(_lecun),
    "orthogonal": _orthogonal,
    "zeros": _zeros,
}


def initial_weights(
    name: str, rng: Any, shape: tuple[int, int], gain: float = 1.0, fan_out: int | None = None
) -> Array:
    """Weights of shape (to, from), float64, drawn as `name` says; `gain` is for "orthogonal" alone.

    `fan_out` is given where it is not `to`.

    Always drawn in float64, so that float32 and float64 networks start at the same point, and input by input,
    as scikit-learn draws them. `rng` is a NumPy Generator or RandomState.
    """
    if name not in INITIALIZERS:
        raise ParameterError(f"initializer {name!r} is unknown; use one of {sorted(INITIALIZERS)} or 'auto'")
    return INITIALIZERS[name](rng, shape, gain, shape[0] if fan_out is None else fan_out)


def initial_parameters(
    layer: Any, shapes: dict[str, tuple[int, ...]], rng: Any, behind: ActivationFunction | None
) -> dict[str, Array]:
    """A layer's own `initial` values; else W as its `initializer` says, and b as `biases`; else 0 stays.

    Parameters
    ----------
    behind : ActivationFunction or None
        What its outputs go into: "auto" takes what this usually wants.
    """
    if hasattr(layer, "initial"):
        return layer.initial(shapes, rng)  # type: ignore[no-any-return]
    if not hasattr(layer, "initializer"):
        return {}
    name = layer.initializer
    if name == "auto":
        name = behind.initializer if behind else "glorot_uniform"
    gain = behind.gain if behind else 1.0
    n_to, n_from = shapes["W"]
    values = {"W": initial_weights(name, rng, (n_to, n_from), gain, getattr(layer, "fan_out", None))}
    if getattr(layer, "biases", "zeros") == "uniform":
        bound = sqrt(6 / (n_to + n_from))
        values["b"] = rng.uniform(-bound, bound, layer.units)
    return values
