"""A real server on a free port, a worker that needs no engine, and ways to talk to it that no page has."""

import os
import socket
import sys
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from chainrule.playground.messages import split
from chainrule.playground.server import Connections, application, make_server

WORKER = """
import os, signal, sys, time
from chainrule.playground.messages import pack, read_message, split, write_message

def say(**content):
    write_message(sys.stdout.buffer, pack(content))

def answer(content):
    what = content.get("what")
    if what == "exit":
        sys.stderr.write("Traceback\\nMemoryError: too large\\n")
        sys.exit(3)
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "print":
        print("hello there, this is no message", flush=True)
    if what == "flood":
        while True:
            say(type="frame", text="x" * 100_000)
    if what == "sleep":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    say(type="answer", got=content, pid=os.getpid())

while (message := read_message(sys.stdin.buffer)) is not None:
    content, buffers = split(message)
    if content["type"] == "begin":
        say(type="hello", options=content, pid=os.getpid(), threads=os.environ["OMP_NUM_THREADS"])
    else:
        content["sizes"] = [len(buffer) for buffer in buffers]
        answer(content)
"""


@pytest.fixture(scope="session")
def worker_script(tmp_path_factory):
    script = tmp_path_factory.mktemp("worker") / "worker.py"
    script.write_text(WORKER)
    return script


@pytest.fixture(scope="module")
def echoing_worker(worker_script):
    """The worker says `hello` with its options, and repeats what it is sent."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chainrule.playground.process.COMMAND", [sys.executable, "-P", str(worker_script)])
        yield


@pytest.fixture(scope="module")
def page_folder(tmp_path_factory):
    """A page, and beside its folder what nobody may read."""
    outside = tmp_path_factory.mktemp("package")
    (outside / "secret.js").write_text("secret")
    folder = outside / "static"
    (folder / "assets").mkdir(parents=True)
    for name in (
        "index.html",
        "page.js",
        "playground.js",
        "playground.css",
        "assets/more.woff2",
        "notes.txt",
    ):
        (folder / name).write_text(f"this is {name}")
    return folder


class Server:
    """A running server: its port, its token, and connections to it."""

    def __init__(self, port, token, app, connections):
        self.port, self.token, self.app, self.connections = port, token, app, connections
        self.host = f"127.0.0.1:{port}"

    def request(self, method="GET", path="/", host=None, headers=(), body=b""):
        """Status, headers and content of an answer; path and headers go out as they are."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host or self.host}", "Connection: close", *headers]
        return self.raw("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def raw(self, data):
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(data)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, content = answer.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in rest)
        return SimpleNamespace(
            status=int(first.split()[1]) if first else None,
            headers={name.lower(): value for name, _, value in pairs},
            content=content,
        )

    def connect(self, path="/session", host=None, **changes):
        """A WebSocket as the page would open it, but for the changes."""
        options = {
            "origin": f"http://{host or self.host}",
            "subprotocols": ["chainrule", self.token],
            "compression": None,
            "proxy": None,
            "max_size": None,
            "sock": socket.create_connection(("127.0.0.1", self.port), timeout=5),
        }
        return connect(f"ws://{host or self.host}{path}", **(options | changes))


@contextmanager
def running_server(folder, token="correct-token", options=None):
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    connections = Connections(options or {"data": None, "target": None, "model": None})
    app = application(connections, port, token, folder)
    server = make_server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield Server(port, token, app, connections)
    finally:
        server.should_exit = True
        thread.join(5)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def server(echoing_worker, page_folder):
    """One server for the tests of a file, each of which leaves it as it was."""
    with running_server(page_folder) as server:
        yield server


@pytest.fixture
def new_server(echoing_worker, page_folder):
    """``new_server(folder=..., options=...)``: context managers of servers of one's own."""
    return lambda folder=page_folder, **options: running_server(folder, **options)


@pytest.fixture(scope="session")
def server_at():
    """``server_at(port, token)``: ways to talk to a server that runs elsewhere."""
    return lambda port, token: Server(port, token, None, None)


@pytest.fixture(scope="session")
def receive():
    """``receive(page)``: content of the next message."""
    return lambda page: split(page.recv(timeout=30))[0]


@pytest.fixture(scope="session")
def closing():
    """``closing(page)``: code and reason of the server's end; messages before it are skipped."""

    def close(page):
        try:
            while True:
                page.recv(timeout=10)
        except ConnectionClosed as closed:
            return closed.rcvd.code, closed.rcvd.reason

    return close


@pytest.fixture(scope="session")
def is_alive():
    """``is_alive(pid)``: whether there is such a process."""

    def look(pid):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    return look


@pytest.fixture(scope="session")
def wait_until():
    """``wait_until(condition)``: within five seconds, or the test fails."""

    def wait(condition, seconds=5):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.01)

    return wait
