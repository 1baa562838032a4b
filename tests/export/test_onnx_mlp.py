"""An MLP written as ONNX answers as the model does."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import scipy.sparse as sp

from chainrule import MLPRegressor, __version__
from chainrule.errors import ParameterError
from chainrule.export import onnx_inputs, to_onnx


def run(model, X):
    written = to_onnx(model)
    onnx.checker.check_model(written, full_check=True)
    session = onnxruntime.InferenceSession(written.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, onnx_inputs(model, X)), strict=True))


def assert_same_answers(model, X):
    X = X.astype(np.float32)
    found, predicted = run(model, X), model.predict(X)
    if isinstance(model, MLPRegressor):
        assert list(found) == ["prediction"]
        assert found["prediction"].dtype == np.float32
        wanted = predicted.reshape(len(X), -1)
        np.testing.assert_allclose(found["prediction"], wanted, rtol=1e-5, atol=1e-5)
        return
    assert list(found) == ["label", "probabilities"]
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(X), rtol=0, atol=1e-5)
    assert found["label"].shape == predicted.shape
    assert (found["label"] == predicted).all()


def test_every_activation_and_task_in_both_precisions(models, rows):
    for name, model in models.items():
        try:
            assert_same_answers(model, rows)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None


def test_far_away_rows_give_no_other_answers(fitted, extreme_rows):
    for activation in ("relu", "softplus", "gelu", "mish", "elu"):
        assert_same_answers(fitted("two classes", activation=activation, dtype="float64"), extreme_rows)


@pytest.mark.parametrize("n", [0, 1])
def test_one_row_and_none(fitted, rows, n):
    model = fitted("three classes")
    found = run(model, rows[:n])
    assert found["label"].shape == (n,)
    assert found["probabilities"].shape == (n, 3)


def test_your_own_activation_is_written_where_it_uses_the_array_namespace(fitted, rows):
    def bump(a):
        xp = a.__array_namespace__()
        return xp.where(a > 0, xp.sin(a) ** 2, 0.1 * a)

    model = fitted("one number", activation=(bump, lambda a: a), hidden_layer_sizes=(4,))
    assert_same_answers(model, rows)


@pytest.mark.parametrize(
    "function",
    [
        lambda a: np.sinh(a),
        lambda a: a if a.sum() > 0 else -a,
        lambda a: np.vectorize(float)(a),
        lambda a: np.ones(a.shape) if isinstance(a, np.ndarray) else 1.0,
    ],
    ids=["unknown function", "question", "numbers wanted", "no array"],
)
def test_your_own_activation_that_cannot_be_written_is_refused(fitted, function):
    model = fitted("one number", activation=(function, np.ones_like), hidden_layer_sizes=(4,))
    with pytest.raises(ParameterError, match=r"the layer Activation\(.*written"):
        to_onnx(model)


def test_the_file_says_what_is_in_it(fitted, tmp_path):
    path = tmp_path / "model.onnx"
    written = to_onnx(fitted("three classes"), path)
    assert path.read_bytes() == written.SerializeToString(deterministic=True)
    metadata = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert metadata["model"] == "MLPClassifier"
    assert metadata["chainrule_version"] == __version__
    assert json.loads(metadata["classes"]) == ["b", "c", "ä"]
    assert json.loads(metadata["inputs"]) == [{"input": "X", "holds": "3 numbers"}]
    assert [opset.version for opset in written.opset_import] == [18, 3]
    assert written.ir_version == 8


def test_a_place_that_cannot_be_written_is_named(fitted, tmp_path):
    with pytest.raises(ParameterError, match=r"missing.model\.onnx cannot be written: No such file"):
        to_onnx(fitted("one number"), tmp_path / "missing" / "model.onnx")


def test_labels_of_other_kinds_are_refused(fitted):
    model = fitted("two classes")
    model.classes_ = np.array(["2024-01-01", "2024-01-02"], dtype="M8[D]")
    with pytest.raises(ParameterError, match="classes must be text, whole numbers or booleans"):
        to_onnx(model)


def test_what_is_no_fitted_model_is_refused():
    with pytest.raises(ParameterError, match="however: a dict"):
        to_onnx({})
    with pytest.raises(ParameterError, match="MLPRegressor is not fitted; call fit"):
        to_onnx(MLPRegressor())


def test_weights_that_are_no_numbers_are_refused(fitted):
    model = fitted("one number")
    model.coefs_[0][0, 0] = np.inf
    with pytest.raises(ParameterError, match="parameters W of layer 1 are not finite; train"):
        to_onnx(model)
    model.coefs_ = [sp.csr_matrix(array) for array in model.coefs_]
    with pytest.raises(ParameterError, match="float32 or float64 to be written, however: object"):
        to_onnx(model)
