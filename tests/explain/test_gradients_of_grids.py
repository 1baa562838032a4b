"""`check_gradients` of images and sequences: estimators are accepted, planted faults are found and placed."""

from dataclasses import dataclass

import numpy as np
import pytest

import chainrule.explain.gradient_compare as gradient_compare
from chainrule import SequenceClassifier, SequenceRegressor, check_gradients
from chainrule.errors import EngineError
from chainrule.estimators.image import ImageClassifier
from chainrule.network import GRU, LSTM, RNN, Conv2D, Dense, MaxPool2D, Network, TokenEmbedding

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(30, 5, 5, 1))
LISTS = [RNG.normal(size=(n, 2)) for n in RNG.integers(1, 5, 30)]
QUICK = {"max_iter": 1, "batch_size": 16, "random_state": 0, "engine": "numpy"}
KINDS = np.arange(30) % 3


@pytest.fixture
def without_jax(monkeypatch):
    def no_jax(purpose):
        raise EngineError(f"{purpose} needs JAX, which cannot be imported (planted)")

    monkeypatch.setattr(gradient_compare, "load_jax", no_jax)


def wrong(check):
    return {row.name for row in check.table if row.verdict == "wrong"}


@pytest.mark.parametrize(
    ("model", "X", "y"),
    [
        (ImageClassifier((2,), hidden_layer_sizes=(3,), **QUICK), IMAGES, KINDS),
        (SequenceClassifier("lstm", 2, **QUICK), LISTS, KINDS),
        (SequenceRegressor("gru", (2, 2), bidirectional=True, **QUICK), LISTS, RNG.normal(size=30)),
    ],
    ids=["images", "classes of sequences", "numbers of sequences"],
)
def test_estimators_are_accepted(model, X, y, without_jax):
    check = check_gradients(model.fit(X, y), X[:3], y[:3])
    assert check.ok, check


# -- planted faults ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TransposedU(RNN):
    """Passes dL/da on through U instead of its transpose."""

    def _through_time(self, p, saved, dout):
        return super()._through_time(p | {"U": p["U"].T}, saved, dout)


@dataclass(frozen=True)
class NoSlopeOfForget(LSTM):
    """Forgets f (1 - f)."""

    def _go_back(self, before, kept, dstate):
        (da,), passed = super()._go_back(before, kept, dstate)
        f = self._cut(kept[0])[1]
        of_forget = da[:, self.units : 2 * self.units] / (f * (1 - f))
        xp = da.__array_namespace__()
        parts = (da[:, : self.units], of_forget, da[:, 2 * self.units :])
        return (xp.concat(parts, axis=1),), passed


@dataclass(frozen=True)
class ForgetsReset(GRU):
    """Takes dL/da_n for dL/dq: the reset gate is lost on the way back."""

    def _go_back(self, before, kept, dstate):
        (_, da), passed = super()._go_back(before, kept, dstate)
        return (da, da), passed


@dataclass(frozen=True)
class LostPadding(Conv2D):
    """Its dL/dW sees the image one place further up and to the left."""

    def parameter_gradients(self, p, z, da):
        xp = z.__array_namespace__()
        return super().parameter_gradients(p, xp.roll(z, -1, axis=(1, 2)), da)


@dataclass(frozen=True)
class AllWin(MaxPool2D):
    """Hands dL/dout to every place that a window sees."""

    def backward(self, p, saved, dout):
        window, grid = self.window, dout.reshape(-1, *self.out_shape)
        looks = (grid for _ in range(4))
        return {}, window.put_back(looks).reshape(len(dout), -1)


@dataclass(frozen=True)
class LastOnly(TokenEmbedding):
    """Of a code that occurs several times, the last one counts."""

    def parameter_gradients(self, p, z, dout):
        dE = np.zeros((self.levels, self.units))
        dE[z.reshape(-1).astype(int)] = np.asarray(dout).reshape(-1, self.units)
        return {"E": dE}


FAULTS = {
    "a wrong transposition": (TransposedU(3, 4), 8, {"x", "W", "U", "b"}),
    "a forgotten slope of a gate": (NoSlopeOfForget(2, 4), 8, {"x", "W", "U", "b"}),
    "a forgotten gate": (ForgetsReset(2, 4), 8, {"x", "W", "U", "b", "c"}),
    "a lost padding": (LostPadding(2, 3, (4, 4, 1)), 16, {"W"}),
    "a maximum that all win": (AllWin(2, (4, 4, 1)), 16, {"x"}),
}


@pytest.mark.parametrize(("layer", "width", "names"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_found_and_placed(layer, width, names, without_jax):
    X = RNG.normal(size=(3, width))
    assert wrong(check_gradients(layer, X)) == names
    network = Network(width, (layer, Dense(1)))
    check = check_gradients(network, X, RNG.normal(size=3))
    assert not check.ok
    assert [fault.partition("(")[0] for fault in check.faults] == [f"layer 0, {type(layer).__name__}"]


def test_codes_that_are_not_added_up_are_found(without_jax):
    X = np.array([[0.0, 1, 0, 0], [2, 2, 1, 0]])
    assert wrong(check_gradients(LastOnly(3, 2, 4), X)) == {"E"}


def test_a_gradient_that_is_cut_in_time_is_meant_so(without_jax):
    check = check_gradients(RNN(2, 6, truncate=2), RNG.normal(size=(3, 6)))
    assert check.ok
    assert "by design" in {row.verdict for row in check.table}
    assert "cut in time" in str(check)
