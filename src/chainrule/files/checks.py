"""What is checked of every description and array of a file before a model is made of it."""

import json
from collections.abc import Set
from typing import Any

import numpy as np

from chainrule.files.bounds import check_bounds
from chainrule.files.container import Tensors
from chainrule.network import Network

__all__ = [
    "CURVES",
    "check_keys",
    "check_that_nothing_is_lost",
    "set_parameters",
    "take_array",
    "take_curve",
    "take_known",
    "take_parameters",
]

CURVES = ("loss_curve_", "validation_loss_curve_", "validation_scores_")
"""Arrays that are no parameters: there, a number may be NaN."""


def check_keys(described: dict[str, Any], required: Set[str], optional: Set[str] = frozenset()) -> None:
    """Refuse a description that lacks a key, or has one that is not known."""
    missing, unknown = required - set(described), set(described) - required - optional
    if missing or unknown:
        raise ValueError(f"the description lacks {sorted(missing)} and has unknown {sorted(unknown)!r:.200}")


def check_that_nothing_is_lost(described: dict[str, Any], again: dict[str, Any]) -> None:
    """Refuse a description with anything in it that the model made of it does not say of itself the same way.

    Parameters of the constructor may be fewer: those that are absent have their default values.
    """
    again = _without_defaults(described, again)
    lost = [name for name in described if _text(described[name]) != _text(again.get(name))]
    if lost:
        raise ValueError(f"the model would not be as the file describes its {', '.join(lost):.80}")


def _without_defaults(described: dict[str, Any], again: dict[str, Any]) -> dict[str, Any]:
    """The second description with those parameters only that the first one has, also of a network in it."""
    if "parameters" in again:
        parameters = {name: again["parameters"][name] for name in described["parameters"]}
        again = again | {"parameters": parameters}
    if "parameters" in again.get("network", {}):
        again = again | {"network": _without_defaults(described["network"], again["network"])}
    return again


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


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
        _take_view(tensors, name, shape).reshape(-1)
        for name, shape in network.shapes(network.n_inputs).items()
    ]
    if len({part.dtype for part in parts}) > 1:
        raise ValueError("the parameters are of several dtypes")
    theta = np.concatenate(parts) if parts else np.zeros(0)
    check_bounds(network, theta)
    return theta


def take_array(tensors: Tensors, name: str, shape: tuple[int | None, ...]) -> np.ndarray:
    """Take float64 numbers, finite and of this shape, in which None stands for any length above 0."""
    tensor = _take_view(tensors, name, shape)
    if tensor.dtype != np.float64:
        raise ValueError(f"the array {name} must be of float64, however: {tensor.dtype}")
    return tensor.copy()


def take_known(tensors: Tensors, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Take float64 numbers of this shape, of which some may be missing, as NaN."""
    missing = np.isnan(tensors[name])
    kept = take_array(tensors | {name: np.where(missing, 0.0, tensors.pop(name))}, name, shape)
    kept[missing] = np.nan
    return kept


def _take_view(tensors: Tensors, name: str, shape: tuple[int | None, ...]) -> np.ndarray:
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
    if curve is not None and (curve.ndim != 1 or curve.dtype != np.float64):
        raise ValueError(f"the array {name} must be a row of float64, however: {curve.dtype} {curve.shape}")
    return None if curve is None else [float(value) for value in curve]
