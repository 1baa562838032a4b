"""Models to files and back: weights as arrays, everything else as a description in plain data."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError, ModelFileError
from chainrule.files.checks import (
    CURVES,
    check_keys,
    check_that_nothing_is_lost,
    set_parameters,
    take_array,
    take_curve,
    take_parameters,
)
from chainrule.files.container import Tensors, read_container, write_container
from chainrule.files.forecaster_file import LAST_STEPS, describe_forecaster, inner, load_forecaster
from chainrule.files.plain import labels_from_plain, labels_to_plain, parameter_from_plain, parameter_to_plain
from chainrule.files.tabular_file import describe_tabular, load_tabular
from chainrule.network import Activation, Dense, Dropout, Network

__all__ = ["load", "load_with_record", "save"]

_NUMBERS = ("loss_", "best_loss_", "best_validation_score_", "learning_rate_")
_COUNTS = ("n_iter_", "t_")
_SCALES = ("target_mean_", "target_scale_")
_NETWORK_ESTIMATORS = (
    "MLPClassifier",
    "MLPRegressor",
    "ImageClassifier",
    "SequenceClassifier",
    "SequenceRegressor",
)


def save(model: Any, path: str | Path, *, record: dict[str, Any] | None = None) -> None:
    """Write a fitted model to a file that `load` reads, and any safetensors viewer shows.

    The file holds weights, parameters, class labels, what was learned about a table's columns, what
    probabilities and intervals are calibrated by, and the loss curves: numbers and text, no code. What only a
    continued training would need (the optimizer's moments) is left out. It is written whole or not at all,
    and the same model makes the same bytes.

    Parameters
    ----------
    model : estimator of this package, or a pair (Network, parameters)
        Fitted; of exactly its class.
    path : str or Path
        An existing file is replaced. ".safetensors" is the usual extension.
    record : dict, optional
        What else is worth knowing about it, as plain data with text as keys; `load_with_record` gives it
        back. The command line needs "target", the name of the column that a table model predicts.

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
        if name.removeprefix("network.") not in (*CURVES, *LAST_STEPS) and not np.isfinite(tensor).all():
            raise ModelFileError(
                f"the parameters {name} are not finite; train the model again before saving it"
            )
        if tensor.dtype not in (np.float32, np.float64):
            raise ModelFileError(
                f"the parameters {name} must be float32 or float64, however: {tensor.dtype}; use astype"
            )
    try:
        _check_readable(model, described, tensors)
    except ValueError as error:  # what would not be read is not written
        raise ModelFileError(f"the model cannot be saved: {error}") from None
    if record is not None:
        described["record"] = record
    write_container(path, described, tensors)


def _check_readable(model: Any, described: dict[str, Any], tensors: Tensors) -> None:
    """Refuse a model whose network, or series, would not be read."""
    if _is_forecaster(model):
        with np.errstate(all="ignore"):
            _load_forecaster({name: described[name] for name in described if name != "kind"}, dict(tensors))
    else:
        take_parameters(model[0] if isinstance(model, tuple) else model.network_, dict(tensors))


def load(path: str | Path) -> Any:
    """Read a model that `save` has written.

    Nothing in the file is run, and no class is looked up by a name from the file. The model predicts without
    JAX.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    estimator, or a pair (Network, parameters)
        As it was saved.

    Raises
    ------
    ModelFileError
        One sentence: not a model file, of another version, damaged, or not readable.
    """
    return load_with_record(path)[0]


def load_with_record(path: str | Path) -> tuple[Any, dict[str, Any]]:
    """(model, record): as `load`, and what `save` was given to remember, or an empty dict."""
    path = Path(path)
    described, tensors = read_container(path)
    try:
        record = described.pop("record", {})
        if type(record) is not dict:
            raise ValueError(f"the record is {record!r:.80}")
        if described.get("kind") == "checkpoint":
            raise ModelFileError(
                f"{path} is a checkpoint of a training, not a model; go on with fit(..., checkpoint=FOLDER) "
                "or chainrule train --checkpoint FOLDER"
            )
        with np.errstate(all="ignore"):
            return _load(described, tensors), record
    except ModelFileError:
        raise
    except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError, RecursionError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ModelFileError(f"{path} is damaged: {' '.join(reason.split()):.300}") from None


def _load(described: dict[str, Any], tensors: Tensors) -> Any:
    """The model of a description without its record; nothing of it is left out."""
    import chainrule.estimators  # noqa: F401  # as a whole: threads that enter its modules apart meet halfway

    inner = {name: value for name, value in described.items() if name != "kind"}
    kind = described["kind"]
    if kind not in _LOADERS:
        raise ValueError(f"the kind of model {kind!r:.80} is unknown; known are {sorted(_LOADERS)}")
    model = _LOADERS[kind](inner, tensors)
    if tensors:
        raise ValueError(f"there are arrays that no model of this kind has: {sorted(tensors)!r:.200}")
    try:
        again, _ = _describe(model)
    except ModelFileError as error:
        raise ValueError(str(error)) from None
    check_that_nothing_is_lost(described, again)
    return model


def _describe(model: Any) -> tuple[dict[str, Any], Tensors]:
    from chainrule.estimators.tabular_classifier import TabularClassifier
    from chainrule.estimators.tabular_regressor import TabularRegressor

    if type(model) in _network_estimators().values():
        return _describe_estimator(model)
    if type(model) in (TabularClassifier, TabularRegressor):
        return describe_tabular(model)
    if _is_forecaster(model):
        if not hasattr(model, "learned_"):
            raise ModelFileError("the Forecaster is not fitted; call fit before saving it")
        return describe_forecaster(model, _describe_estimator(model.network_))
    if isinstance(model, tuple) and len(model) == 2 and isinstance(model[0], Network):
        network, theta = model
        return {"kind": "Network", "network": network.describe()}, dict(network.named(np.asarray(theta)))
    raise ModelFileError(
        f"a {type(model).__name__} cannot be saved; what can is a fitted TabularClassifier, "
        f"TabularRegressor, Forecaster, {', '.join(_network_estimators())}, "
        "or a pair (Network, parameters)"
    )


# -- forecasters -------------------------------------------------------------------------------------------


def _is_forecaster(model: Any) -> bool:
    from chainrule.estimators.forecaster import Forecaster

    return type(model) is Forecaster


def _load_forecaster(described: dict[str, Any], tensors: Tensors) -> Any:
    network = described["network"]
    if network["kind"] != "SequenceRegressor":
        raise ValueError(f"the network of a forecaster is a {network['kind']!r:.80}")
    plain = {name: value for name, value in network.items() if name != "kind"}
    arrays = inner(tensors)
    found = _load_estimator("SequenceRegressor", plain, arrays)
    if arrays:
        raise ValueError(f"there are arrays that no network of this kind has: {sorted(arrays)!r:.200}")
    return load_forecaster(described, found, tensors)


# -- networks ----------------------------------------------------------------------------------------------


def _load_network(described: dict[str, Any], tensors: Tensors) -> tuple[Network, np.ndarray]:
    check_keys(described, {"network"})
    network = Network.from_description(described["network"])
    return network, take_parameters(network, tensors)


# -- estimators of networks --------------------------------------------------------------------------------


def _network_estimators() -> dict[str, Any]:
    from chainrule import estimators

    return {name: getattr(estimators, name) for name in _NETWORK_ESTIMATORS}


def _describe_estimator(estimator: Any) -> tuple[dict[str, Any], Tensors]:
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


def _load_estimator(kind: str, described: dict[str, Any], tensors: Tensors) -> Any:
    from chainrule.estimators.class_network import ClassNetwork
    from chainrule.estimators.grid_network import GridNetwork

    estimator = _network_estimators()[kind]()
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


_LOADERS: dict[str, Any] = {
    **{kind: partial(_load_estimator, kind) for kind in _NETWORK_ESTIMATORS},
    "Forecaster": _load_forecaster,
    "Network": _load_network,
    "TabularClassifier": lambda described, tensors: load_tabular("TabularClassifier", described, tensors),
    "TabularRegressor": lambda described, tensors: load_tabular("TabularRegressor", described, tensors),
}
