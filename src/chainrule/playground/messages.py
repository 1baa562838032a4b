"""Messages between page and engine: a JSON object and arrays in one frame of bytes, as web/README.md has it.

Whatever the bytes are, reading them ends in a message or a `MessageError`; nothing is allocated that the
bytes do not hold themselves. NumPy is imported where arrays are made and not before: a server passes frames
on without it.
"""

import json
import struct
from collections.abc import Mapping
from math import prod
from typing import IO, TYPE_CHECKING, Any, NoReturn

from chainrule.errors import MessageError

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "FROM_PAGE",
    "MOST_BYTES",
    "MOST_JSON",
    "frame_from_page",
    "pack",
    "read_message",
    "split",
    "unpack",
    "write_message",
]

MOST_JSON = 2**20
"""Bytes of a message from the page, files that it carries aside."""

MOST_BYTES = 64 * 2**20 + MOST_JSON + 16
"""Bytes of a frame from the page: a file of 64 MiB, the JSON and what pads both."""

FROM_PAGE = frozenset(
    "next set play pause reset step back go_to view edit draw table open_model ask".split()  # noqa: SIM905
)
"""Types that a page may send; `begin` is none of them, as it names files of this machine."""

_CARRYING_FILES = frozenset({"table", "open_model"})
_ITEM_BYTES = {"float32": 4, "float64": 8, "uint8": 1, "int32": 4}
_LENGTH = struct.Struct("<I")
_ALIGNMENT = 8
_MOST_DIMENSIONS = 8
_MOST_BYTES_IN_PIPE = 256 * 2**20


def pack(content: Mapping[str, Any], buffers: "Mapping[str, np.ndarray] | None" = None) -> bytes:
    """One frame with the content as JSON and the arrays behind it.

    Raises
    ------
    MessageError
        For numbers that are not finite, text that is no Unicode, arrays of a type that a page cannot read.
    """
    infos: list[dict[str, Any]] = []
    chunks: list[bytes] = []
    offset = 0
    for name, array in (buffers or {}).items():
        kind = array.dtype.name
        if kind not in _ITEM_BYTES:
            raise MessageError(
                f"buffer {name!r} has type {kind}; convert it to one of {', '.join(_ITEM_BYTES)}"
            )
        infos.append({"name": name, "dtype": kind, "shape": list(array.shape), "offset": offset})
        chunks.append(_padded(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()))
        offset += len(chunks[-1])
    text = _json({**content, "buffers": infos})
    return b"".join([_padded(_LENGTH.pack(len(text)) + text), *chunks])


def unpack(data: bytes) -> "tuple[dict[str, Any], dict[str, np.ndarray]]":
    """The content of a frame, and its arrays by name, which share the frame's memory.

    Raises
    ------
    MessageError
        If the bytes are not such a frame.
    """
    import numpy as np

    content, views = split(data)
    arrays = {}
    for info, view in zip(content["buffers"], views, strict=True):
        items = np.frombuffer(view, np.dtype(info["dtype"]).newbyteorder("<"))
        arrays[info["name"]] = items.reshape(info["shape"])
    return content, arrays


def split(data: bytes) -> tuple[dict[str, Any], list[memoryview]]:
    """The content of a frame, and the memory of each of its buffers.

    Raises
    ------
    MessageError
        If the bytes are not such a frame.
    """
    memory = memoryview(data)
    content = _content(memory[_LENGTH.size : _LENGTH.size + _json_length(data)])
    rest = memory[_aligned(_LENGTH.size + _json_length(data)) :]
    infos = content.setdefault("buffers", [])
    if not isinstance(infos, list):
        raise MessageError(f"the message's buffers are a {type(infos).__name__}, however must be a list")
    views: list[memoryview] = []
    names: set[str] = set()
    offset = 0
    for info in infos:
        name, n_bytes = _checked_buffer(info, offset, len(rest))
        if name in names:
            raise MessageError(f"the message has two buffers {name[:40]!r}")
        names.add(name)
        views.append(rest[offset : offset + n_bytes])
        offset = _aligned(offset + n_bytes)
    if offset != len(rest):
        raise MessageError(f"the message has {len(rest)} bytes of buffers, however lists {offset}")
    return content, views


def frame_from_page(message: str | bytes) -> bytes:
    """The frame for the engine of what a page has sent, as text or as a frame.

    Sizes are checked before anything is parsed.

    Raises
    ------
    MessageError
        If it is malformed, too large, or of a type that pages may not send.
    """
    if isinstance(message, str):
        data = message.encode(errors="surrogatepass")
        _check_size("a text message", len(data), MOST_JSON)
        content = _content(memoryview(data))
        _check_type(content)
        return pack(content)
    _check_size("a message", len(message), MOST_BYTES)
    _check_size("a message's JSON", _json_length(message), MOST_JSON)
    content, _ = split(message)
    _json(content)  # what cannot be written again could not be answered either
    if _check_type(content) not in _CARRYING_FILES:
        _check_size(f"a message {content['type']!r}", len(message), MOST_JSON)
    return message


def read_message(file: IO[bytes]) -> bytes | None:
    """The next frame of a pipe; None at its end.

    Raises
    ------
    MessageError
        If what comes is not a frame behind its length.
    """
    head = file.read(_LENGTH.size)
    if not head:
        return None
    if len(head) < _LENGTH.size:
        raise MessageError(f"the pipe ends after {len(head)} bytes of a message's length")
    (length,) = _LENGTH.unpack(head)
    _check_size("a message in a pipe", length, _MOST_BYTES_IN_PIPE)
    data = file.read(length)
    if len(data) < length:
        raise MessageError(f"the pipe ends after {len(data)} of {length} bytes of a message")
    return data


def write_message(file: IO[bytes], data: bytes) -> None:
    """Write a frame behind its length, and see that it leaves."""
    file.write(_LENGTH.pack(len(data)))
    file.write(data)
    file.flush()


def _json_length(data: bytes) -> int:
    if len(data) < _LENGTH.size:
        raise MessageError(f"the message has {len(data)} bytes, however needs at least {_LENGTH.size}")
    (length,) = _LENGTH.unpack_from(data)
    if _aligned(_LENGTH.size + length) > len(data):
        raise MessageError(f"the message has {len(data)} bytes, however its JSON alone should have {length}")
    return int(length)


def _content(text: memoryview) -> dict[str, Any]:
    try:
        content = json.loads(str(text, "utf-8"), parse_constant=_refuse_constant)
    except RecursionError:
        raise MessageError("the message is nested too deeply") from None
    except ValueError as error:
        raise MessageError(f"the message is not JSON in UTF-8: {error}") from None
    if not isinstance(content, dict):
        raise MessageError(f"the message is a {type(content).__name__}, however must be an object")
    return content


def _json(content: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise MessageError(
            f"the message {content.get('type')!r:.40} cannot be written as JSON: {error}"
        ) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that JSON has")


def _check_type(content: Mapping[str, Any]) -> str:
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in FROM_PAGE:
        raise MessageError(f"a page cannot send a message of type {str(kind)[:40]!r}")
    return kind


def _check_size(what: str, size: int, most: int) -> None:
    if size > most:
        raise MessageError(f"{what} has {size:,} bytes, and at most {most:,} are allowed")


def _checked_buffer(info: Any, offset: int, n_rest: int) -> tuple[str, int]:
    """(name, bytes) of a buffer that must begin at this offset."""
    if not isinstance(info, dict) or not isinstance(info.get("name"), str):
        raise MessageError("a buffer of the message has no name")
    name, kind, shape = info["name"], info.get("dtype"), info.get("shape")
    where = f"buffer {name[:40]!r}"
    if not isinstance(kind, str) or kind not in _ITEM_BYTES:
        raise MessageError(f"{where} has no type of {', '.join(_ITEM_BYTES)}")
    # A side is at most as long as the memory: so the product stays small, and NumPy can hold it.
    if not isinstance(shape, list) or len(shape) > _MOST_DIMENSIONS:
        raise MessageError(f"{where} has no shape of at most {_MOST_DIMENSIONS} sides")
    if not all(type(side) is int and 0 <= side <= n_rest for side in shape):
        raise MessageError(f"{where} has a shape that its bytes cannot have")
    n_bytes = prod(shape) * _ITEM_BYTES[kind]
    if type(info.get("offset")) is not int or info["offset"] != offset or offset + n_bytes > n_rest:
        raise MessageError(f"{where} does not lie where the message's list says")
    return name, n_bytes


def _aligned(n: int) -> int:
    return -(-n // _ALIGNMENT) * _ALIGNMENT


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT)
