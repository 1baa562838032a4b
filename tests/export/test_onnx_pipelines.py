"""Pipelines with the library's models, converted by skl2onnx, answer as they do in scikit-learn."""

import warnings

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import skl2onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from chainrule import (
    ImageClassifier,
    MLPClassifier,
    MLPRegressor,
    SequenceClassifier,
    SequenceRegressor,
    TabularClassifier,
    TabularRegressor,
)
from chainrule.errors import ParameterError
from chainrule.export import onnx_inputs, register_with_skl2onnx

QUICK = {"max_iter": 2, "engine": "numpy", "random_state": 0}
CLASSIFIERS = {
    "mlp": lambda: MLPClassifier((4,), **QUICK),
    "table": lambda: TabularClassifier("fast", **QUICK),
}
REGRESSORS = {
    "mlp": lambda: MLPRegressor(hidden_layer_sizes=(4,), **QUICK),
    "table": lambda: TabularRegressor("fast", **QUICK),
}
LABELS = {
    "text": lambda X: np.array(["a", "b", "c"])[np.digitize(X[:, 0], [-0.5, 0.5])],
    "truth": lambda X: X[:, 0] > 0,
    "several labels": lambda X: (X > 0).astype(int),
}


@pytest.fixture(scope="module", autouse=True)
def registered():
    register_with_skl2onnx()


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)


def fit(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


def convert(model, *given, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of skl2onnx and scikit-learn
        written = skl2onnx.to_onnx(model, *given, **settings)
    return onnxruntime.InferenceSession(written.SerializeToString())


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_behind_a_scaler(X, name, labels):
    y = LABELS[labels](X)
    model = CLASSIFIERS[name]()
    pipeline = fit(make_pipeline(StandardScaler(), model), X, y)
    session = convert(pipeline, X[:1], options={id(model): {"zipmap": False}})
    label, probabilities = session.run(None, {"X": X})
    assert label.tolist() == pipeline.predict(X).tolist()
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(X), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_usual_form_has_a_dictionary_of_probabilities(X, name):
    model = fit(CLASSIFIERS[name](), X, LABELS["text"](X))
    found = convert(model, X[:1]).run(None, {"X": X})[1][0]
    assert list(found) == ["a", "b", "c"]
    np.testing.assert_allclose(list(found.values()), model.predict_proba(X)[0], atol=1e-5)


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors_in_either_precision(X, name, n_outputs):
    y = X[:, :n_outputs].squeeze()
    for precision, tolerance in ((np.float32, 1e-4), (np.float64, 1e-12)):  # scalers round differently
        given = X.astype(precision)
        pipeline = fit(make_pipeline(StandardScaler(), REGRESSORS[name]()), given, y)
        found = convert(pipeline, given[:1]).run(None, {"X": given})[0]
        assert found.dtype == precision
        wanted = pipeline.predict(given).reshape(len(X), -1)
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


def test_columns_of_several_inputs_go_by_their_place(X):
    rows = np.empty((len(X), 3), dtype=object)
    rows[:, 0], rows[:, 1], rows[:, 2] = X[:, 0], np.where(X[:, 1] > 0, "x", "y"), X[:, 2]
    model = fit(TabularRegressor("fast", **QUICK), rows, X[:, 0])
    types = [
        ("first", DoubleTensorType([None, 1])),
        ("text", StringTensorType([None, 1])),
        ("last", FloatTensorType([None, 1])),
    ]
    feed = {"first": X[:, :1].astype(np.float64), "text": rows[:, 1:2], "last": X[:, 2:]}
    found = convert(model, initial_types=types).run(None, feed)[0]
    np.testing.assert_allclose(found[:, 0], model.predict(rows), atol=1e-6)
    numbers = [("all", FloatTensorType([None, 3]))]
    with pytest.raises(ParameterError, match="column 'x1' is a category and must come as text"):
        convert(model, initial_types=numbers)
    with pytest.raises(ParameterError, match="trained on 3 columns, however the inputs have 2"):
        convert(model, initial_types=[("all", FloatTensorType([None, 2]))])


def test_behind_transformed_columns(X):
    transformer = make_column_transformer((OneHotEncoder(), [0]), (StandardScaler(), [1, 2]))
    whole = np.column_stack([np.round(X[:, 0]), X[:, 1:]])
    pipeline = fit(make_pipeline(transformer, REGRESSORS["mlp"]()), whole, X[:, 1])
    found = convert(pipeline, whole[:1]).run(None, {"X": whole})[0]
    np.testing.assert_allclose(found[:, 0], pipeline.predict(whole), atol=1e-5)


@pytest.mark.parametrize("labels", ["text", "truth"])
@pytest.mark.parametrize("channels", [1, 2])
def test_classifiers_of_images(X, labels, channels):
    images = np.random.default_rng(1).normal(size=(60, 6, 5, channels)).astype(np.float32)
    model = fit(ImageClassifier((3,), **QUICK), images, LABELS[labels](X))
    session = convert(model, images[:1], options={id(model): {"zipmap": False}})
    label, probabilities = session.run(None, {"X": images})
    assert label.tolist() == model.predict(images).tolist()
    np.testing.assert_allclose(probabilities, model.predict_proba(images), rtol=0, atol=1e-5)


def test_sequences_of_one_length_in_a_pipeline(X):
    sequences = np.random.default_rng(1).normal(size=(60, 6, 3)).astype(np.float32)
    model = fit(make_pipeline(SequenceRegressor("lstm", 4, **QUICK)), sequences, X[:, 0])
    found = convert(model, sequences[:1]).run(None, {"X": sequences})[0]
    np.testing.assert_allclose(found[:, 0], model.predict(sequences), rtol=1e-4, atol=1e-5)


def test_sequences_of_several_lengths_with_static_columns(X):
    loads = [np.resize(X[:, 2], i + 5)[i : i + 2 + i % 4] for i in range(len(X))]
    frame = pd.DataFrame({"load": loads, "size": X[:, 1]})
    model = fit(SequenceClassifier("gru", 4, bidirectional=True, **QUICK), frame, LABELS["text"](X))
    feed = onnx_inputs(model, frame)
    types = [
        ("steps", FloatTensorType([None, 5, 1])),
        ("n_steps", Int64TensorType([None])),
        ("size", FloatTensorType([None, 1])),
    ]
    session = convert(model, initial_types=types, options={id(model): {"zipmap": False}})
    fed = dict(zip(("steps", "n_steps", "size"), feed.values(), strict=True))
    label, probabilities = session.run(None, fed)
    assert label.tolist() == model.predict(frame).tolist()
    np.testing.assert_allclose(probabilities, model.predict_proba(frame), rtol=0, atol=1e-5)
    with pytest.raises(ParameterError, match=r"takes X, lengths, static, in this order, however: 1 input;"):
        convert(model, initial_types=types[:1])
    with pytest.raises(
        ParameterError, match=r"'steps' \(steps .*must have the shape \[None, 5, 1\], however"
    ):
        convert(model, initial_types=[("steps", FloatTensorType([None, 7, 1])), *types[1:]])


def test_what_is_too_old_or_unknown_is_refused(X):
    model = fit(REGRESSORS["mlp"](), X, X[:, 0])
    with pytest.raises(ParameterError, match="target_opset must be 18 at least"):
        convert(model, X[:1], target_opset=15)
    with pytest.raises(ParameterError, match="must have a known number of columns"):
        convert(model, initial_types=[("X", FloatTensorType([None, None]))])
    with pytest.raises(ParameterError, match="MLPRegressor is not fitted"):
        convert(MLPRegressor(), X[:1])


def test_without_skl2onnx_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skl2onnx", None)
    with pytest.raises(ImportError, match="pip install skl2onnx"):
        register_with_skl2onnx()
