"""The trace of images and sequences: sums worked out by hand, the layers' own numbers to the bit, pages."""

import json
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest

from chainrule import SequenceClassifier, SequenceRegressor, trace
from chainrule.errors import ParameterError
from chainrule.estimators.image import ImageClassifier
from chainrule.explain.unrolled import unrolled
from chainrule.network import (
    GRU,
    LSTM,
    RNN,
    Activation,
    AveragePool2D,
    Bidirectional,
    Columns,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    GlobalAveragePool,
    GlobalMaxPool,
    LayerNormalization,
    MaxPool1D,
    MaxPool2D,
    Network,
    RandomShift,
    TokenEmbedding,
)
from chainrule.network.wording import layer_in_words

RNG = np.random.default_rng(0)
QUICK = {"max_iter": 2, "batch_size": 20, "random_state": 0, "engine": "numpy"}
IMAGES = RNG.normal(5, 3, (40, 8, 8)).astype(np.float32)
LISTS = [RNG.normal(size=(n, 2)) for n in (4, 1, 3, 6) * 10]
KINDS = np.arange(40) % 2


# -- by hand -------------------------------------------------------------------------------------------------


def test_a_simple_network_over_three_steps_worked_out_by_hand():
    """h_t = w x_t + u h_{t-1} with w = 2, u = 3, b = 0, for x = (1, 0, -1); o = h_3, y = 10.

    h = (2, 6, 16), L = (16 - 10)² = 36, dL/dh_3 = 12, dL/dh_2 = 3 · 12 = 36, dL/dh_1 = 3 · 36 = 108
    dL/dw = 108 · 1 + 36 · 0 + 12 · -1 = 96,  dL/du = 36 · 2 + 12 · 6 = 144,  dL/db = 108 + 36 + 12 = 156
    """
    network = Network(3, (RNN(1, 3, activation="identity"), Dense(1)))
    t = trace(network, [1.0, 0.0, -1.0], 10.0, theta=np.array([2.0, 3.0, 0.0, 1.0, 0.0]))
    (found,) = unrolled(t.steps[0].layer, t.steps[0].p, t.steps[0].z_in, t.steps[0].dout).values()
    assert found.forward["h"].ravel().tolist() == [2, 6, 16]
    assert found.backward["h"].ravel().tolist() == [108, 36, 12]
    assert found.flow().ravel().tolist() == [108, 36, 12]
    assert t.loss == 36
    assert [t.steps[0].dp[name].item() for name in ("W", "U", "b")] == [96, 144, 156]
    text = str(t)
    lines = [line.split() for line in text.splitlines()]
    for line in ("1 1 2 2", "3 -1 16 16", "1 108 108 108", "3 12 12 12"):
        assert line.split() in lines
    assert "dL/dU, the rows of unit 1" in text


def test_an_lstm_step_worked_out_by_hand():
    """One unit, one step, x = 1, all sums 0 but a_g = 1: i = f = o = ½, g = tanh 1, c = g/2, h = tanh(c)/2.

    dL/dh = 1; dL/dc = o (1 - tanh² c), dL/da_g = dL/dc i (1 - g²), dL/da_i = dL/dc g ¼, dL/da_f = 0
    """
    layer = LSTM(1, 1)
    p = {"W": np.array([[0.0], [0], [1], [0]]), "U": np.zeros((4, 1)), "b": np.zeros(4)}
    (found,) = unrolled(layer, p, np.ones((1, 1)), np.ones((1, 1))).values()
    g, c = np.tanh(1), np.tanh(1) / 2
    dc = 0.5 * (1 - np.tanh(c) ** 2)
    wanted = {"i": 0.5, "f": 0.5, "g": g, "o": 0.5, "c": c, "h": np.tanh(c) / 2, "a_g": 1, "a_i": 0}
    assert {name: found.forward[name].item() for name in wanted} == pytest.approx(wanted)
    slopes = {"h": 1, "c": dc, "a_g": dc * (1 - g**2) / 2, "a_i": dc * g / 4, "a_f": 0}
    assert {name: found.backward[name].item() for name in slopes} == pytest.approx(slopes)


def test_one_place_of_a_filter_worked_out_by_hand():
    """A kernel (1 2; 0 -1) over (1 2 3; 4 5 6; 7 8 9): first 1 + 4 + 0 - 5 = 0, last 5 + 12 + 0 - 9 = 8."""
    network = Network(9, (Conv2D(1, 2, (3, 3, 1), padding="valid"), Activation("relu"), Dense(1)))
    theta = np.array([1.0, 2, 0, -1, 0.5, 1, 1, 1, 1, 0])
    t = trace(network, np.arange(1.0, 10), 0.0, theta=theta)
    a = [1 + 4 - 5, 2 + 6 - 6, 4 + 10 - 8, 5 + 12 - 9]
    assert (t.steps[0].out[0] - 0.5).tolist() == a
    text = str(t)
    assert "Filter 1 of 1 at row 2, column 2, where it answers strongest:" in text
    assert "a = Σ W z + b = 8 + 0.5 = 8.5" in text


def test_the_place_that_won_is_named_where_it_lies_in_the_image():
    image = np.zeros((4, 4, 1))
    image[1, 2] = 7
    image[2, 0] = 5
    network = Network(16, (MaxPool2D(2, (4, 4, 1)), Dense(1)))
    text = str(trace(network, image.ravel(), 0.0, theta=np.array([1.0, 2, 3, 4, 0])))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "row 1, column 2 0 0 7 0 row 2, column 3 7" in lines
    assert "row 2, column 1 5 0 0 0 row 3, column 1 5" in lines
    assert "row 1, column 2 row 2, column 3 116" in lines
    padded = Network(16, (MaxPool2D(3, (4, 4, 1), stride=2, padding=1), Dense(1)))
    text = str(trace(padded, image.ravel(), 0.0, theta=np.array([1.0, 2, 3, 4, 0])))
    assert "row 2, column 3" in text
    steps = np.array([1.0, 9, 2, 3])
    text = str(trace(Network(4, (MaxPool1D(2, (4, 1)), Dense(1))), steps, 0.0, theta=np.ones(3)))
    assert "step 1 1 9 step 2 9" in [" ".join(line.split()) for line in text.splitlines()]


# -- to the bit ----------------------------------------------------------------------------------------------

CELLS = [
    cell(3, 5, returns, reverse, masked=masked)
    for cell in (RNN, LSTM, GRU)
    for returns in ("last", "sequence")
    for reverse, masked in ((False, True), (True, False))
]


@pytest.mark.parametrize("layer", [*CELLS, Bidirectional(LSTM(3, 5, "sequence", masked=True))], ids=repr)
def test_what_is_unrolled_is_what_the_layer_computes(layer):
    cell = getattr(layer, "layer", layer)
    x = RNG.normal(size=(4, 5, 2 + cell.masked))
    if cell.masked:
        x[..., -1] = np.arange(5) < np.array([[5], [1], [3], [4]])
    z = x.reshape(4, -1)
    p = {name: RNG.normal(size=shape) for name, shape in layer.shapes(z.shape[1]).items()}
    out, saved = layer.forward(p, z, None)
    dout = RNG.normal(size=out.shape)
    dp, _ = layer.backward(p, saved, dout)
    for place, (start, found) in enumerate(unrolled(layer, p, z, dout).items()):
        assert found.exists.T.sum(1).tolist() == ([5, 1, 3, 4] if cell.masked else [5] * 4)
        rows = [found.forward["h"][found.taken(row)[-1], row] for row in range(4)]
        if cell.returns == "last":
            np.testing.assert_array_equal(out, rows)
        else:
            states = out.reshape(4, 5, -1)[:, :, 3 * place : 3 * place + 3]
            last_taken = [states[row, found.taken(row)[-1]] for row in range(4)]
            np.testing.assert_array_equal(last_taken, rows)
        names = ["a"] if cell.kind == "rnn" else [f"a_{gate}" for gate in found.gates]
        da = np.concatenate([found.backward[name] for name in names], axis=2)
        da = np.where(found.exists[:, :, None], da, 0)
        np.testing.assert_array_equal(da.sum((0, 1)).shape, dp[f"{start}b"].shape)
        flat = da.reshape(-1, da.shape[2])
        np.testing.assert_array_equal(flat.T @ found.x.reshape(-1, 2), dp[f"{start}W"])
        np.testing.assert_array_equal(flat.sum(0), dp[f"{start}b"])
        for name in names:  # φ of the sums that are shown is the value that is shown
            if cell.kind != "rnn":
                bend = np.tanh if name in ("a_g", "a_n") else lambda a: 0.5 + 0.5 * np.tanh(a / 2)
                np.testing.assert_allclose(bend(found.forward[name]), found.forward[name[2:]], rtol=1e-12)


@pytest.mark.parametrize(
    ("model", "X"),
    [
        (ImageClassifier((3, 4), shift=0, dropout=0.0, hidden_layer_sizes=(5,), **QUICK), IMAGES),
        (SequenceClassifier("lstm", 4, **QUICK), LISTS),
        (SequenceClassifier("gru", (3, 2), bidirectional=True, **QUICK), LISTS),
    ],
    ids=["images", "lstm", "gru both ways"],
)
def test_the_update_is_that_of_training_to_the_bit(model, X):
    model.set_params(batch_size="full", learning_rate="constant").fit(X, KINDS)
    t = trace(model, X[:1], KINDS[:1])  # of several rows, training draws the order in which they are added
    after = deepcopy(model).set_params(batch_size=1).partial_fit(X[:1], KINDS[:1])
    np.testing.assert_array_equal(t.theta_after, after.theta_)


# -- pages ---------------------------------------------------------------------------------------------------

EVERY = Network(
    18 * 18,
    (
        RandomShift((18, 18, 1)),
        Conv2D(3, (2, 3), (18, 18, 1), 2),
        LayerNormalization(3),
        Activation("relu"),
        AveragePool2D(2, (9, 9, 3), padding="same"),
        MaxPool2D((1, 2), (5, 5, 3)),
        Conv1D(2, 2, (10, 3), padding="causal"),
        GlobalMaxPool(2),
        Dense(2),
    ),
)
TOKENS = Network(30, (TokenEmbedding(7, 3, 30), GRU(3, 30, "sequence"), GlobalAveragePool(3), Dense(1)))


PADDED = Network(9, (TokenEmbedding(7, 3, 9, masked=True), GRU(3, 9, masked=True), Dense(1)))


def traces():
    yield "every layer over a grid", trace(EVERY, RNG.normal(size=324), [0.0, 1.0], dropout_seed=0)
    yield "tokens", trace(TOKENS, RNG.integers(0, 7, (2, 30)), [1.0, 2.0])
    yield "padded tokens", trace(PADDED, [[3, 1, 5, 2, 0, 0, 0, 0, 0], [0] * 9], [1.0, 2.0])
    yield "images", trace(ImageClassifier((3, 4), **QUICK).fit(IMAGES, KINDS), IMAGES[:1], KINDS[:1])
    lists = SequenceRegressor("lstm", (3, 9), bidirectional=True, truncate=2, **QUICK)
    yield "sequences", trace(lists.fit(LISTS, KINDS * 2.0), LISTS[:3], KINDS[:3])
    yield "rnn", trace(Network(8, (RNN(2, 4), Dense(1))), RNG.normal(size=8), 1.0)


TRACES = dict(traces())


@pytest.mark.parametrize("name", TRACES)
def test_every_form_reads_well(name):
    t = TRACES[name]
    text = str(t)
    assert f"L = {t.loss:.6g}" in text
    assert max(map(len, text.splitlines())) <= 110
    assert len(text.splitlines()) < 500
    assert t.to_latex().count("{") == t.to_latex().count("}")
    assert t.to_html().count("<table") == t.to_html().count("</table>")
    only_forward = ("standardize", "random_shift", "global_average_pool", "global_max_pool")
    for step in t.opened_steps:
        words = layer_in_words(step.layer, step.z_in.shape[1])
        if step.layer.kind not in ("dense", "activation", "dropout", "random_shift"):
            assert f"Forward, {words}" in text
            assert (f"Backward, {words}" in text) == (step.layer.kind not in only_forward)
    for form in (t.to_markdown(), t.to_html()):
        assert form.count("Forward, ") == text.count("Forward, ")


@pytest.mark.parametrize("name", TRACES)
def test_numbers_of_the_layers_stand_on_the_page(name):
    t = TRACES[name]
    text, data = t.to_text(units=30, unit=1), json.loads(t.to_json())
    for step, plain in zip(t.opened_steps, data["steps"], strict=True):
        assert plain["out"] == step.out.tolist()
        assert plain["layer"] == step.layer.kind
        for found, told in zip(
            unrolled(step.layer, step.p, step.z_in, step.dout).values(), plain["through_time"], strict=True
        ):
            assert told["forward"]["h"] == found.forward["h"].tolist()
            for values in (found.forward["h"], found.backward["h"]):
                for t_ in found.taken(0):
                    assert f"{values[t_, 0, 0]:.4g}" in text
        if step.layer.kind in ("conv1d", "conv2d"):
            assert f"{step.dp['b'][0]:.4g}" in text


def test_padding_is_no_token():
    text = TRACES["padded tokens"].to_text(units=9)
    lines = [line.split() for line in text.splitlines()]
    first = lines.index(["t", "code", "1", "2", "3"])
    codes = [line[:2] for line in lines[first + 1 :] if len(line) == 5][:4]
    assert codes == [["1", "3"], ["2", "1"], ["3", "5"], ["4", "2"]]
    assert text.count("5 steps of padding") == 3, "of the tokens, and of the states forward and back"
    for cell in (GRU, LSTM):  # a row that is padding alone is shown as well
        network = Network(9, (TokenEmbedding(7, 3, 9, masked=True), cell(3, 9, masked=True), Dense(1)))
        assert "9 steps of padding" in trace(network, [0] * 9, 1.0).to_html()


@pytest.mark.parametrize(
    ("model", "X", "one"),
    [
        (ImageClassifier((2,), **QUICK), IMAGES, IMAGES[0]),
        (ImageClassifier((2,), **QUICK), IMAGES[..., None], IMAGES[0, ..., None]),
        (ImageClassifier((2,), **QUICK), np.stack([IMAGES] * 3, axis=3), np.stack([IMAGES[0]] * 3, axis=2)),
        (SequenceRegressor("gru", 2, **QUICK), IMAGES, IMAGES[0]),
        (SequenceRegressor("gru", 2, **QUICK), IMAGES[:, 0], IMAGES[0, 0]),
        (SequenceRegressor("gru", 2, **QUICK), IMAGES[:, 0, :, None], IMAGES[0, 0, :, None]),
        (SequenceClassifier("gru", 2, **QUICK), LISTS, LISTS[0]),
    ],
    ids=["gray", "one channel", "colors", "sequence", "one feature", "one feature, said", "padded"],
)
def test_one_image_or_sequence_is_a_batch_of_one(model, X, one):
    model.fit(X, KINDS)
    single, several = trace(model, one, KINDS[0]), trace(model, X[:1], KINDS[:1])
    np.testing.assert_array_equal(single.problem.X, several.problem.X)
    np.testing.assert_array_equal(single.theta_after, several.theta_after)


def test_one_row_of_a_frame_or_a_plain_list_is_a_batch_of_one():
    frame = pd.DataFrame({"a": [x[:, 0] for x in LISTS], "size": RNG.normal(size=40)})
    model = SequenceRegressor("gru", 2, **QUICK).fit(frame, KINDS)
    assert trace(model, frame.iloc[2], KINDS[2]).loss == trace(model, frame[2:3], KINDS[2:3]).loss
    model = SequenceRegressor("gru", 2, **QUICK).fit(frame["a"].tolist(), KINDS)
    wanted = trace(model, [frame["a"][2]], KINDS[2:3]).loss
    assert trace(model, frame["a"][2].tolist(), KINDS[2]).loss == wanted


def test_branches_are_opened_where_they_go_through_steps():
    frame = pd.DataFrame({"a": [x[:, 0] for x in LISTS], "size": RNG.normal(size=40)})
    model = SequenceRegressor("gru", 3, **QUICK).fit(frame, frame["size"])
    t = trace(model, frame[:2], frame["size"][:2])
    assert [step.name for step in t.opened_steps] == ["0.0.0", "0.0.1", "0.1.0", "1"]
    assert isinstance(t.steps[0].layer, Columns)
    of_steps, gru = t.opened_steps[:2]
    np.testing.assert_array_equal(np.hstack([gru.out, t.opened_steps[2].out]), t.steps[0].out)
    np.testing.assert_array_equal(of_steps.out, gru.z_in)
    np.testing.assert_array_equal(gru.dp["U"], t.steps[0].dp["0.1.U"])
    text = str(t)
    assert "Forward, GRU 3, 6 steps: 6×2 → 3 (0.0.1.W, 0.0.1.U, 0.0.1.b, 0.0.1.c)" in text
    assert "static input" in text
    assert "2 steps of padding" in text


def test_branches_that_drop_are_opened_with_what_was_dropped():
    inner = Network(6, (Dropout(0.5), RNN(2, 3)))
    network = Network(6, (Columns(((0, 6, inner),)), Dense(1)))
    t = trace(network, RNG.normal(size=6), 1.0, dropout_seed=3)
    dropped, rnn = t.opened_steps[:2]
    assert (dropped.out == 0).any()
    np.testing.assert_array_equal(rnn.out, t.steps[0].out)


def test_a_unit_and_a_row_are_chosen():
    t = TRACES["sequences"]
    assert "Unit 2 of 3 over time, forward in time, from h = 0" in t.to_text(unit=2)
    assert "Unit 9 of 9 over time, in reverse" in t.to_text(unit=9)
    assert "5 steps of padding, where the state stays as it is" in t.to_text(row=2)
    assert "Gradients do not flow out of blocks of 2 steps" in str(t)
    assert "Filter 3 of 4" in TRACES["images"].to_text(unit=3)
    with pytest.raises(ParameterError, match="unit must be a whole number ≥ 1, however: 0"):
        t.to_text(unit=0)


def test_what_is_left_out_is_said():
    text = TRACES["tokens"].to_text(units=3)
    assert "… 24 more steps" in text
    text = TRACES["every layer over a grid"].to_text()
    assert "of 18 × 18" in text
    assert "more places, with smaller gradients" in text
    assert "shifted" not in text
    assert "Δy = " in text


def test_the_title_counts_layers_that_learn():
    assert str(TRACES["images"]).startswith("Trace of 1 row through 4 layers")
    assert repr(TRACES["sequences"]).startswith("<Trace of 3 rows through 3 layers, loss ")


def test_what_is_lowered_ends_in_front_of_a_comma_and_of_a_transpose():
    page = TRACES["sequences"].to_html()
    assert "a<sub>i</sub>, a<sub>f</sub>, a<sub>g</sub>, a<sub>o</sub>" in page
    assert "x<sub>t</sub>ᵀ" in page
    assert "h<sub>(t-1)</sub>ᵀ" in page
    assert "<sub>ijc</sub>" in TRACES["images"].to_html()
