"""Frames: what is packed comes out again, and no bytes whatever do worse than a `MessageError`."""

import io
import json
import struct
import tracemalloc
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import MessageError
from chainrule.playground.messages import (
    FROM_PAGE,
    MOST_BYTES,
    MOST_JSON,
    frame_from_page,
    pack,
    read_message,
    split,
    unpack,
    write_message,
)

ARRAYS = {
    "theta": np.linspace(-1, 1, 7),
    "points": np.arange(6, dtype=np.float32).reshape(3, 2),
    "is_test": np.array([1, 0, 1], dtype=np.uint8),
    "rows": np.array([-5, 2**31 - 1], dtype=np.int32),
    "nothing": np.zeros((0, 4), dtype=np.float32),
    "number": np.array(2.5),
}


def frame(content, rest=b""):
    """A frame as a stranger might write it."""
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    head = struct.pack("<I", len(text)) + text
    return head + bytes(-len(head) % 8) + rest


def info(**changes):
    return {"name": "bytes", "dtype": "uint8", "shape": [8], "offset": 0} | changes


def test_what_is_packed_comes_out_again():
    content, arrays = unpack(pack({"type": "state", "title": "Größe ∂ \0"}, ARRAYS))
    assert content["type"] == "state"
    assert content["title"] == "Größe ∂ \0"
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_the_frame_is_the_one_that_the_page_reads():
    data = pack({"type": "x"}, {"a": np.array([1, 2, 3], np.uint8), "b": np.array([1.5], np.float32)})
    (length,) = struct.unpack_from("<I", data)
    content = json.loads(data[4 : 4 + length])
    assert content["buffers"] == [
        {"name": "a", "dtype": "uint8", "shape": [3], "offset": 0},
        {"name": "b", "dtype": "float32", "shape": [1], "offset": 8},
    ]
    first = -(-(4 + length) // 8) * 8
    assert data[4 + length : first] == bytes(first - 4 - length)
    assert data[first:] == b"\1\2\3" + bytes(5) + struct.pack("<f", 1.5) + bytes(4)


def test_arrays_in_another_order_of_bytes_or_axes_are_written_right():
    arrays = {"a": np.arange(6, dtype=">f8").reshape(2, 3).T, "b": np.arange(10, dtype=np.int32)[::-3]}
    _, found = unpack(pack({"type": "x"}, arrays))
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_arrays_share_the_memory_of_the_frame():
    data = pack({"type": "x"}, {"a": np.zeros(1_000_000)})
    tracemalloc.start()
    unpack(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


@pytest.mark.parametrize(
    ("content", "buffers", "says"),
    [
        ({"type": "x", "loss": float("nan")}, {}, "'x' cannot be written as JSON"),
        ({"type": "x", "name": "\ud800"}, {}, "'x' cannot be written as JSON"),
        (
            {"type": "x"},
            {"a": np.zeros(2, np.int64)},
            "buffer 'a' has type int64; convert it to one of float32",
        ),
    ],
)
def test_what_a_page_could_not_read_is_not_packed(content, buffers, says):
    with pytest.raises(MessageError, match=says):
        pack(content, buffers)


HOSTILE = {
    "nothing": b"",
    "half a length": b"\1\0\0",
    "a length only": b"\xff\xff\xff\xff",
    "JSON longer than the frame": struct.pack("<I", 100) + b"{}" + bytes(10),
    "no padding": struct.pack("<I", 2) + b"{}",
    "not JSON": frame(b"{'type'"),
    "not UTF-8": frame(b'{"type":"\xff"}'),
    "another encoding": frame('{"type":"next"}'.encode("utf-16")),
    "a list": frame([1]),
    "NaN": frame(b'{"type":"set","x":NaN}'),
    "an endless number": frame(b'{"type":"set","x":' + b"9" * 10_000 + b"}"),
    "nested without end": frame(b"[" * 500_000),
    "nested objects": frame(b'{"a":' * 100_000),
    "buffers without a list": frame({"type": "table", "buffers": {"0": info()}}, bytes(8)),
    "a buffer that is a number": frame({"type": "table", "buffers": [3]}, bytes(8)),
    "a buffer without name": frame({"type": "table", "buffers": [info(name=None)]}, bytes(8)),
    "two of one name": frame({"type": "table", "buffers": [info(), info(offset=8)]}, bytes(16)),
    "an unknown type": frame({"type": "table", "buffers": [info(dtype="O")]}, bytes(8)),
    "a type that is a list": frame({"type": "table", "buffers": [info(dtype=["u1"])]}, bytes(8)),
    "no shape": frame({"type": "table", "buffers": [info(shape=8)]}, bytes(8)),
    "a shape of text": frame({"type": "table", "buffers": [info(shape=["8"])]}, bytes(8)),
    "a shape of truth": frame({"type": "table", "buffers": [info(shape=[True])]}, bytes(8)),
    "a negative side": frame({"type": "table", "buffers": [info(shape=[-1, -8])]}, bytes(8)),
    "a huge shape": frame({"type": "table", "buffers": [info(shape=[2**62])]}, bytes(8)),
    "a huge product": frame({"type": "table", "buffers": [info(shape=[8] * 8)]}, bytes(8)),
    "a huge empty shape": frame({"type": "table", "buffers": [info(shape=[0, 10**30])]}, b""),
    "many sides": frame({"type": "table", "buffers": [info(shape=[1] * 100_000)]}, bytes(8)),
    "an offset behind the end": frame({"type": "table", "buffers": [info(offset=8)]}, bytes(8)),
    "a negative offset": frame({"type": "table", "buffers": [info(offset=-8)]}, bytes(8)),
    "an offset that is a fraction": frame({"type": "table", "buffers": [info(offset=0.0)]}, bytes(8)),
    "overlapping": frame({"type": "table", "buffers": [info(), info(name="b")]}, bytes(8)),
    "bytes left over": frame({"type": "table", "buffers": [info()]}, bytes(16)),
    "bytes that nobody lists": frame({"type": "next"}, bytes(8)),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_malformed_frames_are_refused_without_allocating(data):
    tracemalloc.start()
    for read in (unpack, frame_from_page):
        with pytest.raises(MessageError):
            read(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_an_error(data):
    with suppress(MessageError):
        split(data)


@given(st.data())
def test_a_frame_with_a_changed_byte_is_a_message_or_an_error(data):
    good = bytearray(pack({"type": "table", "name": "a.csv"}, ARRAYS))
    good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        _, arrays = unpack(bytes(good))
    except MessageError:
        return
    assert sum(array.nbytes for array in arrays.values()) <= len(good)


def test_every_prefix_of_a_frame_is_an_error():
    good = pack({"type": "table"}, {"a": np.arange(3, dtype=np.uint8)})
    for n in range(len(good)):
        with pytest.raises(MessageError):
            split(good[:n])


@pytest.mark.parametrize("kind", sorted(FROM_PAGE))
def test_text_and_frames_of_the_page_reach_the_engine_as_frames(kind):
    content, _ = split(frame_from_page(json.dumps({"type": kind, "x": 1})))
    assert content == {"type": kind, "x": 1, "buffers": []}
    data = pack({"type": kind}, {"bytes": np.zeros(3, np.uint8)})
    assert frame_from_page(data) == data


@pytest.mark.parametrize(
    "content", [{"type": "begin"}, {"type": "hello"}, {"type": ["next"]}, {}, {"type": None}]
)
def test_other_types_are_refused_whichever_way_they_come(content):
    for message in (json.dumps(content), frame(content)):
        with pytest.raises(MessageError, match="a page cannot send a message of type"):
            frame_from_page(message)


def test_the_type_that_is_checked_is_the_one_that_the_engine_sees():
    twice = b'{"type": "begin", "data": "/etc/passwd", "type": "next"}'
    for message in (twice.decode(), frame(twice)):
        assert split(frame_from_page(message))[0]["type"] == "next"
    with pytest.raises(MessageError):
        frame_from_page('{"type": "next", "type": "begin"}')


def test_a_text_cannot_list_buffers_that_it_does_not_have():
    content, views = split(frame_from_page(json.dumps({"type": "table", "buffers": [info()]})))
    assert content["buffers"] == []
    assert views == []


def test_text_that_is_no_unicode_is_refused():
    with pytest.raises(MessageError):
        frame_from_page('{"type": "next", "x": "\\ud800"}')


@pytest.mark.parametrize(
    "message",
    [
        '{"type": "next", "x": "' + "x" * MOST_JSON + '"}',
        "ä" * (MOST_JSON // 2 + 1),
        frame({"type": "next", "x": "x" * MOST_JSON}),
        frame({"type": "table", "x": "x" * MOST_JSON}),
        pack({"type": "set"}, {"bytes": np.zeros(MOST_JSON, np.uint8)}),
        bytes(MOST_BYTES + 1),
    ],
    ids=["text", "bytes of text", "json", "json beside a file", "bytes", "all"],
)
def test_what_is_too_large_is_refused_with_both_sizes(message):
    with pytest.raises(MessageError, match=r"has [\d,]+ bytes, and at most [\d,]+ are allowed"):
        frame_from_page(message)


def test_size_is_checked_before_anything_is_parsed(monkeypatch):
    monkeypatch.setattr(
        "chainrule.playground.messages.json.loads", lambda *_, **__: pytest.fail("it is parsed")
    )
    for message in ("[" * (MOST_JSON + 1), frame(b"[" * (MOST_JSON + 1)), bytes(MOST_BYTES + 1)):
        with pytest.raises(MessageError, match="at most"):
            frame_from_page(message)


@pytest.mark.parametrize("kind", ["table", "open_model"])
def test_a_file_of_64_mebibytes_fits(kind):
    data = pack({"type": kind, "name": "n" * 1000}, {"bytes": np.zeros(64 * 2**20, np.uint8)})
    assert frame_from_page(data) is data


def test_a_pipe_gives_its_messages_one_by_one_and_ends():
    pipe = io.BytesIO()
    messages = [pack({"type": "next"}), b"", pack({"type": "x"}, ARRAYS)]
    for message in messages:
        write_message(pipe, message)
    pipe.seek(0)
    assert [read_message(pipe) for _ in range(4)] == [*messages, None]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\1\0", "ends after 2 bytes of a message's length"),
        (b"\5\0\0\0abc", "ends after 3 of 5 bytes"),
        (b"Hello, world", "has 1,819,043,144 bytes, and at most"),
    ],
)
def test_a_pipe_with_something_else_is_told(data, says):
    with pytest.raises(MessageError, match=says):
        read_message(io.BytesIO(data))
