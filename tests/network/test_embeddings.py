"""Embeddings by hand, their initial values, and `CategoryEmbedding` against its one-hot product."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import kstest

from chainrule.errors import ParameterError
from chainrule.network import LAYERS, CategoryEmbedding, Network, Periodic, PiecewiseLinear


def initial(layer, n_in, seed=0):
    return layer.initial(layer.shapes(n_in), np.random.default_rng(seed))


def test_periodic_is_its_formula_column_by_column():
    layer, rng = Periodic(units=2, frequencies=3), np.random.default_rng(0)
    p = {name: rng.normal(size=shape) for name, shape in layer.shapes(4).items()}
    z = rng.normal(size=(5, 4))
    out, _ = layer.forward(p, z, None)
    for j in range(4):
        waves = np.cos(2 * np.pi * (np.outer(z[:, j], p["w"][j]) + p["c"][j]))
        np.testing.assert_allclose(out[:, 2 * j : 2 * j + 2], waves @ p["L"][j] + p["l"][j], rtol=1e-12)


@pytest.mark.parametrize("sigma", [0.1, 3.0])
def test_initial_waves_have_the_documented_distributions(sigma):
    p = initial(Periodic(units=4, frequencies=25, sigma=sigma), 40)
    drawn = {
        "w": ("norm", (0, sigma)),
        "c": ("uniform", (-0.5, 1.0)),
        "L": ("uniform", (-0.2, 0.4)),
        "l": ("uniform", (-0.2, 0.4)),
    }
    assert set(p) == set(drawn)
    for name, (distribution, arguments) in drawn.items():
        assert kstest(p[name].ravel(), distribution, arguments).pvalue > 1e-3, name


def test_other_initial_values_have_the_documented_distributions():
    slopes, rows = initial(PiecewiseLinear(4, 25), 40)["V"], initial(CategoryEmbedding(500, 8), 1)["E"]
    assert kstest(slopes.ravel(), "norm", (0, 0.2)).pvalue > 1e-3
    assert kstest(rows.ravel(), "norm").pvalue > 1e-3


def test_piecewise_linear_by_hand():
    """Three bins with slopes 1, 10, 100: the line through 0, 1, 11, 111, flat outside."""
    layer, p = PiecewiseLinear(units=1, bins=3), {"V": np.asarray([[[1.0], [10.0], [100.0]]])}
    u = np.asarray([-5.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.75, 3.0, 1e9])
    out, saved = layer.forward(p, u[:, None], None)
    np.testing.assert_allclose(out[:, 0], [0, 0, 0.5, 1, 6, 11, 86, 111, 111])
    dp, du = layer.backward(p, saved, np.ones((9, 1)))
    np.testing.assert_array_equal(du[[0, 2, 4, 6, 8], 0], [0, 1, 10, 100, 0])
    np.testing.assert_allclose(dp["V"][0, :, 0], [6.5, 4.5, 2.75])


def test_piecewise_linear_keeps_columns_apart():
    layer = PiecewiseLinear(units=2, bins=2)
    p = initial(layer, 3)
    u = np.asarray([[0.5, 2.0, 1.25]])
    expected = [0.5 * p["V"][0, 0], p["V"][1].sum(0), p["V"][2, 0] + 0.25 * p["V"][2, 1]]
    np.testing.assert_allclose(layer.forward(p, u, None)[0], np.concatenate(expected)[None], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_embedding_is_the_product_with_the_one_hot_matrix(dtype):
    layer, rng = CategoryEmbedding(6, 3), np.random.default_rng(0)
    p, codes = {"E": rng.normal(size=(6, 3)).astype(dtype)}, np.asarray([0, 5, 2, 2, 1, 2])
    onehot, dout = np.eye(6, dtype=dtype)[codes], rng.normal(size=(6, 3)).astype(dtype)
    z = codes[:, None].astype(dtype)
    out, saved = layer.forward(p, z, None)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, onehot @ p["E"])
    dp, dz = layer.backward(p, saved, dout)
    np.testing.assert_allclose(dp["E"], onehot.T @ dout, rtol=1e-6)
    np.testing.assert_array_equal(dz, np.zeros((6, 1)))
    with jax.enable_x64(dtype == np.float64):
        pull_back = jax.vjp(lambda p: layer.forward(p, jnp.asarray(z), None)[0], p)[1]
        np.testing.assert_allclose(dp["E"], pull_back(dout)[0]["E"], rtol=1e-6)


@pytest.mark.parametrize("layer", [Periodic(2, 5, 0.3), PiecewiseLinear(2, 6), CategoryEmbedding(7, 2)])
def test_description_gives_an_equal_layer_back_through_json(layer):
    description = json.loads(json.dumps(layer.describe()))
    assert LAYERS[description["layer"]].from_description(description) == layer


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Periodic(units=0), "units must be a positive integer, however: 0"),
        (lambda: Periodic(frequencies=2.0), "frequencies must be a positive integer, however: 2.0"),
        (lambda: Periodic(sigma=0.0), "sigma must be positive, however: 0.0"),
        (lambda: Periodic(sigma=np.nan), "sigma must be positive, however: nan"),
        (lambda: PiecewiseLinear(units=True), "units must be a positive integer, however: True"),
        (lambda: PiecewiseLinear(bins=-1), "bins must be a positive integer, however: -1"),
        (lambda: CategoryEmbedding(0), "levels must be a positive integer, however: 0"),
        (lambda: CategoryEmbedding(3, "8"), "units must be a positive integer, however: '8'"),
        (lambda: Network(2, (CategoryEmbedding(3),)).n_outputs, "takes one column of codes, however: 2"),
    ],
)
def test_wrong_settings_are_refused_with_their_value(make, words):
    with pytest.raises(ParameterError, match=words):
        make()
