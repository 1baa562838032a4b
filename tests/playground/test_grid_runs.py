"""Pictures and sequences in the playground: what is trained, what is seen of it, what is refused."""

import json

import numpy as np
import pytest

from chainrule import load, trace
from chainrule.errors import ParameterError
from chainrule.playground.frames import frame_of, state_of
from chainrule.playground.grid_data import GRID_DATA, grid_examples
from chainrule.playground.grid_pictures import inside, specimens
from chainrule.playground.messages import pack
from chainrule.playground.run import Run
from chainrule.playground.session import Session
from chainrule.playground.settings import DataSettings


def run_of(kind, steps=5, **settings):
    run = Run(data={"kind": kind, "steps": steps}, learning_rate=0.1, **settings)
    run.advance("batch", 20)
    return run


def loss_of_row(run, row, h_last):
    """Loss of a row whose last state is given."""
    network, loss = run.now.setup.network, run.now.setup.program.loss
    p = network.views(run.theta)[-1]
    value, _ = loss(h_last[None] @ p["W"].T + p["b"], run.examples.y[row].reshape(1, 1), np.ones(1))
    return float(value)


def simple_states(p, x, h, first):
    """States of an RNN from the step `first` on, as its textbook has them."""
    for value in x[first:]:
        h = np.tanh(p["W"][:, 0] * value + p["U"] @ h + p["b"])
    return h


def lstm_states(p, x, h, c, first):
    for value in x[first:]:
        a_i, a_f, a_g, a_o = np.split(p["W"][:, 0] * value + p["U"] @ h + p["b"], 4)
        i, f, o = (1 / (1 + np.exp(-a)) for a in (a_i, a_f, a_o))
        c = f * c + i * np.tanh(a_g)
        h = o * np.tanh(c)
    return h


def gru_states(p, x, h, first):
    for value in x[first:]:
        a_r, a_z, a_n = np.split(p["W"][:, 0] * value + p["b"], 3)
        u_r, u_z, u_n = np.split(p["U"] @ h, 3)
        r, z = (1 / (1 + np.exp(-a)) for a in (a_r + u_r, a_z + u_z))
        h = (1 - z) * np.tanh(a_n + r * (u_n + p["c"])) + z * h
    return h


@pytest.mark.parametrize("kind", GRID_DATA)
def test_rows_are_of_their_seed_and_of_every_class(kind):
    data = DataSettings(kind, 10.0, 3, 60)
    examples, again = grid_examples(data), grid_examples(data)
    assert np.array_equal(examples.X, again.X)
    assert not np.array_equal(examples.X[0], grid_examples(DataSettings(kind, 10.0, 4)).X[0])
    assert examples.X.shape[1] == np.prod(examples.rows.grid)
    shown = specimens(examples)
    assert examples.is_test[shown].all()
    if examples.rows.labels:
        assert set(examples.y[shown]) == set(range(len(examples.rows.labels)))


def test_every_direction_of_a_bar_is_what_it_is_called():
    examples = grid_examples(DataSettings("bars"))
    for picture, label in zip(examples.X.reshape(-1, 8, 8), examples.y.astype(int), strict=True):
        rows, columns = np.nonzero(picture)
        assert len(rows) >= 5
        down, right = np.diff(rows), np.diff(columns)
        found = {
            "horizontal": (down == 0).all(),
            "vertical": (right == 0).all(),
            "rising": ((down == 1) & (right == -1)).all(),
            "falling": ((down == 1) & (right == 1)).all(),
        }
        assert [name for name, is_so in found.items() if is_so] == [examples.rows.labels[label]]


@pytest.mark.parametrize("kind", ["bars", "first_symbol", "sine"])
def test_training_lowers_the_loss_and_can_be_taken_back(kind):
    run = Run(data={"kind": kind}, learning_rate=0.1)
    first = run.scores().loss
    run.advance("epoch", 4)
    theta, step = run.theta, run.now.step
    assert run.scores().loss < 0.7 * first
    run.advance("batch", 3)
    run.go_to(step)
    assert np.array_equal(run.theta, theta)
    run.change({"solver": "adam", "learning_rate": 0.01})
    assert np.array_equal(run.theta, theta)


def test_another_network_begins_anew():
    run = run_of("first_symbol")
    for change in ({"cell": "lstm"}, {"cell_units": 2}, {"data": {"steps": 7}}, {"data": {"kind": "bars"}}):
        run.change(change)
        assert run.now.step == 0
        run.advance("batch")


def test_the_inside_of_a_convolution_adds_up():
    run = run_of("bars", filters=3)
    row = 7
    found = {name: value.astype(float) for name, value in inside(run, row).items()}
    padded = np.pad(run.examples.X[row].reshape(8, 8), 1)
    for unit in range(3):
        for y, x in np.ndindex(8, 8):
            patch = padded[y : y + 3, x : x + 3].ravel()
            assert found["sums"][unit, y, x] == pytest.approx(
                patch @ found["W"][unit] + found["b"][unit], abs=1e-6
            )
    assert np.array_equal(found["maps"], np.maximum(found["sums"], 0))
    assert np.array_equal(found["pooled"], found["maps"].reshape(3, 4, 2, 4, 2).max(axis=(2, 4)))
    a = run.outputs(run.examples.X[row][None])[0]
    assert found["answers"] == pytest.approx(np.exp(a) / np.exp(a).sum(), abs=1e-6)


def test_the_gradient_of_the_filters_is_that_of_the_row():
    run = run_of("bars")
    row, loss, network = 11, run.now.setup.program.loss, run.now.setup.network
    theta, step = run.theta, 1e-6

    def value(place, by):
        moved = theta.copy()
        moved[place] += by
        a = network.predict(moved, run.examples.X[row][None])
        return float(loss(a, run.examples.y[row].reshape(1, 1), np.ones(1))[0])

    found = inside(run, row)["dW"].ravel()
    expected = [(value(k, step) - value(k, -step)) / (2 * step) for k in range(36)]
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("kind", ["first_symbol", "sine"])
def test_what_flows_back_is_the_derivative_by_every_state(cell, kind):
    run = run_of(kind, cell=cell)
    row, step = 5, 1e-6
    found = {name: value.astype(float) for name, value in inside(run, row).items()}
    p, x = run.now.setup.network.views(run.theta)[0], run.examples.X[row]
    h = np.zeros((4, 6))
    c = np.zeros((4, 6))
    h[:, 1:], c[:, 1:] = found["h"], found.get("c", 0)

    def value(t, unit, by):
        state = h[:, t + 1].copy()
        state[unit] += by
        if cell == "rnn":
            return loss_of_row(run, row, simple_states(p, x, state, t + 1))
        if cell == "gru":
            return loss_of_row(run, row, gru_states(p, x, state, t + 1))
        return loss_of_row(run, row, lstm_states(p, x, state, c[:, t + 1], t + 1))

    for t, unit in np.ndindex(5, 4):
        expected = (value(t, unit, step) - value(t, unit, -step)) / (2 * step)
        assert found["dh"][unit, t] == pytest.approx(expected, abs=1e-5)


def test_the_states_are_those_of_the_equations():
    states_of = {"rnn": simple_states, "gru": gru_states}
    states_of["lstm"] = lambda p, x, h, first: lstm_states(p, x, h, h, first)
    for cell in states_of:
        run = run_of("sine", cell=cell)
        found, zero = inside(run, 2), np.zeros(4)
        p, x = run.now.setup.network.views(run.theta)[0], run.examples.X[2]
        for t in range(1, 6):
            assert found["h"][:, t - 1] == pytest.approx(states_of[cell](p, x[:t], zero, 0), abs=1e-6)


def test_the_parts_of_a_gru_are_those_that_make_its_states():
    """What the page multiplies and adds is what it shows beside."""
    run = run_of("first_symbol", cell="gru")
    found, units = {name: value.astype(float) for name, value in inside(run, 2).items()}, 4
    r, z, n = found["gates"].reshape(3, units, 5)
    before = np.hstack([np.zeros((units, 1)), found["h"][:, :-1]])
    W, b = found["W"].reshape(3, units), found["b"].reshape(3, units)
    U = found["U"].reshape(3, units, units)
    assert found["q"] == pytest.approx(U[2] @ before + found["b_q"][:, None], abs=1e-6)
    of_input = W[:, :, None] * found["x"] + b[:, :, None]
    assert n == pytest.approx(np.tanh(of_input[2] + r * found["q"]), abs=1e-6)
    for gate, values in enumerate((r, z)):
        sums = of_input[gate] + U[gate] @ before
        assert values == pytest.approx(1 / (1 + np.exp(-sums)), abs=1e-6)
    assert found["h"] == pytest.approx((1 - z) * n + z * before, abs=1e-6)
    back = found["U"].T @ found["da"] + z * found["dh"]
    assert found["dh"][:, :-1] == pytest.approx(back[:, 1:], abs=1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"data": {"kind": "bars"}, "filters": 3},
        {"data": {"kind": "first_symbol", "steps": 6, "seed": 4}, "cell": "gru", "solver": "adam"},
        {"data": {"kind": "sine"}, "cell": "lstm", "cell_units": 2},
    ],
    ids=lambda settings: settings["data"]["kind"],
)
def test_code_and_file_are_the_network_that_was_trained(settings, tmp_path):
    page = Page()
    page.send("set", settings=settings)
    run = page.session.run
    run.advance("epoch")
    run.change({"learning_rate": 0.01})
    run.advance("batch", 3)
    names = {}
    exec(page.send("ask", id=1, what="python")["text"], names)
    np.testing.assert_array_equal(names["run"].theta, run.theta)

    page.send("ask", id=2, what="model_file")
    path = tmp_path / "model.safetensors"
    path.write_bytes(page.told[-1][1]["bytes"].tobytes())
    model, rows = load(path), run.examples
    X, a = rows.X_test.reshape(-1, *rows.rows.grid), run.answers(test=True)
    if not rows.rows.labels:
        np.testing.assert_allclose(model.predict(X), a[:, 0], rtol=1e-5, atol=1e-6)
        return
    classes = a.argmax(axis=1) if a.shape[1] > 1 else (a[:, 0] > 0).astype(int)
    assert model.predict(X).tolist() == [rows.rows.labels[k] for k in classes]
    assert trace(model, X[0], rows.rows.labels[0]).loss > 0


class Page:
    """A page that keeps what it is told."""

    def __init__(self):
        self.told = []
        self.session = Session(lambda *told: self.told.append(told), lambda work: self.told.append(work()))
        self.session.begin()

    def send(self, kind, **content):
        self.session.take({"type": kind, **content}, {})
        return self.told[-1][0]


@pytest.mark.parametrize("kind", GRID_DATA)
def test_state_and_frame_hold_what_the_page_draws(kind):
    page = Page()
    page.send("set", settings={"data": {"kind": kind}})
    state, drawn = state_of(page.session)
    grid = state["problem"]["grid"]
    assert drawn["specimens"].shape == (len(drawn["specimen_rows"]), np.prod(grid))
    row = int(drawn["specimen_rows"][3])
    page.send("view", view={"row": row, "histograms": True, "hidden_space": 0, "lines": 0})
    frame, buffers = frame_of(page.session)
    assert frame["row"] == row
    assert np.array_equal(buffers["x"], page.session.run.examples.X[row].astype(np.float32))
    assert "units" not in buffers
    assert ("sums" in buffers) == (len(grid) == 3)
    json.dumps(frame, allow_nan=False)
    pack(frame, buffers)
    page.send("set", settings={"data": {"kind": "circle"}})
    assert "units" in frame_of(page.session)[1]


def test_what_is_of_dense_layers_only_is_refused_in_a_sentence():
    page = Page()
    page.send("set", settings={"data": {"kind": "bars"}})
    for what in ("trace", "neuron", "gradient_check", "doctor", "numpy", "javascript"):
        answer = page.send("ask", id=1, what=what, row=0, layer=0, unit=0)
        assert "choose points or a table" in answer["error"]
    assert page.send("table", name="x.csv", columns=["pixel 1, 1"])["type"] == "refused"
    assert page.send("draw", add=[{"x": 0, "y": 0, "target": 0}])["type"] == "refused"
    assert page.send("view", view={"row": 400})["message"].startswith("there is no row 400; there are 400")
    assert page.send("open_model")["type"] == "refused"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"filters": 0}, "filters must be a whole number from 1 to 8"),
        ({"cell": "gpt"}, "cell must be one of rnn, lstm, gru"),
        ({"cell_units": 99}, "cell_units must be a whole number from 1 to 8"),
        ({"data": {"steps": 1}}, "steps must be a whole number from 2 to 24"),
    ],
)
def test_settings_are_checked(changes, words):
    with pytest.raises(ParameterError, match=words):
        Run().change(changes)
