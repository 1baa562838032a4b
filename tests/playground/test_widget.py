"""The widget talks to its worker as the page does over the socket, and leaves no process behind."""

import os
import sys
from dataclasses import asdict

import numpy as np
import pandas as pd
import polars as pl
import pytest

from chainrule.errors import ChainruleError, MessageError
from chainrule.playground.messages import pack
from chainrule.table import TableLimits


@pytest.fixture(scope="module")
def widget_class(echoing_worker, page_folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chainrule.playground.page.STATIC", page_folder)
        sys.modules.pop("chainrule.playground.widget", None)
        from chainrule.playground import Playground

        yield Playground
    sys.modules.pop("chainrule.playground.widget", None)


@pytest.fixture
def show(widget_class, monkeypatch, wait_until):
    """``show(...)``: a widget whose messages to the page are in `sent`; closed after the test."""
    widgets = []

    def show(*args, **given):
        sent = []
        monkeypatch.setattr(
            widget_class, "send", lambda _, content, buffers=None: sent.append((content, buffers))
        )
        widget = widget_class(*args, **given)
        widgets.append(widget)
        widget.sent = sent
        wait_until(lambda: sent)
        return widget

    yield show
    for widget in widgets:
        widget.close()


def from_page(widget, content, buffers=()):
    """As the notebook calls it."""
    widget._handle_custom_msg(content, list(buffers))


def test_the_page_is_the_one_of_the_browser(widget_class, show):
    widget = show()
    assert widget._esm == "this is playground.js"
    assert widget._css == "this is playground.css"
    assert widget_class.__name__ == "Playground"


def test_what_to_begin_with_reaches_the_worker(show):
    limits = TableLimits(rows=7)
    content, _ = show("a.csv", "y", "m.safetensors", limits=limits).sent[0]
    expected = {"type": "begin", "data": "a.csv", "target": "y", "model": "m.safetensors"}
    assert (expected | {"limits": asdict(limits)}).items() <= content["options"].items()


@pytest.mark.parametrize("library", [pd, pl])
@pytest.mark.parametrize("target", [None, "y"])
def test_a_data_frame_is_sent_as_a_page_sends_a_table(show, wait_until, library, target):
    widget = show(library.DataFrame({"x": [1.5, 2.5], "y": ["a", "b"]}), target)
    wait_until(lambda: len(widget.sent) == 2)
    assert widget.sent[0][0]["options"]["data"] is None
    assert widget.sent[0][0]["options"]["target"] is None
    got = widget.sent[1][0]["got"]
    assert got["sizes"] == [len("x,y\n1.5,a\n2.5,b\n")]
    assert {"type": "table", "name": "table.csv"}.items() <= got.items()
    assert got.get("target") == target


def test_what_is_no_table_is_refused_before_anything_starts(widget_class, monkeypatch):
    monkeypatch.setattr("chainrule.playground.widget.WorkerProcess", lambda *_: pytest.fail("it is started"))
    with pytest.raises(TypeError):
        widget_class([[1, 2]])
    monkeypatch.setattr("chainrule.playground.messages.MOST_BYTES", 1000)
    with pytest.raises(MessageError, match="at most 1,000 are allowed"):
        widget_class(pd.DataFrame({"x": range(1000)}))


def test_messages_go_both_ways_with_their_buffers(show, wait_until):
    widget = show()
    from_page(widget, {"type": "set", "settings": {"seed": 3}})
    from_page(widget, {"type": "open_model"}, [memoryview(b"model")])
    wait_until(lambda: len(widget.sent) == 3)
    assert [content["got"]["sizes"] for content, _ in widget.sent[1:]] == [[], [5]]
    assert widget.sent[1][0]["got"]["settings"] == {"seed": 3}
    message = {"type": "state", "buffers": [{"name": "a", "dtype": "float64", "shape": [2], "offset": 0}]}
    widget._to_page(pack({"type": "state"}, {"a": np.array([1.0, 2.0])}))
    content, (buffer,) = widget.sent[-1]
    assert content == message
    assert np.frombuffer(buffer).tolist() == [1.0, 2.0]


def test_a_view_that_opens_hears_what_was_said_before(show):
    widget = show()
    widget._to_page(pack({"type": "state", "revision": 1}))
    widget._to_page(pack({"type": "state", "revision": 2}))
    for step in range(3):
        widget._to_page(pack({"type": "frame", "step": step}))
    widget._to_page(pack({"type": "answer"}))
    before = len(widget.sent)
    from_page(widget, {"type": "hello"})
    found = [content for content, _ in widget.sent[before:]]
    assert [content["type"] for content in found] == ["hello", "state", "frame"]
    assert (found[1]["revision"], found[2]["step"]) == (2, 2)


def test_a_page_in_a_notebook_cannot_name_files_either(show, caplog):
    widget = show()
    with pytest.raises(MessageError, match="cannot send a message of type 'begin'"):
        widget._from_page(widget, {"type": "begin", "data": "/etc/passwd"}, [])


def test_closed_its_worker_is_gone(show):
    widget = show()
    pid = widget.sent[0][0]["pid"]
    widget.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    from_page(widget, {"type": "next"})
    widget.close()


def test_the_end_of_the_worker_is_told_in_the_notebook(show, wait_until):
    widget = show()
    from_page(widget, {"type": "ask", "what": "kill"})
    wait_until(lambda: len(widget.sent) == 2)
    says = "the engine was ended by SIGKILL; run the cell again"
    assert widget.sent[1][0] == {"type": "refused", "message": says}


def test_without_its_page_or_its_package_it_says_what_to_do(monkeypatch, tmp_path):
    import chainrule.playground as playground

    monkeypatch.setattr("chainrule.playground.page.STATIC", tmp_path)
    monkeypatch.delitem(sys.modules, "chainrule.playground.widget", raising=False)
    with pytest.raises(ChainruleError, match="the playground's page has not been built"):
        _ = playground.Playground
    monkeypatch.setattr("chainrule.serving.extra.find_spec", lambda name: None)
    with pytest.raises(
        ImportError, match=r'Playground needs anywidget; .* pip install "chainrule\[playground\]"'
    ):
        _ = playground.Playground
    with pytest.raises(AttributeError, match="has no attribute 'Widget'; it has"):
        _ = playground.Widget
