"""ImageClassifier: what it takes, what it refuses, what it learns."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split

from chainrule import Conv2D, Dense, ImageClassifier, load
from chainrule.errors import ParameterError
from chainrule.network import Activation, MaxPool2D, RandomShift, Standardize

QUICK = {"filters": (4,), "hidden_layer_sizes": (8,), "max_iter": 2, "random_state": 0, "engine": "numpy"}


@pytest.fixture(scope="module")
def bars():
    """Upright and level bars on pictures of 8 × 8 with noise."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(0, 0.3, size=(300, 8, 8)), rng.integers(0, 2, 300)
    for image, upright, place in zip(X, y, rng.integers(1, 7, 300), strict=True):
        image[(slice(None), place) if upright else (place, slice(None))] += 1
    return X, np.array(["level", "upright"])[y]


def test_it_learns_bars_wherever_they_are(bars):
    X, y = bars
    model = ImageClassifier(
        **QUICK | {"filters": (8,), "hidden_layer_sizes": (16,), "max_iter": 15, "batch_size": 16}
    ).fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.9
    assert model.input_shape_ == (8, 8, 1)
    assert model.transform(X[:5]).shape == (5, 16)
    assert list(model.classes_) == ["level", "upright"]


@pytest.mark.thorough
def test_digits_are_read_with_99_percent():
    X, y = load_digits(return_X_y=True)
    parts = train_test_split(X.reshape(-1, 8, 8), y, test_size=0.25, stratify=y, random_state=0)
    model = ImageClassifier(random_state=0).fit(parts[0], parts[2])
    assert model.score(parts[1], parts[3]) >= 0.985


def test_pixels_are_standardized_per_channel(bars):
    X = np.stack([bars[0], 10 * bars[0] + 3], axis=3)
    model = ImageClassifier(**QUICK).fit(X, bars[1])
    shift, standardize, convolution = model.network_.layers[:3]
    assert shift == RandomShift((8, 8, 2), 1)
    assert standardize == Standardize(2)
    assert convolution == Conv2D(4, 3, (8, 8, 2))
    p = model.network_.views(model.theta_)[1]
    np.testing.assert_allclose(p["m"], X.mean(axis=(0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(1 / p["s"], X.std(axis=(0, 1, 2)), rtol=1e-5)


def test_large_grids_are_pooled_behind_every_convolution(bars):
    X = np.repeat(np.repeat(bars[0], 4, axis=1), 4, axis=2)
    model = ImageClassifier(**QUICK | {"filters": (2, 3, 4), "max_iter": 1}).fit(X, bars[1])
    shapes = [layer.out_shape for layer in model.network_.layers if isinstance(layer, MaxPool2D)]
    assert shapes == [(16, 16, 2), (8, 8, 3), (4, 4, 4)]
    tiny = ImageClassifier(**QUICK).fit(bars[0][:, :1, :1], bars[1])
    assert not any(isinstance(layer, MaxPool2D) for layer in tiny.network_.layers)


def test_layers_of_ones_own(bars):
    X, y = bars
    layers = (Conv2D(3, 3, (8, 8, 1), stride=2), Activation("tanh"), Dense(5))
    model = ImageClassifier(layers=layers, shift=0, **QUICK).fit(X, y)
    assert model.network_.layers == (Standardize(1), *layers, Dense(1))


def test_bytes_are_pixels_too(bars):
    X = np.clip(80 * bars[0] + 100, 0, 255)
    model = ImageClassifier(**QUICK).fit(np.round(X).astype(np.uint8), bars[1])
    floats = clone(model).fit(np.round(X), bars[1])
    np.testing.assert_array_equal(model.predict_proba(np.round(X)), floats.predict_proba(np.round(X)))


def test_scikit_learn_handles_it(bars):
    X, y = bars
    search = GridSearchCV(ImageClassifier(**QUICK), {"filters": [(2,), (3,)]}, cv=2).fit(X, y)
    assert search.best_estimator_.predict(X[:3]).shape == (3,)
    stopped = ImageClassifier(**QUICK | {"early_stopping": True, "n_iter_no_change": 1}).fit(X, y)
    assert len(stopped.validation_scores_) == stopped.n_iter_


def test_a_model_file_brings_it_back(bars, tmp_path):
    X, y = bars
    model = ImageClassifier(**QUICK).fit(X, y)
    model.save(tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert again.input_shape_ == (8, 8, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"filters": (0,)}, r"filters must be positive integers, however: \(0,\)"),
        ({"kernel": 0}, "kernel must be a positive integer, however: 0"),
        ({"shift": -1}, "shift must be a whole number of pixels from 0 on, however: -1"),
        ({"dropout": 1.5}, r"dropout must be in \[0, 1\), however: 1.5"),
        ({"layers": "conv"}, "layers must be None or a sequence of layers such as"),
    ],
)
def test_settings_that_cannot_be_are_refused(bars, settings, message):
    with pytest.raises(ParameterError, match=message):
        ImageClassifier(**QUICK | settings).fit(*bars)


def test_what_is_no_image_is_refused(bars):
    X, y = bars
    with pytest.raises(ParameterError, match=r"X must be images .*, however its shape: \(300, 64\)"):
        ImageClassifier(**QUICK).fit(X.reshape(300, 64), y)
    model = ImageClassifier(**QUICK).fit(X, y)
    with pytest.raises(ParameterError, match=r"must have the shape \(8, 8, 1\) .* however: \(8, 7, 1\)"):
        model.predict(X[:, :, :7])
    with pytest.raises(ValueError, match="NaN"):
        model.predict(np.full((1, 8, 8), np.nan))
