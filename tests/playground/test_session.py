"""One page's messages: what they do, and what is refused without harm."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_page import Page

from chainrule.errors import ParameterError
from chainrule.playground.messages import FROM_PAGE, pack
from chainrule.playground.settings import Settings


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


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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


def test_settings_are_read_back():
    settings = Settings().changed(
        {"layers": [{"units": 3, "activation": "elu", "dropout": 0.5}], "data": {"noise": 20}}
    )
    assert Settings().changed(settings.as_data()) == settings
    assert Settings().changed(json.loads(json.dumps(settings.as_data()))) == settings
    with pytest.raises(ParameterError, match="has no 'x'"):
        Settings().changed({"x": 1})
