"""The server: files, connections, and what a page that floods, sleeps or lies can do: nothing."""

import json
import os
import signal
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from chainrule.playground.messages import pack, split
from chainrule.playground.server import MOST_PAGES

pytestmark = pytest.mark.usefixtures("echoing_worker")


def ask(page, what):
    page.send(json.dumps({"type": "ask", "what": what}))


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# -- files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "name", "kind"),
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/index.html", "index.html", "text/html; charset=utf-8"),
        ("/page.js", "page.js", "text/javascript; charset=utf-8"),
        ("/page.js?version=1", "page.js", "text/javascript; charset=utf-8"),
        ("/playground.css", "playground.css", "text/css; charset=utf-8"),
        ("/assets/more.woff2", "assets/more.woff2", "font/woff2"),
    ],
)
def test_the_files_of_the_page_come_with_their_types(server, address, name, kind):
    answer = server.request(path=address)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert answer.content == f"this is {name}".encode()
    head = server.request("HEAD", address)
    assert (head.status, head.content) == (200, b"")


@pytest.mark.parametrize(
    "address",
    [
        "/../secret.js",
        "/assets/../../secret.js",
        "/..%2fsecret.js",
        "/%2e%2e/secret.js",
        "/%2e%2e%2fsecret.js",
        "/%252e%252e/secret.js",
        "/..\\secret.js",
        "/assets\\..\\..\\secret.js",
        "/..%5csecret.js",
        "//secret.js",
        "/{outside}/secret.js",
        "//{outside}/secret.js",
        "/%2f{outside}/secret.js",
        "/assets/..%00/secret.js",
        "/page.js%00",
        "/page.js/",
        "/./page.js",
        "/assets",
        "/assets/",
        "/notes.txt",
        "/~root/",
        "file:///etc/passwd",
        "/file:///etc/passwd",
        "http://evil.example/",
        "*",
        "/" + "a" * 60_000,
    ],
)
def test_nothing_else_can_be_read(server, page_folder, address):
    answer = server.request(path=address.format(outside=page_folder.parent))
    assert answer.status == 404
    assert b"secret" not in answer.content


def test_a_page_that_is_not_built_is_told(new_server, tmp_path):
    with new_server(folder=tmp_path) as server:
        answer = server.request()
        assert answer.status == 503
        assert b"npm run build" in answer.content
        assert server.request(path="/page.js").status == 404


# -- connections -------------------------------------------------------------------------------------------


def test_the_first_worker_waits_for_its_page_and_each_further_page_has_its_own(new_server, receive):
    options = {"data": "a.csv", "target": "y", "model": None}
    with new_server(options=options) as server:
        waiting = server.connections._waiting._worker._process.pid
        with server.connect() as first, server.connect() as second:
            hello, other = receive(first), receive(second)
        assert hello["pid"] == waiting != other["pid"]
        assert options.items() <= hello["options"].items()
        assert hello["options"] == other["options"]


def test_text_and_frames_reach_the_worker_and_its_answers_the_page(server, receive):
    with server.connect() as page:
        receive(page)
        page.send('{"type": "set", "settings": {"title": "Größe"}}')
        assert receive(page)["got"]["settings"] == {"title": "Größe"}
        page.send(pack({"type": "table", "name": "a.csv"}, {"bytes": np.zeros(2_000_000, np.uint8)}))
        assert receive(page)["got"]["sizes"] == [2_000_000]


def test_a_page_that_goes_takes_its_worker_along(server, wait_until, receive, is_alive):
    with server.connect() as page:
        pid = receive(page)["pid"]
    wait_until(lambda: not is_alive(pid))
    with server.connect() as page:
        pid = receive(page)["pid"]
        page.socket.close()  # without a word
    wait_until(lambda: not is_alive(pid))


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("kill", "the engine was ended by SIGKILL"),
        ("exit", "the engine ended with exit code 3 (MemoryError: too large)"),
    ],
)
def test_the_end_of_a_worker_is_told_and_the_next_page_gets_another(server, what, reason, receive, closing):
    with server.connect() as page:
        receive(page)
        ask(page, what)
        assert closing(page) == (1011, reason)
    assert server.request().status == 200
    with server.connect() as page:
        assert receive(page)["type"] == "hello"


def test_a_worker_that_died_before_its_page_came_is_told_too(new_server, wait_until, receive, closing):
    with new_server() as server:
        process = server.connections._waiting._worker._process
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: process.poll() is not None)
        with server.connect() as page:
            assert closing(page) == (1011, "the engine was ended by SIGKILL")
        with server.connect() as page:
            assert receive(page)["type"] == "hello"


def test_a_long_reason_is_cut_to_what_a_closing_frame_holds(server, monkeypatch, receive, closing):
    monkeypatch.setattr(
        "chainrule.playground.process.WorkerProcess._how_it_ended", lambda self: self._wait() or "ü" * 500
    )
    with server.connect() as page:
        receive(page)
        ask(page, "exit")
        assert closing(page) == (1011, "ü" * 61)


def test_a_worker_for_which_no_page_came_ends_with_the_server(new_server, is_alive):
    with new_server() as server:
        pid = server.connections._waiting._worker._process.pid
        assert is_alive(pid)
    assert not is_alive(pid)


# -- what a page may not do --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ('{"type": "begin", "data": "/etc/passwd"}', "a page cannot send a message of type 'begin'"),
        (pack({"type": "begin", "data": "/etc/passwd"}), "a page cannot send a message of type 'begin'"),
        ('{"type": "unknown"}', "a page cannot send a message of type 'unknown'"),
        ("{}", "a page cannot send a message of type 'None'"),
        ("[]", "the message is a list, however must be an object"),
        ("no json", "the message is not JSON in UTF-8"),
        ("[" * 100_000, "the message is nested too deeply"),
        (b"", "the message has 0 bytes, however needs at least 4"),
        (
            struct.pack("<I", 2**32 - 1),
            "the message has 4 bytes, however its JSON alone should have 4294967295",
        ),
        (
            '{"type": "next", "x": "' + "x" * 2**20 + '"}',
            "a text message has 1,048,601 bytes, and at most 1,048,576",
        ),
        (pack({"type": "next", "x": "x" * 2**20}), "a message's JSON has"),
        (pack({"type": "next"}, {"bytes": np.zeros(2**20, np.uint8)}), "a message 'next' has"),
    ],
    ids=lambda value: str(value[:25]),
)
def test_a_bad_message_closes_the_session_with_a_reason(
    server, wait_until, message, says, receive, closing, is_alive
):
    with server.connect() as page:
        pid = receive(page)["pid"]
        page.send(message)
        code, reason = closing(page)
        assert code == 1008
        assert reason.startswith(says)
    wait_until(lambda: not is_alive(pid))
    assert server.request().status == 200


@pytest.mark.parametrize("kind", [bytes, str])
def test_a_message_beyond_the_largest_is_cut_off_on_its_way(server, kind, receive):
    part = kind(b"x" * 2**20) if kind is bytes else "x" * 2**20
    with server.connect() as page:
        receive(page)
        sent = []

        def parts():
            for _ in range(200):
                sent.append(1)
                yield part

        with pytest.raises(ConnectionClosed) as error:
            page.send(parts())
        assert len(sent) < 90
        assert error.value.rcvd is None or error.value.rcvd.code == 1009
    assert server.request().status == 200


def test_a_ninth_page_is_told_to_come_later(server, wait_until, receive, closing, is_alive):
    with ExitStack() as pages:
        first = [pages.enter_context(server.connect()) for _ in range(MOST_PAGES)]
        workers = {receive(page)["pid"] for page in first}
        assert len(workers) == MOST_PAGES == 8
        with server.connect() as page:
            assert closing(page) == (1013, "8 pages are open already; close one, then reload this one")
        first[0].close()
        wait_until(lambda: len(server.connections._open) < MOST_PAGES)
        with server.connect() as page:
            assert receive(page)["pid"] not in workers
    wait_until(lambda: len(server.connections._open) == 0)
    assert not any(is_alive(pid) for pid in workers)


def test_of_fifty_at_once_eight_are_served_and_the_others_told(server, wait_until):
    leave = threading.Event()

    def visit(_):
        assert server.request().status == 200
        with server.connect() as page:
            try:
                kind = split(page.recv(timeout=20))[0]["type"]
            except ConnectionClosed as closed:
                return closed.rcvd.code
            leave.wait(20)
            return kind

    with ThreadPoolExecutor(50) as pool:
        found = [pool.submit(visit, i) for i in range(50)]
        wait_until(lambda: sum(visit.done() for visit in found) == 50 - MOST_PAGES, 20)
        leave.set()
    results = [visit.result() for visit in found]
    assert results.count("hello") == MOST_PAGES
    assert results.count(1013) == 50 - MOST_PAGES
    wait_until(lambda: len(server.connections._open) == 0)


def test_a_page_that_does_not_read_makes_its_worker_wait_and_nobody_else(
    server, wait_until, receive, is_alive
):
    with server.connect(max_queue=1) as slow:
        pid = receive(slow)["pid"]
        before = resident_bytes()
        ask(slow, "flood")
        time.sleep(1)
        assert resident_bytes() - before < 30e6
        with server.connect() as other:
            assert receive(other)["type"] == "hello"
        assert receive(slow)["type"] == "frame"
        slow.socket.close()
    wait_until(lambda: not is_alive(pid))


def test_a_page_that_floods_waits_for_its_worker_and_is_told_in_the_end(
    server, wait_until, monkeypatch, receive, is_alive
):
    monkeypatch.setattr("chainrule.playground.server._PATIENCE", 1)
    with server.connect() as page:
        pid = receive(page)["pid"]
        ask(page, "sleep")
        before = resident_bytes()
        message = json.dumps({"type": "set", "text": "x" * 100_000})
        try:
            for sent in range(1000):  # noqa: B007
                page.send(message)
        except ConnectionClosed as closed:
            reason = closed.rcvd.reason if closed.rcvd else ""
        assert sent < 200
        assert resident_bytes() - before < 30e6
        assert reason in ("", "the engine has not listened for 1 seconds")
    wait_until(lambda: not is_alive(pid))
