"""pickle, copy, joblib, cloudpickle, skops: before a fit, after it, after a failed one; to the last bit."""

import copy
import io
import pickle
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from zipfile import ZipFile

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.callback import ProgressBar, ScoringMonitor
from small_models import CLASSIFIERS, MODELS, REGRESSORS, answers, data, meant, refusing, small
from tried import counted, examples

from chainrule import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from chainrule.network.described import Described

MLPS = (MLPClassifier, MLPRegressor)


def _by_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


WAYS = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "pickle, protocol 2": lambda model: pickle.loads(pickle.dumps(model, protocol=2)),
    "pickle in Python": lambda model: pickle._loads(pickle._dumps(model)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "joblib": _by_joblib,
    "cloudpickle": lambda model: cloudpickle.loads(cloudpickle.dumps(model)),
}


def double(a):
    """An activation of one's own, which no description holds."""
    return 2 * a


def square(a, y):
    """A loss of one's own, with its slope."""
    return ((a - y) ** 2).sum(1), 2 * (a - y)


def _table(X, kind):
    """The rows as they are, or for a table model as a table with columns of several kinds."""
    if kind in MLPS:
        return X
    words = np.array(["small", "large", None], dtype=object)[np.arange(len(X)) % 3]
    dates = pd.date_range("2020-02-28", periods=len(X), freq="36h")
    return pd.DataFrame({"number": X[:, 0], "flag": X[:, 1] > 0, "word": words, "date": dates})


SETTINGS = {
    "as it is": {},
    "activation with settings": {"activation": {"name": "elu", "alpha": 0.5}},
    "own activation": {"activation": double},
    "no hidden layer": {"hidden_layer_sizes": ()},
    "own loss": {"loss": square},
    "Generator": {"random_state": np.random.default_rng(3)},
    "RandomState": {"random_state": np.random.RandomState(3)},
}
STATES = ["new", "fitted", "partially fitted", "failed", "failed again", "fitted in columns of many kinds"]
CALLBACKS = {
    "none": lambda kind: [],
    "progress bar": lambda kind: [ProgressBar()],
    "monitor": lambda kind: [ScoringMonitor(scoring="r2" if kind in REGRESSORS else "accuracy")],
}


def _in_state(model, state, X, y):
    kind = type(model)
    own = {"classes": [0, 1]} if kind in CLASSIFIERS else {}
    with meant():
        if state == "partially fitted":
            model.partial_fit(X, y, **own)
        elif state not in ("new", "failed"):
            model.fit(X, y)
    if "failed" in state:
        assert refusing(lambda: model.fit(X, y[:-1])) is not None
    return model


def _same(left, right, X, y):
    """Both answer the same, and learn the same from here on."""
    assert re.sub("0x[0-9A-Fa-f]+", "", repr(left)) == re.sub("0x[0-9A-Fa-f]+", "", repr(right))
    assert vars(left).keys() == vars(right).keys()
    if hasattr(left, "n_features_in_"):
        np.testing.assert_array_equal(answers(left, X), answers(right, X))
        with meant():
            learned = [answers(model.partial_fit(X, y), X) for model in (left, right)]
    else:
        with meant():
            learned = [answers(model.fit(X, y), X) for model in (left, right)]
    np.testing.assert_array_equal(*learned)


@pytest.mark.parametrize("kind", MODELS)
@examples(12)
@given(
    way=st.sampled_from(list(WAYS)),
    state=st.sampled_from(STATES),
    setting=st.sampled_from(list(SETTINGS)),
    callback=st.sampled_from(list(CALLBACKS)),
)
def test_the_same_model_comes_back(kind, way, state, setting, callback):
    X, y = data(kind)
    own = SETTINGS[setting]
    if "loss" in own and kind in CLASSIFIERS:
        own = {}
    X = _table(X, kind) if state == "fitted in columns of many kinds" else X
    model = small(kind, **copy.deepcopy(own))
    model.set_callbacks(*CALLBACKS[callback](kind))
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):  # where a bar is drawn
        _in_state(model, state, X, y)
    again = WAYS[way](model)
    if way == "copy":
        again.set_params(random_state=copy.deepcopy(model.random_state))
    for each in (model, again):
        each.set_callbacks()
    _same(model, again, X, y)
    counted("pickles: " + way, "answered")


@pytest.mark.parametrize("kind", MODELS)
def test_describing_objects_keep_nothing_but_plain_data(kind):
    X, y = data(kind)
    model = _in_state(small(kind), "fitted", _table(X, kind), y)
    described = [value for value in vars(model).values() if isinstance(value, Described)]
    assert len(described) == (1 if kind in MLPS else 2)
    for value in described:
        again = pickle.loads(pickle.dumps(value))
        assert again == value
        assert hash(again) == hash(value)
        assert set(value.__getstate__()) == {"description"}


_SHORT = {
    MLPClassifier: {"ClassCoding", "Network"},
    MLPRegressor: {"Network"},
    TabularClassifier: {"ClassCoding", "EnsembleLoss", "MultilabelCrossEntropy", "Network", "NetworkEncoder"},
    TabularRegressor: {"EnsembleLoss", "MeanSquaredError", "Network", "NetworkEncoder"},
}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("state", STATES)
def test_skops_needs_a_short_list_of_trusted_types(kind, state):
    skops = pytest.importorskip("skops.io")
    X, y = data(kind)
    X = _table(X, kind) if state == "fitted in columns of many kinds" else X
    model = _in_state(small(kind), state, X, y)
    dumped = skops.dumps(model)
    types = skops.get_untrusted_types(data=dumped)
    short = {kind.__name__}
    if hasattr(model, "network_"):
        short |= _SHORT[kind] | ({"Settings"} if kind not in MLPS else set())
    assert {name.rsplit(".", 1)[1] for name in types} == short
    assert all(name.startswith("chainrule.") for name in types)
    _same(model, skops.loads(dumped, trusted=types), X, y)
    counted("pickles: skops", "answered")


def test_the_list_in_the_documentation_is_the_one_that_skops_needs():
    skops = pytest.importorskip("skops.io")
    page = (Path(__file__).parents[2] / "docs" / "trust.md").read_text(encoding="utf-8")
    for kind in MODELS:
        X, y = data(kind)
        dumped = skops.dumps(_in_state(small(kind), "fitted", X, y))
        assert ZipFile(io.BytesIO(dumped)).testzip() is None
        for name in skops.get_untrusted_types(data=dumped):
            assert name in page
