"""`doctor` of images and sequences: healthy ones get no finding, planted faults are found."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from chainrule import SequenceClassifier, SequenceRegressor, doctor
from chainrule.estimators.image import ImageClassifier
from chainrule.explain.doctor import EXAMINATIONS_OF_GRIDS
from chainrule.network import LSTM, RNN, Activation, Bidirectional, Columns, Dense, Network

RNG = np.random.default_rng(0)
SETTINGS = {"random_state": 0, "engine": "numpy"}
STEPS = RNG.normal(1, 2, size=(300, 16, 2))
ABOVE = STEPS[:, :8, 0].sum(1) > STEPS[:, 8:, 1].sum(1)
LISTS = [RNG.normal(size=(n, 1)) for n in RNG.integers(2, 14, 300)]
SUMS = np.array([x.sum() for x in LISTS])


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    X = X[:700].reshape(-1, 8, 8)
    settings = SETTINGS | {"max_iter": 10, "batch_size": 32, "shift": 0, "learning_rate_init": 0.005}
    return ImageClassifier((8, 16), **settings).fit(X, y[:700]), X, y[:700]


@pytest.fixture(scope="module")
def lstm():
    return SequenceClassifier(units=12, max_iter=25, **SETTINGS).fit(STEPS, ABOVE)


def test_a_healthy_network_of_images_has_no_finding(digits):
    model, X, y = digits
    assert model.score(X, y) > 0.95
    diagnosis = doctor(model, X, y)
    assert diagnosis.ok, str(diagnosis)
    assert len(diagnosis.healthy) + len(diagnosis.not_examined) == len(EXAMINATIONS_OF_GRIDS)
    assert "columns" not in str(diagnosis)


def test_a_healthy_network_of_sequences_has_no_finding(lstm):
    diagnosis = doctor(lstm, STEPS, ABOVE)
    assert diagnosis.ok, str(diagnosis)
    assert "gradients through time" in diagnosis.healthy


@pytest.mark.thorough
def test_both_directions_and_static_columns_have_no_finding():
    both = SequenceRegressor("gru", 12, bidirectional=True, max_iter=25, **SETTINGS).fit(LISTS, SUMS)
    assert doctor(both, LISTS, SUMS).ok
    frame = pd.DataFrame({"a": [x[:, 0] for x in LISTS], "size": RNG.normal(size=300)})
    static = SequenceRegressor(units=12, max_iter=25, **SETTINGS).fit(frame, SUMS + frame["size"])
    diagnosis = doctor(static, frame, SUMS + frame["size"])
    assert diagnosis.ok, str(diagnosis)
    assert "gradients through time" in diagnosis.healthy


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
@pytest.mark.parametrize("is_both", [False, True])
def test_gradients_that_vanish_in_time_are_found(cell, is_both):
    model = SequenceClassifier(cell, 6, bidirectional=is_both, max_iter=3, **SETTINGS).fit(STEPS, ABOVE)
    for name, value in model.network_.named(model.theta_).items():
        if name.endswith("U"):
            value *= 0.01
        if name.endswith("b") and cell == "lstm" and value.size == 24:
            value[6:12] = -9  # forgets everything at every step
    diagnosis = doctor(model, STEPS, ABOVE)
    (finding,) = [f for f in diagnosis.findings if f.name == "vanishing gradients through time"]
    assert finding.numbers["steps_reached"] < 4
    assert finding.where == f"{cell} of 6 units{', forward' * is_both}"
    assert "Of 16 steps, only the last " in finding.what


def test_gradients_that_grow_in_time_are_found():
    layers = (RNN(6, 16, activation="identity"),)
    model = SequenceClassifier(layers=layers, max_iter=2, **SETTINGS).fit(STEPS, ABOVE)
    model.network_.named(model.theta_)["1.U"][...] = 2 * np.eye(6)
    (finding,) = [f for f in doctor(model, STEPS, ABOVE).findings if "through time" in f.name]
    assert finding.name == "exploding gradients through time"
    assert finding.numbers["largest_share"] == pytest.approx(2**15, rel=1e-3)


def test_what_cannot_be_told_of_time_is_said(lstm, digits):
    model, X, y = digits
    why = doctor(model, X[:60], y[:60]).not_examined["gradients through time"]
    assert why == "no recurrent layer that hands out its last state"
    short = SequenceClassifier("rnn", 4, max_iter=1, **SETTINGS).fit(STEPS[:, :3], ABOVE)
    assert doctor(short, STEPS[:, :3], ABOVE).not_examined["gradients through time"].startswith("needs")
    cut = SequenceClassifier(layers=(Bidirectional(LSTM(3, 16, truncate=4)),), max_iter=1, **SETTINGS)
    assert "gradients through time" in doctor(cut.fit(STEPS, ABOVE), STEPS, ABOVE).not_examined


def test_filters_that_never_answer_are_dead_units(digits):
    model, X, y = digits
    theta = model.theta_.copy()
    try:
        model.network_.named(model.theta_)["1.b"][:3] = -100
        (finding,) = [f for f in doctor(model, X[:60], y[:60]).findings if f.name == "dead units"]
        assert finding.numbers["share_by_layer"]["hidden layer 1"] == pytest.approx(3 / 8)
    finally:
        model.theta_ = theta


@pytest.mark.parametrize("bias", [0.0, -100.0])
def test_layers_within_branches_and_nested_networks_are_examined(bias):
    hidden = Network(32, (Columns(((0, 16, Network(16, (Dense(6), Activation("relu")))),)), Dense(4)))
    inner = Network(32, (Columns(((0, 32, hidden), (0, 32, Network(32, ())))),))
    model = SequenceClassifier(layers=(inner, LSTM(4, 4)), max_iter=2, **SETTINGS).fit(STEPS, ABOVE)
    (name,) = (name for name in model.network_.named(model.theta_) if name.endswith("0.0.0.b"))
    model.network_.named(model.theta_)[name][:5] += bias
    diagnosis = doctor(model, STEPS, ABOVE)
    dead = [f.numbers["share_by_layer"] for f in diagnosis.findings if f.name == "dead units"]
    assert [shares["hidden layer 1"] for shares in dead] == [pytest.approx(5 / 6)] * bool(bias)
    assert {"dead units", "gradients"} <= {*diagnosis.healthy, *(f.name for f in diagnosis.findings)}
    assert diagnosis.not_examined["gradients through time"].startswith("needs")


def test_too_few_images_are_told_without_columns(digits):
    model, X, y = digits
    (finding,) = [f for f in doctor(model, X[:40], y[:40]).findings if f.name == "too few rows"]
    assert finding.what.startswith("There are 40 rows: 40 in all (at least 50), 4 per class")
