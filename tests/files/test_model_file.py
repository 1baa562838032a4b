"""Save and load: the same model, bit by bit; the same bytes for the same model; no other file is taken."""

import copy
import json
import os

import numpy as np
import pandas as pd
import pytest
import safetensors
import safetensors.numpy
from sklearn.base import clone

import chainrule
from chainrule import (
    GRU,
    LSTM,
    Dense,
    LayerNormalization,
    MLPClassifier,
    MLPRegressor,
    Network,
    SequenceClassifier,
    TabularRegressor,
    TokenEmbedding,
)
from chainrule.errors import ModelFileError
from chainrule.files.model_file import load_with_record
from chainrule.network import Standardize
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
    "table of several labels",
    "table of three classes",
    "table of numbers",
    "matrix of numbers",
    "quantiles",
    "folds",
    "few rows",
    "learned in parts",
]

NOT_KEPT = {"fit_time_"}


def fitted_attributes(estimator):
    return {name: value for name, value in vars(estimator).items() if name.endswith("_")}


def parameters_of(model):
    return [model.theta_] if hasattr(model, "theta_") else model.coefs_ + model.intercepts_


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_model_is_the_saved_one(models, outputs, tmp_path, kind):
    model = models[kind]
    chainrule.save(model, tmp_path / "m.safetensors")
    loaded = chainrule.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(outputs(loaded), outputs(model))
    assert type(loaded) is type(model)
    assert loaded.get_params() == model.get_params()
    before, after = fitted_attributes(model), fitted_attributes(loaded)
    assert before.keys() - NOT_KEPT == after.keys()
    for name, value in after.items():
        assert type(value) is type(before[name]), name
        np.testing.assert_equal(value, before[name])
    for ours, theirs in zip(parameters_of(loaded), parameters_of(model), strict=True):
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


@pytest.mark.parametrize("masked", [False, True])
def test_a_network_of_tokens(tmp_path, masked):
    network = Network(4, (TokenEmbedding(9, 3, 4, masked), LSTM(2, 4, masked=masked), Dense(2)))
    theta = network.initialize(np.random.default_rng(0))
    chainrule.save((network, theta), tmp_path / "m")
    same, loaded = chainrule.load(tmp_path / "m")
    assert same == network
    np.testing.assert_array_equal(loaded, theta)
    network = Network(4, (network.layers[0], Dense(2)))
    with pytest.raises(ModelFileError, match="what the network computes is not finite"):
        chainrule.save((network, np.full(network.n_parameters, 1e19, np.float32)), tmp_path / "m")


def test_a_loaded_model_goes_on_learning_and_clones(models, rows, tmp_path):
    chainrule.save(models["two classes of text"], tmp_path / "m")
    loaded = chainrule.load(tmp_path / "m")
    y = loaded.predict(rows)
    loaded.partial_fit(rows, y)
    assert loaded.t_ == models["two classes of text"].t_ + 60
    assert clone(loaded).get_params() == loaded.get_params()
    loaded.coefs_[0][:] = 0  # own, writable memory


def test_a_loaded_table_model_goes_on_learning_and_clones(models, rows, outputs, tmp_path):
    model = models["matrix of numbers"]
    model.save(tmp_path / "m")
    loaded = chainrule.load(tmp_path / "m")
    assert loaded.network_ == model.network_
    loaded.partial_fit(rows, rows[:, :2])
    assert not np.array_equal(outputs(loaded), outputs(model))
    assert clone(loaded).get_params() == loaded.get_params()


def test_a_record_is_kept_beside_the_model(models, rows, tmp_path):
    record = {"target": "y", "scores": {"rmse": 0.1 + 0.2}, "rows": [1, 2], "note": None}
    chainrule.save(models["table of numbers"], tmp_path / "m", record=record)
    model, found = load_with_record(tmp_path / "m")
    assert (type(model), found) == (TabularRegressor, record)
    chainrule.save(models["one number"], tmp_path / "n")
    assert load_with_record(tmp_path / "n")[1] == {}
    with pytest.raises(ModelFileError, match="holds more than plain data"):
        chainrule.save(models["one number"], tmp_path / "m", record={"when": rows})
    assert load_with_record(tmp_path / "m")[1] == record


def test_a_table_model_loads_and_predicts_without_jax(models, rows, outputs, tmp_path, run_python):
    model = models["matrix of numbers"]
    chainrule.save(model, tmp_path / "m")
    np.save(tmp_path / "X.npy", rows)
    found = run_python(
        f"""if True:
        import sys
        sys.modules["jax"] = None
        import numpy as np, chainrule
        model = chainrule.load({str(tmp_path / "m")!r})
        print(model.predict_interval(np.load({str(tmp_path / "X.npy")!r}), 0.6).tolist())
        """
    )
    assert json.loads(found) == model.predict_interval(rows, 0.6).tolist()


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


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"loss": my_loss}, "loss=.*it is a function, and a model file holds no code"),
        ({"scoring": lambda model, X, y: 0.0}, "scoring=.*it is a function"),
        ({"random_state": np.random.RandomState(0)}, "random_state=.*it is no plain data"),
        ({"loss": "absolute_error"}, "its loss='absolute_error' is another than in fit; fit it again"),
        ({"loss": "log_loss"}, "the model cannot be saved: "),
    ],
)
def test_a_table_model_with_code_or_another_loss_is_not_saved(models, tmp_path, changed, says):
    model = copy.copy(models["table of numbers"]).set_params(**changed)
    with pytest.raises(ModelFileError, match=says):
        chainrule.save(model, tmp_path / "m")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("behind", [GRU(3, 2), LayerNormalization(4)])
def test_what_overflows_inside_of_a_layer_is_refused_however_small_what_comes_out(behind, tmp_path):
    network = Network(4, (Standardize(2), behind))
    theta = network.initialize(np.random.default_rng(0), np.float32)
    chainrule.save((network, theta), tmp_path / "m")
    chainrule.load(tmp_path / "m")
    theta[:2] = 3e38
    with pytest.raises(ModelFileError, match="what the network computes is not finite"):
        chainrule.save((network, theta), tmp_path / "m")


def test_a_layer_of_ones_own_is_made_known_before_it_is_saved(rows, tmp_path):
    class Own(Dense):
        kind = "own"

    X, y = np.ones((8, 3, 1)), np.arange(8) % 2
    model = SequenceClassifier(layers=(Own(2),), max_iter=1).fit(X, y)
    with pytest.raises(ModelFileError, match=r"add yours .* LAYERS\['own'\] = Own"):
        model.save(tmp_path / "m")


def test_what_cannot_be_saved_is_said(rows, tmp_path):
    with pytest.raises(ModelFileError, match="the MLPClassifier is not fitted"):
        chainrule.save(MLPClassifier(), tmp_path / "m")
    with pytest.raises(ModelFileError, match="the TabularRegressor is not fitted; call fit"):
        chainrule.save(TabularRegressor(), tmp_path / "m")
    with pytest.raises(ModelFileError, match="a dict cannot be saved"):
        chainrule.save({}, tmp_path / "m")
    network = Network.mlp(2, (), 1)
    with pytest.raises(ModelFileError, match=r"the parameters 0.W are not finite"):
        chainrule.save((network, np.full(3, np.nan)), tmp_path / "m")
    with pytest.raises(ModelFileError, match="is a directory"):
        chainrule.save((network, np.ones(3)), tmp_path)
    with pytest.raises(ModelFileError, match="nowhere does not exist; create it first"):
        chainrule.save((network, np.ones(3)), tmp_path / "nowhere" / "m")


def test_feature_names_are_still_checked(models, rows, tmp_path):
    chainrule.save(models["frame"], tmp_path / "m")
    loaded = chainrule.load(tmp_path / "m")
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(pd.DataFrame(rows, columns=["a", "b", "c"]))
