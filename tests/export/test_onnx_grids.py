"""Networks of images and sequences written as ONNX answer as the models do, whatever layers they have."""

import json
import warnings
from itertools import product

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest

from chainrule import SequenceClassifier, SequenceRegressor
from chainrule.errors import ParameterError
from chainrule.estimators.image import ImageClassifier
from chainrule.export import javascript_source, numpy_source, onnx_inputs, to_onnx
from chainrule.network import (
    GRU,
    LSTM,
    RNN,
    Activation,
    AveragePool1D,
    AveragePool2D,
    Bidirectional,
    Conv1D,
    Conv2D,
    Dense,
    GlobalAveragePool,
    GlobalMaxPool,
    LayerNormalization,
    MaxPool1D,
    MaxPool2D,
    Network,
    TokenEmbedding,
)

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(2, 3, (12, 7, 9, 2)).astype(np.float32)
STEPS = RNG.normal(1, 2, (12, 6, 3)).astype(np.float32)
LISTS = [x[:n] for x, n in zip(STEPS, (6, 1, 3, 5, 2, 6, 4, 1, 3, 2, 5, 6), strict=True)]
NUMBERS = RNG.normal(50, 20, 12)
SHAPE = (7, 9, 2)


def fitted(model, X, y):
    """Trained for an epoch; no weight is 0 or 1 any more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.set_params(max_iter=1, engine="numpy", random_state=0).fit(X, y)
    model.theta_ += RNG.normal(0, 0.1, model.theta_.shape).astype(model.theta_.dtype)
    return model


def run(model, X):
    written = to_onnx(model)
    onnx.checker.check_model(written, full_check=True)
    session = onnxruntime.InferenceSession(written.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, onnx_inputs(model, X)), strict=True))


def assert_same_answers(model, X):
    found = run(model, X)
    if hasattr(model, "predict_proba"):
        np.testing.assert_allclose(found["probabilities"], model.predict_proba(X), rtol=0, atol=1e-5)
        assert (found["label"] == model.predict(X)).all()
    else:
        wanted = model.predict(X).reshape(len(X), -1)
        np.testing.assert_allclose(found["prediction"], wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())


CONVOLUTIONS = [
    Conv2D(4, kernel, SHAPE, stride, padding, dilation)
    for kernel, stride, padding, dilation in product(
        (1, 2, (3, 2)), (1, (2, 3)), ("same", "valid", 1), (1, 2)
    )
    if not (padding == 1 and kernel == 1)
]
POOLS = [
    kind(size, SHAPE, stride, padding)
    for kind in (MaxPool2D, AveragePool2D)
    for size, stride, padding in product((2, (3, 2)), (None, 1, (1, 2)), ("valid", "same"))
]


@pytest.mark.parametrize(
    "layers", [CONVOLUTIONS[::5], pytest.param(CONVOLUTIONS, marks=pytest.mark.thorough)], ids=["some", "all"]
)
def test_every_option_of_a_convolution(layers):
    for layer in layers:
        assert_same_answers(fitted(ImageClassifier(layers=(layer,)), IMAGES, NUMBERS > 50), IMAGES)


def test_every_option_of_a_pool():
    for pool in POOLS[::3]:
        assert_same_answers(fitted(ImageClassifier(layers=(pool,)), IMAGES, NUMBERS > 50), IMAGES)


def test_a_network_of_images_as_it_comes_in_both_precisions():
    y = np.array(["a", "b", "ä"])[np.arange(12) % 3]
    for dtype in ("float32", "float64"):
        model = fitted(ImageClassifier((4, 5), dtype=dtype, hidden_layer_sizes=(6,)), IMAGES, y)
        assert_same_answers(model, IMAGES)
    gray = fitted(ImageClassifier((3,)), IMAGES[..., 0], y)
    assert_same_answers(gray, IMAGES[..., 0])
    assert onnx_inputs(gray, IMAGES[..., 0])["X"].shape == (12, 7, 9, 1)
    assert [i.name for i in to_onnx(gray).graph.input] == ["X"]


@pytest.mark.parametrize("pool", [GlobalAveragePool, GlobalMaxPool])
def test_normalization_and_pools_of_the_whole_image(pool):
    layers = (Conv2D(4, 3, SHAPE), LayerNormalization(4), Activation("gelu"), pool(4))
    assert_same_answers(fitted(ImageClassifier(layers=layers), IMAGES, NUMBERS > 50), IMAGES)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("samples", ["of one length", "of several lengths"])
@pytest.mark.parametrize("settings", [{}, {"bidirectional": True, "units": (5, 4), "dtype": "float64"}])
def test_every_cell_with_and_without_padding(cell, samples, settings):
    X = STEPS if samples == "of one length" else LISTS
    model = fitted(SequenceRegressor(cell, **{"units": 5, **settings}), X, NUMBERS)
    assert_same_answers(model, X)
    assert ("lengths" in onnx_inputs(model, X)) == (X is LISTS)
    several = np.column_stack([NUMBERS, -NUMBERS])
    assert_same_answers(fitted(SequenceRegressor(cell, 4, hidden_layer_sizes=3), X, several), X)


RECURRENT = [
    cell(4, 6, returns, reverse, masked=True, truncate=2)
    for cell in (RNN, LSTM, GRU)
    for returns in ("last", "sequence")
    for reverse in (False, True)
]


@pytest.mark.parametrize("layer", RECURRENT, ids=repr)
def test_every_option_of_a_recurrent_layer(layer):
    behind = () if layer.returns == "last" else (GlobalAveragePool(4, masked=True),)
    assert_same_answers(fitted(SequenceClassifier(layers=(layer, *behind)), LISTS, NUMBERS > 50), LISTS)
    if not layer.reverse:
        outputs = GlobalMaxPool(8, masked=True) if behind else Activation("identity")
        both = (Bidirectional(layer), outputs)
        assert_same_answers(fitted(SequenceClassifier(layers=both), LISTS, NUMBERS > 50), LISTS)


@pytest.mark.parametrize("activation", ["relu", "logistic", "gelu", {"name": "elu", "alpha": 0.5}])
def test_an_rnn_with_any_function(activation):
    for reverse in (False, True):
        layer = RNN(4, 6, "sequence", reverse, masked=True, activation=activation)
        layers = (layer, GRU(3, 6, masked=True))
        assert_same_answers(fitted(SequenceRegressor(layers=layers), LISTS, NUMBERS), LISTS)


@pytest.mark.parametrize("padding", ["same", "valid", "causal", 1])
def test_convolutions_of_sequences(padding):
    first = Conv1D(5, 3, (6, 3), stride=1, padding=padding, dilation=2)
    pool = MaxPool1D(2, first.out_shape, stride=1)
    layers = (first, Activation("relu"), pool, AveragePool1D(2, pool.out_shape, padding="same"))
    if padding == "valid":
        layers = layers[:2]
    assert_same_answers(fitted(SequenceClassifier(layers=layers), STEPS, NUMBERS > 50), STEPS)


def test_static_columns_have_an_input_of_their_own():
    frame = pd.DataFrame({"a": [x[:, 0] for x in LISTS], "b": [x[:, 1] for x in LISTS]})
    frame["size"] = NUMBERS
    model = fitted(SequenceRegressor("gru", 4, hidden_layer_sizes=(3,)), frame, NUMBERS)
    assert_same_answers(model, frame)
    inputs = onnx_inputs(model, frame)
    assert {name: array.shape for name, array in inputs.items()} == {
        "X": (12, 6, 2),
        "lengths": (12,),
        "static": (12, 1),
    }
    told = {entry.key: entry.value for entry in to_onnx(model).metadata_props}
    assert [port["input"] for port in json.loads(told["inputs"])] == ["X", "lengths", "static"]


def test_what_stands_behind_the_last_step_does_not_matter():
    model = fitted(SequenceRegressor("lstm", 4), LISTS, NUMBERS)
    inputs = onnx_inputs(model, LISTS)
    session = onnxruntime.InferenceSession(to_onnx(model).SerializeToString())
    for row, n in enumerate(inputs["lengths"]):
        inputs["X"][row, n:] = np.nan
    found = session.run(None, inputs)[0]
    np.testing.assert_allclose(found[:, 0], model.predict(LISTS), rtol=1e-5)


@pytest.mark.parametrize("masked", [False, True])
def test_tokens_are_looked_up(masked):
    from chainrule.export.onnx_answers import _outputs
    from chainrule.export.onnx_graph import Graph
    from chainrule.export.onnx_model import _model
    from chainrule.export.onnx_value import ROWS, Value

    network = Network(6, (TokenEmbedding(9, 4, 6, masked), LSTM(5, 6, masked=masked), Dense(2)))
    theta = network.initialize(RNG, np.float32)
    codes = RNG.integers(1, 9, (12, 6)).astype(np.float32)
    codes[np.arange(6) >= RNG.integers(0, 7, (12, 1))] = 0
    graph = Graph({"X", "out"})
    out = _outputs(network, network.views(theta), Value(graph, "X", (ROWS, 6), np.float32))
    graph.add("Identity", out.name, results=("out",))
    X = Value(graph, "X", (ROWS, 6), np.float32)
    session = onnxruntime.InferenceSession(_model(onnx, graph, [X], {"out": out}).SerializeToString())
    (found,) = session.run(None, {"X": codes})
    np.testing.assert_allclose(found, network.predict(theta, codes), rtol=1e-5, atol=1e-6)


def test_source_is_refused_and_says_what_else_there_is():
    model = fitted(ImageClassifier((3,)), IMAGES, NUMBERS > 50)
    for write in (numpy_source, javascript_source):
        with pytest.raises(
            ParameterError, match=r"ImageClassifier, whose layer random_shift has none; .*to_onnx"
        ):
            write(model)
