"""Layers by hand, and every backward against central differences and `jax.vjp` of its forward."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.preprocessing import PolynomialFeatures

from chainrule.errors import ParameterError
from chainrule.network import (
    GRU,
    LAYERS,
    LSTM,
    RNN,
    Activation,
    AveragePool2D,
    Bidirectional,
    Columns,
    Conv1D,
    Conv2D,
    Dense,
    Draw,
    Dropout,
    FanOut,
    GlobalAveragePool,
    GlobalMaxPool,
    Join,
    Layer,
    LayerNormalization,
    MaxPool1D,
    MemberDense,
    Network,
    ParametricActivation,
    Periodic,
    PiecewiseLinear,
    Polynomial,
    RandomShift,
    Scale,
    Standardize,
)

N_IN = 3
EVERY_LAYER = {
    "dense": Dense(4),
    "one unit": Dense(1),
    "activation": Activation("tanh"),
    "dropout": Dropout(0.4),
    "no dropout": Dropout(0.0),
    "polynomial": Polynomial(3),
    "degree 1": Polynomial(1),
    "network": Network(N_IN, (Dense(2), Activation("silu"), Dropout(0.3), Dense(3))),
    "empty network": Network(N_IN, ()),
    "parametric": ParametricActivation("silu"),
    "periodic": Periodic(2, 5, 0.3),
    "piecewise linear": PiecewiseLinear(2, 6),
    "standardize": Standardize(1),
    "standardize, masked": Standardize(2, masked=True),
    "random shift": RandomShift((3, 1, 1), 2),
    "convolution of images": Conv2D(2, (2, 1), (3, 1, 1)),
    "convolution of sequences": Conv1D(2, 2, (3, 1), padding="causal"),
    "max pool": MaxPool1D(2, (3, 1), 1),
    "average pool": AveragePool2D((2, 1), (3, 1, 1), padding="same"),
    "global max pool, masked": GlobalMaxPool(2, masked=True),
    "global average pool": GlobalAveragePool(1),
    "layer normalization": LayerNormalization(3),
    "rnn": RNN(2, 3, activation="silu"),
    "lstm": LSTM(2, 3, "sequence"),
    "both directions of a gru": Bidirectional(GRU(2, 1)),
    "columns": Columns(
        (
            (0, 2, Network(2, (Periodic(2, 3), Dropout(0.2)))),
            (1, 3, Network(2, ())),
            (0, 3, Network(3, (Dense(2),))),
        )
    ),
    "members with inputs of their own": Network(
        N_IN,
        (
            Columns(((0, 3, Network(3, ())), (0, 2, Network(2, (PiecewiseLinear(2 * 3, 4),))))),
            FanOut(3, 4, 2),
            MemberDense(4, 3),
            Activation("tanh"),
            MemberDense(2, 3),
            Join(),
        ),
    ),
    "members": Network(
        N_IN,
        (
            Scale(),
            MemberDense(4, 2, fan_out=True),
            ParametricActivation("tanh", 2),
            Dropout(0.3),
            MemberDense(2, 2),
            Join(),
        ),
    ),
    "members with dropout of their own": Network(
        N_IN,
        (MemberDense(4, 2, fan_out=True), Dropout((0.1, 0.6)), MemberDense(2, 2), Join()),
    ),
    "members with scales of their own": Network(N_IN, (Scale(2), MemberDense(2, 2), Join())),
    "members with shared weights": Network(
        N_IN,
        (
            Scale(3, spread=True),
            MemberDense(4, 3, shared=True),
            Activation("silu"),
            MemberDense(1, 3),
            Join(),
        ),
    ),
}
every_layer = pytest.mark.parametrize("layer", EVERY_LAYER.values(), ids=EVERY_LAYER)


def random_parameters(layer, rng):
    return {name: rng.normal(size=shape) for name, shape in layer.shapes(N_IN).items()}


@every_layer
@pytest.mark.parametrize("n_rows", [1, 5])
def test_backward_is_the_derivative_of_forward(layer, n_rows, central_differences):
    rng, draw = np.random.default_rng(7), Draw.from_seed(3)
    p, z = random_parameters(layer, rng), rng.normal(size=(n_rows, N_IN))
    out, saved = layer.forward(p, z, draw)
    dout = rng.normal(size=out.shape)
    dp, dz = layer.backward(p, saved, dout)
    assert out.shape == (n_rows, layer.n_out(N_IN))
    assert list(dp) == list(p)

    def value(p, z):
        return (dout * layer.forward(p, z, draw)[0]).sum()

    np.testing.assert_allclose(dz, central_differences(lambda z: value(p, z), z), rtol=1e-6, atol=1e-8)
    for name in p:
        numeric = central_differences(lambda x, name=name: value(p | {name: x}, z), p[name])
        np.testing.assert_allclose(dp[name], numeric, rtol=1e-6, atol=1e-8, err_msg=name)

    with jax.enable_x64(True):
        jax_draw = Draw(jnp.asarray(draw.key))
        pull_back = jax.jit(
            lambda p, z, dout: jax.vjp(lambda p, z: layer.forward(p, z, jax_draw)[0], p, z)[1](dout)
        )
        dp_oracle, dz_oracle = pull_back(p, z, dout)
    np.testing.assert_allclose(dz, dz_oracle, rtol=1e-10, atol=1e-13)
    for name in p:
        np.testing.assert_allclose(dp[name], dp_oracle[name], rtol=1e-10, atol=1e-13, err_msg=name)


@every_layer
@pytest.mark.parametrize("namespace", [np, jnp], ids=["numpy", "jax"])
def test_no_rows_come_out_as_no_rows(layer, namespace):
    p = {name: namespace.zeros(shape, "float32") for name, shape in layer.shapes(N_IN).items()}
    z = namespace.zeros((0, N_IN), "float32")
    out, saved = layer.forward(p, z, None)
    dp, dz = layer.backward(p, saved, out)
    assert (out.shape, dz.shape) == ((0, layer.n_out(N_IN)), z.shape)
    assert {array.dtype for array in (out, dz, *dp.values())} == {np.dtype("float32")}
    for name, shape in layer.shapes(N_IN).items():
        np.testing.assert_array_equal(dp[name], np.zeros(shape))


@every_layer
def test_description_gives_an_equal_layer_back(layer):
    assert isinstance(layer, Layer)
    description = layer.describe()
    assert LAYERS[description["layer"]].from_description(description) == layer
    assert set(layer.decayed) <= set(layer.shapes(N_IN))


def test_dense_by_hand():
    """W[to, from]: the first row of W makes the first neuron."""
    layer, p = Dense(2), {"W": np.asarray([[1.0, 2.0, 3.0], [0.0, -1.0, 4.0]]), "b": np.asarray([10.0, 20.0])}
    a, saved = layer.forward(p, np.asarray([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0]]), None)
    np.testing.assert_array_equal(a, [[16.0, 23.0], [8.0, 16.0]])
    dp, dz = layer.backward(p, saved, np.asarray([[1.0, 0.0], [2.0, -1.0]]))
    np.testing.assert_array_equal(dp["W"], [[3.0, 1.0, -1.0], [-1.0, 0.0, 1.0]])
    np.testing.assert_array_equal(dp["b"], [3.0, -1.0])
    np.testing.assert_array_equal(dz, [[1.0, 2.0, 3.0], [2.0, 5.0, 2.0]])


def test_dense_takes_sparse_rows():
    rng = np.random.default_rng(0)
    layer, z, da = Dense(2), rng.normal(size=(5, 3)) * (rng.random((5, 3)) < 0.5), rng.normal(size=(5, 2))
    p = random_parameters(layer, rng)
    np.testing.assert_allclose(layer.forward(p, csr_array(z), None)[0], layer.forward(p, z, None)[0])
    of_sparse, of_dense = (layer.parameter_gradients(p, part, da) for part in (csr_array(z), z))
    np.testing.assert_allclose(of_sparse["W"], of_dense["W"])
    np.testing.assert_allclose(of_sparse["b"], of_dense["b"])


@pytest.mark.parametrize(("n_in", "degree"), [(1, 1), (1, 4), (3, 2), (4, 3)])
def test_polynomial_is_that_of_scikit_learn(n_in, degree):
    X = np.random.default_rng(0).normal(size=(6, n_in))
    expected = PolynomialFeatures(degree, include_bias=False).fit_transform(X)
    out, _ = Polynomial(degree).forward({}, X, None)
    assert out.shape[1] == Polynomial(degree).n_out(n_in)
    np.testing.assert_allclose(out, expected, rtol=1e-14)


def test_dropout_is_off_when_predicting():
    z = np.ones((2, 3))
    assert Dropout(0.9).forward({}, z, None)[0] is z


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_leaves_the_expected_output_unchanged(rate):
    z = np.full((400, 500), 3.0)
    out, saved = Dropout(rate).forward({}, z, Draw.from_seed(5))
    kept = out != 0
    np.testing.assert_allclose(out[kept], 3 / (1 - rate), rtol=1e-12)
    # five standard errors of 200 000 draws
    assert abs(kept.mean() - (1 - rate)) < 5 * np.sqrt(rate * (1 - rate) / z.size)
    np.testing.assert_array_equal(Dropout(rate).backward({}, saved, z)[1], out)


def test_members_may_have_dropout_rates_of_their_own():
    z, rates = np.ones((3, 200, 500)), (0.0, 0.2, 0.7)
    for fade in (1.0, 0.5):
        out, _ = Dropout(rates).forward({}, z, Draw(Draw.from_seed(5).key, fade))
        for member, rate in zip(out, fade * np.asarray(rates), strict=True):
            np.testing.assert_allclose(member[member != 0], 1 / (1 - rate), rtol=1e-12)
            assert abs((member == 0).mean() - rate) <= 5 * np.sqrt(rate * (1 - rate) / member.size)
    assert Dropout.from_description(json.loads(json.dumps(Dropout(rates).describe()))) == Dropout(rates)
    for shape in ((2, 5, 4), (5, 4)):
        with pytest.raises(ParameterError, match="3 dropout rates take as many members in front, however"):
            Dropout(rates).forward({}, np.ones(shape), Draw.from_seed(5))


def test_dropout_drops_other_values_at_every_step_and_in_every_layer():
    z, layer = np.ones((50, 50)), Dropout(0.5)
    masks = [
        layer.forward({}, z, Draw.from_seed(0).fold(step).fold(i))[0] > 0 for step in (0, 1) for i in (0, 2)
    ]
    for i in range(4):
        for j in range(i):
            assert 0.4 < (masks[i] == masks[j]).mean() < 0.6


def test_dropout_may_be_as_close_to_1_as_a_number_can():
    rate = float(np.nextafter(1, 0))
    out, _ = Dropout(rate).forward({}, np.ones((4, 4)), Draw.from_seed(0))
    np.testing.assert_array_equal(out, np.zeros((4, 4)))


@pytest.mark.parametrize("fade", [0.0, 0.3, 0.999, 1.0])
def test_dropout_that_fades_has_that_share_of_its_rate(fade):
    z, layer, key = np.full((400, 500), 3.0), Dropout(0.5), Draw.from_seed(5).key
    out, saved = layer.forward({}, z, Draw(key, fade))
    rate = 0.5 * fade
    np.testing.assert_allclose(out[out != 0], 3 / (1 - rate), rtol=1e-12)
    assert abs((out == 0).mean() - rate) <= 5 * np.sqrt(rate * (1 - rate) / z.size)
    np.testing.assert_array_equal(layer.backward({}, saved, z)[1], out)
    # the values that are dropped at a small rate are dropped at a larger one too
    assert (out[layer.forward({}, z, Draw(key))[0] != 0] != 0).all()
    with jax.enable_x64(True):
        compiled = jax.jit(lambda fade: layer.forward({}, jnp.asarray(z), Draw(jnp.asarray(key), fade))[0])
        np.testing.assert_allclose(compiled(fade), out, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Dense(0), "units must be a positive integer, however: 0"),
        (lambda: Dense(2.5), "however: 2.5"),
        (lambda: Dropout(1.0), r"dropout rate must be in \[0, 1\), however: 1.0"),
        (lambda: Dropout(-0.1), "however: -0.1"),
        (lambda: Dropout((0.1, 1.0)), r"however: \(0.1, 1.0\)"),
        (lambda: Dropout(()), r"however: \(\)"),
        (lambda: Polynomial(0), "degree must be a positive integer, however: 0"),
        (lambda: Network(0, ()), "n_inputs must be a positive integer, however: 0"),
        (lambda: Network(2, ("relu",)), "layers must be Layer objects such as Dense.32., however: 'relu'"),
        (lambda: Network(2, (Network(3, ()),)).n_outputs, "takes 3 inputs, however: 2 go in"),
        (
            lambda: Network.mlp(2, (3, 4), activation=["relu"]),
            r"one per hidden layer \(2\), however: \['relu'\]",
        ),
        (
            lambda: Network.mlp(2, (3,), dropout=[0.1, 0.2]),
            r"dropout must be one value or one per hidden layer",
        ),
        (lambda: Network.from_description({"n_inputs": 2, "layers": [{"layer": "os"}]}), "'os' is unknown"),
    ],
)
def test_what_is_no_layer_is_refused_with_its_value(make, words):
    with pytest.raises(ParameterError, match=words):
        make()
