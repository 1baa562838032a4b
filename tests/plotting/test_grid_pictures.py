"""Pictures of images and sequences: filters, feature maps, states over time, blocks with shapes."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from chainrule import MLPClassifier, SequenceClassifier, SequenceRegressor
from chainrule.errors import ParameterError
from chainrule.estimators.image import ImageClassifier
from chainrule.network import LSTM
from chainrule.plotting import FeatureMapsDisplay, GradientFlowDisplay, NetworkDisplay, StatesDisplay

RNG = np.random.default_rng(0)
QUICK = {"max_iter": 1, "batch_size": 16, "random_state": 0, "engine": "numpy"}
IMAGES = RNG.normal(5, 2, (30, 6, 6))
LISTS = [RNG.normal(size=(n, 2)) for n in (5, 3, 4) * 10]
KINDS = np.arange(30) % 3


@pytest.fixture(scope="module")
def images():
    return ImageClassifier((5, 3), hidden_layer_sizes=(4,), **QUICK).fit(IMAGES, KINDS)


@pytest.fixture(scope="module")
def sequences():
    return SequenceClassifier("lstm", (4, 3), bidirectional=True, **QUICK).fit(LISTS, KINDS)


def test_filters_and_maps_are_those_of_the_layers(images):
    display = FeatureMapsDisplay.from_estimator(images, IMAGES[0], layer=2)
    network, p = images.network_, images.network_.views(images.theta_)
    z = IMAGES[:1].reshape(1, -1).astype(np.float32)
    for layer, own in zip(network.layers[:6], p[:6], strict=True):
        z = layer.forward(own, z, None)[0]
    np.testing.assert_allclose(display.maps, z.reshape(6, 6, 3), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(display.filters, p[4]["W"].reshape(3, 3, 3, 5))
    np.testing.assert_allclose(display.image[:, :, 0], IMAGES[0])
    assert len(display.axes_) == 1 + 2 * 3
    shown = display.axes_[2].images[0].get_array()
    np.testing.assert_array_equal(shown, display.maps[:, :, 0])


@pytest.mark.parametrize("layer", [1, 2])
def test_pictures_of_maps_are_readable(images, layer, small_axes, assert_readable):
    display = FeatureMapsDisplay.from_estimator(images, IMAGES[0], layer=layer, ax=small_axes)
    assert display.ax_ is small_axes
    assert plt.get_fignums() == [display.figure_.number]
    assert_readable(display.figure_)
    assert_readable(FeatureMapsDisplay.from_estimator(images, IMAGES[0], layer=layer).figure_)
    assert display.plot(max_units=2) is display
    assert " 2 of " in display.ax_.get_title().replace("\n", " ")
    assert len(display.axes_) == 5
    assert_readable(display.figure_)


def test_images_in_color_and_many_filters(assert_readable):
    X = RNG.uniform(0, 1, (30, 6, 5, 3))
    model = ImageClassifier((9,), activation="tanh", hidden_layer_sizes=(4,), **QUICK).fit(X, KINDS)
    display = FeatureMapsDisplay.from_estimator(model, X[0], max_units=8)
    assert len(display.axes_) == 1 + 2 * 8
    assert display.axes_[0].images[0].get_array().shape == (6, 5, 3)
    assert display.axes_[2].images[0].get_clim()[0] < 0
    assert_readable(display.figure_)


@pytest.mark.parametrize("layer", [0, 3, True, "a"])
def test_a_convolution_that_there_is_not_is_named(images, layer):
    with pytest.raises(
        ParameterError, match="layer must be a convolution of the model, from 1 to 2, however"
    ):
        FeatureMapsDisplay.from_estimator(images, IMAGES[0], layer=layer)


def test_other_models_and_numbers_are_refused(images, sequences):
    mlp = MLPClassifier((3,), solver="lbfgs", random_state=0).fit(RNG.normal(size=(9, 2)), KINDS[:9])
    with pytest.raises(ParameterError, match="however: MLPClassifier"):
        StatesDisplay.from_estimator(mlp, [[1.0, 2.0]])
    with pytest.raises(ParameterError, match="from 1 to 0"):
        FeatureMapsDisplay.from_estimator(sequences, LISTS[0])
    with pytest.raises(ParameterError, match="max_units must be 1 at least, however: 0"):
        FeatureMapsDisplay.from_estimator(images, IMAGES[0], max_units=0)
    with pytest.raises(ParameterError, match="filters must be"):
        FeatureMapsDisplay(np.ones((2, 3, 3)), np.ones((4, 4, 2)), np.ones((4, 4, 1)))
    with pytest.raises(ParameterError, match="states must be"):
        StatesDisplay(np.ones(3))


def test_states_are_those_of_the_layer(sequences):
    display = StatesDisplay.from_estimator(sequences, LISTS[1], layer=2)
    assert display.states.shape == (3, 6)
    last = sequences.transform([LISTS[1]])[0]
    np.testing.assert_allclose(display.states[-1, :3], last[:3], rtol=1e-6)
    np.testing.assert_allclose(display.states[0, 3:], last[3:], rtol=1e-6)
    np.testing.assert_array_equal(display.image_.get_array(), display.states.T[display.order_])
    assert display.ax_.get_title() == "LSTM of 3 units, both directions"


def test_pictures_of_states_are_readable(sequences, small_axes, assert_readable):
    display = StatesDisplay.from_estimator(sequences, LISTS[0], ax=small_axes)
    assert display.ax_ is small_axes
    assert display.ax_.get_xlabel() == "step"
    assert_readable(display.figure_)
    assert_readable(StatesDisplay.from_estimator(sequences, LISTS[0]).figure_)
    with pytest.raises(ParameterError, match="layer must be a recurrent layer of the model, from 1 to 2"):
        StatesDisplay.from_estimator(sequences, LISTS[0], layer=3)


def test_states_of_a_frame_with_static_columns():
    frame = pd.DataFrame({"a": [x[:, 0] for x in LISTS], "size": RNG.normal(size=30)})
    model = SequenceRegressor("gru", 3, **QUICK).fit(frame, frame["size"])
    display = StatesDisplay.from_estimator(model, frame[:1])
    np.testing.assert_allclose(display.states[-1], model.transform(frame[:1])[0, :3], rtol=1e-6)
    with pytest.raises(ParameterError, match="sequence must be a single one, however: 2"):
        StatesDisplay.from_estimator(model, frame[:2])


def test_blocks_name_layers_with_their_shapes(images, sequences, assert_readable):
    def words(model):
        display = NetworkDisplay.from_estimator(model)
        assert_readable(display.figure_)
        return [text.get_text() for text in display.ax_.texts]

    assert "conv 3×3, 5 filters: 6×6×1 → 6×6×5, relu" in words(images)
    assert "max pool 2×2: 6×6×3 → 3×3×3" in words(images)
    assert "LSTM 4, 5 steps, both ways: 5×3 → 5×9" in words(sequences)
    frame = pd.DataFrame({"a": [x[:, 0] for x in LISTS], "size": RNG.normal(size=30)})
    model = SequenceRegressor(layers=(LSTM(3, 5, masked=True),), **QUICK).fit(frame, frame["size"])
    assert "standardize\nLSTM 3, 5 steps\n10 → 3\n(62)" in words(model)


def test_the_flow_of_gradients_is_drawn(images, sequences):
    names = GradientFlowDisplay.from_estimator(images, IMAGES, KINDS).names
    assert {"2.W", "4.b"} <= set(names)
    assert "1.reverse.U" in GradientFlowDisplay.from_estimator(sequences, LISTS, KINDS).names
