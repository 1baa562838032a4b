"""What is to be written: a fitted MLP as checked names and numbers, the same for every language."""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import __version__
from chainrule.errors import ParameterError
from chainrule.estimators import MLPClassifier, MLPRegressor
from chainrule.estimators.grid_network import GridNetwork
from chainrule.export.labels import checked_labels
from chainrule.network import Activation, ActivationFunction, Dense, Dropout, Network

__all__ = ["ActivationStep", "Content", "DenseStep", "check_function_name", "read_model"]

Array = Any


@dataclass(frozen=True)
class DenseStep:
    """a = W z + b, with W[to, from]."""

    result: str
    source: str
    number: int
    W: Array
    b: Array


@dataclass(frozen=True)
class ActivationStep:
    """z = f(a)."""

    result: str
    source: str
    function: ActivationFunction

    @property
    def name(self) -> str:
        """What the function is called in the source: of two names for one function, the first."""
        return "logistic" if self.function.name == "sigmoid" else self.function.name


@dataclass(frozen=True)
class Content:
    """All that a writer needs to know.

    Attributes
    ----------
    inputs : tuple of str
    labels : tuple of bool, int, float or str
        Of the classes, or of the several labels per row; empty for numbers.
    label_dtype : dtype or None
        Of the labels that the model gives; None: what NumPy makes of them.
    steps : tuple of DenseStep or ActivationStep
    answer : str
        "one class", "two classes", "classes", "several labels", "number" or "numbers".
    out_activation : str
    dtype : float32 or float64
    """

    inputs: tuple[str, ...]
    labels: tuple[Any, ...]
    label_dtype: Any
    steps: tuple[DenseStep | ActivationStep, ...]
    answer: str
    out_activation: str
    dtype: Any

    @property
    def result(self) -> str:
        """The variable that holds the raw outputs."""
        return self.steps[-1].result if self.steps else "z0"

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that the source calls by name, output activation last."""
        found = [step.name for step in self.steps if isinstance(step, ActivationStep)]
        if self.has_link:
            found.append(self.out_activation)
        return tuple(found)

    @property
    def has_link(self) -> bool:
        """Whether the output activation has anything to do."""
        return self.answer != "one class" and self.out_activation != "identity"

    @property
    def title(self) -> list[str]:
        """Who trained it, and what it is, layer by layer."""
        parts = [f"{len(self.inputs)} input{'s' * (len(self.inputs) > 1)}"]
        for step in self.steps:
            if isinstance(step, DenseStep):
                parts.append(f"{len(step.b)} neuron{'s' * (len(step.b) > 1)}")
            else:
                parts[-1] += f" ({step.name})"
        parts[-1] += f" ({self.out_activation})"
        return [f"A neural network trained with chainrule {__version__}: {parts[0]}", *parts[1:]]

    @property
    def promises(self) -> tuple[str, str | None]:
        """What predicting answers, and what asking for probabilities does where one can."""
        if self.answer == "number":
            return "The predicted number of each row.", None
        if self.answer == "numbers":
            return "The predicted numbers of each row.", None
        if self.answer == "several labels":
            return "For each row, 1 for every label it has and 0 for the others.", (
                "For each row the probability of each label, in the order of CLASSES."
            )
        return "The most probable class of each row.", (
            "For each row the probabilities of the classes, in the order of CLASSES."
        )


def read_model(model: Any, input_names: Any, classes: Any) -> Content:
    """What to write of a fitted MLPClassifier or MLPRegressor.

    Raises
    ------
    ParameterError
        For what has no source; says what to do instead.
    """
    _check_model(model)
    pairs = [(np.asarray(W), np.asarray(b)) for W, b in zip(model.coefs_, model.intercepts_, strict=True)]
    dtype = np.result_type(np.float32, *(array for pair in pairs for array in pair))
    if dtype not in (np.float32, np.float64):
        raise ParameterError(
            f"the weights must be arrays of float32 or float64 to be written, however: {dtype}; set coefs_ "
            "and intercepts_ to such arrays"
        )
    labels, label_dtype = checked_labels(model, classes)
    return Content(
        inputs=_checked_inputs(model, input_names),
        labels=labels,
        label_dtype=label_dtype,
        steps=tuple(_steps(model.network_, iter(pairs), dtype)),
        answer=_answer(model),
        out_activation=_checked_out_activation(model),
        dtype=dtype,
    )


def check_function_name(function: str, taken: Set[str], language: str) -> None:
    """Refuse what cannot be the name of the function that predicts."""
    is_name = isinstance(function, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", function)
    if not is_name or function in taken or re.fullmatch(r"[Wb][0-9]+", function):
        raise ParameterError(
            f"function must be a name that {language} allows and the source does not use itself, such as "
            f"'predict', however: {function!r:.80}"
        )


def _check_model(model: Any) -> None:
    if isinstance(model, GridNetwork) and hasattr(model, "network_"):
        plain = (Dense, Activation, Dropout)
        kinds = [layer.kind for layer in model.network_.layers if not isinstance(layer, plain)]
        raise ParameterError(
            f"source is written of networks of dense layers, however: a {type(model).__name__}, whose layer "
            f"{kinds[0]} has none; write it as ONNX with chainrule.export.to_onnx, or save it with "
            "chainrule.save and predict where chainrule is installed"
        )
    if type(model) not in (MLPClassifier, MLPRegressor):
        raise ParameterError(
            "source is written of a fitted MLPClassifier or MLPRegressor, however: a "
            f"{type(model).__name__}; a model of tables reads columns that source would have to read too: "
            "save it with chainrule.save and predict where chainrule is installed"
        )
    if not hasattr(model, "coefs_"):
        raise ParameterError(f"the {type(model).__name__} is not fitted; call fit before writing its source")
    n_wanted, n_weights, n_biases = (
        len(of) for of in (model.network_.dense_layers, model.coefs_, model.intercepts_)
    )
    if not n_wanted == n_weights == n_biases:
        raise ParameterError(
            f"the network has {n_wanted} dense layers, however coefs_ {n_weights} and intercepts_ {n_biases} "
            "arrays; set one of each per dense layer"
        )


def _checked_inputs(model: Any, input_names: Any) -> tuple[str, ...]:
    n = model.network_.n_inputs
    names = getattr(model, "feature_names_in_", None) if input_names is None else input_names
    if names is None:
        return tuple(f"x{i + 1}" for i in range(n))
    if isinstance(names, str) or len(names) != n or not all(isinstance(name, str) for name in names):
        raise ParameterError(f"input_names must be {n} texts, one per input, however: {names!r:.200}")
    return tuple(map(str, names))


def _answer(model: Any) -> str:
    if isinstance(model, MLPRegressor):
        return "number" if model.n_outputs_ == 1 else "numbers"
    if model._coding.multilabel:
        return "several labels"
    return {1: "one class", 2: "two classes"}.get(len(model.classes_), "classes")


def _checked_out_activation(model: Any) -> str:
    known = ("identity", "exp") if isinstance(model, MLPRegressor) else (model._coding.out_activation,)
    if model.out_activation_ not in known:
        raise ParameterError(
            f"the output activation must be one of {known} to be written, however: "
            f"{model.out_activation_!r:.80}; train with a loss that has one of these"
        )
    return str(model.out_activation_)


def _steps(network: Network, pairs: Iterator[Any], dtype: Any) -> Iterator[DenseStep | ActivationStep]:
    """The layers one behind the other: z0, a1, z1, a2, z2, ...; dropout does nothing when predicting."""
    number, source, n_in, repeats = 0, "z0", network.n_inputs, 2
    for layer in _flat(network):
        if isinstance(layer, Dense):
            number, repeats = number + 1, 1
            W, b = next(pairs)
            _check_weights(number, W, b, (n_in, layer.units))
            yield DenseStep(f"a{number}", source, number, W.T.astype(dtype), b.astype(dtype))
            source, n_in = f"a{number}", layer.units
        elif isinstance(layer, Activation):
            result = f"z{number}" if repeats == 1 else f"z{number}_{repeats}"
            yield ActivationStep(result, source, _checked_function(layer.function))
            source, repeats = result, repeats + 1
        elif not isinstance(layer, Dropout):
            raise ParameterError(
                f"the layer {layer!r:.200} cannot be written; dense, activation and dropout layers can: save "
                "the model with chainrule.save and predict where chainrule is installed"
            )


def _flat(network: Network) -> Iterator[Any]:
    for layer in network.layers:
        if isinstance(layer, Network):
            yield from _flat(layer)
        else:
            yield layer


def _check_weights(number: int, W: Array, b: Array, shape: tuple[int, int]) -> None:
    if W.shape != shape or b.shape != shape[1:]:
        raise ParameterError(
            f"layer {number} must have dense weights of shape {shape} and biases of shape {shape[1:]}, "
            f"however: {W.shape} and {b.shape}; set coefs_ and intercepts_ to such arrays"
        )
    if not (np.isfinite(W).all() and np.isfinite(b).all()):
        raise ParameterError(f"the weights of layer {number} are not finite; train the model again")


def _checked_function(function: ActivationFunction) -> ActivationFunction:
    try:
        function.describe()
    except ParameterError:
        raise ParameterError(
            f"activation {function.name!r} is your own function, whose source nobody knows; train with an "
            "activation that has a name to write the network"
        ) from None
    return function
