"""Table models to plain data and arrays, and back: TabularClassifier and TabularRegressor."""

from collections.abc import Callable
from dataclasses import fields
from math import isfinite
from typing import Any

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.files.checks import check_keys, set_parameters, take_array, take_curve, take_parameters
from chainrule.files.container import Tensors
from chainrule.files.plain import labels_from_plain, labels_to_plain, parameter_from_plain, parameter_to_plain
from chainrule.network import CategoryEmbedding, Columns, EnsembleLoss, Network, get_activation

__all__ = ["describe_tabular", "load_tabular"]

_CURVES = ("loss_curve_", "validation_loss_curve_")
_COUNTS = ("n_iter_", "best_iter_")
_ROUNDING = 1e-6
_COOLEST = 1e-3  # a temperature is learned between e⁻³ and e³
_ENGINES = ("numpy", "xla")


def describe_tabular(model: Any) -> tuple[dict[str, Any], Tensors]:
    """(description, arrays) of a fitted model, without the seconds that `fit` took.

    Raises
    ------
    ModelFileError
        If it is not fitted, a parameter is no plain data, or its loss is no longer the one of `fit`.
    """
    from chainrule.estimators.tabular_parameters import check_table_parameters

    kind = type(model).__name__
    if not hasattr(model, "theta_"):
        raise ModelFileError(f"the {kind} is not fitted; call fit before saving it")
    check_table_parameters(model)
    parameters = model.get_params(deep=False)
    described: dict[str, Any] = {
        "kind": kind,
        "parameters": {name: parameter_to_plain(name, value) for name, value in parameters.items()},
        "settings": {
            field.name: parameter_to_plain(field.name, getattr(model.settings_, field.name))
            for field in fields(model.settings_)
        },
        "encoder": model.encoder_.describe(),
        "network": model.network_.describe(),
        "has_names": hasattr(model, "feature_names_in_"),
        "engine": model.engine_,
        "counts": {name: int(getattr(model, name)) for name in _COUNTS},
    }
    if _loss_of(model) != model._loss:
        raise ModelFileError(
            f"the {kind} cannot be saved: its loss={model.loss!r:.80} is another than in fit; fit it again"
        )
    tensors: Tensors = dict(model.network_.named(model.theta_))
    for name in _CURVES:
        if getattr(model, name) is not None:
            tensors[name] = np.array(getattr(model, name), dtype=np.float64)
    tensors["member_shares_"] = np.asarray(model.member_shares_, dtype=np.float64)
    if kind == "TabularClassifier":
        described["classes"] = labels_to_plain(model.classes_)
        described["multilabel"] = model._coding.multilabel
        described["temperature"] = float(model.temperature_)
    else:
        tensors |= _target_arrays(model)
    return described, tensors


def _target_arrays(model: Any) -> Tensors:
    arrays = {
        "target_mean_": model.target_mean_,
        "target_scale_": model.target_scale_,
        "target_range": np.stack(model._range),
    }
    if model._residuals is not None:
        arrays |= {"residuals": model._residuals, "residual_offset": model._offset}
    return {name: np.asarray(array, dtype=np.float64) for name, array in arrays.items()}


def load_tabular(kind: str, described: dict[str, Any], tensors: Tensors) -> Any:
    """The model that `describe_tabular` described; takes its arrays out of `tensors`.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError, LookupError
        If it is not such a description.
    """
    from chainrule.estimators.tabular_classifier import TabularClassifier
    from chainrule.estimators.tabular_regressor import TabularRegressor
    from chainrule.table.network_encoder import NetworkEncoder

    own = {"classes", "multilabel", "temperature"} if kind == "TabularClassifier" else set()
    check_keys(
        described,
        {"parameters", "settings", "encoder", "network", "has_names", "engine", "counts"} | own,
    )
    model: Any = {"TabularClassifier": TabularClassifier, "TabularRegressor": TabularRegressor}[kind]()
    set_parameters(model, described["parameters"])
    model.settings_ = _settings(described["settings"])
    model.encoder_ = NetworkEncoder.from_description(described["encoder"])
    model.network_ = Network.from_description(described["network"])
    model.theta_ = take_parameters(model.network_, tensors)
    model.member_shares_ = take_array(tensors, "member_shares_", (model.settings_.members,))
    if model.member_shares_.min() < 0 or abs(model.member_shares_.sum() - 1) > _ROUNDING:
        raise ValueError("the members' shares are not parts of 1")
    _set_columns(model, described)
    if kind == "TabularClassifier":
        _set_classes(model, described)
    else:
        _set_targets(model, tensors)
    _set_history(model, described, tensors)
    model._loss = _loss_of(model)
    _check_that_it_computes(model)
    return model


def _loss_of(model: Any) -> Any:
    """The loss of the ensemble, which follows from the parameters and what was learned of the target."""
    return EnsembleLoss(model._member_loss(), model.settings_.members, model.settings_.folds)


def _settings(described: dict[str, Any]) -> Any:
    """The settings of the training, each of the type that it is declared with."""
    from chainrule.estimators.presets import EMBEDDINGS, Settings

    values = {name: parameter_from_plain(value) for name, value in described.items()}
    types = {field.name: field.type for field in fields(Settings)}
    check_keys(values, set(types))
    for name, value in values.items():
        if not _IS_SETTING[types[name]](value):
            raise ValueError(f"the setting {name} is {value!r:.80}")
    get_activation(values["activation"])
    if values["embedding"] not in EMBEDDINGS:
        raise ValueError(f"the setting embedding is {values['embedding']!r:.80}")
    return Settings(**values)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and isfinite(value) and value >= 0


def _is_whole(value: Any) -> bool:
    return type(value) is int and value >= 0


_IS_SETTING: dict[Any, Callable[[Any], bool]] = {
    int: _is_whole,
    int | None: lambda value: value is None or _is_whole(value),
    float: _is_number,
    float | tuple[float, float]: lambda value: (
        _is_number(value) or (isinstance(value, tuple) and all(map(_is_number, value)))
    ),
    tuple[int, ...]: lambda value: isinstance(value, tuple) and all(map(_is_whole, value)),
    bool: lambda value: type(value) is bool,
    str: lambda _: True,  # which words there are is checked with them; an activation may have settings
}


def _set_columns(model: Any, described: dict[str, Any]) -> None:
    names = [column.name for column in model.encoder_.schema.columns]
    has_names = described["has_names"]
    if type(has_names) is not bool or not names:
        raise ValueError(f"has_names is {has_names!r:.80}, with {len(names)} columns")
    model.n_features_in_ = len(names)
    if has_names:
        model.feature_names_in_ = np.array(names, dtype=object)


def _set_classes(model: Any, described: dict[str, Any]) -> None:
    from chainrule.estimators.targets import ClassCoding

    multilabel, temperature = described["multilabel"], described["temperature"]
    if type(multilabel) is not bool:
        raise ValueError(f"multilabel is {multilabel!r:.80}")
    if type(temperature) is not float or not _COOLEST <= temperature <= 1 / _COOLEST:
        raise ValueError(f"the temperature is {temperature!r:.80}")
    model._coding = ClassCoding(labels_from_plain(described["classes"]), multilabel)
    model.classes_ = model._coding.classes
    model.temperature_ = temperature


def _set_targets(model: Any, tensors: Tensors) -> None:
    model.target_mean_ = take_array(tensors, "target_mean_", (None,))
    model.n_outputs_ = n = len(model.target_mean_)
    model.target_scale_ = take_array(tensors, "target_scale_", (n,))
    low, high = take_array(tensors, "target_range", (2, n))
    if not ((model.target_scale_ > 0).all() and (low <= high).all()):
        raise ValueError("the target's scale or range cannot be")
    if model.quantiles is not None and (n > 1 or "residuals" in tensors):
        raise ValueError("quantiles go with one target and without residuals")
    model._range = (low, high)
    model._forget_calibration()
    if "residuals" in tensors:
        model._residuals = take_array(tensors, "residuals", (None, n))
        model._offset = take_array(tensors, "residual_offset", (n,))
        if model._residuals.min() < 0 or model._offset.min() < 0:
            raise ValueError("there are residuals below 0")


def _set_history(model: Any, described: dict[str, Any], tensors: Tensors) -> None:
    if described["engine"] not in _ENGINES:
        raise ValueError(f"the engine is {described['engine']!r:.80}")
    model.engine_ = described["engine"]
    counts = described["counts"]
    check_keys(counts, set(_COUNTS))
    for name, value in counts.items():
        if type(value) is not int or value < 0:
            raise ValueError(f"{name} is {value!r:.80}")
        setattr(model, name, value)
    if "loss_curve_" not in tensors:
        raise KeyError("loss_curve_")
    for name in _CURVES:
        curve = take_curve(tensors, name)
        if curve is not None and len(curve) != model.n_iter_:
            raise ValueError(f"the array {name} has {len(curve):,} values for {model.n_iter_:,} epochs")
        setattr(model, name, curve)
    if not (1 <= model.best_iter_ <= model.n_iter_ or model.best_iter_ == model.n_iter_ == 0):
        raise ValueError(f"the best of {model.n_iter_:,} epochs is {model.best_iter_:,}")


def _check_that_it_computes(model: Any) -> None:
    """Predict a few rows, of codes and of nothing: encoder, network and target must fit each other."""
    layout, members = model.encoder_.layout, model.settings_.members
    wanted = members * model._n_network_outputs
    found = model.network_.n_inputs, model.network_.n_outputs
    if found != (layout.width, wanted):
        raise ValueError(f"the table needs a network of {layout.width} inputs and {wanted} outputs: {found}")
    if _embedded_levels(model.network_) != layout.levels:
        raise ValueError("the network's embeddings have other levels than the table's columns")
    rows = np.zeros((2, layout.width), dtype=np.float32)
    behind = layout.width - len(layout.levels)
    rows[1, behind:] = np.asarray(layout.levels) - 1
    if model._raw(rows).shape != (2, wanted):
        raise ValueError("the network's layers do not fit each other")
    model.predict([[None] * model.n_features_in_])


def _embedded_levels(network: Network) -> tuple[int, ...]:
    branches = (
        inner for layer in network.layers if isinstance(layer, Columns) for *_, inner in layer.branches
    )
    embeddings = (layer for inner in branches for layer in inner.layers)
    return tuple(layer.levels for layer in embeddings if isinstance(layer, CategoryEmbedding))
