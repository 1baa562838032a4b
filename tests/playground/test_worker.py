"""The worker: it trains between messages, and lets the doctor look."""

import io
import os
import threading

from chainrule.playground.messages import pack, read_message, unpack, write_message
from chainrule.playground.worker import Worker


def test_the_worker_trains_between_messages(tmp_path):
    """The loop of the process, on pipes within this one."""
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
