"""Values that a model file could hold by its form, and that no model has: refused when it is read.

Each of them once went through: it ended in another error, in answers that were no numbers, or in silence.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from mutated_model_files import parts_of, sealed
from tried import counted

import chainrule
from chainrule import MLPRegressor, TabularRegressor
from chainrule.errors import ModelFileError
from chainrule.network import Activation, Dense, Network
from chainrule.optimization.schedules import CosineLog, FlatCosine

FIXTURES = Path(__file__).parents[1] / "files" / "fixtures" / "v1"


def _at(*path_and_value):
    *path, last, value = path_and_value

    def change(entries, model, arrays):
        place = model
        for step in path:
            place = place[step]
        place[last] = value
        return arrays

    return change


def _array(name, value, every=True):
    """Every number of an array, or the first, replaced."""

    def change(entries, model, arrays):
        begin, end = entries[name]["data_offsets"]
        dtype = {"F32": np.float32, "F64": np.float64}[entries[name]["dtype"]]
        numbers = np.frombuffer(arrays[begin:end], dtype).copy()
        numbers[: None if every else 1] = value
        return arrays[:begin] + numbers.tobytes() + arrays[end:]

    return change


def _entry(name, **values):
    def change(entries, model, arrays):
        entries[name] |= values
        return arrays

    return change


def _layer(place, **values):
    def change(entries, model, arrays):
        model["network"]["layers"][place] |= values
        return arrays

    return change


def _scaling(**values):
    return lambda entries, model, arrays: [model["encoder"]["numbers"][0].update(values), arrays][1]


def _column(kind, **values):
    def change(entries, model, arrays):
        column = next(c for c in model["encoder"]["schema"]["columns"] if c["kind"] == kind)
        column |= values
        return arrays

    return change


ELU = {"name": "elu", "alpha": 1e308}
CHANGES = [
    # other errors than ours
    ("mlp_linear", _entry("0.W", shape=[1] * 70 + [3, 3])),
    ("mlp_linear", _entry("0.W", shape=[0, 2**70])),
    ("mlp_two_classes", _at("classes", "values", [])),
    ("mlp_linear", _at("parameters", "alpha", {"float": "nan"})),
    ("table_two_classes", _column("category", counts=[10**400] * 102)),
    ("table_numbers", _at("settings", "hidden_layer_sizes", 3)),
    ("table_numbers", _at("counts", "best_iter_", 7)),
    ("mlp_schedule", _at("feature_names", "abc")),
    # answers that are no numbers
    ("mlp_two_numbers", _array("0.W", 1e300)),
    ("mlp_two_numbers", _array("2.W", 1e308, every=False)),
    ("mlp_two_numbers", _layer(1, function=ELU)),
    ("table_numbers", _array("1.s", 3e38)),
    ("table_matrix", _layer(4, function=ELU)),
    ("table_numbers", _array("member_shares_", 0.0)),
    ("table_numbers", _array("member_shares_", 3.0)),
    ("table_two_classes", _at("temperature", 1e-300)),
    ("table_numbers", _scaling(edges=[0.0, 5e-324, 1.0])),
    # what nothing was said of
    ("mlp_two_numbers", _layer(0, surplus=1)),
    ("mlp_two_numbers", _layer(0, units=True)),
    ("mlp_two_numbers", _at("parameters", "alpha", -1.0)),
    ("mlp_two_numbers", _at("parameters", "solver", "none")),
    ("mlp_two_classes", _at("classes", "values", ["yes", "no"])),
    ("mlp_dropout", _at("network", "layers", 2, {"layer": "polynomial", "degree": 1})),
    ("table_two_classes", _at("classes", "values", ["low", "low"])),
    ("table_numbers", _at("parameters", "quantiles", {"tuple": [0.5]})),
    ("table_numbers", _at("settings", "embedding", "all")),
    ("table_numbers", _at("settings", "bins", 2.5)),
    ("network", _layer(0, more=[])),
]


@pytest.mark.parametrize("place", range(len(CHANGES)))
def test_what_no_model_has_is_refused(tmp_path, place):
    name, change = CHANGES[place]
    entries, metadata, model, arrays = parts_of((FIXTURES / f"{name}.safetensors").read_bytes())
    arrays = change(entries, model, arrays)
    path = tmp_path / "model.safetensors"
    path.write_bytes(sealed(entries, metadata, model, arrays))
    with pytest.raises(ModelFileError) as refused:
        chainrule.load(path)
    assert str(path) in str(refused.value)
    counted("model file: impossible values", "refused")


@pytest.mark.parametrize(
    "text",
    ['{"kind":1e999}', '{"kind":NaN}', '{"kind":"é"}', '{"a":1,"a":1}', '{"kind":%s}' % ("1" * 5000), "[]"],
)
def test_a_description_that_is_not_written_so_is_refused(tmp_path, text):
    entries, metadata, _, arrays = parts_of((FIXTURES / "mlp_linear.safetensors").read_bytes())
    path = tmp_path / "model.safetensors"
    path.write_bytes(sealed(entries, metadata, text, arrays))
    with pytest.raises(ModelFileError):
        chainrule.load(path)
    counted("model file: impossible values", "refused")


@pytest.mark.parametrize("entry", ['{"dtype":1e999}', '{"deep":%s}' % ("[" * 200 + "]" * 200)])
def test_a_header_that_is_not_written_so_is_refused(tmp_path, entry):
    metadata = json.dumps({"format": "chainrule-model", "version": "1", "model": "{}", "sha256": "x"})
    text = f'{{"0.W":{entry},"__metadata__":{metadata}}}'.encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(ModelFileError):
        chainrule.load(path)
    counted("model file: impossible values", "refused")


# -- what would not be read is not written -------------------------------------------------------------------


@pytest.fixture
def regressor():
    X = np.random.default_rng(0).normal(size=(20, 2))
    return MLPRegressor(hidden_layer_sizes=(3,), max_iter=2, solver="lbfgs", engine="numpy").fit(X, X[:, 0])


def _in_halves(model):
    return {
        name: [array.astype(np.float16) for array in getattr(model, name)]
        for name in ("coefs_", "intercepts_")
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.set_params(alpha=-1.0),
        lambda model: model.set_params(activation={"name": "elu", "alpha": "x"}),
        lambda model: model.coefs_[0].__setitem__(0, 1e300),
        lambda model: model.__dict__.update(_in_halves(model)),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_model_that_would_not_be_read_is_not_written(tmp_path, regressor, change):
    change(regressor)
    with pytest.raises(ModelFileError):
        chainrule.save(regressor, tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_record_deeper_than_is_read_is_not_written(tmp_path):
    network = Network(2, (Dense(1),))
    deep = {}
    for _ in range(70):
        deep = {"in": deep}
    with pytest.raises(ModelFileError, match="levels"):
        chainrule.save((network, np.ones(3)), tmp_path / "model.safetensors", record=deep)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_deep_network_of_usual_weights_is_no_fault(tmp_path, dtype):
    layers = [layer for _ in range(60) for layer in (Dense(100), Activation("relu"))]
    network = Network(10, (*layers, Dense(1)))
    theta = network.initialize(np.random.default_rng(0), dtype)
    path = tmp_path / "model.safetensors"
    chainrule.save((network, theta), path)
    assert (chainrule.load(path)[1] == theta).all()
    counted("model file: impossible values", "answered")


@pytest.mark.parametrize("schedule", [CosineLog(3), FlatCosine()])
def test_every_schedule_can_be_saved(tmp_path, schedule):
    X = np.random.default_rng(0).normal(size=(20, 2))
    model = MLPRegressor(hidden_layer_sizes=(3,), max_iter=2, learning_rate=schedule, engine="numpy")
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(X, X[:, 0])
    model.save(tmp_path / "model.safetensors")
    assert chainrule.load(tmp_path / "model.safetensors").learning_rate == schedule


# -- predictions of large numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e300, 1e307, 1.7e308])
def test_predictions_and_intervals_are_numbers_however_large_the_target(tmp_path, scale):
    entries, metadata, model, arrays = parts_of((FIXTURES / "table_numbers.safetensors").read_bytes())
    model["parameters"]["clip_predictions"] = False
    for name in ("target_scale_", "residual_offset"):
        arrays = _array(name, scale)(entries, model, arrays)
    path = tmp_path / "model.safetensors"
    path.write_bytes(sealed(entries, metadata, model, arrays))
    loaded = chainrule.load(path)
    assert isinstance(loaded, TabularRegressor)
    rows = json.loads((FIXTURES / "table_numbers.json").read_text(encoding="utf-8"))["rows"]
    assert np.isfinite(loaded.predict(rows)).all()
    assert np.isfinite(loaded.predict_interval(rows, 0.5)).all()
    counted("model file: large targets", "answered")


def test_rates_are_numbers_however_large_the_output(tmp_path):
    entries, metadata, model, arrays = parts_of((FIXTURES / "mlp_poisson.safetensors").read_bytes())
    arrays = _array("2.b", 2000.0)(entries, model, arrays)
    path = tmp_path / "model.safetensors"
    path.write_bytes(sealed(entries, metadata, model, arrays))
    predicted = chainrule.load(path).predict(np.zeros((2, 3)))
    assert np.isfinite(predicted).all()
    assert (predicted > 1e300).all()
    counted("model file: large targets", "answered")
