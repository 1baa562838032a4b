"""One page's messages: what they do, and what is refused without harm."""

import json
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainrule import MLPClassifier, TabularRegressor, save
from chainrule.errors import ParameterError
from chainrule.playground.messages import FROM_PAGE, pack, read_message, unpack, write_message
from chainrule.playground.session import Session
from chainrule.playground.settings import Settings
from chainrule.playground.worker import Worker


class Page:
    """A page that keeps what it is told."""

    def __init__(self, **options):
        self.told = []
        self.session = Session(lambda content, buffers: self.told.append((content, buffers)), self.later)
        self.session.begin(**options)

    def later(self, work):
        self.told.append(work())

    def send(self, kind, data=None, **content):
        """Send a message, train what it asked for, and give what was answered last."""
        before = len(self.told)
        buffers = {} if data is None else {"bytes": np.frombuffer(data, np.uint8)}
        self.session.take({"type": kind, **content}, buffers)
        while self.session.goal is not None and self.session.is_busy:
            self.session.train(lambda: False)
        return self.told[-1][0] if len(self.told) > before else None

    def frame(self):
        self.session.send_frame()
        content, buffers = self.told[-1]
        assert content["type"] == "frame"
        json.dumps(content, allow_nan=False)
        return content | buffers


def test_a_page_is_greeted():
    page = Page()
    assert [content["type"] for content, _ in page.told] == ["hello", "state"]
    catalog = page.told[0][0]["catalog"]
    assert {"circle", "spiral", "iris", "diabetes"} <= {one["name"] for one in catalog["data_sets"]}
    pack(page.told[0][0])


def test_what_can_be_chosen_can_be_chosen():
    page = Page()
    catalog = page.told[0][0]["catalog"]
    for one in catalog["data_sets"]:
        state = page.send("set", settings={"data": {"kind": one["name"]}})
        assert state["type"] == "state"
        assert state["problem"]["task"] == one["task"]
    page.send("set", settings={"data": {"kind": "plane"}})
    for setting, choices in (
        ("solver", "solvers"),
        ("schedule", "schedules"),
        ("initializer", "initializers"),
    ):
        for one in catalog[choices]:
            page.send("set", settings={setting: one["name"]})
            assert page.session.run.settings.as_data()[setting] == one["name"]
            page.send("step", unit="epoch")
    for one in catalog["losses"]:
        if one["task"] == "regression":
            assert page.send("set", settings={"loss": one["name"]})["settings"]["loss"] == one["name"]
    for one in catalog["activations"]:
        state = page.send("set", settings={"layers": [{"units": 2, "activation": one["name"]}]})
        assert state["settings"]["layers"][0]["activation"] == one["name"]
        assert len(one["values"]) == len(one["slopes"]) == len(catalog["activation_grid"])
    for one in catalog["features"]:
        assert page.send("set", settings={"features": [one["name"]]})["network"]["inputs"] == [one["label"]]


def test_steps_forward_and_back():
    page = Page()
    page.send("step", unit="batch", n=3)
    assert page.frame()["step"] == 3
    page.send("step", unit="epoch")
    assert page.frame()["epoch"] == 1
    page.send("step", unit="sample")
    assert page.frame()["epoch"] == 1 + 1 / 250
    page.send("back", unit="sample")
    page.send("go_to", step=2)
    assert page.frame()["step"] == 2
    page.send("play")
    assert page.frame()["playing"]
    calls = iter([False] * 10 + [True])
    page.session.train(lambda: next(calls))
    page.send("pause")
    assert (page.frame()["step"], page.session.is_busy) == (12, False)
    page.send("reset", seed=5)
    assert page.frame()["step"] == 0
    assert page.session.run.settings.seed == 5


def test_going_back_tells_of_the_settings_of_then():
    page = Page()
    page.send("step", n=2)
    page.send("set", settings={"learning_rate": 1})
    page.send("step", n=2)
    state = page.send("go_to", step=1)
    assert state["settings"]["learning_rate"] == 0.03


def test_trouble_is_explained_and_can_be_left():
    page = Page()
    page.send(
        "set",
        settings={
            "data": {"kind": "plane"},
            "learning_rate": 1e4,
            "layers": [{"units": 3, "activation": "relu"}],
        },
    )
    page.send("step", unit="epoch", n=10)
    frame = page.frame()
    assert not frame["is_finite"]
    assert "learning rate (now 10000)" in frame["trouble"]
    page.send("play")
    assert not page.session.is_busy
    page.send("back", n=2)
    assert page.frame()["is_finite"]
    page.send("set", settings={"learning_rate": 0.01})
    page.send("step")
    assert page.frame()["is_finite"]


TABLE = b"size,color,price\n" + b"".join(
    b"%d,%s,%d.5\n" % (i, (b"red", b"blue")[i % 2], i * 2) for i in range(60)
)


def test_a_table_from_the_page():
    page = Page()
    state = page.send("table", TABLE, name="../etc/<b>sales</b>.csv")
    assert state["problem"]["title"] == "b>.csv"
    assert state["problem"]["target"] == "price"
    assert state["settings"]["data"]["kind"] == "table"
    state = page.send("table", target="color")
    assert state["problem"]["classes"] == ["blue", "red"]
    state = page.send("table", target="color", columns=["size"])
    assert state["network"]["inputs"] == ["size"]
    state = page.send("table", columns=["price"])
    assert state["network"]["inputs"] == ["price"]
    page.send("step", unit="epoch", n=2)
    assert page.frame()["train"]["loss"] > 0
    page.send("set", settings={"data": {"kind": "circle"}})
    assert page.send("table", columns=["x1"])["type"] == "refused"
    assert page.send("table", target="size")["problem"]["target"] == "size"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"a,b\n1,2,3\n",
        b"a,a\n1,2\n",
        b"\xff\xfe\x00",
        b"x\n" * 5,
        b"PAR1" + b"\x00" * 50,
        b'a,b\n"1,2\n',
    ],
)
def test_a_table_that_cannot_be_read_changes_nothing(data):
    page = Page()
    before = page.session.run.now
    answer = page.send("table", data, name="my table.csv")
    assert answer["type"] == "refused"
    assert "/tmp" not in answer["message"]
    assert page.session.run.now is before


def test_hostile_names_come_back_as_they_are():
    name = '<img src=x onerror="alert(1)">'
    page = Page()
    text = f'"{name.replace(chr(34), chr(34) * 2)}",y\n' + "".join(f"{i},{i % 7}.5\n" for i in range(40))
    state = page.send("table", text.encode(), name="t.csv")
    assert state["network"]["inputs"] == [name]
    page.send("step", unit="epoch")
    page.send("ask", id=1, what="trace", row=0)
    assert name in json.dumps(page.told[-1][0], ensure_ascii=False).replace('\\"', '"')


def test_files_of_the_command_line(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_bytes(TABLE)
    page = Page(data=str(path), target="color")
    assert page.told[-1][0]["problem"]["title"] == "sales.csv"
    page.send("step", unit="epoch", n=3)
    page.send("ask", id=3, what="python")
    assert str(path) in page.told[-1][0]["text"]
    page.send("ask", id=4, what="model_file")
    buffers = page.told[-1][1]
    model = tmp_path / "model.safetensors"
    model.write_bytes(buffers["bytes"].tobytes())
    theta = page.session.run.theta
    other = Page(data=str(path), target="color", model=str(model))
    np.testing.assert_allclose(other.session.run.theta, theta, rtol=1e-12)
    assert Page(data=str(tmp_path / "none.csv")).told[1][0]["type"] == "refused"


def test_a_model_file_predicts_in_the_units_of_the_table(tmp_path):
    from chainrule import load

    page = Page()
    page.send("table", TABLE, name="t.csv")
    page.send("set", settings={"solver": "adam"})
    page.send("step", unit="epoch", n=5)
    page.send("ask", id=1, what="model_file")
    path = tmp_path / "m.safetensors"
    path.write_bytes(page.told[-1][1]["bytes"].tobytes())
    import pandas as pd

    rows = page.session.run.examples.rows.values[:7]
    frame = pd.DataFrame(
        {"size": rows[:, 0], "color = blue": rows[:, 1] == 0, "color = red": rows[:, 1] == 1}, dtype=float
    )
    run = page.session.run
    wanted = run.outputs(run.examples.X[:7])[:, 0] * run.examples.scale + run.examples.center
    np.testing.assert_allclose(load(path).predict(frame), wanted, rtol=1e-10)


def test_opened_models(tmp_path):
    page = Page()
    examples = page.session.run.examples
    model = MLPClassifier(
        (5, 3), activation=["relu", "gelu"], dropout=[0.1, 0], max_iter=5, tol=0, random_state=0
    )
    with pytest.warns(match="converged"):
        model.fit(examples.X_train, examples.y_train.astype(int))
    path = tmp_path / "m.safetensors"
    save(model, path)
    state = page.send("open_model", path.read_bytes())
    assert [layer["units"] for layer in state["network"]["layers"]] == [5, 3]
    assert state["settings"]["layers"][0]["dropout"] == 0.1
    np.testing.assert_allclose(page.session.run.theta, model._theta(model.network_), rtol=1e-12)
    before = page.session.run.now
    for data in (b"", b"no model", path.read_bytes()[:200]):
        assert page.send("open_model", data)["type"] == "refused"
    page.send("set", settings={"features": ["x1"]})
    assert "takes 2 inputs" in page.send("open_model", path.read_bytes())["message"]
    assert before is not None


def test_a_table_model_is_refused_by_name(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    model = TabularRegressor(preset="fast", max_iter=2, random_state=0).fit(X, X[:, 0])
    path = tmp_path / "m.safetensors"
    save(model, path)
    assert "TabularRegressor" in Page().send("open_model", path.read_bytes())["message"]


@pytest.mark.parametrize("kind", ["circle", "pinwheel", "plane", "diabetes"])
def test_every_question_is_answered(kind):
    page = Page()
    page.send("set", settings={"data": {"kind": kind}, "learning_rate": 0.01})
    page.send("step", unit="epoch", n=2)
    for what in (
        "trace",
        "gradient_check",
        "doctor",
        "python",
        "numpy",
        "javascript",
        "model_file",
        "neuron",
    ):
        page.send("ask", id=7, what=what, row=3, layer=1, unit=0)
        content, buffers = page.told[-1]
        assert (content["type"], content["id"], content.get("error")) == ("answer", 7, None)
        pack(content, buffers)
    page.send("ask", id=8, what="gradient_check", row=3)
    assert page.told[-1][0]["ok"]


def test_the_trace_shows_the_numbers_of_the_step():
    page = Page()
    page.send("step", unit="epoch")
    page.send("ask", id=1, what="trace", row=0)
    document = page.told[-1][0]["document"]
    stages = [(section["stage"], section["layer"]) for section in document["sections"]]
    assert stages[:5] == [("inputs", None), ("forward", 0), ("forward", 1), ("forward", 2), ("loss", None)]
    assert stages[5:] == [("backward", 2), ("backward", 1), ("backward", 0), ("update", None)]
    run = page.session.run
    W = run.now.setup.network.views(run.theta)[0]["W"]
    grids = [part for part in document["sections"][1]["parts"] if part["kind"] == "grid"]
    assert [cell["text"] for cell in grids[0]["rows"][0][1:]] == [f"{w:.4g}" for w in W[0]]


@pytest.mark.parametrize(
    ("what", "extra"),
    [
        ("trace", {"row": 500}),
        ("trace", {}),
        ("trace", {"row": "0"}),
        ("neuron", {"row": 0, "layer": 9, "unit": 0}),
        ("neuron", {"row": 0}),
        ("gradient_check", {"row": -1}),
        ("everything", {}),
        (None, {}),
    ],
)
def test_questions_without_an_answer_say_why(what, extra):
    page = Page()
    page.send("ask", id=1, what=what, **extra)
    assert page.told[-1][0]["error"]


@pytest.mark.parametrize(
    "changes",
    [
        None,
        [],
        {"speed": 3},
        {"learning_rate": "fast"},
        {"learning_rate": float("nan")},
        {"learning_rate": -1},
        {"batch_size": 0},
        {"batch_size": True},
        {"batch_size": 2.5},
        {"solver": "lbfgs"},
        {"loss": "poisson"},
        {"layers": "4"},
        {"layers": [4]},
        {"layers": [{"units": 0}]},
        {"layers": [{"units": 10_000}]},
        {"layers": [{"units": 2}] * 50},
        {"layers": [{"units": 2, "activation": "__import__"}]},
        {"features": []},
        {"features": ["x1", "x1"]},
        {"features": ["os.system"]},
        {"data": {"kind": "../secrets"}},
        {"data": {"kind": "table"}},
        {"data": {"noise": 1000}},
        {"data": {"share": 0}},
        {"data": 5},
        {"seed": -1},
    ],
)
def test_settings_that_cannot_be_change_nothing(changes):
    page = Page()
    before = page.session.run.now
    answer = page.send("set", settings=changes)
    assert answer["type"] == "refused"
    assert page.session.run.now is before
    page.send("step")
    assert page.frame()["step"] == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)
NAMES = [
    "settings",
    "step",
    "unit",
    "n",
    "seed",
    "view",
    "layer",
    "to",
    "from",
    "value",
    "add",
    "move",
    "erase",
    "target",
    "columns",
    "what",
    "row",
    "id",
]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(FROM_PAGE - {"play"})), st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5)
)
def test_no_message_breaks_the_session(kind, content):
    page = Page()
    page.session.take({"type": kind, **content}, {})
    page.session.train(lambda: True)
    page.frame()
    assert all(
        content["type"] in ("hello", "state", "frame", "answer", "refused") for content, _ in page.told
    )


@pytest.mark.parametrize(
    "content",
    [
        {"type": "draw", "add": [5]},
        {"type": "draw", "move": ["a"]},
        {"type": "view", "view": {"main": "ab"}},
        {"type": "view", "view": {"main": [0, 0.5]}},
        {"type": "view", "view": {"hidden_space": "a"}},
        {"type": "view", "view": {"lines": 0.5}},
        {"type": "view", "view": {"held": {"x1": 10**400}}},
        {"type": "back", "unit": "week"},
        {"type": "back", "n": True},
        {"type": "go_to", "step": -1},
        {"type": "go_to", "step": "2"},
        {"type": "set", "settings": {"layers": [{}]}},
        {"type": "set", "settings": {"features": [[]]}},
    ],
)
def test_what_is_no_message_of_the_page_is_refused_in_a_sentence(content):
    page = Page()
    answer = page.send(**{"kind" if name == "type" else name: value for name, value in content.items()})
    assert answer["type"] == "refused"
    assert "should not have happened" not in answer["message"]
    assert page.frame()["step"] == 0


def test_a_frame_that_cannot_be_made_is_said_once_and_waited_for(monkeypatch, capfd):
    page = Page()
    page.send("next")
    with monkeypatch.context() as broken:
        broken.setattr("chainrule.playground.session.frame_of", lambda _: {}["nothing"])
        for _ in range(3):
            page.session.send_frame()
    assert [content["type"] for content, _ in page.told].count("refused") == 1
    assert "KeyError" in page.told[-1][0]["message"]
    assert capfd.readouterr().err.count("Traceback") == 1
    assert page.session.wants_frame
    assert page.frame()["step"] == 0
    assert not page.session.wants_frame


def test_an_error_that_nobody_has_foreseen_ends_neither_training_nor_page(monkeypatch, capfd):
    page = Page()

    def fail(*_):
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr("chainrule.playground.run.stepped", fail)
        assert "not enough memory" in page.send("step")["message"]
    with monkeypatch.context() as broken:
        broken.setattr("chainrule.playground.glass.trace_page", lambda *_: 1 / 0)
        page.send("ask", id=1, what="trace", row=0)
        assert "ZeroDivisionError" in page.told[-1][0]["error"]
    assert "ZeroDivisionError" in capfd.readouterr().err
    page.send("step")
    assert page.frame()["step"] == 1


def test_going_to_a_step_leads_back_and_on():
    page = Page()
    page.send("step", n=30)
    theta = page.session.run.theta
    page.session.findings = [{"name": "of then"}]
    page.send("go_to", step=10)
    assert page.frame()["step"] == 10
    assert page.session.findings == []
    page.send("go_to", step=30)
    assert page.frame()["step"] == 30
    np.testing.assert_array_equal(page.session.run.theta, theta)


def test_a_long_way_back_does_not_keep_messages_waiting():
    page = Page()
    page.session.run.advance("batch", 30)
    del page.session.run.past.moments[1:], page.session.run.past.steps[1:], page.session.run.past.fixed[1:]
    page.session.take({"type": "go_to", "step": 20}, {})
    assert (page.session.run.now.step, page.session.is_busy) == (0, True)
    calls = iter([False] * 5 + [True])
    page.session.train(lambda: next(calls))
    page.send("pause")
    assert (page.frame()["step"], page.session.is_busy) == (5, False)


def test_a_table_that_cannot_be_read_leaves_the_one_that_was_open():
    page = Page()
    page.send("table", TABLE, name="good.csv")
    assert page.send("table", b"a,b\n1,2,3\n", name="bad.csv")["type"] == "refused"
    state = page.send("table", target="size")
    assert (state["problem"]["title"], state["problem"]["target"]) == ("good.csv", "size")


def test_no_point_is_drawn_where_a_table_has_no_value():
    page = Page()
    lines = [f"{i if i % 3 else ''},{i % 5},{i}.5" for i in range(60)]
    page.send("table", "\n".join(["a,b,y", *lines]).encode(), name="t.csv")
    points = page.told[-1][1]["points"]
    assert np.isnan(points[::3, 0]).all()
    assert np.isfinite(points[:, 1]).all()


@pytest.mark.parametrize(
    "sent",
    [
        [("draw", {"add": [{"x": 1, "y": 1, "target": 2}], "erase": [3]}), ("reset", {})],
        [("draw", {"erase": list(range(400))}), ("reset", {}), ("step", {"unit": "sample", "n": 3})],
        [("set", {"settings": {"data": {"kind": "wine"}}}), ("table", {"columns": ["hue", "ash"]})],
        [("table", {"target": "price"}), ("step", {"n": 4}), ("set", {"settings": {"data": {"share": 80}}})],
    ],
)
def test_copied_python_makes_the_same_weights(sent, tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(TABLE)
    page = Page(data=str(path))
    if sent[0][0] != "table":
        page.send("set", settings={"data": {"kind": "circle"}})
    for kind, content in sent:
        assert page.send(kind, **content) is None or page.told[-1][0]["type"] != "refused"
    page.send("step", unit="epoch")
    page.send("step", unit="batch")
    page.send("ask", id=1, what="python")
    names = {}
    exec(page.told[-1][0]["text"], names)
    np.testing.assert_array_equal(names["run"].theta, page.session.run.theta)


def test_settings_are_read_back():
    settings = Settings().changed(
        {"layers": [{"units": 3, "activation": "elu", "dropout": 0.5}], "data": {"noise": 20}}
    )
    assert Settings().changed(settings.as_data()) == settings
    assert Settings().changed(json.loads(json.dumps(settings.as_data()))) == settings
    with pytest.raises(ParameterError, match="has no 'x'"):
        Settings().changed({"x": 1})


def test_the_worker_trains_between_messages(tmp_path):
    """The loop of the process, on pipes within this one."""
    import os

    (page_out, to_worker), (from_worker, worker_out) = (os.pipe() for _ in range(2))
    source, sink = os.fdopen(page_out, "rb"), os.fdopen(worker_out, "wb", buffering=0)
    out, back = os.fdopen(to_worker, "wb", buffering=0), os.fdopen(from_worker, "rb")
    thread = threading.Thread(target=Worker(source, sink).serve)
    thread.start()

    def receive():
        return unpack(read_message(back))[0]

    write_message(out, pack({"type": "begin"}))
    assert [receive()["type"] for _ in range(2)] == ["hello", "state"]
    write_message(out, pack({"type": "play"}))
    steps = []
    for _ in range(20):
        write_message(out, pack({"type": "next"}))
        frame = receive()
        steps.append(frame["step"])
    assert steps == sorted(set(steps))
    write_message(out, b"\x00\x00")
    assert any(receive()["type"] == "refused" for _ in range(3))
    out.close()
    thread.join(timeout=20)
    assert not thread.is_alive()
    for file in (source, sink, back):
        file.close()


def worker_of(session_of):
    """A worker without a page, whose replies are kept, and which is not served."""
    import io

    worker, told = Worker(io.BytesIO(), io.BytesIO()), []
    worker.session.reply = lambda content, buffers: told.append(content)
    session_of(worker.session)
    return worker, told


def test_findings_of_before_a_change_are_not_shown_after_it():
    import chainrule.playground.glass  # noqa: F401

    worker, _ = worker_of(lambda session: session.run.advance("batch", 5))
    assert worker._is_examination_due
    worker._examine()
    worker.session.take({"type": "set", "settings": {"learning_rate": 1}}, {})
    worker.inbox.get(timeout=20)()
    assert worker.session.findings == []
    assert worker._has_something_to_examine
    worker._examine()
    worker.inbox.get(timeout=20)()
    assert not worker._has_something_to_examine


def test_a_doctor_that_fails_says_so_once(monkeypatch, capfd):
    worker, told = worker_of(lambda session: session.run.advance("batch", 5))
    monkeypatch.setattr("chainrule.playground.glass.findings", lambda _: 1 / 0)
    for _ in range(2):
        worker._examine()
        worker.inbox.get(timeout=20)()
    assert [content["type"] for content in told] == ["refused"]
    assert "ZeroDivisionError" in told[0]["message"]
    assert not worker.examining
