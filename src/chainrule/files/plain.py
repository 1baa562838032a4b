"""Values as plain data and back: parameters of an estimator, class labels. A closed set without code.

None, True, 3, 0.5, "relu"        themselves
[1, 2]                            themselves
(64, 64)                          {"tuple": [64, 64]}
{0: 1.0, "a": 2.0}                {"dict": [[0, 1.0], ["a", 2.0]]}
infinity, NaN                     {"float": "inf"}, {"float": "nan"}
an activation, a loss, a layer    {"activation": ...}, {"loss": ...}, {"layer": ...}, described by themselves
a schedule                        {"schedule": "OneCycle", "settings": {...}}
"""

from dataclasses import fields
from math import isfinite
from typing import Any

import numpy as np

from chainrule.errors import ModelFileError, ParameterError
from chainrule.network import LAYERS, ActivationFunction, Layer, Loss, get_activation, get_loss
from chainrule.optimization.schedules import (
    Constant,
    Cosine,
    CosineLog,
    FlatCosine,
    InverseScaling,
    OneCycle,
    WarmUp,
)

__all__ = ["labels_from_plain", "labels_to_plain", "parameter_from_plain", "parameter_to_plain"]

_SCHEDULES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (Constant, Cosine, CosineLog, FlatCosine, InverseScaling, OneCycle, WarmUp)
}
_WHOLE_DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_MOST_LETTERS = 1 << 22
_LABEL_DTYPES = (*_WHOLE_DTYPES, "float16", "float32", "float64", "str", "object")


def parameter_to_plain(name: str, value: Any) -> Any:
    """Turn a parameter's value into plain data; NumPy's numbers become Python's.

    Raises
    ------
    ModelFileError
        For functions, random generators and other objects; names the parameter and says what to do.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else {"float": repr(value)}
    if isinstance(value, list | tuple):
        items = [parameter_to_plain(name, item) for item in value]
        return {"tuple": items} if isinstance(value, tuple) else items
    if isinstance(value, dict):
        pairs = value.items()
        return {"dict": [[parameter_to_plain(name, k), parameter_to_plain(name, v)] for k, v in pairs]}
    return _object_to_plain(name, value)


def _object_to_plain(name: str, value: Any) -> Any:
    if name == "dtype":
        return np.dtype(value).name
    if type(value) in _SCHEDULES.values():
        settings = {f.name: parameter_to_plain(name, getattr(value, f.name)) for f in fields(value)}
        return {"schedule": type(value).__name__, "settings": settings}
    try:
        if isinstance(value, ActivationFunction):
            return {"activation": value.describe()}
        if isinstance(value, Loss):
            return {"loss": value.describe()}
        if type(value) in LAYERS.values():
            return {"layer": value.describe()}
    except ParameterError as error:
        raise ModelFileError(f"{name} cannot be saved: {error}") from None
    what = "a function, and a model file holds no code" if callable(value) else "no plain data"
    if isinstance(value, Layer):
        raise ModelFileError(
            f"{name}={value!r:.200} cannot be saved: files know the layers in chainrule.network.LAYERS; add "
            f"yours before saving and before loading: LAYERS[{value.kind!r}] = {type(value).__name__}"
        )
    raise ModelFileError(
        f"{name}={value!r:.200} cannot be saved: it is {what}; replace it by a name, a number or None with "
        f"set_params({name}=...) before saving"
    )


def parameter_from_plain(value: Any) -> Any:
    """Make the value that `parameter_to_plain` has described.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is not such a description.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [parameter_from_plain(item) for item in value]
    if set(value) == {"schedule", "settings"}:
        settings = {key: parameter_from_plain(item) for key, item in value["settings"].items()}
        return _SCHEDULES[value["schedule"]](**settings)
    ((tag, inner),) = value.items()
    if tag == "tuple":
        return tuple(parameter_from_plain(item) for item in inner)
    if tag == "dict":
        return {parameter_from_plain(k): parameter_from_plain(v) for k, v in inner}
    if tag == "float":
        return {"inf": np.inf, "-inf": -np.inf, "nan": np.nan}[inner]
    if tag == "layer":
        return LAYERS[inner["layer"]].from_description(inner)
    return {"activation": get_activation, "loss": get_loss}[tag](inner)


def labels_to_plain(labels: np.ndarray) -> dict[str, Any]:
    """Turn class labels into plain data with their dtype.

    Raises
    ------
    ModelFileError
        For labels that are neither text, numbers nor booleans.
    """
    dtype = "str" if labels.dtype.kind == "U" else labels.dtype.name
    values = labels.tolist()
    if dtype not in _LABEL_DTYPES or not all(type(value) in (bool, int, float, str) for value in values):
        raise ModelFileError(
            f"classes of dtype {labels.dtype} cannot be saved; train with text, numbers or booleans"
        )
    if dtype == "str" and not _fit_into_memory(values):
        raise ModelFileError(
            f"classes of up to {max(map(len, values)):,} letters cannot be saved; train with shorter names"
        )
    return {"dtype": dtype, "values": values}


def labels_from_plain(described: dict[str, Any]) -> np.ndarray:
    """Make the labels that `labels_to_plain` has described.

    Raises
    ------
    ValueError, TypeError, KeyError, OverflowError
        If it is not such a description.
    """
    dtype, values = described["dtype"], described["values"]
    if set(described) != {"dtype", "values"} or dtype not in _LABEL_DTYPES:
        raise ValueError(f"labels of dtype {dtype!r:.80}")
    if not all(type(value) in (bool, int, float, str) for value in values):
        raise ValueError("labels that are neither text, numbers nor booleans")
    if dtype == "str" and not _fit_into_memory(values):
        raise ValueError("labels that are too long")
    labels = np.array(values, dtype=dtype)
    if labels.tolist() != values:
        raise ValueError(f"labels that are not of dtype {dtype}")
    if not (len(labels) and (labels[:-1] < labels[1:]).all()):
        raise ValueError("labels that do not ascend")
    return labels


def _fit_into_memory(labels: list[str]) -> bool:
    """Whether an array may hold them: there, each takes as much as the longest."""
    return len(labels) * max(map(len, labels), default=0) <= _MOST_LETTERS
