"""Save and load: the same model, bit by bit; the same bytes for the same model; no other file is taken."""

import hashlib
import json
import os
import pickle

import numpy as np
import pandas as pd
import pytest
import safetensors
import safetensors.numpy
from sklearn.base import clone

import chainrule
from chainrule import MLPClassifier, MLPRegressor, Network
from chainrule.errors import ModelFileError
from chainrule.estimators.table_model import TableModel
from chainrule.optimization.schedules import OneCycle, WarmUp

KINDS = [
    "two classes of text",
    "three classes of numbers",
    "classes of floats",
    "classes of booleans",
    "large integers",
    "object labels",
    "several labels",
    "early stopping",
    "no hidden layer",
    "one number",
    "two numbers",
    "poisson",
    "frame",
    "table of classes",
    "table of numbers",
]


def fitted_attributes(estimator):
    return {name: value for name, value in vars(estimator).items() if name.endswith("_")}


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_model_is_the_saved_one(models, outputs, tmp_path, kind):
    model = models[kind]
    chainrule.save(model, tmp_path / "m.safetensors")
    loaded = chainrule.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(outputs(loaded), outputs(model))
    if isinstance(model, TableModel):
        assert (loaded.encoder, loaded.target, loaded.task) == (model.encoder, model.target, model.task)
        assert (loaded.target_mean, loaded.target_scale) == (model.target_mean, model.target_scale)
        model, loaded = model.estimator, loaded.estimator
    assert type(loaded) is type(model)
    assert loaded.get_params() == model.get_params()
    before, after = fitted_attributes(model), fitted_attributes(loaded)
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert type(after[name]) is type(value), name
        np.testing.assert_equal(after[name], value)
    for ours, theirs in zip(
        loaded.coefs_ + loaded.intercepts_, model.coefs_ + model.intercepts_, strict=True
    ):
        assert ours.dtype == theirs.dtype


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_model_makes_the_same_bytes(models, tmp_path, kind):
    first, second = tmp_path / "1", tmp_path / "2"
    chainrule.save(models[kind], first)
    chainrule.save(chainrule.load(first), second)
    assert first.read_bytes() == second.read_bytes()


def test_any_safetensors_reader_shows_it(models, tmp_path):
    model = models["three classes of numbers"]
    chainrule.save(model, tmp_path / "m.safetensors")
    with safetensors.safe_open(tmp_path / "m.safetensors", "np") as file:
        assert file.metadata()["format"] == "chainrule-model"
        assert file.metadata()["version"] == "1"
        np.testing.assert_array_equal(file.get_tensor("0.W"), model.coefs_[0].T)
        np.testing.assert_array_equal(file.get_tensor("loss_curve_"), model.loss_curve_)


def test_weights_set_by_hand_are_saved(models, rows, tmp_path):
    model = MLPRegressor(hidden_layer_sizes=(2,), tol=1.0).fit(rows, rows[:, 0])
    model.coefs_ = [np.ones((3, 2)), np.ones((2, 1))]
    chainrule.save(model, tmp_path / "m")
    np.testing.assert_array_equal(chainrule.load(tmp_path / "m").predict(rows), model.predict(rows))


def test_a_network_with_parameters(tmp_path):
    network = Network.mlp(
        3, (4, 2), 2, activation=["tanh", {"name": "leaky_relu", "negative_slope": 0.3}], dropout=0.1
    )
    theta = network.initialize(np.random.default_rng(0))
    chainrule.save((network, theta), tmp_path / "m")
    same, loaded = chainrule.load(tmp_path / "m")
    assert same == network
    np.testing.assert_array_equal(loaded, theta)
    assert loaded.dtype == theta.dtype


def test_a_loaded_model_goes_on_learning_and_clones(models, rows, tmp_path):
    chainrule.save(models["two classes of text"], tmp_path / "m")
    loaded = chainrule.load(tmp_path / "m")
    y = loaded.predict(rows)
    loaded.partial_fit(rows, y)
    assert loaded.t_ == models["two classes of text"].t_ + 60
    assert clone(loaded).get_params() == loaded.get_params()
    loaded.coefs_[0][:] = 0  # own, writable memory


def test_loads_and_predicts_without_jax(models, rows, tmp_path, run_python):
    chainrule.save(models["three classes of numbers"], tmp_path / "m")
    np.save(tmp_path / "X.npy", rows)
    found = run_python(
        f"""if True:
        import sys
        sys.modules["jax"] = None
        import numpy as np, chainrule
        model = chainrule.load({str(tmp_path / "m")!r})
        print(model.predict(np.load({str(tmp_path / "X.npy")!r})).tolist())
        """
    )
    assert json.loads(found) == models["three classes of numbers"].predict(rows).tolist()


# -- parameters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"hidden_layer_sizes": [3, 2], "activation": ["tanh", {"name": "elu", "alpha": 0.3}]},
        {"hidden_layer_sizes": np.array([3, 2]), "alpha": np.float64(0.5), "max_iter": np.int64(7)},
        {"learning_rate": OneCycle(rise=0.2), "class_weight": {0: 1.0, 1: 2.5}},
        {"learning_rate": WarmUp(then=OneCycle()), "class_weight": "balanced"},
        {"n_iter_no_change": np.inf, "dtype": np.float32},
    ],
)
def test_parameters_that_are_plain_data_survive(rows, tmp_path, changed):
    from chainrule.files.plain import parameter_from_plain, parameter_to_plain

    for name, value in changed.items():
        described = json.loads(json.dumps(parameter_to_plain(name, value), allow_nan=False))
        if name == "dtype":
            assert np.dtype(parameter_from_plain(described)) == value
        else:
            np.testing.assert_equal(parameter_from_plain(described), value)
    assert clone(MLPClassifier(**changed)) is not None


def my_loss(a, y):
    return ((a - y) ** 2).sum(1), 2 * (a - y)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"loss": my_loss}, r"loss=.*it is a function, and a model file holds no code; replace it"),
        ({"random_state": np.random.RandomState(0)}, r"random_state=.*it is no plain data"),
        ({"activation": (np.tanh, lambda a: 1 - np.tanh(a) ** 2)}, "activation"),
    ],
)
def test_what_is_code_is_not_saved(rows, tmp_path, changed, says):
    model = MLPRegressor(hidden_layer_sizes=(2,), tol=1.0, **changed).fit(rows, rows[:, 0])
    with pytest.raises(ModelFileError, match=says):
        chainrule.save(model, tmp_path / "m")
    assert os.listdir(tmp_path) == []


def test_what_cannot_be_saved_is_said(rows, tmp_path):
    with pytest.raises(ModelFileError, match="the MLPClassifier is not fitted"):
        chainrule.save(MLPClassifier(), tmp_path / "m")
    with pytest.raises(ModelFileError, match="a dict cannot be saved"):
        chainrule.save({}, tmp_path / "m")
    network = Network.mlp(2, (), 1)
    with pytest.raises(ModelFileError, match=r"the parameters 0.W are not finite"):
        chainrule.save((network, np.full(3, np.nan)), tmp_path / "m")
    with pytest.raises(ModelFileError, match="is a directory"):
        chainrule.save((network, np.ones(3)), tmp_path)
    with pytest.raises(ModelFileError, match="nowhere does not exist; create it first"):
        chainrule.save((network, np.ones(3)), tmp_path / "nowhere" / "m")


# -- files that are refused --------------------------------------------------------------------------------


@pytest.fixture
def file(models, tmp_path):
    path = tmp_path / "m.safetensors"
    chainrule.save(models["table of classes"], path)
    return path


def rewritten(path, change):
    """The file again with its description changed by `change(model, header)`; lengths are put right."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    model = json.loads(header["__metadata__"].pop("model"))
    change(model, header)
    if isinstance(header["__metadata__"], dict):
        header["__metadata__"].setdefault("model", json.dumps(model))
    return sealed(path, header, content[8 + length :])


def sealed(path, header, arrays):
    """A file of this header and these arrays, with the digest that belongs to them."""
    if isinstance(header["__metadata__"], dict):
        header["__metadata__"].pop("sha256", None)
        everything = json.dumps(header, sort_keys=True, separators=(",", ":")).encode() + arrays
        header["__metadata__"]["sha256"] = hashlib.sha256(everything).hexdigest()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + arrays)
    return path


def refusal(path):
    with pytest.raises(ModelFileError) as refused:
        chainrule.load(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty (0 bytes)"),
        (b"a,b\n1,2\n", "is not a chainrule model but looks like text"),
        (pickle.dumps({}), "looks like a pickle, which is never opened"),
        (b"PK\x03\x04" + b"\0" * 40, "looks like a zip archive; unpack it first"),
        (b"\x1f\x8b\x08" + b"\0" * 40, "looks like a gzip archive; unpack it first"),
        (b"PAR1" + b"\0" * 40, "looks like a Parquet table"),
        (b"\xff" * 8 + b"{}", "is not a chainrule model"),
        ((1 << 40).to_bytes(8, "little") + b"{" + b" " * 100, "is not a chainrule model"),
        (safetensors.numpy.save({"a": np.ones(2)}), "safetensors file of another program"),
        (safetensors.numpy.save({"a": np.ones(2)}, {"format": "pt"}), "safetensors file of another program"),
        ((4).to_bytes(8, "little") + b"{[]}", "damaged"),
        ((8).to_bytes(8, "little") + b'{"a":1}}', "damaged"),
        ((50_000).to_bytes(8, "little") + b'{"a":' + b"[" * 49_995, "damaged"),
    ],
)
def test_a_file_of_another_kind(tmp_path, content, says):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert says in refusal(path)


def test_no_file(tmp_path):
    assert "is a directory" in refusal(tmp_path)
    assert "does not exist" in refusal(tmp_path / "absent")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_named_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refusal(tmp_path / "pipe")


@pytest.mark.parametrize("version", ["0", "999", 1, None])
def test_another_version_names_both(file, version):
    said = refusal(rewritten(file, lambda _, header: header["__metadata__"].update(version=version)))
    assert repr(version) in said
    assert "reads version 1" in said


def _set(*path_and_value):
    *path, last, value = path_and_value

    def change(model, header):
        place = model
        for step in path:
            place = place[step]
        place[last] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("kind", "os.system"),
        _set("kind", []),
        _set("surplus", 1),
        _set("target", None),
        _set("task", "regression"),
        _set("target_mean", "0"),
        _set("record", []),
        _set("estimator", "kind", "MLPRegressor"),
        _set("estimator", "surplus", 1),
        _set("estimator", "parameters", "code", "x"),
        _set("estimator", "parameters", "alpha", {"call": "os.system"}),
        _set("estimator", "parameters", "learning_rate", {"schedule": "Popen", "settings": {}}),
        _set("estimator", "network", "n_inputs", 5),
        _set("estimator", "network", "layers", 0, "units", 10**15),
        _set("estimator", "network", "layers", 0, "units", "64"),
        _set("estimator", "network", "layers", 0, "layer", "lambda"),
        _set("estimator", "network", "layers", []),
        _set("estimator", "classes", "values", ["a", "b", "c"]),
        _set("estimator", "classes", "values", [{}, []]),
        _set("estimator", "classes", "dtype", "datetime64[s]"),
        _set("estimator", "multilabel", 1),
        _set("estimator", "out_activation", "identity"),
        _set("estimator", "engine", "cuda"),
        _set("estimator", "numbers", "n_iter_", -1),
        _set("estimator", "numbers", "loss_", []),
        _set("encoder", "columns", []),
        _set("encoder", "columns", 0, "kind", "pickle"),
        lambda _, header: header["__metadata__"].update(more="x"),
        lambda _, header: header["__metadata__"].update(model=None),
        lambda _, header: header["__metadata__"].pop("format"),
        lambda _, header: header.update(__metadata__=[]),
        lambda _, header: header["__metadata__"].update(model="[]"),
        lambda _, header: header.pop("loss_curve_"),
        lambda _, header: header["0.W"].update(shape=[3, 64]),
        lambda _, header: header["0.W"].update(shape=[1 << 40, 1 << 40]),
        lambda _, header: header["0.W"].update(dtype="BF16"),
        lambda _, header: header["0.W"].update(data_offsets=[0, 10**9]),
        lambda _, header: header.update(surplus=header.pop("0.b")),
    ],
)
def test_a_changed_description_is_refused(file, change):
    refusal(rewritten(file, change))


def test_parameters_that_are_not_finite_are_refused(file):
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    arrays = content[8 + length : -4] + np.float32(np.nan).tobytes()
    assert "not finite" in refusal(sealed(file, json.loads(content[8 : 8 + length]), arrays))


def test_a_key_that_occurs_twice_is_refused(file):
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    text = content[8 : 8 + length].replace(b'"format":', b'"format":"x","format":', 1)
    file.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
    assert "occurs twice" in refusal(file)


def test_a_torn_file_is_refused_wherever_it_ends(file):
    content = file.read_bytes()
    for end in [*range(64), *range(64, len(content), 499), len(content) - 1]:
        file.write_bytes(content[:end])
        refusal(file)


def test_a_flipped_bit_anywhere_is_refused(file):
    content = file.read_bytes()
    length = 8 + int.from_bytes(content[:8], "little")
    rng = np.random.default_rng(0)
    for place in [*rng.choice(length, 300), *rng.integers(length, len(content), 100)]:
        damaged = bytearray(content)
        damaged[place] ^= 1 << rng.integers(8)
        file.write_bytes(damaged)
        refusal(file)


def test_the_digest_is_that_of_header_and_arrays(file):
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    sealed(file, json.loads(content[8 : 8 + length]), content[8 + length :])
    assert isinstance(chainrule.load(file), TableModel)
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert "its content is not what its SHA-256 says" in refusal(file)


def test_feature_names_are_still_checked(models, rows, tmp_path):
    chainrule.save(models["frame"], tmp_path / "m")
    loaded = chainrule.load(tmp_path / "m")
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(pd.DataFrame(rows, columns=["a", "b", "c"]))
