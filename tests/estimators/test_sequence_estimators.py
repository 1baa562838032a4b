"""SequenceClassifier and SequenceRegressor: what they take, what they refuse, what they learn."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from chainrule import GRU, LSTM, Dense, SequenceClassifier, SequenceRegressor, load
from chainrule.errors import ModelFileError, ParameterError
from chainrule.network import Columns, Standardize, TokenEmbedding

LEARNING = {"units": 12, "batch_size": 16, "max_iter": 25, "random_state": 0, "engine": "numpy"}
QUICK = {"units": 6, "max_iter": 3, "random_state": 0, "engine": "numpy"}


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    X = rng.normal(2, 3, size=(240, 8, 2))
    return X, np.where(X[:, :4, 0].sum(1) > X[:, 4:, 1].sum(1), "up", "down"), X[:, :, 0].sum(1) * 100 + 5000


@pytest.fixture(scope="module")
def lists(arrays):
    lengths = np.random.default_rng(1).integers(2, 9, size=240)
    X = [x[:n] for x, n in zip(arrays[0], lengths, strict=True)]
    return X, np.array([x[:, 0].sum() for x in X])


def test_it_learns_classes_from_sequences(arrays):
    X, y, _ = arrays
    model = SequenceClassifier(**LEARNING).fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.75
    assert model.predict_proba(X).sum(axis=1) == pytest.approx(1)
    assert model.input_shape_ == (8, 2)
    assert model.transform(X[:3]).shape == (3, 12)
    assert len(model.loss_curve_) == 25


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_it_learns_numbers_in_their_own_units(arrays, cell):
    X, _, y = arrays
    model = SequenceRegressor(cell, **LEARNING)
    assert model.fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.8
    several = np.column_stack([y, -y])
    assert clone(model).fit(X[:200], several[:200]).score(X[200:], several[200:]) > 0.8


def test_padding_changes_no_answer(lists):
    X, y = lists
    model = SequenceRegressor(**QUICK).fit(X, y)
    one_by_one = [model.predict([x])[0] for x in X[:20]]
    np.testing.assert_allclose(model.predict(X[:20]), one_by_one, rtol=1e-5)


def test_scales_are_learned_from_steps_that_exist(lists):
    X, y = lists
    model = SequenceRegressor(**QUICK).fit(X, y)
    p = model.network_.views(model.theta_)[0]
    assert isinstance(model.network_.layers[0], Standardize)
    every_step = np.concatenate(X)
    np.testing.assert_allclose(p["m"], every_step.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(1 / p["s"], every_step.std(axis=0), rtol=1e-5)


@pytest.mark.parametrize("library", [pl, pd])
def test_a_frame_holds_series_and_static_columns(lists, library):
    X, y = lists
    static = np.random.default_rng(3).normal(5, 2, size=len(X))
    columns = {"a": [list(x[:, 0]) for x in X], "b": [list(x[:, 1]) for x in X], "size": static}
    frame, target = library.DataFrame(columns), y + 10 * static
    model = SequenceRegressor(**LEARNING).fit(frame, target)
    assert model.score(frame, target) > 0.95
    assert isinstance(model.network_.layers[0], Columns)
    assert model.sequence_shape_.names == ("a", "b", "size")
    with pytest.raises(ParameterError, match=r"the columns must be \['a', 'b', 'size'\] as in fit, however"):
        model.predict(library.DataFrame({"b": columns["b"], "a": columns["a"], "size": static}))


def test_layers_of_ones_own(arrays):
    X, y, _ = arrays
    layers = (GRU(5, 8, "sequence"), LSTM(4, 8), Dense(3))
    model = SequenceClassifier(layers=layers, **QUICK).fit(X, y)
    assert model.network_.layers[1:-1] == layers
    with pytest.raises(ParameterError, match="layers must be None or a sequence of layers"):
        SequenceClassifier(layers=[3]).fit(X, y)


@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_tokens_are_read_as_codes_and_refused_if_they_are_none(engine):
    rng = np.random.default_rng(0)
    codes = rng.integers(1, 7, size=(200, 6))
    codes[:100, 4:] = 0
    y = (codes == 3).any(axis=1)
    layers = (TokenEmbedding(7, 4, 6, masked=True), GRU(8, 6, masked=True))
    settings = {"max_iter": 30, "batch_size": 20, "learning_rate_init": 0.03, "random_state": 0}
    model = SequenceClassifier(layers=layers, **settings, engine=engine).fit(codes, y)
    assert model.network_.layers[:-1] == layers
    assert model.score(codes, y) > 0.95
    for wrong in (-1, 7):
        other = np.where(codes == 3, wrong, codes)
        refusal = f"codes must be from 0 to levels - 1 = 6, however: {wrong};"
        with pytest.raises(ParameterError, match=refusal):
            model.predict(other)
        with pytest.raises(ParameterError, match=refusal):
            clone(model).fit(other, y)


def test_scikit_learn_handles_it(arrays):
    X, y, _ = arrays
    assert len(cross_val_score(SequenceClassifier(**QUICK), X, y, cv=2)) == 2
    model = SequenceClassifier(**QUICK | {"warm_start": True}).fit(X, y)
    before = model.loss_curve_[0]
    assert model.fit(X, y).loss_curve_[3] < before
    incremental = SequenceClassifier(**QUICK)
    for _ in range(3):
        incremental.partial_fit(X, y, classes=["down", "up"])
    assert incremental.loss_curve_[2] < incremental.loss_curve_[0]


@pytest.mark.parametrize("form", ["arrays", "lists", "frame"])
def test_a_model_file_brings_it_back(arrays, lists, tmp_path, form):
    X, y = (arrays[0], arrays[2]) if form == "arrays" else lists
    if form == "frame":
        X = pl.DataFrame({"a": [list(x[:, 0]) for x in X], "k": np.arange(len(X)) * 1.0})
    settings = QUICK | {"layers": (GRU(5, 8, masked=form != "arrays"),), "bidirectional": True}
    model = SequenceRegressor(**settings).fit(X, y)
    model.save(tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.get_params() == model.get_params()
    assert again.sequence_shape_ == model.sequence_shape_


def test_a_model_that_is_not_fitted_is_not_saved(tmp_path):
    with pytest.raises(ModelFileError, match="the SequenceClassifier is not fitted"):
        SequenceClassifier().save(tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell": "elman"}, "cell must be 'lstm', 'gru' or 'rnn', however: 'elman'"),
        ({"units": ()}, r"units must be positive integers, at least one, however: \(\)"),
        ({"steps": 0}, "steps must be a positive integer or None, however: 0"),
        ({"steps": 5}, "steps=5 must be enough for the longest sequence, however it has 8"),
        ({"truncate": 0.5}, "truncate must be a positive integer or None, however: 0.5"),
        ({"dropout": 1}, r"dropout must be a number in \[0, 1\), however: 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(arrays, settings, message):
    X, y, _ = arrays
    with pytest.raises(ParameterError, match=message):
        SequenceClassifier(**QUICK | settings).fit(X, y)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros(5), r"X must be an array \(n_samples, steps, features\).*however its shape: \(5,\)"),
        (np.full((5, 3), np.nan), "NaN"),
        ([np.zeros((3, 2)), np.zeros((3, 1))], "sample 1 must have 2 features as sample 0, however: 1"),
        ([np.zeros((3, 2)), np.zeros((0, 2))], r"sample 1 must be an array \(steps, features\), however"),
        ([[1.0, np.inf], [1.0]], "sample 0 must not have missing or infinite numbers"),
        ([["a"], ["b"]], r"sample 0 must be an array of numbers \(steps, features\)"),
        (pl.DataFrame({"a": [1.0, 2.0]}), "no cell of these columns is a series: a"),
        (pl.DataFrame({"a": [[1.0], [2.0]], "k": ["x", "y"]}), "the static column 'k' must hold finite"),
        (pl.DataFrame({"a": [[1.0], [2.0]], "b": [[1.0], [2.0, 3.0]]}), "the same length, however in row 1"),
    ],
)
def test_what_is_no_sequence_is_refused(X, message):
    with pytest.raises(ValueError, match=message):
        SequenceRegressor(**QUICK).fit(X, np.arange(len(X)))


def test_sequences_of_other_lengths_and_widths_are_refused(arrays, lists):
    model = SequenceRegressor(**QUICK).fit(arrays[0], arrays[2])
    with pytest.raises(ParameterError, match="must have 8 steps as in fit, however one has"):
        model.predict(lists[0])
    with pytest.raises(
        ParameterError, match="must have 2 features and 0 static columns as in fit, however: 1"
    ):
        model.predict(arrays[0][:, :, :1])
    longer = SequenceRegressor(steps=9, **QUICK).fit(arrays[0], arrays[2])
    assert longer.predict(lists[0]).shape == (240,)
