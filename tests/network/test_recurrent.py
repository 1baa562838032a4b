"""Recurrent layers: by hand, against each row alone in plain JAX, and against PyTorch's numbers."""

import json
from functools import partial
from math import log, prod, tanh

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chainrule.engine.numpy import NumpyEngine
from chainrule.engine.xla import XlaEngine
from chainrule.errors import ParameterError
from chainrule.network import GRU, LAYERS, LSTM, RNN, Bidirectional, Dense, Layer, Network

STEPS, UNITS, FEATURES = 5, 2, 2
LENGTHS = (5, 2, 4)
OPTIONS = {
    "last": {},
    "sequence": {"returns": "sequence"},
    "reverse": {"reverse": True},
    "reverse sequence": {"returns": "sequence", "reverse": True},
    "masked": {"masked": True},
    "masked sequence": {"returns": "sequence", "masked": True},
    "masked reverse": {"masked": True, "reverse": True},
    "masked reverse sequence": {"returns": "sequence", "reverse": True, "masked": True},
    "truncate": {"truncate": 2},
    "truncate sequence": {"truncate": 3, "returns": "sequence"},
    "truncate reverse": {"truncate": 2, "returns": "sequence", "reverse": True},
    "truncate masked": {"truncate": 2, "returns": "sequence", "masked": True},
    "truncate masked reverse": {"truncate": 2, "reverse": True, "masked": True},
}
CASES = {
    f"{kind.kind}, {name}": kind(UNITS, STEPS, **options)
    for kind in (RNN, LSTM, GRU)
    for name, options in OPTIONS.items()
} | {
    "rnn, relu": RNN(UNITS, STEPS, activation="relu"),
    "both, last": Bidirectional(RNN(UNITS, STEPS)),
    "both, sequence": Bidirectional(GRU(UNITS, STEPS, "sequence")),
    "both, masked": Bidirectional(LSTM(UNITS, STEPS, masked=True)),
    "both, masked sequence": Bidirectional(GRU(UNITS, STEPS, "sequence", masked=True, truncate=2)),
}
every_case = pytest.mark.parametrize("layer", CASES.values(), ids=CASES)
OFTEN = ("rnn, truncate masked", "gru, truncate masked", "both, last", "both, masked sequence")
"""Beside all of the LSTM; the cells share what the options do."""
cases = pytest.mark.parametrize(
    "layer",
    [
        pytest.param(
            layer,
            id=name,
            marks=[pytest.mark.thorough] * (not name.startswith("lstm") and name not in OFTEN),
        )
        for name, layer in CASES.items()
    ],
)


def inner(layer):
    return layer.layer if isinstance(layer, Bidirectional) else layer


def rows_for(layer, rng):
    """Rows of other lengths, where there is a mask; the padding is not 0, as nobody may look at it."""
    x = rng.normal(size=(len(LENGTHS), STEPS, FEATURES))
    if inner(layer).masked:
        exists = np.arange(STEPS) < np.asarray(LENGTHS)[:, None]
        x = np.concatenate([x, exists[:, :, None]], axis=2)
    return x.reshape(len(x), -1)


def given(layer, rng):
    z = rows_for(layer, rng)
    return {name: rng.normal(size=shape) for name, shape in layer.shapes(z.shape[1]).items()}, z


# -- the oracle: one row, its existing steps alone, cells as the papers write them ---------------------------


def next_state(layer, p, x, h, c):
    u = p["U"] @ h
    a = p["W"] @ x + p["b"]
    if isinstance(layer, RNN):
        return (jnp.tanh if layer.activation.name == "tanh" else jax.nn.relu)(a + u), c
    if isinstance(layer, LSTM):
        i, f, g, o = jnp.split(a + u, 4)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return jax.nn.sigmoid(o) * jnp.tanh(c), c
    (a_r, a_z, a_n), (u_r, u_z, u_n) = jnp.split(a, 3), jnp.split(u, 3)
    r, z = jax.nn.sigmoid(a_r + u_r), jax.nn.sigmoid(a_z + u_z)
    n = jnp.tanh(a_n + r * (u_n + p["c"]))
    return (1 - z) * n + z * h, c


def states_of_row(layer, p, x, reverse, length):
    h = c = jnp.zeros(UNITS)
    states = [h] * STEPS
    for taken, t in enumerate(reversed(range(length)) if reverse else range(length)):
        if layer.truncate and (length - taken) % layer.truncate == 0:
            h, c = jax.lax.stop_gradient((h, c))
        h, c = next_state(layer, p, x[t], h, c)
        states[t] = h
    if not reverse:
        states[length:] = [h] * (STEPS - length)
    return jnp.stack(states), h


def oracle(layer, p, z):
    own = inner(layer)
    outs = []
    for row, length in zip(z.reshape(len(LENGTHS), STEPS, -1), LENGTHS, strict=True):
        x, length = row[:, :FEATURES], length if own.masked else STEPS
        if layer is own:
            found = [states_of_row(own, p, x, own.reverse, length)]
        else:
            by_direction = [
                {name.removeprefix(way): value for name, value in p.items() if name.startswith(way)}
                for way in ("forward.", "reverse.")
            ]
            found = [
                states_of_row(own, q, x, reverse, length)
                for q, reverse in zip(by_direction, (False, True), strict=True)
            ]
        sequences, lasts = zip(*found, strict=True)
        if own.returns == "last":
            outs.append(jnp.concatenate(lasts))
        else:
            mask = [row[:, -1:]] if own.masked else []
            outs.append(jnp.concatenate([*sequences, *mask], axis=1).reshape(-1))
    return jnp.stack(outs)


@cases
def test_every_row_is_computed_as_alone_and_so_are_the_gradients(layer):
    """Without padding, with gradients stopped between blocks by `stop_gradient`, and in JAX's loop too."""
    p, z = given(layer, np.random.default_rng(5))
    out, saved = layer.forward(p, z, None)
    dout = np.random.default_rng(6).normal(size=out.shape)
    dp, dz = layer.backward(p, saved, dout)
    assert list(dp) == list(p)
    assert out.shape == (len(z), layer.n_out(z.shape[1])) == (len(z), prod(layer.out_shape))
    with jax.enable_x64(True):
        expected, pull_back = jax.vjp(lambda p, z: oracle(layer, p, z), p, z)
        dp_expected, dz_expected = pull_back(jnp.asarray(dout))
    close = {"rtol": 1e-10, "atol": 1e-13}
    np.testing.assert_allclose(out, expected, **close)
    np.testing.assert_allclose(dz, dz_expected, **close)
    for name in p:
        np.testing.assert_allclose(dp[name], dp_expected[name], err_msg=name, **close)
    alone = layer.parameter_gradients(p, saved, dout)
    assert all((alone[name] == dp[name]).all() for name in p)


COMPILED = ["rnn, truncate", "lstm, masked reverse sequence", "gru, truncate masked"]


@pytest.mark.parametrize("name", COMPILED)
def test_jax_computes_what_numpy_computes(name):
    layer = CASES[name]
    p, z = given(layer, np.random.default_rng(5))

    def both(p, z):
        out, saved = layer.forward(p, z, None)
        return out, *layer.backward(p, saved, out * out)

    with jax.enable_x64(True):
        found = jax.jit(both)(p, z)
    close = partial(np.testing.assert_allclose, rtol=1e-10, atol=1e-13)
    jax.tree.map(close, both(p, z), found)


@pytest.mark.parametrize(
    "name", [n for n in CASES if "truncate" not in n and ("lstm" in n or "both, l" in n)]
)
def test_backward_is_the_derivative_of_forward(name, central_differences):
    layer = CASES[name]
    p, z = given(layer, np.random.default_rng(5))
    out, saved = layer.forward(p, z, None)
    dout = np.random.default_rng(6).normal(size=out.shape)
    dp, dz = layer.backward(p, saved, dout)

    def value(p, z):
        return (dout * layer.forward(p, z, None)[0]).sum()

    np.testing.assert_allclose(dz, central_differences(lambda z: value(p, z), z), rtol=1e-6, atol=1e-8)
    for name in p:
        numeric = central_differences(lambda x, name=name: value(p | {name: x}, z), p[name])
        np.testing.assert_allclose(dp[name], numeric, rtol=1e-6, atol=1e-8, err_msg=name)


# -- by hand -------------------------------------------------------------------------------------------------


def test_two_steps_of_an_rnn_by_hand():
    """tanh(½ ln 3) = ½, where the slope is 1 - ½² = ¾; the inputs are such that both steps come there.

    a_1 = ½ ln 3 + 1 · 0 → h_1 = ½;  a_2 = ½ (ln 3 - 1) + 1 · ½ = ½ ln 3 → h_2 = ½
    da_2 = 1 · ¾;  dh_1 = ¾ U = ¾;  da_1 = ¾ · ¾ = 9/16
    dW = da_1 x_1 + da_2 x_2,  dU = da_1 · 0 + da_2 h_1 = 3/8,  db = 9/16 + ¾,  dx_t = ½ da_t
    """
    p = {"W": np.asarray([[0.5]]), "U": np.asarray([[1.0]]), "b": np.zeros(1)}
    x = np.asarray([[log(3), log(3) - 1]])
    out, saved = RNN(1, 2).forward(p, x, None)
    dp, dz = RNN(1, 2).backward(p, saved, np.ones((1, 1)))
    np.testing.assert_allclose(out, [[0.5]], rtol=1e-15)
    np.testing.assert_allclose(dp["W"], [[9 / 16 * log(3) + 3 / 4 * (log(3) - 1)]], rtol=1e-14)
    np.testing.assert_allclose(dp["U"], [[3 / 8]], rtol=1e-14)
    np.testing.assert_allclose(dp["b"], [9 / 16 + 3 / 4], rtol=1e-14)
    np.testing.assert_allclose(dz, [[9 / 32, 3 / 8]], rtol=1e-14)
    # the first step is another block: its gradient ends there
    layer = RNN(1, 2, truncate=1)
    dp, dz = layer.backward(p, layer.forward(p, x, None)[1], np.ones((1, 1)))
    np.testing.assert_allclose(dp["W"], [[3 / 4 * (log(3) - 1)]], rtol=1e-14)
    np.testing.assert_allclose(dz, [[0, 3 / 8]], rtol=1e-14)


def test_two_steps_of_an_lstm_by_hand():
    """σ(ln 3) = ¾, σ(0) = ½, tanh(½ ln 3) = ½; x = (1, 0), U = 0, b = 0.

    step 1: i = ¾, f = ½, g = ½, o = ½;  c_1 = ½ · 0 + ¾ · ½ = 3/8,   h_1 = ½ tanh 3/8
    step 2: i = ½, f = ½, g = 0, o = ½;  c_2 = ½ · 3/8 + 0 = 3/16,    h_2 = ½ tanh 3/16 = ½ q
    back 2: dc_2 = ½ (1 - q²);  da_i = dc_2 · 0,  da_f = dc_2 · 3/8 · ¼,  da_g = dc_2 · ½,  da_o = q · ¼
    back 1: dh_1 = da U = 0,  dc_1 = ½ dc_2;
            da_i = dc_1 · ½ · 3/16,  da_f = dc_1 · 0,  da_g = dc_1 · ¾ · (1 - ¼),  da_o = 0
    """
    p = {"W": np.asarray([[log(3)], [0], [log(3) / 2], [0]]), "U": np.zeros((4, 1)), "b": np.zeros(4)}
    layer = LSTM(1, 2)
    out, saved = layer.forward(p, np.asarray([[1.0, 0.0]]), None)
    dp, dz = layer.backward(p, saved, np.ones((1, 1)))
    q, h_1 = tanh(3 / 16), tanh(3 / 8) / 2
    dc_2 = (1 - q * q) / 2
    da_1 = dc_2 / 2 * np.asarray([3 / 32, 0, 9 / 16, 0])
    da_2 = np.asarray([0, dc_2 * 3 / 32, dc_2 / 2, q / 4])
    np.testing.assert_allclose(out, [[q / 2]], rtol=1e-14)
    np.testing.assert_allclose(dp["W"], da_1[:, None], rtol=1e-14)
    np.testing.assert_allclose(dp["U"], h_1 * da_2[:, None], rtol=1e-14)
    np.testing.assert_allclose(dp["b"], da_1 + da_2, rtol=1e-14)
    np.testing.assert_allclose(dz, [[log(3) * (da_1[0] + da_1[2] / 2), log(3) * da_2[2] / 2]], rtol=1e-14)


# -- PyTorch 2.13, float64 -----------------------------------------------------------------------------------
# torch.nn.RNN, LSTM, GRU(2, 2, batch_first=True) on x = cos(0, 1, ..., 11) as (2, 3, 2). weight_ih,
# weight_hh, bias_ih (and the last two of the GRU's bias_hh), one after the other, are sin(1), sin(2), ...;
# the rest of bias_hh is 0. Gradients are those of the sum of out · sin(0, 1, ..., 11).

TORCH = {
    RNN: {
        "out": [0.9407905742, -0.6705838121, -0.9142840532, 0.1007769534, 0.7480884977, -0.8745027466,
                0.9567139173, -0.7526660591, -0.8471337763, 0.0088831951, 0.4776563692, -0.8377403648],
        "dz": [0.0465959536, -0.3513483129, 0.1507558521, 0.1529538318, -0.3122697265, -0.1323188932,
               0.0165849694, -0.2952637022, 0.3172763058, 0.1297004307, -0.3954136827, -0.1561441216],
        "W": [0.3919814175, -0.6184627442, 1.1314664382, 0.2086274025],
        "U": [1.1503536227, -0.4104282954, 0.6934145283, -0.2091565033],
        "b": [-0.2948749593, 0.5077833755],
    },
    LSTM: {
        "out": [-0.3601425561, -0.313515133, -0.256874249, 0.2601218632, -0.422169845, 0.2513720394,
                -0.4351118322, -0.2971191262, -0.2729139427, 0.1430132877, -0.3828705119, 0.269350531],
        "dz": [-0.176921619, 0.0109686532, 0.0920767524, -0.0340205628, 0.1068440297, 0.3473414702,
               -0.1776871326, 0.0777322254, 0.076708354, -0.1841237927, 0.0548571192, 0.2929547377],
        "W": [-0.0539243417, 0.057024896, -0.0859513204, -0.1235687998, -0.0349384454, 0.0674627518,
              0.0303024041, -0.0259454435, 0.0785992403, -0.2966079292, 0.536518132, 0.204009134,
              -0.0624461096, 0.1876099429, 0.0331777556, -0.0944783879],
        "U": [-0.0060388683, 0.0321796507, 0.051974952, -0.0172516628, 0.0069231345, 0.0323592705,
              0.007655707, -0.0165728963, -0.0566267226, -0.1237984313, 0.1323815309, -0.0402258471,
              0.0195667255, 0.0825597673, 0.0582780852, -0.0348174435],
        "b": [0.0469531118, -0.3973832459, 0.0072840284, -0.035708781, 0.0567051519, -0.2132314526,
              0.0226081585, -0.3432422127],
    },
    GRU: {
        "out": [-0.3787935199, -0.1869446394, -0.3797071566, -0.3562690849, -0.4305096523, -0.4917962045,
                -0.4182817299, -0.1605133902, -0.410806608, -0.4938490696, -0.4410114016, -0.3385458637],
        "dz": [0.0502576768, 0.0299431959, 0.0910931121, 0.0079145929, 0.3430007102, 0.1325341323,
               0.0244016237, 0.0280598082, -0.1584247735, -0.1215654081, 0.6845452423, 0.3810303489],
        "W": [-0.0143616637, 0.0067450618, -0.0448459808, 0.0189551841, 0.1770147574, 0.0861727121,
              0.2103963143, 0.0854066478, 0.1888449265, -0.013389332, 0.7676567847, -0.2237323425],
        "U": [0.0047219284, 0.0008016228, -0.0178005023, -0.0232460439, 0.0215103869, 0.0205952514,
              -0.016660813, -0.0105950786, -0.0072085715, -0.000970438, 0.1924416547, 0.2532019567],
        "b": [-0.025935276, 0.0457064692, 0.0888170031, 0.2577864036, 0.3038591866, -0.8408360913],
        "c": [0.1715791023, -0.4897554842],
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", TORCH)
def test_pytorch_computes_the_same(kind):
    layer, expected = kind(2, 3, "sequence"), TORCH[kind]
    rows = 2 * layer.gates
    numbers = np.sin(1.0 + np.arange(7 * rows))
    W, U, b, bias_of_u = np.split(numbers[: 6 * rows], [2 * rows, 4 * rows, 5 * rows])
    p = {"W": W.reshape(rows, 2), "U": U.reshape(rows, 2), "b": b}
    if kind is GRU:
        p["c"] = bias_of_u[-2:]
    out, saved = layer.forward(p, np.cos(np.arange(12.0)).reshape(2, 6), None)
    dp, dz = layer.backward(p, saved, np.sin(np.arange(12.0)).reshape(2, 6))
    for name, value in {"out": out, "dz": dz, **dp}.items():
        np.testing.assert_allclose(value.ravel(), expected[name], rtol=0, atol=1e-9, err_msg=name)


# -- in a network --------------------------------------------------------------------------------------------

STACKS = {
    "stacked, masked, both directions": Network(
        3 * 3,
        (
            LSTM(3, 3, "sequence", masked=True),
            Bidirectional(GRU(2, 3, "sequence", masked=True)),
            RNN(2, 3, masked=True, reverse=True),
            Dense(1),
        ),
    ),
    "truncated": Network(3 * 3, (GRU(3, 3, "sequence", truncate=2), LSTM(2, 3, truncate=2), Dense(1))),
}


@pytest.mark.parametrize(
    "name", ["stacked, masked, both directions", pytest.param("truncated", marks=pytest.mark.thorough)]
)
def test_both_engines_train_the_same(name, train):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(11, 3, 3))
    X[:, :, 2] = np.arange(3) < rng.integers(1, 4, size=(11, 1))
    y = X[:, 0, :1]
    one, other = (
        train(engine, STACKS[name], X.reshape(11, 9), y, weight_decay=0.1, batch_size=4, epochs=3)
        for engine in (NumpyEngine(), XlaEngine())
    )
    np.testing.assert_allclose(one.losses, other.losses, rtol=1e-9)
    np.testing.assert_allclose(one.state.theta, other.state.theta, rtol=1e-7, atol=1e-10)
    assert one.losses[-1] < one.losses[0]


@every_case
def test_a_description_is_plain_data_and_gives_the_layer_back(layer):
    assert isinstance(layer, Layer)
    description = json.loads(json.dumps(layer.describe()))
    assert LAYERS[description["layer"]].from_description(description) == layer


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_initial_values(kind):
    """Every gate's W within Glorot's bounds, every gate's U orthogonal, the forget gate open."""
    layer = Bidirectional(kind(8, 4))
    network = Network(4 * 24, (layer,))
    p = network.views(network.initialize(np.random.default_rng(0), np.float64))[0]
    for way in ("forward", "reverse"):
        W, U, b = (p[f"{way}.{name}"] for name in "WUb")
        assert 0.9 * (6 / 32) ** 0.5 < abs(W).max() <= (6 / 32) ** 0.5
        for gate in np.split(U, len(U) // 8):
            np.testing.assert_allclose(gate @ gate.T, np.eye(8), atol=1e-14)
        np.testing.assert_array_equal(b, np.repeat([0, 1, 0, 0], 8) if kind is LSTM else 0)
    assert not np.array_equal(p["forward.W"], p["reverse.W"])
    assert {name.rsplit(".", 1)[-1] for name in layer.decayed} == {"W", "U"}
    assert layer.multiplications(4 * 24) == 2 * 4 * (p["forward.W"].size + p["forward.U"].size)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: RNN(0, 3), "units must be a positive integer, however: 0"),
        (lambda: LSTM(2, 2.0), "steps must be a positive integer, however: 2.0"),
        (lambda: GRU(2, 3, truncate=0), "truncate must be a positive integer, however: 0"),
        (lambda: GRU(2, 3, "all"), "returns must be 'last' or 'sequence', however: 'all'"),
        (lambda: GRU(2, 3, reverse=1), "reverse must be True or False, however: 1"),
        (lambda: GRU(2, 3, masked="yes"), "masked must be True or False, however: 'yes'"),
        (lambda: RNN(2, 3, activation="swash"), "'swash'"),
        (lambda: LSTM(2, 3).n_out(7), "LSTM takes rows of steps=3 times one or more features, however: 7"),
        (lambda: LSTM(2, 3, masked=True).n_out(3), "one more that is the mask, however: 3 values"),
        (lambda: Network(7, (GRU(2, 3),)).n_outputs, "however: 7 values"),
        (lambda: Bidirectional(Dense(2)), r"takes an RNN, LSTM or GRU, not reversed itself, however: Dense"),
        (lambda: Bidirectional(GRU(2, 3, reverse=True)), r"however: GRU\(units=2"),
        (
            lambda: Bidirectional.from_description({"of": {"layer": "dense"}}),
            r"Bidirectional takes one of \['gru', 'lstm', 'rnn'\], however: 'dense'",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_value(make, words):
    with pytest.raises(ParameterError, match=words):
        make()
