"""What a page asks of a run: explanations, code, files."""

import numpy as np
import pytest
from session_page import TABLE, Page

from chainrule.playground.messages import pack


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
