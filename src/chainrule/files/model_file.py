"""Models to files and back: weights as arrays, everything else as a description in plain data."""

from collections.abc import Set
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError, ModelFileError
from chainrule.files.container import Tensors, read_container, write_container
from chainrule.files.plain import labels_from_plain, labels_to_plain, parameter_from_plain, parameter_to_plain
from chainrule.network import Network

__all__ = ["load", "save"]

_CURVES = ("loss_curve_", "validation_loss_curve_", "validation_scores_")
_NUMBERS = ("loss_", "best_loss_", "best_validation_score_", "learning_rate_")
_COUNTS = ("n_iter_", "t_")


def save(model: Any, path: str | Path) -> None:
    """Write a fitted model to a file that `load` reads, and any safetensors viewer shows.

    The file holds weights, parameters, class labels, what the encoder has learned and the loss curves:
    numbers and text, no code. What only a continued training would need (the optimizer's moments) is left
    out. It is written whole or not at all, and the same model makes the same bytes.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, TableModel, or a pair (Network, parameters)
        Fitted; of exactly these classes.
    path : str or Path
        An existing file is replaced. ".safetensors" is the usual extension.

    Raises
    ------
    ModelFileError
        For a model that is not fitted, has weights that are not finite, or a parameter that is a function; if
        the file cannot be written. The old file is then untouched.
    """
    path = Path(path)
    if path.is_dir():
        raise ModelFileError(f"{path} is a directory; name a file in it")
    if not path.parent.is_dir():
        raise ModelFileError(f"the folder {path.parent} does not exist; create it first")
    try:
        described, tensors = _describe(model)
    except ModelFileError:
        raise
    except ChainruleError as error:
        raise ModelFileError(f"the model cannot be saved: {error}") from None
    for name, tensor in tensors.items():
        if name not in _CURVES and not np.isfinite(tensor).all():
            raise ModelFileError(
                f"the parameters {name} are not finite; train the model again before saving it"
            )
    write_container(path, described, tensors)


def load(path: str | Path) -> Any:
    """Read a model that `save` has written.

    Nothing in the file is run, and no class is looked up by a name from the file. The model predicts without
    JAX.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    MLPClassifier, MLPRegressor, TableModel, or a pair (Network, parameters)
        As it was saved.

    Raises
    ------
    ModelFileError
        One sentence: not a model file, of another version, damaged, or not readable.
    """
    path = Path(path)
    described, tensors = read_container(path)
    try:
        kind = described.pop("kind")
        if kind not in _LOADERS:
            raise ValueError(f"the kind of model {kind!r:.80} is unknown; known are {sorted(_LOADERS)}")
        model = _LOADERS[kind](described, tensors)
        if tensors:
            raise ValueError(f"there are arrays that no model of this kind has: {sorted(tensors)!r:.200}")
    except ModelFileError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ModelFileError(f"{path} is damaged: {reason:.300}") from None
    return model


def _describe(model: Any) -> tuple[dict[str, Any], Tensors]:
    from chainrule.estimators.mlp import MLPClassifier, MLPRegressor
    from chainrule.estimators.table_model import TableModel

    if type(model) in (MLPClassifier, MLPRegressor):
        return _describe_estimator(model)
    if type(model) is TableModel:
        estimator, tensors = _describe_estimator(model.estimator)
        names = ("target", "task", "target_mean", "target_scale", "record")
        described = {name: getattr(model, name) for name in names}
        return {
            "kind": "TableModel",
            "encoder": model.encoder.describe(),
            "estimator": estimator,
            **described,
        }, tensors
    if isinstance(model, tuple) and len(model) == 2 and isinstance(model[0], Network):
        network, theta = model
        return {"kind": "Network", "network": network.describe()}, dict(network.named(np.asarray(theta)))
    raise ModelFileError(
        f"a {type(model).__name__} cannot be saved; what can is a fitted MLPClassifier, MLPRegressor or "
        "TableModel, or a pair (Network, parameters)"
    )


# -- networks ----------------------------------------------------------------------------------------------


def _take_parameters(network: Network, tensors: Tensors) -> np.ndarray:
    """Take θ out of the arrays, each of which must have the shape that the network demands."""
    parts = []
    for name, shape in network.shapes(network.n_inputs).items():
        tensor = tensors.pop(name)
        if tensor.shape != shape:
            raise ValueError(f"the array {name} must have the shape {shape}, however: {tensor.shape}")
        if not np.isfinite(tensor).all():
            raise ValueError(f"the array {name} is not finite")
        parts.append(tensor.reshape(-1))
    if len({part.dtype for part in parts}) > 1:
        raise ValueError("the parameters are of several dtypes")
    return np.concatenate(parts)


def _load_network(described: dict[str, Any], tensors: Tensors) -> tuple[Network, np.ndarray]:
    _check_keys(described, {"network"})
    network = Network.from_description(described["network"])
    return network, _take_parameters(network, tensors)


# -- estimators --------------------------------------------------------------------------------------------


def _describe_estimator(estimator: Any) -> tuple[dict[str, Any], Tensors]:
    kind = type(estimator).__name__
    if not hasattr(estimator, "coefs_"):
        raise ModelFileError(f"the {kind} is not fitted; call fit before saving it")
    described: dict[str, Any] = {
        "kind": kind,
        "parameters": {
            name: parameter_to_plain(name, value) for name, value in estimator.get_params(deep=False).items()
        },
        "network": estimator.network_.describe(),
        "numbers": {
            name: parameter_to_plain(name, getattr(estimator, name)) for name in (*_NUMBERS, *_COUNTS)
        },
        "out_activation": estimator.out_activation_,
        "engine": estimator.engine_,
    }
    if hasattr(estimator, "feature_names_in_"):
        described["feature_names"] = estimator.feature_names_in_.tolist()
    if hasattr(estimator, "classes_"):
        described["classes"] = labels_to_plain(estimator.classes_)
        described["multilabel"] = estimator._coding.multilabel
    tensors = dict(estimator.network_.named(estimator._theta(estimator.network_)))
    for name in _CURVES:
        if getattr(estimator, name) is not None:
            tensors[name] = np.array(getattr(estimator, name), dtype=np.float64)
    return described, tensors


def _load_estimator(kind: str, described: dict[str, Any], tensors: Tensors) -> Any:
    from chainrule.estimators import mlp

    keys = {"parameters", "network", "numbers", "out_activation", "engine"}
    keys |= {"classes", "multilabel"} if kind == "MLPClassifier" else set()
    _check_keys(described, keys, optional={"feature_names"})
    estimator = {"MLPClassifier": mlp.MLPClassifier, "MLPRegressor": mlp.MLPRegressor}[kind]()
    unknown = set(described["parameters"]) - set(estimator.get_params(deep=False))
    if unknown:
        raise ValueError(
            f"the parameters {sorted(unknown)!r:.200} are unknown; a newer chainrule may know them"
        )
    for name, value in described["parameters"].items():
        setattr(estimator, name, parameter_from_plain(value))
    network = Network.from_description(described["network"])
    theta = _take_parameters(network, tensors)
    estimator.network_ = network
    estimator.n_features_in_ = network.n_inputs
    estimator.n_layers_ = network.n_layers + 1
    estimator.n_outputs_ = network.n_outputs
    estimator.__dict__.update(estimator._as_coefficients(theta))
    if kind == "MLPClassifier":
        _set_classes(estimator, described)
    _set_output(
        estimator, described, ("logistic", "softmax") if kind == "MLPClassifier" else ("identity", "exp")
    )
    _set_history(estimator, described, tensors)
    if "feature_names" in described:
        names = described["feature_names"]
        if len(names) != network.n_inputs or not all(type(name) is str for name in names):
            raise ValueError("the feature names do not fit the network")
        estimator.feature_names_in_ = np.array(names, dtype=object)
    return estimator


def _set_classes(estimator: Any, described: dict[str, Any]) -> None:
    from chainrule.estimators.targets import ClassCoding

    classes, multilabel = labels_from_plain(described["classes"]), described["multilabel"]
    coding = ClassCoding(classes, multilabel)
    expected = (coding.n_outputs, coding.out_activation)
    if type(multilabel) is not bool or expected != (estimator.n_outputs_, described["out_activation"]):
        raise ValueError(f"{len(classes)} classes do not fit a network with {estimator.n_outputs_} outputs")
    estimator._coding = coding
    estimator.classes_ = classes


def _set_output(estimator: Any, described: dict[str, Any], out_activations: tuple[str, ...]) -> None:
    if described["out_activation"] not in out_activations or described["engine"] not in ("numpy", "xla"):
        raise ValueError(
            f"out_activation is {described['out_activation']!r:.80}, engine {described['engine']!r:.80}"
        )
    estimator.out_activation_ = described["out_activation"]
    estimator.engine_ = described["engine"]


def _set_history(estimator: Any, described: dict[str, Any], tensors: Tensors) -> None:
    numbers = described["numbers"]
    _check_keys(numbers, {*_NUMBERS, *_COUNTS})
    for name in _NUMBERS:
        value = parameter_from_plain(numbers[name])
        if not (value is None or isinstance(value, int | float)):
            raise ValueError(f"{name} is {value!r:.80}")
        setattr(estimator, name, value)
    for name in _COUNTS:
        if type(numbers[name]) is not int or numbers[name] < 0:
            raise ValueError(f"{name} is {numbers[name]!r:.80}")
        setattr(estimator, name, numbers[name])
    for name in _CURVES:
        curve = tensors.pop(name, None)
        if curve is not None and curve.ndim != 1:
            raise ValueError(f"the array {name} must have one dimension, however: {curve.ndim}")
        setattr(estimator, name, None if curve is None else curve.tolist())


# -- tables ------------------------------------------------------------------------------------------------


def _load_table_model(described: dict[str, Any], tensors: Tensors) -> Any:
    from chainrule.estimators.table_model import TableModel
    from chainrule.table import TableEncoder

    _check_keys(
        described, {"encoder", "estimator", "target", "task", "target_mean", "target_scale", "record"}
    )
    kind = described["estimator"].pop("kind")
    if {"classification": "MLPClassifier", "regression": "MLPRegressor"}.get(described["task"]) != kind:
        raise ValueError(f"the task {described['task']!r:.80} does not go with the estimator {kind!r:.80}")
    encoder = TableEncoder.from_description(described["encoder"])
    estimator = _load_estimator(kind, described["estimator"], tensors)
    if len(encoder.feature_names) != estimator.n_features_in_:
        raise ValueError(
            f"the table becomes {len(encoder.feature_names)} numbers, "
            f"and the network takes {estimator.n_features_in_}"
        )
    mean, scale, record = (described[name] for name in ("target_mean", "target_scale", "record"))
    if not (type(described["target"]) is str and type(mean) is type(scale) is float and type(record) is dict):
        raise ValueError("target, target_mean, target_scale or record are not what they must be")
    return TableModel(encoder, estimator, described["target"], described["task"], mean, scale, record)


def _check_keys(described: dict[str, Any], required: set[str], optional: Set[str] = frozenset()) -> None:
    missing, unknown = required - set(described), set(described) - required - optional
    if missing or unknown:
        raise ValueError(f"the description lacks {sorted(missing)} and has unknown {sorted(unknown)!r:.200}")


_LOADERS: dict[str, Any] = {
    "MLPClassifier": lambda described, tensors: _load_estimator("MLPClassifier", described, tensors),
    "MLPRegressor": lambda described, tensors: _load_estimator("MLPRegressor", described, tensors),
    "Network": _load_network,
    "TableModel": _load_table_model,
}
