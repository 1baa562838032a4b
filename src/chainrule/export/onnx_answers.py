"""From the inputs of a model to its answers: the network, and what `predict` makes of its outputs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.export.onnx_encoder import encoded
from chainrule.export.onnx_grids import applied, grid_output
from chainrule.export.onnx_value import Value, argmax, concat, sorted_rows, take
from chainrule.network import Activation, Columns, Network

__all__ = ["class_labels", "network_answers", "tabular_answers"]

Array = Any


def network_answers(model: Any, x: Value) -> dict[str, Value]:
    """The outputs of a network for rows (n, n_inputs), computed in the precision of its weights, by name."""
    parameters = model._parameters(model.network_)
    dtype = np.result_type(np.float32, *(array for named in parameters for array in named.values()))
    if dtype not in (np.float32, np.float64):
        raise ParameterError(
            f"the weights must be arrays of float32 or float64 to be written, however: {dtype}; set coefs_ "
            "and intercepts_ to such arrays"
        )
    a = _outputs(model.network_, _checked(parameters, dtype), x.astype(dtype))
    if hasattr(model, "classes_"):
        return _of_classes(model, a, model._link(a))
    y = model._link(a)
    if hasattr(model, "target_mean_"):
        y = y.astype(np.float64) * model.target_scale_ + model.target_mean_
    return {"prediction": y}


def tabular_answers(model: Any, inputs: Mapping[str, Value]) -> dict[str, Value]:
    """The outputs of a table model for its columns (n, 1), computed in float64, by name."""
    parameters = model.network_.views(np.asarray(model.theta_))
    matrix = encoded(model.encoder_, inputs)
    a = model._combined(_outputs(model.network_, _checked(parameters, np.float64), matrix))
    if hasattr(model, "classes_"):
        return _of_classes(model, a, model._loss.link(a / model.temperature_))
    y = model._loss.link(a) * model.target_scale_ + model.target_mean_
    if model.quantiles is not None:
        y = sorted_rows(y)
    elif model.clip_predictions and model._is_mean:
        y = np.clip(y, *model._range)
    return {"prediction": y}


def class_labels(model: Any) -> Array:
    """The classes as ONNX has them: text, or whole numbers for numbers and booleans.

    Raises
    ------
    ParameterError
        For other labels.
    """
    classes = np.asarray(model.classes_)
    plain = classes.tolist()
    if all(isinstance(label, str) for label in plain):
        return classes.astype(object)
    if classes.dtype.kind in "biuf" and all(-(2**63) <= label < 2**63 for label in plain):
        return classes.astype(np.int64)
    raise ParameterError(
        f"classes must be text, whole numbers or booleans for ONNX, however: {plain!r:.200}; train with such "
        "labels"
    )


def _checked(parameters: Sequence[dict[str, Array]], dtype: Any) -> list[dict[str, Array]]:
    for number, named in enumerate(parameters, start=1):
        for name, array in named.items():
            if not np.isfinite(array).all():
                raise ParameterError(
                    f"the parameters {name} of layer {number} are not finite; train the model again"
                )
    return [{name: np.asarray(array, dtype) for name, array in named.items()} for named in parameters]


def _outputs(network: Network, parameters: Any, z: Value) -> Value:
    """What the network's own forward pass computes."""
    for layer, named in zip(network.layers, network.by_layer(parameters), strict=True):
        if isinstance(layer, Network):
            z = _outputs(layer, named, z)
            continue
        if isinstance(layer, Columns):
            branches = zip(layer.branches, layer.by_branch(named), strict=True)
            z = concat([_outputs(inner, own, z[:, first:behind]) for (first, behind, inner), own in branches])
            continue
        try:
            out = _output(layer, named, z)
        except (TypeError, AttributeError, ValueError) as error:
            raise ParameterError(
                f"the layer {layer!r:.200} cannot be written as ONNX ({error}); write your own functions "
                "with those of a.__array_namespace__(), or train with an activation that has a name"
            ) from None
        if not isinstance(out, Value):
            raise ParameterError(f"the layer {layer!r:.200} must compute with what it is given to be written")
        z = out
    return z


def _output(layer: Any, p: dict[str, Array], z: Value) -> Any:
    if isinstance(layer, Activation):
        return applied(layer.function, z)
    found = grid_output(layer, p, z)
    return layer.forward(p, z, None)[0] if found is None else found


def _of_classes(model: Any, a: Value, p: Value) -> dict[str, Value]:
    """Labels (n,) and probabilities (n, K); for several labels per row, 0 or 1 for each of them."""
    coding = model._coding
    if coding.multilabel:
        return {"label": (a > 0).astype(np.int64), "probabilities": p}
    if len(coding.classes) == 1:
        place, p = (a[:, 0] * 0).astype(np.int64), p * 0 + 1
    elif len(coding.classes) == 2:
        place, p = (a[:, 0] > 0).astype(np.int64), concat([1 - p, p])
    else:
        place = argmax(a)
    return {"label": take(class_labels(model), place), "probabilities": p}
