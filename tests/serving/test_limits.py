"""What is too much, too slow or too many is refused; nobody waits behind it."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from chainrule.errors import ParameterError
from chainrule.serving import Limits

JSON = {"content-type": "application/json"}
CSV = {"content-type": "text/csv"}


def head(length, path="/predict"):
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


@pytest.fixture
def holding(monkeypatch):
    """``holding(server)``: its model begins to answer only when the event is set."""
    events = []

    def hold(server):
        event, begun = threading.Event(), threading.Semaphore(0)
        model, predict = server.application.model, type(server.application.model).predict

        def wait(self, *given):
            if self is model and not event.is_set():
                begun.release()
                assert event.wait(20)
            return predict(self, *given)

        monkeypatch.setattr(type(model), "predict", wait)
        events.append(event)
        return event, begun

    yield hold
    for event in events:
        event.set()


# -- sizes -------------------------------------------------------------------------------------------------


def test_too_many_bytes_are_refused_before_they_are_read(new_server, models, rows):
    with new_server(models["classes"], max_bytes=1000) as server:
        body = json.dumps({"row": rows[0]}).encode()
        assert server.predict(body.ljust(1000)).status == 200
        answer = server.predict(body.ljust(1001))
        assert (answer.status, answer.document["error"]["where"]) == (413, "header.content-length")
        assert "1,001 bytes, and at most 1,000 are read" in answer.document["error"]["message"]
        with server.connection() as connection:
            connection.sendall(head(10**12))
            assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_too_many_rows_are_refused(new_server, models, rows, table):
    with new_server(models["classes"], max_rows=5) as server:
        assert server.predict({"rows": rows[:5]}).status == 200
        assert server.predict(table[:5].write_csv().encode(), headers=CSV).status == 200
        for answer in (
            server.predict({"rows": rows[:6]}),
            server.predict({"rows": [{}] * 100_000}),
            server.predict({"rows": [1] * 6}),
            server.predict(table[:6].write_csv().encode(), headers=CSV),
            server.predict(b"\n" * 10_000, headers=CSV),
        ):
            assert (answer.status, answer.document["error"]["type"]) == (413, "too_large")
            assert "at most 5 " in answer.document["error"]["message"]


@pytest.mark.parametrize("given", [{"max_bytes": 0}, {"max_rows": -1}, {"timeout": 0.0}, {"concurrent": 0}])
def test_limits_of_nothing_are_told(given):
    (name,) = given
    with pytest.raises(ParameterError, match=rf"{name} must be a number above 0, such as .*, however: "):
        Limits(**given)


# -- places ------------------------------------------------------------------------------------------------


def test_beyond_its_places_the_server_says_when_to_come_again(new_server, models, rows, holding):
    with new_server(models["classes"], concurrent=3) as server, ThreadPoolExecutor(3) as clients:
        event, begun = holding(server)
        waiting = [clients.submit(server.predict, {"row": rows[0]}) for _ in range(3)]
        begun.acquire(timeout=5)
        end = time.monotonic() + 5
        while server.request().document["ready"] and time.monotonic() < end:
            time.sleep(0.01)
        answer = server.predict({"row": rows[0]})
        assert (answer.status, answer.document["error"]["type"]) == (503, "busy")
        assert answer.headers["retry-after"] == "1"
        event.set()
        assert [future.result().status for future in waiting] == [200] * 3
        assert server.predict({"row": rows[0]}).status == 200
        assert server.request().document["ready"]


def test_large_requests_have_places_of_their_own(new_server, models, rows, holding):
    large = {"rows": rows * 20}
    assert len(json.dumps(large)) > 65_536
    with new_server(models["classes"], concurrent=8) as server, ThreadPoolExecutor(1) as clients:
        event, begun = holding(server)
        waiting = clients.submit(server.predict, large)
        assert begun.acquire(timeout=5)
        assert server.predict(large).status == 503
        assert server.request().document["ready"]
        event.set()
        assert waiting.result().status == 200
        assert server.predict(large).status == 200


def test_an_answer_that_takes_too_long_is_not_waited_for(new_server, models, rows, holding):
    with new_server(models["classes"], timeout=0.4, concurrent=1) as server:
        event, _ = holding(server)
        began = time.monotonic()
        answer = server.predict({"row": rows[0]})
        assert time.monotonic() - began < 3
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert "takes too long" in answer.document["error"]["message"]
        assert server.predict({"row": rows[0]}).status == 503  # its thread still works for the one before
        event.set()
        end = time.monotonic() + 5
        while server.predict({"row": rows[0]}).status != 200:
            assert time.monotonic() < end
            time.sleep(0.01)


# -- slow clients ------------------------------------------------------------------------------------------


def test_slow_clients_block_nobody_and_are_let_go(new_server, models, rows):
    small, large = head(100), head(200_000)
    beginnings = [b"", b"P", small[:40], small, small + b"{", large, large + b"{"]
    with new_server(models["classes"], timeout=1.5, concurrent=8) as server:
        slow = [(server.connection(), beginning) for beginning in beginnings * 15]
        for connection, beginning in slow:
            connection.sendall(beginning)
        began = time.monotonic()
        for row in rows[:10]:
            assert server.predict({"row": row}).status == 200
        assert time.monotonic() - began < 1.5
        for connection, beginning in slow:
            answer = connection.recv(65_536)
            if len(beginning) < len(small):
                assert answer == b""
            else:
                assert answer.startswith((b"HTTP/1.1 408", b"HTTP/1.1 503"))
            connection.close()
        assert server.predict({"row": rows[0]}).status == 200


def test_a_client_that_takes_nothing_is_let_go(new_server, models, rows, monkeypatch):
    monkeypatch.setattr("chainrule.serving.server._IDLE", 0.3)
    body = json.dumps({"rows": rows * 300}).encode()
    with new_server(models["classes"], timeout=2) as server, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(head(len(body), "/predict?proba=true") + body)
        connection.setblocking(False)
        with pytest.raises(ConnectionError):
            wait_for_the_end(connection, seconds=8)


def wait_for_the_end(connection, seconds):
    """Send a byte from time to time, until the other side does not take it any more."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(BlockingIOError):
            connection.send(b"x")
        time.sleep(0.1)


def test_a_client_that_goes_leaves_nothing(new_server, models, rows):
    with new_server(models["classes"], concurrent=1) as server:
        for _ in range(5):
            with server.connection() as connection:
                connection.sendall(head(100) + b"{")
            with server.connection() as connection:
                connection.sendall(head(200_000) + b"{")
        time.sleep(0.2)
        assert server.predict({"row": rows[0]}).status == 200
        assert server.predict({"rows": rows * 20}).status == 200
