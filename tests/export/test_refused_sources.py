"""What cannot be written as source is refused, with what to do."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp

from chainrule import Activation, Dense, MLPClassifier, MLPRegressor, Network, TabularRegressor
from chainrule.errors import ParameterError
from chainrule.export import javascript_source, numpy_source
from chainrule.network import Dropout, ParametricActivation

pytestmark = pytest.mark.parametrize("write", [numpy_source, javascript_source])


def changed(**attributes):
    def change(model):
        for name, value in attributes.items():
            setattr(model, name, value)

    return change


def not_finite(model):
    model.coefs_[0][0, 0] = np.nan


REFUSED = {
    "your own activation": (
        {"activation": (lambda a: a * a, lambda a: 2 * a)},
        lambda model: None,
        "'<lambda>' is your own function.*an activation that has a name",
    ),
    "another layer": (
        {},
        changed(network_=Network(3, (Dense(2), ParametricActivation(), Dense(1)))),
        "ParametricActivation.*cannot be written.*chainrule.save",
    ),
    "another output activation": (
        {},
        changed(out_activation_="cubic"),
        "however: 'cubic'; train with a loss",
    ),
    "weights that are not finite": ({}, not_finite, "weights of layer 1 are not finite; train"),
    "weights of another shape": (
        {},
        changed(coefs_=[np.zeros((3, 2)), np.zeros((1, 2))]),
        r"layer 2 must have dense weights of shape \(2, 1\).*\(1, 2\)",
    ),
    "sparse weights": (
        {},
        changed(coefs_=[sp.csr_matrix(np.zeros((3, 2))), np.zeros((2, 1))]),
        "arrays of float32 or float64.*however: object; set coefs_",
    ),
    "complex weights": (
        {},
        changed(coefs_=[np.zeros((3, 2), dtype=np.complex64), np.zeros((2, 1))]),
        "however: complex128",
    ),
    "too few weights": (
        {},
        changed(coefs_=[np.zeros((3, 2))]),
        "has 2 dense layers, however coefs_ 1 and intercepts_ 2 arrays",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_that_cannot_be_written_is_refused(write, name, rows):
    parameters, change, message = REFUSED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPRegressor(**{"hidden_layer_sizes": (2,), "max_iter": 1, "engine": "numpy"} | parameters)
        model.fit(rows, rows[:, 0])
    change(model)
    with pytest.raises(ParameterError, match=message):
        write(model)


@pytest.mark.parametrize("model", [TabularRegressor(), {"W": 1}, None], ids=lambda m: type(m).__name__)
def test_other_kinds_are_refused(write, model):
    kind = type(model).__name__
    with pytest.raises(
        ParameterError, match=f"fitted MLPClassifier or MLPRegressor, however: a {kind}.*save"
    ):
        write(model)


def test_a_model_must_be_fitted(write):
    with pytest.raises(ParameterError, match="the MLPClassifier is not fitted; call fit"):
        write(MLPClassifier())


@pytest.mark.parametrize("names", ["abc", ["a", "b"], ["a", "b", 3]])
def test_there_is_one_name_per_input(write, fitted, names):
    with pytest.raises(ParameterError, match="input_names must be 3 texts, one per input, however: "):
        write(fitted("one number", hidden_layer_sizes=()), input_names=names)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["a"], "classes must be 2 labels"),
        ("ab", "classes must be 2 labels"),
        (["a", None], "the class None has no literal"),
        (["a", float("nan")], "the class nan has no literal"),
        (["a", b"b"], "the class b'b' has no literal"),
        (["a", np.datetime64("2020-01-01")], "has no literal"),
    ],
)
def test_labels_must_have_a_literal(write, fitted, classes, message):
    with pytest.raises(ParameterError, match=message):
        write(fitted("two classes", hidden_layer_sizes=()), classes=classes)


def test_numbers_have_no_classes(write, fitted):
    with pytest.raises(ParameterError, match="a regressor has no classes"):
        write(fitted("one number", hidden_layer_sizes=()), classes=["a"])


@pytest.mark.parametrize(
    "function", ["", "1a", "a b", "a;b", "é", "if", "W12", "outputs", "relu", "_x", 3, "a\n"]
)
def test_the_function_must_have_a_name_of_its_own(write, fitted, function):
    with pytest.raises(ParameterError, match="function must be a name that"):
        write(fitted("one number", hidden_layer_sizes=()), function=function)


def test_networks_within_networks_and_repeated_activations_are_written(write, fitted, run_javascript, rows):
    model = fitted("one number", hidden_layer_sizes=(2,))
    inner = Network(2, (Activation("tanh"), Dropout(0.3), Activation("softplus")))
    model.network_ = Network(3, (Activation("softplus"), Dense(2), inner, Dense(1), Activation("tanh")))
    source = write(model)
    if write is numpy_source:
        names = {"__name__": "model"}
        exec(source, names)
        found = names["predict"](rows)
    else:
        found = run_javascript([(source, "predict", [rows.tolist()])])[0]["value"]
    np.testing.assert_allclose(found, model.predict(rows), rtol=1e-12)
