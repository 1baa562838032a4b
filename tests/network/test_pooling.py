"""Pooling by hand, ties, masks, and every backward against central differences and `jax.vjp`."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chainrule.errors import ParameterError
from chainrule.network import (
    AveragePool1D,
    AveragePool2D,
    GlobalAveragePool,
    GlobalMaxPool,
    MaxPool1D,
    MaxPool2D,
    Network,
)

IMAGE = np.asarray([[1.0, 2.0, 3.0, 8.0, 5.0, 6.0, 7.0, 4.0, 9.0]])

SOME = [
    MaxPool2D(2, (5, 4, 3)),
    MaxPool2D((3, 2), (5, 4, 2), 2, "same"),
    MaxPool2D(3, (4, 5, 1), (1, 2), 1),
    AveragePool2D(2, (4, 4, 3)),
    AveragePool2D(3, (5, 4, 2), 2, "same"),
    AveragePool2D((1, 2), (3, 5, 1), 1),
    MaxPool1D(3, (7, 2), 1, "causal"),
    AveragePool1D(3, (7, 2), 2, 2),
]
GLOBAL = [GlobalMaxPool(3), GlobalAveragePool(2), GlobalMaxPool(2, True), GlobalAveragePool(1, True)]


def pulled_back_twice(layer, z, dout):
    """(out, dz by automatic differentiation, dz by the layer's backward), of JAX arrays."""
    out, pull_back = jax.vjp(lambda z: layer.forward({}, z, None)[0], z)
    return out, pull_back(dout)[0], layer.backward({}, layer.forward({}, z, None)[1], dout)[1]


@pytest.mark.parametrize("layer", [*SOME, *GLOBAL], ids=str)
def test_backward_is_the_derivative_of_forward(layer, central_differences):
    rng = np.random.default_rng(3)
    n_in = int(np.prod(layer.shape)) if hasattr(layer, "shape") else 12
    z = rng.normal(size=(3, n_in))
    if layer in GLOBAL and layer.masked:
        places = z.reshape(3, -1, layer.channels + 1)
        places[:, :, -1] = np.arange(places.shape[1]) < np.asarray([[2], [1], [0]])
    out, saved = layer.forward({}, z, None)
    dout = rng.normal(size=out.shape)
    dp, dz = layer.backward({}, saved, dout)
    assert dp == {}
    assert out.shape == (3, layer.n_out(n_in)) == (3, int(np.prod(layer.out_shape)))
    numeric = central_differences(lambda z: (dout * layer.forward({}, z, None)[0]).sum(), z)
    if layer in GLOBAL and layer.masked:  # a mask is 0 or 1: it has no derivative
        numeric.reshape(places.shape)[:, :, -1] = 0
    np.testing.assert_allclose(dz, numeric, rtol=1e-6, atol=1e-8)

    with jax.enable_x64(True):
        expected, dz_expected, dz_of_jax = jax.jit(partial(pulled_back_twice, layer))(z, dout)
    np.testing.assert_allclose(out, expected, rtol=1e-12)
    np.testing.assert_allclose(dz, dz_expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(dz, dz_of_jax, rtol=1e-12, atol=1e-14)
    described = Network(n_in, (layer,))
    assert Network.from_description(described.describe()) == described


def test_the_largest_by_hand():
    layer = MaxPool2D(2, (3, 3, 1), 1)
    out, saved = layer.forward({}, IMAGE, None)
    np.testing.assert_array_equal(out, [[8.0, 6.0, 8.0, 9.0]])
    _, dz = layer.backward({}, saved, np.asarray([[1.0, 10.0, 100.0, 1000.0]]))
    np.testing.assert_array_equal(dz, [[0, 0, 0, 101.0, 0, 10.0, 0, 0, 1000.0]])
    assert MaxPool2D(2, (3, 3, 1)).out_shape == (1, 1, 1), "what is left behind the last window is not seen"


def test_padding_does_not_count():
    """Even where every value is negative, and a mean at the border is that of the places that exist."""
    z = -IMAGE
    out, _ = MaxPool2D(2, (3, 3, 1), padding="same").forward({}, z, None)
    np.testing.assert_array_equal(out, [[-1.0, -3.0, -4.0, -9.0]])
    out, saved = AveragePool2D(2, (3, 3, 1), padding="same").forward({}, z, None)
    np.testing.assert_array_equal(out, [[-4.0, -4.5, -5.5, -9.0]])
    _, dz = AveragePool2D(2, (3, 3, 1), padding="same").backward(
        {}, saved, np.asarray([[4.0, 2.0, 6.0, 1.0]])
    )
    np.testing.assert_array_equal(dz, [[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 3.0, 3.0, 1.0]])


@pytest.mark.parametrize("array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_of_equal_values_the_first_takes_the_whole_derivative(array):
    dout = np.asarray([[1.0, 2.0, 3.0, 4.0]], np.float32)
    layer = MaxPool2D(2, (4, 4, 1))
    _, saved = layer.forward({}, array(np.ones((1, 16), np.float32)), None)
    _, dz = layer.backward({}, saved, array(dout))
    expected = np.zeros((4, 4))
    expected[::2, ::2] = [[1.0, 2.0], [3.0, 4.0]]
    np.testing.assert_array_equal(dz, expected.reshape(1, 16))
    layer = GlobalMaxPool(2)
    _, saved = layer.forward({}, array(np.asarray([[0.0, 5.0, 1.0, 5.0, 1.0, 2.0]], np.float32)), None)
    _, dz = layer.backward({}, saved, array(dout[:, :2]))
    np.testing.assert_array_equal(dz, [[0.0, 2.0, 1.0, 0.0, 0.0, 0.0]])


def test_overlapping_windows_with_ties_lose_nothing():
    z = np.random.default_rng(0).integers(0, 2, (5, 30)).astype(float)
    layer = MaxPool2D(3, (5, 6, 1), 1, 1)
    out, saved = layer.forward({}, z, None)
    dout = np.random.default_rng(1).normal(size=out.shape)
    np.testing.assert_allclose(layer.backward({}, saved, dout)[1].sum(1), dout.sum(1))


def test_masked_places_do_not_count():
    """Rows of three places with two values and the mask; the last row has no place at all."""
    z = np.asarray([[1.0, -2.0, 1.0, 3.0, -4.0, 1.0, 99.0, 99.0, 0.0], [7.0, 7.0, 0.0] * 3])
    out, _ = GlobalAveragePool(2, masked=True).forward({}, z, None)
    np.testing.assert_array_equal(out, [[2.0, -3.0], [0.0, 0.0]])
    out, saved = GlobalMaxPool(2, masked=True).forward({}, z, None)
    np.testing.assert_array_equal(out, [[3.0, -2.0], [0.0, 0.0]])
    _, dz = GlobalMaxPool(2, masked=True).backward({}, saved, np.ones((2, 2)))
    np.testing.assert_array_equal(dz, [[0, 1, 0, 1, 0, 0, 0, 0, 0], [0] * 9])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MaxPool2D(2), r"shape must be \(height, width, channels\), .* however: \(\)"),
        (lambda: MaxPool2D(0, (4, 4, 1)), "size must be a positive integer or a pair of them, however: 0"),
        (lambda: MaxPool2D(5, (4, 4, 1)), r"\(4, 4\), however it reaches over \(5, 5\)"),
        (lambda: AveragePool2D(2, (4, 4, 1), (1, 0)), r"stride must be .* however: \(1, 0\)"),
        (lambda: AveragePool2D(2, (4, 4, 1), padding=2), "integer from 0 to 1, .* however: 2"),
        (lambda: MaxPool1D(1.5, (4, 1)), "size must be a positive integer, however: 1.5"),
        (lambda: AveragePool1D(2, (4, 1), 0), "stride must be a positive integer, however: 0"),
        (
            lambda: Network(7, (MaxPool1D(2, (4, 2)),)).n_outputs,
            "rows of 8 values, however: 7 go into MaxPool1D",
        ),
        (lambda: GlobalMaxPool(0), "channels must be a positive integer, however: 0"),
        (lambda: GlobalMaxPool(1, "yes"), "masked must be True or False, however: 'yes'"),
        (lambda: Network(7, (GlobalMaxPool(2),)).n_outputs, "places of 2 values, however: 7 values go in"),
        (
            lambda: Network(8, (GlobalAveragePool(2, True),)).n_outputs,
            "2 values and 1 of the mask, however: 8",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_value(make, words):
    with pytest.raises(ParameterError, match=words):
        make()
