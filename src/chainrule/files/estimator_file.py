"""Estimators of networks to plain data and arrays, and back: MLPs, and those of images and sequences."""

from typing import Any

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.files.checks import (
    CURVES,
    check_keys,
    set_parameters,
    take_array,
    take_curve,
    take_parameters,
)
from chainrule.files.container import Tensors
from chainrule.files.plain import labels_from_plain, labels_to_plain, parameter_from_plain, parameter_to_plain
from chainrule.network import Activation, Dense, Dropout, Network

__all__ = ["NETWORK_ESTIMATORS", "describe_estimator", "load_estimator", "network_estimators"]

_NUMBERS = ("loss_", "best_loss_", "best_validation_score_", "learning_rate_")
_COUNTS = ("n_iter_", "t_")
_SCALES = ("target_mean_", "target_scale_")
NETWORK_ESTIMATORS = (
    "MLPClassifier",
    "MLPRegressor",
    "ImageClassifier",
    "SequenceClassifier",
    "SequenceRegressor",
)


def network_estimators() -> dict[str, Any]:
    """The estimators by their names."""
    from chainrule import estimators

    return {name: getattr(estimators, name) for name in NETWORK_ESTIMATORS}


def describe_estimator(estimator: Any) -> tuple[dict[str, Any], Tensors]:
    """(description, arrays) of a fitted estimator.

    Raises
    ------
    ModelFileError, ParameterError
        If it is not fitted, or a parameter is no plain data.
    """
    from chainrule.estimators.grid_network import GridNetwork
    from chainrule.estimators.parameters import check_parameters

    kind = type(estimator).__name__
    if not estimator._has_parameters:
        raise ModelFileError(f"the {kind} is not fitted; call fit before saving it")
    check_parameters(estimator)
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
    if isinstance(estimator, GridNetwork):
        described["grid"] = estimator._describe_grid()
    for name in _SCALES:
        if hasattr(estimator, name):
            tensors[name] = np.array(getattr(estimator, name), dtype=np.float64)
    for name in CURVES:
        if getattr(estimator, name) is not None:
            tensors[name] = np.array(getattr(estimator, name), dtype=np.float64)
    return described, tensors


def load_estimator(kind: str, described: dict[str, Any], tensors: Tensors) -> Any:
    """The estimator that `describe_estimator` described; takes its arrays out.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError, LookupError
        If it is not such a description.
    """
    from chainrule.estimators.class_network import ClassNetwork
    from chainrule.estimators.grid_network import GridNetwork

    estimator = network_estimators()[kind]()
    is_classifier, is_grid = isinstance(estimator, ClassNetwork), isinstance(estimator, GridNetwork)
    keys = {"parameters", "network", "numbers", "out_activation", "engine"}
    keys |= {"classes", "multilabel"} if is_classifier else set()
    keys |= {"grid"} if is_grid else set()
    check_keys(described, keys, optional=set() if is_grid else {"feature_names"})
    set_parameters(estimator, described["parameters"])
    network = Network.from_description(described["network"])
    if is_grid:
        estimator._set_grid(described["grid"], network)
    else:
        _check_that_it_is_an_mlp(network)
    theta = take_parameters(network, tensors)
    estimator.network_ = network
    estimator.n_features_in_ = network.n_inputs
    estimator.n_layers_ = network.n_layers + 1
    estimator.n_outputs_ = network.n_outputs
    estimator.__dict__.update(estimator._as_coefficients(theta))
    if is_classifier:
        _set_classes(estimator, described)
    elif is_grid:
        for name in _SCALES:
            setattr(estimator, name, take_array(tensors, name, (network.n_outputs,)))
        if not (estimator.target_scale_ > 0).all():
            raise ValueError("a target's scale is not positive")
    _set_output(estimator, described, ("logistic", "softmax") if is_classifier else ("identity", "exp"))
    _set_history(estimator, described, tensors)
    if "feature_names" in described:
        names = described["feature_names"]
        texts = isinstance(names, list) and all(type(name) is str for name in names)
        if not texts or len(names) != network.n_inputs:
            raise ValueError("the feature names do not fit the network")
        estimator.feature_names_in_ = np.array(names, dtype=object)
    return estimator


def _check_that_it_is_an_mlp(network: Network) -> None:
    """Dense layers with activations between them; dropout anywhere behind one."""
    kinds = [type(layer) for layer in network.layers if not isinstance(layer, Dropout)]
    hidden = [Dense, Activation] * ((len(kinds) - 1) // 2)
    if kinds != [*hidden, Dense]:
        raise ValueError(f"the layers {[kind.__name__ for kind in kinds]!r:.200} are not those of an MLP")


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
    check_keys(numbers, {*_NUMBERS, *_COUNTS})
    for name in _NUMBERS:
        value = parameter_from_plain(numbers[name])
        if not (value is None or isinstance(value, int | float)):
            raise ValueError(f"{name} is {value!r:.80}")
        setattr(estimator, name, value)
    for name in _COUNTS:
        if type(numbers[name]) is not int or numbers[name] < 0:
            raise ValueError(f"{name} is {numbers[name]!r:.80}")
        setattr(estimator, name, numbers[name])
    for name in CURVES:
        setattr(estimator, name, take_curve(tensors, name))
    losses, scores = estimator.validation_loss_curve_ or [], estimator.validation_scores_ or []
    if estimator.loss_curve_ is None or len(losses) != len(scores):
        raise ValueError("there is no loss curve, or another number of validation losses than of scores")
