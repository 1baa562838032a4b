"""What is checked of every description and array of a file before a model is made of it."""

from collections.abc import Set
from typing import Any

import numpy as np

from chainrule.files.container import Tensors
from chainrule.network import Network

__all__ = ["CURVES", "check_keys", "set_parameters", "take_array", "take_curve", "take_parameters"]

CURVES = ("loss_curve_", "validation_loss_curve_", "validation_scores_")
"""Arrays that are no parameters: there, a number may be NaN."""


def check_keys(described: dict[str, Any], required: Set[str], optional: Set[str] = frozenset()) -> None:
    """Refuse a description that lacks a key, or has one that is not known."""
    missing, unknown = required - set(described), set(described) - required - optional
    if missing or unknown:
        raise ValueError(f"the description lacks {sorted(missing)} and has unknown {sorted(unknown)!r:.200}")


def set_parameters(estimator: Any, parameters: dict[str, Any]) -> None:
    """Set the constructor parameters of an estimator, none of which it must not know."""
    from chainrule.files.plain import parameter_from_plain

    unknown = set(parameters) - set(estimator.get_params(deep=False))
    if unknown:
        raise ValueError(
            f"the parameters {sorted(unknown)!r:.200} are unknown; a newer chainrule may know them"
        )
    for name, value in parameters.items():
        setattr(estimator, name, parameter_from_plain(value))


def take_parameters(network: Network, tensors: Tensors) -> np.ndarray:
    """Take θ out of the arrays, each of which must have the shape that the network demands."""
    parts = [
        take_array(tensors, name, shape).reshape(-1)
        for name, shape in network.shapes(network.n_inputs).items()
    ]
    if len({part.dtype for part in parts}) > 1:
        raise ValueError("the parameters are of several dtypes")
    return np.concatenate(parts)


def take_array(tensors: Tensors, name: str, shape: tuple[int | None, ...]) -> np.ndarray:
    """Take an array of finite numbers and of this shape, in which None stands for any length above 0."""
    tensor = tensors.pop(name)
    fits = len(tensor.shape) == len(shape) and all(
        n == wanted or (wanted is None and n > 0) for n, wanted in zip(tensor.shape, shape, strict=True)
    )
    if not fits:
        raise ValueError(f"the array {name} must have the shape {shape}, however: {tensor.shape}")
    if not np.isfinite(tensor).all():
        raise ValueError(f"the array {name} is not finite")
    return tensor


def take_curve(tensors: Tensors, name: str) -> list[float] | None:
    """Take the values of a curve over the epochs; None if there is none."""
    curve = tensors.pop(name, None)
    if curve is not None and curve.ndim != 1:
        raise ValueError(f"the array {name} must have one dimension, however: {curve.ndim}")
    return None if curve is None else [float(value) for value in curve]
