"""Convolutions by hand, against `lax.conv_general_dilated` and its derivatives, and in both engines."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from chainrule.engine.numpy import NumpyEngine
from chainrule.engine.xla import XlaEngine
from chainrule.errors import ParameterError
from chainrule.network import (
    Activation,
    AveragePool1D,
    Conv1D,
    Conv2D,
    Dense,
    GlobalAveragePool,
    GlobalMaxPool,
    LayerNormalization,
    MaxPool2D,
    Network,
    correlation,
)

IMAGE = np.asarray([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]).reshape(1, 9)


def random_parameters(layer, rng):
    return {name: rng.normal(size=shape) for name, shape in layer.shapes(int(np.prod(layer.shape))).items()}


def by_lax(layer, p, z):
    """The same by XLA's own convolution, the paddings by its own rules where they have a name."""
    padding = layer.padding
    is_image = isinstance(layer, Conv2D)
    axes = (0, 1) if is_image else (0,)
    kernel, stride, dilation = (
        value if is_image else (value,) for value in (layer.kernel, layer.stride, layer.dilation)
    )
    if padding == "causal":
        padding = [((layer.kernel - 1) * layer.dilation, 0)]
    elif isinstance(padding, int):
        padding = [(padding, padding) for _ in axes]
    else:
        padding = padding.upper()
    W = jnp.transpose(p["W"].reshape(layer.units, *kernel, layer.shape[-1]), (*(i + 1 for i in axes), -1, 0))
    images = ("NHWC", "HWIO", "NHWC") if is_image else ("NWC", "WIO", "NWC")
    a = lax.conv_general_dilated(
        z.reshape(-1, *layer.shape), W, stride, padding, rhs_dilation=dilation, dimension_numbers=images
    )
    return (a + p["b"]).reshape(z.shape[0], -1)


def through(layer, p, z, dout):
    """(out, dp, dz) by the layer's own forward and backward."""
    out, saved = layer.forward(p, z, None)
    return out, *layer.backward(p, saved, dout)


def through_lax(layer, p, z, dout):
    """The same, the derivatives by automatic differentiation."""
    out, pull_back = jax.vjp(lambda p, z: by_lax(layer, p, z), p, z)
    return out, *pull_back(dout)


def assert_is_that_of_lax(layer, n_rows=3, own=through):
    rng = np.random.default_rng(0)
    p, z = random_parameters(layer, rng), rng.normal(size=(n_rows, int(np.prod(layer.shape))))
    dout = rng.normal(size=(n_rows, layer.n_out(z.shape[1])))
    assert layer.n_out(z.shape[1]) == np.prod(layer.out_shape)
    with jax.enable_x64(True):
        expected = jax.jit(partial(through_lax, layer))(p, z, dout)
        found = own(layer, p, z, dout)
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for array, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(array, theirs, rtol=1e-10, atol=1e-12)


def test_an_image_by_hand():
    layer = Conv2D(1, 2, (3, 3, 1), padding="valid")
    p = {"W": np.asarray([[1.0, 10.0, 100.0, 1000.0]]), "b": np.asarray([0.5])}
    a, saved = layer.forward(p, IMAGE, None)
    np.testing.assert_array_equal(a, [[5421.5, 6532.5, 8754.5, 9865.5]])
    dp, dz = layer.backward(p, saved, np.asarray([[1.0, 0.0, 0.0, 2.0]]))
    np.testing.assert_array_equal(dp["W"], [[1 + 2 * 5, 2 + 2 * 6, 4 + 2 * 8, 5 + 2 * 9]])
    np.testing.assert_array_equal(dp["b"], [3.0])
    np.testing.assert_array_equal(dz, [[1.0, 10.0, 0.0, 100.0, 1002.0, 20.0, 0.0, 200.0, 2000.0]])


def test_the_same_padding_by_hand():
    """Sums of 3 × 3 places: at the border the places that do not exist count as 0."""
    layer = Conv2D(1, 3, (3, 3, 1))
    p = {"W": np.ones((1, 9)), "b": np.zeros(1)}
    a, _ = layer.forward(p, IMAGE, None)
    np.testing.assert_array_equal(a, [[12.0, 21.0, 16.0, 27.0, 45.0, 33.0, 24.0, 39.0, 28.0]])
    a, _ = Conv2D(1, 3, (3, 3, 1), stride=2).forward(p, IMAGE, None)
    np.testing.assert_array_equal(a, [[12.0, 16.0, 24.0, 28.0]])


def test_a_sequence_by_hand():
    """Channels of a step stand together; "causal" looks back only, over the dilation."""
    layer = Conv1D(1, 2, (4, 2), padding="causal", dilation=2)
    p = {"W": np.asarray([[1.0, 10.0, 100.0, 1000.0]]), "b": np.asarray([0.0])}
    a, _ = layer.forward(p, np.asarray([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]]), None)
    np.testing.assert_array_equal(a, [[2100.0, 4300.0, 6521.0, 8743.0]])
    assert layer.out_shape == (4, 1)


def test_a_causal_step_sees_none_behind_it():
    layer = Conv1D(3, 3, (6, 2), padding="causal", dilation=2)
    rng = np.random.default_rng(0)
    p, z = random_parameters(layer, rng), rng.normal(size=(1, 12))
    changed = z.copy()
    changed[0, 8:] += 1
    before, after = (layer.forward(p, each, None)[0].reshape(6, 3) for each in (z, changed))
    np.testing.assert_array_equal(before[:4], after[:4])
    assert (before[4:] != after[4:]).all()


@st.composite
def convolutions(draw):
    """Layers of images and of sequences, of any geometry that fits."""
    size, few = st.integers(1, 7), st.integers(1, 3)
    paddings = st.sampled_from(["same", "valid", *range(3)])
    try:
        if draw(st.booleans()):
            pairs = st.tuples(few, few)
            shape = draw(st.tuples(size, size, few))
            return Conv2D(draw(few), draw(pairs), shape, draw(pairs), draw(paddings), draw(pairs))
        shape, padding = draw(st.tuples(size, few)), draw(paddings | st.just("causal"))
        return Conv1D(draw(few), draw(st.integers(1, 4)), shape, draw(few), padding, draw(few))
    except ParameterError:
        return Conv2D(1, 1, (1, 1, 1))


@given(convolutions())
@settings(max_examples=12)
def test_every_geometry_is_that_of_lax(layer):
    assert_is_that_of_lax(layer)


SOME = [
    Conv2D(3, 3, (5, 4, 9)),
    Conv2D(2, (2, 3), (7, 6, 2), stride=(2, 3), padding=1, dilation=(2, 1)),
    Conv2D(2, 3, (6, 7, 8), stride=2, dilation=2),
    Conv1D(2, 3, (8, 8), stride=2, padding="causal"),
]


def compiled(layer, *arrays):
    return jax.jit(partial(through, layer))(*arrays)


@pytest.mark.parametrize("layer", SOME, ids=str)
def test_both_engines_compute_that_of_lax(layer, monkeypatch):
    """A row or two at a time, with some left over."""
    monkeypatch.setattr(correlation, "_VALUES_AT_A_TIME", 2 * layer.multiplications(np.prod(layer.shape)))
    monkeypatch.setattr(correlation, "_PLACES_AT_A_TIME", 2 * int(np.prod(layer.out_shape[:-1])))
    for own in (through, compiled):
        assert_is_that_of_lax(layer, n_rows=5, own=own)


@pytest.mark.parametrize("layer", SOME[1:3], ids=str)
def test_so_does_the_way_of_accelerators(layer, monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert_is_that_of_lax(layer, own=compiled)


@pytest.mark.parametrize("layer", SOME, ids=str)
def test_backward_is_the_derivative_of_forward(layer, central_differences):
    rng = np.random.default_rng(1)
    p, z = random_parameters(layer, rng), rng.normal(size=(2, int(np.prod(layer.shape))))
    out, saved = layer.forward(p, z, None)
    dout = rng.normal(size=out.shape)
    dp, dz = layer.backward(p, saved, dout)
    found = {"z": dz, **dp}
    for name, array in {"z": z, **p}.items():

        def value(x, name=name):
            given_arrays = {"z": z, **p, name: x}
            return (dout * layer.forward(given_arrays, given_arrays["z"], None)[0]).sum()

        numeric = central_differences(value, array)
        np.testing.assert_allclose(found[name], numeric, rtol=1e-6, atol=1e-8, err_msg=name)


def test_the_first_layer_spares_the_derivative_by_its_input():
    layer, rng = SOME[0], np.random.default_rng(0)
    p, z = random_parameters(layer, rng), rng.normal(size=(2, 180))
    out, saved = layer.forward(p, z, None)
    alone, both = layer.parameter_gradients(p, saved, out), layer.backward(p, saved, out)[0]
    for name in ("W", "b"):
        np.testing.assert_array_equal(alone[name], both[name])


def image_network():
    first = Conv2D(8, 3, (6, 5, 1))
    pool = MaxPool2D(2, first.out_shape)
    second = Conv2D(4, (3, 2), pool.out_shape, padding="valid")
    middle = (first, Activation("relu"), pool, LayerNormalization(8), second, Activation("tanh"))
    return Network(30, (*middle, GlobalMaxPool(4), Dense(2)))


def sequence_network():
    first = Conv1D(3, 3, (10, 3), stride=2, padding="causal")
    pool = AveragePool1D(2, first.out_shape, 1, "same")
    second = Conv1D(5, 2, pool.out_shape, dilation=2)
    return Network(30, (first, Activation("silu"), pool, second, GlobalAveragePool(5), Dense(2)))


@pytest.mark.parametrize(
    ("network", "dtype"), [(image_network(), np.float64), (sequence_network(), np.float32)], ids=["2D", "1D"]
)
def test_both_engines_train_the_same(network, dtype, train):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(37, 30)), rng.normal(size=(37, 2))
    one, other = (
        train(engine, network, X, y, dtype=dtype, weight_decay=0.1) for engine in (NumpyEngine(), XlaEngine())
    )
    tolerance = 1e-9 if dtype == np.float64 else 2e-4
    np.testing.assert_allclose(one.losses, other.losses, rtol=tolerance)
    if dtype == np.float64:
        np.testing.assert_allclose(one.state.theta, other.state.theta, rtol=1e-7, atol=1e-9)
    assert one.losses[-1] < one.losses[0]


def test_its_weights_are_counted_drawn_and_multiplied_as_those_of_every_place():
    network = Network(8 * 8 * 3, (Conv2D(16, 3, (8, 8, 3), stride=2), Activation("relu"), Dense(2)))
    assert network.shapes(192)["0.W"] == (16, 27)
    assert network.multiplications(192) == 4 * 4 * 16 * 27 + 4 * 4 * 16 * 2 + 2
    W = network.views(network.initialize(np.random.default_rng(0)))[0]["W"]
    assert W.std() == pytest.approx((2 / 27) ** 0.5, rel=0.1)  # He et al.: variance 2 / fan_in
    assert network.decayed == ("0.W", "2.W")


@pytest.mark.parametrize("layer", [*SOME, Conv2D(1, 1, (1, 1, 1), initializer="he_normal")], ids=str)
def test_description_gives_an_equal_layer_back(layer):
    network = Network(int(np.prod(layer.shape)), (layer,))
    assert Network.from_description(network.describe()) == network
    assert hash(layer) == hash(type(layer).from_description(layer.describe()))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Conv2D(0, 3, (4, 4, 1)), "units must be a positive integer, however: 0"),
        (lambda: Conv2D(2), r"shape must be \(height, width, channels\), .* however: \(\)"),
        (lambda: Conv2D(2, 3, (4, 4)), r"however: \(4, 4\); give that of the rows, or the out_shape of"),
        (lambda: Conv2D(2, 3, (4, 4.0, 1)), r"however: \(4, 4.0, 1\)"),
        (lambda: Conv2D(2, 0, (4, 4, 1)), "kernel must be a positive integer or a pair of them, however: 0"),
        (lambda: Conv2D(2, (3, 3, 3), (4, 4, 1)), r"however: \(3, 3, 3\)"),
        (lambda: Conv2D(2, 3, (4, 4, 1), stride=-1), "stride must be .* however: -1"),
        (lambda: Conv2D(2, 3, (4, 4, 1), dilation=True), "dilation must be .* however: True"),
        (lambda: Conv2D(2, 3, (4, 4, 1), padding="causal"), "padding must be 'same', 'valid' or an integer "),
        (lambda: Conv2D(2, 3, (4, 4, 1), padding=3), "integer from 0 to 2, .* however: 3"),
        (lambda: Conv1D(2, 3, (4, 1), padding=-1), "'same', 'valid', 'causal' or an integer .* however: -1"),
        (lambda: Conv1D(2, 3, (4, 1), padding=None), "however: None"),
        (
            lambda: Conv2D(2, 5, (4, 9, 1), padding="valid"),
            r"must fit into the grid with its padding, \(4, 9\), however it reaches over \(5, 5\)",
        ),
        (lambda: Conv1D(2, 3, (4, 1), padding="valid", dilation=2), r"over \(1, 5\); take a smaller one"),
        (lambda: Conv1D(2, (3, 3), (4, 1)), r"kernel must be a positive integer, however: \(3, 3\)"),
        (
            lambda: Network(12, (Conv2D(2, 3, (2, 2, 4)),)).n_outputs,
            r"shape=\(2, 2, 4\) takes rows of 16 values, however: 12 go into Conv2D; it must be that of",
        ),
        (
            lambda: Conv1D.from_description(Conv1D(1, 1, (2, 1)).describe() | {"kernel": 9e9}),
            "however: 9000000000.0",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_value(make, words):
    with pytest.raises(ParameterError, match=words):
        make()
