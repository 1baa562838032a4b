"""`check_gradients` finds planted faults, and accepts what is right."""

from dataclasses import dataclass
from math import pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule.explain.gradient_compare as gradient_compare
from chainrule import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from chainrule.errors import EngineError, ParameterError
from chainrule.explain.gradient_check import check_gradients
from chainrule.network import (
    ACTIVATIONS,
    GRU,
    LAYERS,
    LOSSES,
    LSTM,
    RNN,
    Activation,
    ActivationFunction,
    AveragePool1D,
    AveragePool2D,
    Bidirectional,
    CategoryEmbedding,
    Columns,
    Conv1D,
    Conv2D,
    CustomLoss,
    Dense,
    Dropout,
    EnsembleLoss,
    FanOut,
    GlobalAveragePool,
    GlobalMaxPool,
    Join,
    LayerNormalization,
    Loss,
    MaxPool1D,
    MaxPool2D,
    MemberDense,
    Network,
    ParametricActivation,
    Periodic,
    PiecewiseLinear,
    Polynomial,
    RandomShift,
    Scale,
    Standardize,
    TokenEmbedding,
    get_activation,
    get_loss,
)
from chainrule.network.ensemble import _turned
from chainrule.network.losses import (
    HalfSquaredError,
    Huber,
    MeanSquaredError,
    MultilabelCrossEntropy,
    Quantiles,
    SoftmaxCrossEntropy,
)

RNG = np.random.default_rng(0)
X2, X3, Y2 = RNG.normal(size=(5, 2)), RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))
MEMBERS = RNG.normal(size=(2, 5, 3))
CODES = np.asarray([[0.0], [1.0], [1.0], [1.0], [2.0]])
POSITIONS = RNG.uniform(-1, 5, (6, 2))
CLASSES = np.asarray([0, 1, 2, 1, 0])
A3 = RNG.normal(size=(5, 3))
SEQUENCES = np.concatenate([RNG.normal(size=(4, 4, 2)), np.tri(4)[:, :, None]], axis=2).reshape(4, 12)
"""Of one to four steps, two features and the mask."""


def no_jax(purpose):
    raise EngineError(f"{purpose} needs JAX, which cannot be imported (planted)")


@pytest.fixture
def without_jax(monkeypatch):
    monkeypatch.setattr(gradient_compare, "load_jax", no_jax)


def names_of_wrong(check):
    return {
        row.name.partition(" ")[0] for row in check.table if not row.verdict.startswith(("ok", "by design"))
    }


# -- planted faults -----------------------------------------------------------------------------------------


def broken(layer_class, change):
    """A subclass whose backward gives what `change(self, p, saved, dout, dp, dz)` makes of the right one."""

    class Broken(layer_class):
        def backward(self, p, saved, dout, **short):
            return change(self, p, saved, dout, *super().backward(p, saved, dout, **short))

    return Broken


def slope(function):
    """An activation tanh or leaky_relu with another slope, in a layer."""
    return lambda value: Activation((get_activation(value).value, function))


def add(name, change):
    return lambda self, p, saved, dout, dp, dz: (dp | {name: change(p, saved, dout, dp[name])}, dz)


def pull(change):
    return lambda self, p, saved, dout, dp, dz: (dp, change(p, saved, dout, dz))


class NoLastColumn(Columns):
    """Cuts dout one column too far to the left for every branch but the first."""

    def backward(self, p, saved, dout):
        return super().backward(p, saved, np.concatenate([dout[:, :1], dout[:, :-1]], axis=1))


class Stale(Activation):
    """Hands on the value of its first batch for backward."""

    def forward(self, p, a, draw):
        if not hasattr(self, "first"):
            object.__setattr__(self, "first", np.asarray(a) * 0.5)
        z, (_, _) = super().forward(p, a, draw)
        return z, (self.first, np.tanh(self.first))


DROPPED = broken(Dropout, lambda self, p, mask, dout, dp, dz: (dp, dout))
WAVES = Periodic(2, 3)

LAYER_FAULTS = {
    "wrong sign of W": (broken(Dense, add("W", lambda p, z, d, dW: -dW))(2), X3, {"W"}),
    "factor 2 of b": (broken(Dense, add("b", lambda p, z, d, db: 2 * db))(2), X3, {"b"}),
    "no gradient of b": (broken(Dense, lambda s, p, z, d, dp, dz: ({"W": dp["W"]}, dz))(2), X3, {"b"}),
    "zeros for b": (broken(Dense, add("b", lambda p, z, d, db: 0 * db))(2), X3, {"b"}),
    "dW transposed, square": (broken(Dense, add("W", lambda p, z, d, dW: dW.T))(3), X3, {"W"}),
    "dW transposed, another shape": (broken(Dense, add("W", lambda p, z, d, dW: dW.T))(2), X3, {"W"}),
    "W transposed in dz": (broken(Dense, pull(lambda p, z, d, dz: d @ p["W"].T))(3), X3, {"x"}),
    "dz missing": (broken(Dense, pull(lambda p, z, d, dz: None))(2), X3, {"x"}),
    "dz is 0": (broken(Dense, pull(lambda p, z, d, dz: 0 * dz))(2), X3, {"x"}),
    "one row left out of b": (broken(Dense, add("b", lambda p, z, d, db: d[1:].sum(0)))(2), X3, {"b"}),
    "mean instead of sum over rows": (broken(Dense, add("W", lambda p, z, d, W: W / len(z)))(2), X3, {"W"}),
    "NaN in one entry": (
        broken(Dense, add("b", lambda p, z, d, db: np.where(np.arange(2) == 1, np.nan, db)))(2),
        X3,
        {"b"},
    ),
    "saved value of another batch": (Stale("tanh"), X3, {"x"}),
    "dropout's mask not applied": (DROPPED(0.5), X3, {"x"}),
    "dropout's mask without its factor": (
        broken(Dropout, pull(lambda p, mask, d, dz: d * (mask > 0)))(0.5),
        X3,
        {"x"},
    ),
    "repeated codes not accumulated": (
        broken(
            CategoryEmbedding,
            add(
                "E",
                lambda p, code, d, dE: np.stack([d[np.flatnonzero(code[:, 0] == i)[0]] for i in range(3)]),
            ),
        )(3, 2),
        CODES,
        {"E"},
    ),
    "piecewise linear, slope beyond the edges": (
        broken(
            PiecewiseLinear,
            lambda self, p, saved, d, dp, dz: (
                dp,
                np.where(
                    (saved[0] > 0) | (np.arange(self.bins) == 0),
                    (saved[0] < 1)
                    * (d.reshape(len(d), -1, self.units).transpose(1, 0, 2) @ p["V"].transpose(0, 2, 1)),
                    0,
                )
                .sum(2)
                .T,
            ),
        )(2, 4),
        POSITIONS,
        {"x"},
    ),
    "phase without 2 pi": (
        broken(Periodic, add("c", lambda p, s, d, dc: dc / (2 * pi)))(2, 3),
        X2,
        {"c"},
    ),
    "frequency without its input": (
        broken(Periodic, add("w", lambda p, s, d, dw: dw * 0 + 1))(2, 3),
        X2,
        {"w"},
    ),
    "scale without the sum over rows": (
        broken(Scale, add("s", lambda p, z, d, ds: (d * z)[:1]))(),
        X3,
        {"s"},
    ),
    "members of scale not summed for dz": (
        broken(Scale, pull(lambda p, z, d, dz: (d * p["s"][:, None])[0]))(2),
        X3,
        {"x"},
    ),
    "swapped members": (
        broken(MemberDense, add("W", lambda p, z, d, dW: dW[::-1]))(2, 2),
        MEMBERS,
        {"W"},
    ),
    "no factor 1/sqrt(n_in) in dW": (
        broken(MemberDense, add("W", lambda p, z, d, dW: _turned(d) @ z))(2, 2),
        MEMBERS,
        {"W"},
    ),
    "no factor 1/sqrt(n_in) in dz": (
        broken(MemberDense, pull(lambda p, z, d, dz: d @ p["W"]))(2, 2),
        MEMBERS,
        {"x"},
    ),
    "shared weights of one member only": (
        broken(MemberDense, add("W", lambda p, z, d, dW: (_turned(d)[:1] @ z[:1]) / np.sqrt(3)))(
            2, 2, shared=True
        ),
        MEMBERS,
        {"W"},
    ),
    "join with members and rows mixed up": (
        broken(Join, pull(lambda p, s, d, dz: d.reshape(s)))(),
        MEMBERS,
        {"x"},
    ),
    "columns off by one": (
        NoLastColumn(((0, 1, Network(1, (Dense(2),))), (1, 3, Network(2, (Dense(2),))))),
        X3,
        {"0.0.W", "0.0.b", "1.0.W", "1.0.b", "x"},
    ),
    "one power too many": (broken(Polynomial, pull(lambda p, z, d, dz: dz * z))(2), X2, {"x"}),
    "alpha without the identity": (
        broken(ParametricActivation, add("alpha", lambda p, s, d, da: (d * s[1]).sum(0)[None]))("tanh"),
        X3,
        {"alpha"},
    ),
    "1 - alpha forgotten": (
        broken(ParametricActivation, pull(lambda p, s, d, dz: dz - d * (1 - p["alpha"])))("tanh"),
        X3,
        {"x"},
    ),
    "leaky slope on the wrong side": (
        slope(lambda a: np.where(a > 0, 0.01, 1.0))("leaky_relu"),
        X3,
        {"x"},
    ),
    "slope of tanh without the square": (slope(lambda a: 1 - np.tanh(a))("tanh"), X3, {"x"}),
}


@pytest.mark.parametrize(("layer", "X", "wrong"), LAYER_FAULTS.values(), ids=LAYER_FAULTS)
@pytest.mark.parametrize("jax", [True, False], ids=["jax", "differences"])
def test_a_fault_of_a_layer_is_found_in_its_array(layer, X, wrong, jax, request):
    if not jax:
        request.getfixturevalue("without_jax")
    check = check_gradients(layer, X)
    assert not check.ok
    assert names_of_wrong(check) == wrong
    assert "DIFFER" in str(check)


@dataclass(frozen=True)
class OtherShares(HalfSquaredError):  # noqa: N818
    """A loss with the derivative that `change` makes."""

    change: object = None
    kind = "squared_error"

    def shared(self, a, y, shares):
        value, da = super().shared(a, y, shares)
        return value, self.change(a, y, shares, da)


@dataclass(frozen=True)
class ChangedRows(Loss):
    """Another loss whose slope of a row is wrong."""

    loss: Loss = None
    change: object = None
    kind = "changed"

    @property
    def out_activation(self):
        return self.loss.out_activation

    def _check(self, a, y, weights):
        self.loss._check(a, y, weights)

    def rows(self, a, y):
        value, slopes = self.loss.rows(a, y)
        return value, self.change(a, y, slopes)


LOSS_FAULTS = {
    "row weights missing": (OtherShares(lambda a, y, s, da: (a - y) / a.shape[1] / len(a)), A3, A3[::-1]),
    "1/n forgotten": (OtherShares(lambda a, y, s, da: da * len(a)), A3, A3[::-1]),
    "summed over outputs instead of averaged": (
        ChangedRows(MeanSquaredError(), lambda a, y, d: d * a.shape[1]),
        A3,
        A3[::-1],
    ),
    "softmax without - y": (
        ChangedRows(SoftmaxCrossEntropy(), lambda a, y, d: d + (y == np.arange(3))),
        A3,
        CLASSES,
    ),
    "sign of the cross entropy": (ChangedRows(MultilabelCrossEntropy(), lambda a, y, d: -d), A3, A3 > 0),
    "huber without its limit": (ChangedRows(Huber(0.5), lambda a, y, d: (a - y) / 3), A3, A3[::-1]),
    "quantiles of the wrong side": (ChangedRows(Quantiles(), lambda a, y, d: -d), A3, A3[:, :1]),
    "one's own, factor 2 missing": (
        CustomLoss(lambda a, y: (((a - y) ** 2).sum(1), a - y)),
        A3,
        A3[::-1],
    ),
}


@pytest.mark.parametrize(("loss", "a", "y"), LOSS_FAULTS.values(), ids=LOSS_FAULTS)
def test_a_fault_of_a_loss_is_found_alone_and_behind_a_network(loss, a, y, monkeypatch):
    assert names_of_wrong(check_gradients(loss, a, y)) == {"x"}
    monkeypatch.setattr(gradient_compare, "load_jax", no_jax)
    check = check_gradients(Network.mlp(2, (3,), a.shape[1], "tanh"), X2, y, loss=loss)
    assert not check.ok
    assert check.faults == ("the loss: its own slope dL/da",)


class DzOfAnotherLayer(Network):
    """Pulls back through the last layer twice."""

    def backward(self, p, saved, dout, needs_dz=True):
        dp, dz = super().backward(p, saved, dout, needs_dz)
        return {**dp, "0.W": dp["2.W"], "0.b": dp["2.b"]}, dz


DENSE, TANH = Dense(2), Activation("tanh")
NEGATIVE_PULL = broken(Dense, pull(lambda p, z, d, dz: -dz))

NETWORK_FAULTS = {
    "sign of dz in the middle": (
        Network(2, (DENSE, TANH, NEGATIVE_PULL(2), TANH, DENSE)),
        {"0.W", "0.b", "x"},
        ["layer 2, "],
    ),
    "slope in the middle": (
        Network(2, (DENSE, TANH, DENSE, slope(lambda a: 0 * a + 0.9)("tanh"), DENSE)),
        {"0.W", "0.b", "2.W", "2.b", "x"},
        ["layer 3, "],
    ),
    "two layers": (
        Network(2, (broken(Dense, add("b", lambda p, z, d, db: 2 * db))(2), TANH, NEGATIVE_PULL(2))),
        {"0.W", "0.b", "x"},
        ["layer 2, ", "layer 0, "],
    ),
    "in a nested network": (
        Network(2, (DENSE, TANH, Network(2, (DENSE, TANH, NEGATIVE_PULL(2))))),
        {"0.W", "0.b", "2.0.W", "2.0.b", "x"},
        ["layer 2.2, "],
    ),
    "dW of another layer": (
        DzOfAnotherLayer(2, (DENSE, TANH, DENSE)),
        {"0.W", "0.b"},
        ["how the network puts its layers together"],
    ),
}


@pytest.mark.parametrize(("network", "wrong", "faults"), NETWORK_FAULTS.values(), ids=NETWORK_FAULTS)
def test_a_fault_in_a_network_is_found_and_its_layer_named(network, wrong, faults, without_jax):
    check = check_gradients(network, X2, Y2)
    assert names_of_wrong(check) == wrong
    assert [found.startswith(fault) for found, fault in zip(check.faults, faults, strict=True)] == [
        True
    ] * len(faults)


class WrongInTraining(Dense):
    """Right in `backward`, wrong on the way that training takes."""

    def parameter_gradients(self, p, z, da):
        return {"W": da.T @ z, "b": 2 * da.sum(0)}

    def backward(self, p, z, da):
        return {"W": da.T @ z, "b": da.sum(0)}, da @ p["W"]


def test_the_way_that_training_takes_is_checked_too(without_jax):
    check = check_gradients(Network(2, (WrongInTraining(2), TANH, DENSE)), X2, Y2)
    assert {row.name for row in check.table if row.verdict == "wrong"} == {"0.b (training)"}
    assert not check.ok


def test_a_small_error_is_found_with_its_place_and_values():
    def change(p, z, d, dW):
        other = dW.copy()
        other[1, 0] *= 1 + 1e-4
        return other

    check = check_gradients(broken(Dense, add("W", change))(2), X3)
    row = next(row for row in check.table if row.name == "W")
    assert row.verdict == "wrong"
    assert row.index == (1, 0)
    assert row.written == pytest.approx(row.reference * (1 + 1e-4), rel=1e-8)
    assert check.max_relative_difference == pytest.approx(1e-4, rel=1e-3)
    assert row.differences == pytest.approx(row.automatic, rel=1e-4)


def test_an_error_of_a_single_entry_of_many_is_found_by_automatic_differentiation():
    def change(p, z, d, dW):
        other = dW.copy()
        other[17, 29] *= 1.001
        return other

    check = check_gradients(broken(Dense, add("W", change))(40), RNG.normal(size=(3, 40)), max_entries=5)
    assert [(row.name, row.index) for row in check.table if row.verdict == "wrong"] == [("W", (17, 29))]


# -- what is right is accepted ----------------------------------------------------------------------------

BRANCHES = ((0, 1, Network(1, (CategoryEmbedding(3, 2),))), (1, 3, Network(2, (Periodic(2, 3),))))
RIGHT_LAYERS = {
    "dense": (DENSE, X3),
    "activation": (TANH, X3),
    "parametric_activation": (ParametricActivation("relu", 2), MEMBERS),
    "dropout": (Dropout(0.4), X3),
    "dropout per member": (Dropout((0.1, 0.6)), MEMBERS),
    "polynomial": (Polynomial(3), X3),
    "periodic": (Periodic(3, 5), X3),
    "piecewise_linear": (PiecewiseLinear(2, 4), POSITIONS),
    "category_embedding": (CategoryEmbedding(3, 2), CODES),
    "columns": (Columns(BRANCHES), np.hstack([CODES, X2])),
    "scale": (Scale(2), X3),
    "fan_out": (FanOut(2, 1), X3),
    "member_dense": (MemberDense(2, 2, fan_out=True), X3),
    "shared": (MemberDense(2, 2, shared=True), MEMBERS),
    "join": (Join(), MEMBERS),
    "network": (Network(3, (Dense(2), Dropout(0.2), Network(2, (Activation("gelu"), Dense(2))))), X3),
    "empty network": (Network(3, ()), X3),
    "conv1d": (Conv1D(2, 2, (4, 2), padding="causal", dilation=2), RNG.normal(size=(3, 8))),
    "conv2d": (Conv2D(2, (2, 3), (3, 4, 2), (1, 2)), RNG.normal(size=(2, 24))),
    "max_pool1d": (MaxPool1D(2, (4, 2), 1), RNG.normal(size=(3, 8))),
    "max_pool2d": (MaxPool2D(2, (3, 4, 1), padding="same"), RNG.normal(size=(3, 12))),
    "average_pool1d": (AveragePool1D(2, (4, 2)), RNG.normal(size=(3, 8))),
    "average_pool2d": (AveragePool2D((2, 3), (3, 4, 1), padding="same"), RNG.normal(size=(3, 12))),
    "global_average_pool": (GlobalAveragePool(2, masked=True), SEQUENCES),
    "global_max_pool": (GlobalMaxPool(2, masked=True), SEQUENCES),
    "layer_normalization": (LayerNormalization(4), RNG.normal(size=(3, 8))),
    "standardize": (Standardize(2, masked=True), SEQUENCES),
    "random_shift": (RandomShift((2, 3, 1)), RNG.normal(size=(3, 6))),
    "token_embedding": (TokenEmbedding(3, 2, 4), RNG.integers(0, 3, (5, 4)).astype(float)),
    "token_embedding, masked": (TokenEmbedding(3, 2, 4, True), RNG.integers(0, 3, (5, 4)).astype(float)),
    "rnn": (RNN(3, 4, "sequence", reverse=True, masked=True), SEQUENCES),
    "rnn cut in time": (RNN(2, 4, truncate=2), RNG.normal(size=(3, 8))),
    "lstm": (LSTM(2, 4, masked=True), SEQUENCES),
    "gru": (GRU(2, 4, "sequence", masked=True), SEQUENCES),
    "bidirectional": (Bidirectional(LSTM(2, 4, masked=True)), SEQUENCES),
}


@pytest.mark.parametrize(("layer", "X"), RIGHT_LAYERS.values(), ids=RIGHT_LAYERS)
def test_every_layer_is_accepted(layer, X):
    check = check_gradients(layer, X)
    assert check.ok, check
    assert check.max_relative_difference < 1e-6


def test_the_list_of_layers_is_whole():
    assert set(LAYERS) <= set(RIGHT_LAYERS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_accepted(name):
    check = check_gradients(name, X3)
    assert check.ok, check
    assert [row.verdict for row in check.table] == ["by design" if name == "heaviside" else "ok"]


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_accepted(name, monkeypatch):
    y = {"softmax_cross_entropy": CLASSES, "quantiles": A3[:, :1]}.get(name, np.abs(A3[::-1]) / 3)
    check = check_gradients(name, A3, y)
    assert check.ok, check
    monkeypatch.setattr(gradient_compare, "load_jax", no_jax)
    assert check_gradients(EnsembleLoss(get_loss(name), 2), np.hstack([A3, A3]) + 0.01, y).ok


@pytest.mark.parametrize("loss", [Huber(0.4), "pinball", lambda a, y: ((a - y) ** 4).sum(1)])
def test_losses_with_settings_and_of_ones_own_are_accepted(loss):
    assert check_gradients(loss, A3, A3[::-1]).ok


@st.composite
def networks(draw):
    width, layers = 2, []
    for _ in range(draw(st.integers(0, 4))):
        units = draw(st.integers(1, 4))
        kind = draw(st.sampled_from(["dense", "activation", "dropout", "polynomial", "scale", "periodic"]))
        layers.append(
            {
                "dense": Dense(units),
                "activation": Activation(draw(st.sampled_from(sorted(ACTIVATIONS)))),
                "dropout": Dropout(0.3),
                "polynomial": Polynomial(2 if width < 4 else 1),
                "scale": Scale(),
                "periodic": Periodic(1, 2),
            }[kind]
        )
        width = layers[-1].n_out(width)
    return Network(2, (*layers, TANH, Dense(draw(st.integers(1, 2)))))


@given(networks(), st.integers(0, 1000))
@settings(max_examples=16)
def test_random_networks_are_accepted(network, seed):
    with pytest.MonkeyPatch.context() as patch:
        if seed % 16:  # compiling takes the time: most by differences alone
            patch.setattr(gradient_compare, "load_jax", no_jax)
        check = check_gradients(network, X2, seed=seed, max_entries=20)
    assert check.ok, check


# -- kinks, steps, codes ----------------------------------------------------------------------------------


def relu_pair(xp_maximum=np.maximum):
    return lambda a: xp_maximum(a, 0), lambda a: (a > 0).astype(a.dtype)


KINKS = {
    "relu at 0": ("relu", np.zeros((2, 3))),
    "leaky relu at 0": ("leaky_relu", np.zeros((2, 3))),
    "selu at 0": ("selu", np.asarray([[0.0, 1.0], [-1.0, 0.0]])),
    "close to 0": ("relu", np.asarray([[1e-8, -1e-8], [1e-5, -3e-4]])),
    "one's own": (relu_pair(), np.asarray([[0.0, 1e-7]])),
    "edges of bins": (PiecewiseLinear(2, 4), np.asarray([[0.0, 1.0], [2.0, 4.0], [0.5, 3.0]])),
    "rows of zeros": (Network.mlp(3, (5, 4), 2, "relu"), np.zeros((3, 3))),
}


@pytest.mark.parametrize(("thing", "X"), KINKS.values(), ids=KINKS)
@pytest.mark.parametrize("jax", [True, False], ids=["jax", "differences"])
def test_no_false_alarm_at_a_kink(thing, X, jax, request):
    if not jax:
        request.getfixturevalue("without_jax")
    check = check_gradients(thing, X)
    assert check.ok, check


@pytest.mark.parametrize("jax", [True, False], ids=["jax", "differences"])
def test_no_false_alarm_where_biases_are_zero_and_rows_too(jax, request):
    """All hidden units of a row lie on their kink at once."""
    if not jax:
        request.getfixturevalue("without_jax")
    network = Network.mlp(3, (6,), 2, "relu")
    theta = network.initialize(np.random.default_rng(1), np.float64)
    X = np.vstack([np.zeros((2, 3)), X3])
    check = check_gradients(network, X, np.ones((7, 2)), theta=theta)
    assert check.ok, check
    assert "ok (kink)" in str(check)


@pytest.mark.parametrize("loss", ["absolute_error", "pinball", "huber"])
def test_no_false_alarm_where_a_loss_has_its_kink(loss):
    assert check_gradients(loss, A3, A3 + (np.arange(3) == 1)).ok


@pytest.mark.parametrize("jax", [True, False], ids=["jax", "differences"])
def test_a_wrong_branch_is_found_even_at_the_kink(jax, request):
    if not jax:
        request.getfixturevalue("without_jax")
    assert not check_gradients((relu_pair()[0], lambda a: (a < 0).astype(a.dtype)), np.zeros((2, 2))).ok
    assert not check_gradients((relu_pair()[0], lambda a: 0.5 + 0 * a), np.zeros((2, 2))).ok


def test_a_wrong_value_at_one_smooth_point_is_found():
    square = (lambda a: a * a, lambda a: np.where(a == 0, 1.0, 2 * a))
    assert not check_gradients(square, np.asarray([[0.0, 1.0]])).ok


def test_a_slope_that_is_not_a_number_is_found_even_at_a_kink():
    def root(a):
        return a.__array_namespace__().abs(a)

    def slope(a):
        with np.errstate(invalid="ignore"):
            return a / np.abs(a)

    assert not check_gradients((root, slope), np.asarray([[0.0, 1.0]])).ok


def test_a_straight_through_slope_is_by_design_only_where_it_is_declared():
    declared = ActivationFunction("round", lambda a: a.round(), lambda a, z: 0 * a + 1, straight_through=True)
    check = check_gradients(Network(2, (DENSE, Activation(declared), DENSE)), X2)
    assert check.ok
    assert [row.verdict for row in check.table] == ["by design"] * 2 + ["ok"] * 2 + ["by design"]
    assert "by design" in check.notes[-1]
    assert not check_gradients((lambda a: a.round(), lambda a: 0 * a + 1), X2).ok


def test_a_fault_beside_a_straight_through_slope_is_found(without_jax):
    network = Network(
        2, (broken(Dense, add("b", lambda p, z, d, db: 2 * db))(2), Activation("heaviside"), DENSE)
    )
    assert names_of_wrong(check_gradients(network, X2)) == {"0.b"}


def test_columns_of_codes_are_left_out_of_the_differences_by_x():
    check = check_gradients(Columns(BRANCHES), np.hstack([CODES, X2]))
    assert {row.name: (row.n_checked, row.n_entries) for row in check.table}["x"] == (10, 15)
    assert "codes" in check.notes[-1]


# -- fitted estimators ------------------------------------------------------------------------------------

N_ROWS = 24
TABLE = np.random.default_rng(3).normal(size=(N_ROWS, 3))
LABELS = np.asarray(["no", "yes", "perhaps"])[np.arange(N_ROWS) % 3]
SMALL = {"random_state": 0, "max_iter": 2, "engine": "numpy"}
SMALL_TABULAR = {**SMALL, "members": 2, "hidden_layer_sizes": (4, 3)}
ESTIMATORS = {
    "classifier": (MLPClassifier((4, 3), dropout=0.2, label_smoothing=0.1, **SMALL), LABELS),
    "two classes": (MLPClassifier((4,), "tanh", **SMALL), LABELS == "no"),
    "regressor": (MLPRegressor("huber", (4,), "gelu", **SMALL), TABLE[:, :2]),
    "heaviside": (MLPRegressor("squared_error", (4,), "heaviside", **SMALL), TABLE[:, 0]),
    "tabular classifier": (TabularClassifier(**SMALL_TABULAR), LABELS),
    "tabular classifier in folds": (TabularClassifier(folds=2, **SMALL_TABULAR), LABELS),
    "tabular regressor": (TabularRegressor(**SMALL_TABULAR), TABLE[:, 0]),
    "tabular regressor, quantiles": (TabularRegressor(quantiles=(0.1, 0.9), **SMALL_TABULAR), TABLE[:, 0]),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::chainrule.errors.StraightThroughWarning")
@pytest.mark.parametrize(("model", "y"), ESTIMATORS.values(), ids=ESTIMATORS)
def test_fitted_estimators_are_accepted(model, y, request):
    if isinstance(model, TabularClassifier | TabularRegressor):
        request.getfixturevalue("without_jax")  # compiling takes the time; once is below
    _accepted(model, y)


@pytest.mark.slow
def test_a_table_model_is_accepted_by_automatic_differentiation_too():
    check = _accepted(TabularClassifier(**SMALL_TABULAR), LABELS)
    assert all(row.automatic is not None for row in check.table)


def _accepted(model, y):
    table = TABLE.tolist()
    if isinstance(model, TabularClassifier | TabularRegressor):
        table = [[*row, "abc"[i % 3]] for i, row in enumerate(table)]
    model.fit(table, y)
    check = check_gradients(model, table[:6], y[:6], max_entries=8)
    assert check.ok, check
    assert len(check.table) == len(model.network_.shapes(model.network_.n_inputs)) + 1
    return check


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_parameters_set_by_hand_and_a_slope_of_ones_own_are_checked_in_an_estimator():
    pair = (lambda a: a**3, lambda a: 2 * a * a)
    model = MLPRegressor("squared_error", (3,), pair, **SMALL).fit(TABLE, TABLE[:, 0])
    check = check_gradients(model, TABLE[:5], TABLE[:5, 0])
    assert names_of_wrong(check) == {"0.W", "0.b", "x"}
    assert check.faults[0].startswith("layer 1, Activation(")


# -- the result -------------------------------------------------------------------------------------------


def test_the_table_names_arrays_as_the_lecture_does_and_fits_80_columns(without_jax):
    check = check_gradients(Network.mlp(2, (3,), 2, "tanh"), X2, Y2)
    assert [(row.name, row.lecture_name, row.shape) for row in check.table] == [
        ("0.W", "W^(1)", (3, 2)),
        ("0.b", "b^(1)", (3,)),
        ("2.W", "W^(2)", (2, 3)),
        ("2.b", "b^(2)", (2,)),
        ("x", "", (5, 2)),
    ]
    wrong = check_gradients(NETWORK_FAULTS["in a nested network"][0], X2, Y2)
    for text in (str(check), str(wrong)):
        assert max(map(len, text.splitlines())) <= 80
    assert "W^(1)" in str(check)
    assert "agree" in str(check)
    assert "should be" in str(wrong)
    assert "<td>W^(1)</td>" in check._repr_html_()
    assert (
        "<lambda>"
        not in check_gradients(LAYER_FAULTS["slope of tanh without the square"][0], X3)._repr_html_()
    )


def test_the_same_arguments_give_the_same_result(without_jax):
    network = Network.mlp(2, (3,), 2, "tanh", dropout=0.3)
    assert str(check_gradients(network, X2, Y2)) == str(check_gradients(network, X2, Y2))


def test_differences_take_at_most_max_entries(without_jax):
    check = check_gradients(Network.mlp(2, (30,), 2, "tanh"), X2, Y2, max_entries=7)
    assert {row.name: row.n_checked for row in check.table} == {
        "0.W": 7,
        "0.b": 7,
        "2.W": 7,
        "2.b": 2,
        "x": 7,
    }


def test_without_jax_it_works_and_says_so(without_jax):
    check = check_gradients(Network.mlp(2, (3,), 2, "relu"), X2, Y2)
    assert check.ok
    assert {row.automatic for row in check.table} == {None}
    assert "JAX" in check.notes[0]
    assert "central differences only" in str(check)


def test_a_forward_pass_that_jax_cannot_run_is_checked_by_differences_and_said():
    check = check_gradients((lambda a: np.sin(a), lambda a: np.cos(a)), X2)
    assert check.ok
    assert "JAX cannot run this forward pass" in check.notes[0]


NETWORK = Network.mlp(2, (3,), 2)


@pytest.mark.parametrize(
    ("arguments", "named", "match"),
    [
        ((NETWORK, X3), {}, "X must be rows of the network's 2 inputs"),
        ((NETWORK, "abc"), {}, "X must be an array of numbers"),
        ((NETWORK, X2 * np.nan), {}, "X must be finite"),
        ((NETWORK, X2, Y2[:3]), {}, "X and y must have as many rows"),
        ((NETWORK, X2, Y2), {"loss": "square"}, "loss 'square' is unknown"),
        ((NETWORK, X2), {"loss": "squared_error"}, "give y"),
        ((NETWORK, X2, Y2), {"theta": np.ones(3)}, "17 parameters"),
        ((NETWORK, X2, Y2), {"theta": np.full(17, np.nan)}, "theta must be finite"),
        ((NETWORK, X2, Y2), {"theta": np.full(17, 1e300)}, "not finite"),
        ((NETWORK, X2, Y2), {"sample_weight": -np.ones(5)}, "sample_weight must be 5 numbers"),
        ((NETWORK, X2, Y2), {"tolerance": 0}, "tolerance must be"),
        ((NETWORK, X2, Y2), {"max_entries": 0}, "max_entries must be"),
        ((NETWORK, X2, Y2), {"seed": -1}, "seed must be"),
        ((DENSE, X2), {"loss": "huber"}, "loss is for a Network only"),
        ((DENSE, X2), {"theta": np.ones(3)}, "theta is for a Network only"),
        ((DENSE, X2), {"sample_weight": np.ones(5)}, "sample_weight needs a loss"),
        ((DENSE, X2, X3), {}, "y must have the outputs' shape"),
        (("huber", A3), {}, "needs targets: give y"),
        (("reluu", X2), {}, "model_or_network must be"),
        ((3, X2), {}, "model_or_network must be"),
    ],
)
def test_wrong_arguments_are_refused_by_name(arguments, named, match):
    with np.errstate(all="ignore"), pytest.raises(ParameterError, match=match):
        check_gradients(*arguments, **named)


def test_an_estimator_that_is_not_fitted_is_refused_by_name():
    with pytest.raises(ParameterError, match="fitted"):
        check_gradients(MLPRegressor(), X2, Y2)
