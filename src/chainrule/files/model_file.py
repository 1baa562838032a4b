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
    take_parameters,
)
from chainrule.files.container import Tensors, read_container, write_container
from chainrule.files.estimator_file import (
    NETWORK_ESTIMATORS,
    describe_estimator,
    load_estimator,
    network_estimators,
)
from chainrule.files.forecaster_file import LAST_STEPS, describe_forecaster, load_forecaster
from chainrule.files.tabular_file import describe_tabular, load_tabular
from chainrule.network import Network

__all__ = ["load", "load_with_record", "save"]


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
            load_forecaster({name: described[name] for name in described if name != "kind"}, dict(tensors))
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

    if type(model) in network_estimators().values():
        return describe_estimator(model)
    if type(model) in (TabularClassifier, TabularRegressor):
        return describe_tabular(model)
    if _is_forecaster(model):
        return describe_forecaster(model)
    if isinstance(model, tuple) and len(model) == 2 and isinstance(model[0], Network):
        network, theta = model
        return {"kind": "Network", "network": network.describe()}, dict(network.named(np.asarray(theta)))
    raise ModelFileError(
        f"a {type(model).__name__} cannot be saved; what can is a fitted TabularClassifier, "
        f"TabularRegressor, Forecaster, {', '.join(network_estimators())}, "
        "or a pair (Network, parameters)"
    )


def _is_forecaster(model: Any) -> bool:
    from chainrule.estimators.forecaster import Forecaster

    return type(model) is Forecaster


def _load_network(described: dict[str, Any], tensors: Tensors) -> tuple[Network, np.ndarray]:
    check_keys(described, {"network"})
    network = Network.from_description(described["network"])
    return network, take_parameters(network, tensors)


_LOADERS: dict[str, Any] = {
    **{kind: partial(load_estimator, kind) for kind in NETWORK_ESTIMATORS},
    "Forecaster": load_forecaster,
    "Network": _load_network,
    "TabularClassifier": lambda described, tensors: load_tabular("TabularClassifier", described, tensors),
    "TabularRegressor": lambda described, tensors: load_tabular("TabularRegressor", described, tensors),
}
