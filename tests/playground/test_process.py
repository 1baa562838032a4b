"""The worker's process: it is talked to, it ends well, and nothing is left of it however it ends."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time

import pytest

from chainrule.playground.messages import pack, split
from chainrule.playground.process import WorkerProcess

pytestmark = pytest.mark.usefixtures("echoing_worker")


@pytest.fixture
def start():
    """``start(**options)``: a worker with its messages and its end in queues; closed after the test."""
    workers = []

    def start(on_message=None, **options):
        messages, ends = queue.Queue(), queue.Queue()
        take = on_message or (lambda data: messages.put(split(data)[0]))
        worker = WorkerProcess(take, ends.put, options)
        workers.append(worker)
        worker.messages, worker.ends = messages, ends
        return worker

    yield start
    for worker in workers:
        worker.close()


def ask(worker, what):
    worker.send(pack({"type": "ask", "what": what}))


def test_the_first_message_says_what_to_begin_with(start):
    hello = start(data="a.csv", target="y", model=None).messages.get(timeout=5)
    assert hello["options"] == {"type": "begin", "data": "a.csv", "target": "y", "model": None, "buffers": []}
    assert hello["threads"] == "1"
    assert hello["pid"] != os.getpid()


def test_messages_come_back_in_order(start, is_alive):
    worker = start()
    pid = worker.messages.get(timeout=5)["pid"]
    for i in range(200):
        worker.send(pack({"type": "step", "n": i}))
    assert [worker.messages.get(timeout=5)["got"]["n"] for _ in range(200)] == list(range(200))
    assert is_alive(pid)


def test_closed_it_is_gone_and_nobody_is_told(start, is_alive):
    worker = start()
    pid = worker.messages.get(timeout=5)["pid"]
    began = time.monotonic()
    worker.close()
    assert time.monotonic() - began < 0.4
    assert not is_alive(pid)
    worker.close()
    worker.send(pack({"type": "next"}))
    assert worker.ends.empty()
    assert not worker._reading.is_alive()
    assert not worker._logging.is_alive()


def test_one_that_does_not_listen_is_killed(start, is_alive):
    worker = start()
    pid = worker.messages.get(timeout=5)["pid"]
    ask(worker, "sleep")  # and it does not mind being terminated
    blocked = threading.Thread(target=worker.send, args=(pack({"type": "x", "text": "x" * 1_000_000}),))
    blocked.start()
    time.sleep(0.1)
    worker.close()
    blocked.join(1)
    assert not blocked.is_alive()
    assert not is_alive(pid)
    assert worker.ends.empty()


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("exit", "the engine ended with exit code 3 (MemoryError: too large)"),
        ("kill", "the engine was ended by SIGKILL"),
        ("print", "the engine was ended by SIGKILL"),
    ],
)
def test_its_end_is_told_once_in_words(start, what, says, caplog, is_alive):
    worker = start()
    pid = worker.messages.get(timeout=5)["pid"]
    ask(worker, what)
    assert worker.ends.get(timeout=5) == says
    assert not is_alive(pid)
    worker.send(pack({"type": "next"}))
    worker.close()
    assert worker.ends.empty()
    if what == "exit":
        assert "worker: MemoryError: too large" in caplog.messages
    if what == "print":
        assert "the engine wrote what is not a message" in caplog.text


def test_a_worker_that_cannot_start_is_told(start, monkeypatch):
    monkeypatch.setattr(
        "chainrule.playground.process.COMMAND", [sys.executable, "-c", "import no_such_module"]
    )
    worker = start()
    says = "the engine ended with exit code 1 (ModuleNotFoundError: No module named 'no_such_module')"
    assert worker.ends.get(timeout=5) == says


def test_a_worker_waits_for_who_takes_its_messages(start):
    taken = []
    go_on = threading.Event()

    def take(data):
        taken.append(len(data))
        if len(taken) == 2:
            go_on.wait(5)

    worker = start(on_message=take)
    ask(worker, "flood")
    time.sleep(0.5)
    assert len(taken) == 2  # a fast reader would have thousands
    go_on.set()


def test_ctrl_c_in_the_terminal_is_not_for_the_worker(start):
    worker = start()
    pid = worker.messages.get(timeout=5)["pid"]
    assert os.getpgid(pid) != os.getpgid(0)


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGHUP])
def test_a_worker_does_not_outlive_its_parent(worker_script, wait_until, sign, is_alive):
    code = f"""
import sys, threading
from chainrule.playground import process
from chainrule.playground.messages import split
process.COMMAND = [sys.executable, "-P", {str(worker_script)!r}]
other = process.WorkerProcess(lambda data: None, print, {{}})
process.WorkerProcess(lambda data: print(split(data)[0]["pid"], flush=True), print, {{}})
threading.Event().wait()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        parent.send_signal(sign)
    wait_until(lambda: not is_alive(pid))


def test_the_server_side_needs_nothing_heavy(run_python):
    heavy = {"jax", "numpy", "scipy", "sklearn", "polars", "narwhals", "pandas", "anywidget"}
    code = f"import chainrule.playground.server, sys\nprint(*sorted({heavy!r} & set(sys.modules)))"
    assert run_python(code) == ""
