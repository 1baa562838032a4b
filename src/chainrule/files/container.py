"""The container of a model file: safetensors, with the model's description in its metadata.

    8 bytes      length of the header, little-endian
    header       JSON: {"__metadata__": {"format": "chainrule-model", "version": "1", "model": "...",
                                         "sha256": digest of the header without it, and of the rest},
                        "0.W": {"dtype": "F32", "shape": [64, 30], "data_offsets": [0, 7680]}, ...}
    rest         the arrays, row after row, little-endian

Any safetensors reader opens it. It is written here, because the safetensors library writes the metadata in an
order that changes from run to run, and the same model must make the same bytes.
"""

import hashlib
import json
import os
import stat
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.files.atomic import write_atomically

__all__ = ["VERSION", "read_container", "write_container"]

VERSION = 1
"""Of the format; a reader refuses every other."""

_FORMAT = "chainrule-model"
_MOST_HEADER_BYTES = 32 << 20
_MOST_FILE_BYTES = 4 << 30
_DTYPES: dict[str, Any] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}

Tensors = dict[str, np.ndarray]


def write_container(path: Path, model: dict[str, Any], tensors: Tensors) -> None:
    """Write description and arrays, whole or not at all; the same content makes the same bytes.

    Raises
    ------
    ModelFileError
        If the operating system refuses, or the description is larger than a reader accepts.
    """
    names = {dtype: name for name, dtype in _DTYPES.items()}
    try:
        text_of_model = _dumps(model)
    except (TypeError, ValueError) as error:
        raise ModelFileError(
            f"{path} is not written: the model holds more than plain data ({error})"
        ) from None
    metadata: dict[str, Any] = {"format": _FORMAT, "version": str(VERSION), "model": text_of_model}
    header: dict[str, Any] = {"__metadata__": metadata}
    parts: list[bytes] = []
    start = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0])):
        little = tensor.astype(tensor.dtype.newbyteorder("<"))
        parts.append(little.tobytes())
        end = start + len(parts[-1])
        header[name] = {
            "dtype": names[little.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
        start = end
    arrays = b"".join(parts)
    metadata["sha256"] = _digest(header, arrays)
    text = _dumps(header).encode()
    text += b" " * (-len(text) % 8)  # so that the arrays begin at a multiple of 8
    if len(text) > _MOST_HEADER_BYTES:
        raise ModelFileError(
            f"{path} is not written: its header would have {len(text):,} bytes, and at most "
            f"{_MOST_HEADER_BYTES:,} are read; train on fewer columns or levels"
        )
    try:
        write_atomically(path, len(text).to_bytes(8, "little") + text + arrays)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be written: {error.strerror}") from None


def read_container(path: Path) -> tuple[dict[str, Any], Tensors]:
    """Read description and arrays.

    Sizes are checked against the size of the file before anything is allocated; the whole takes at most three
    times the file's size in memory.

    Raises
    ------
    ModelFileError
        One sentence: not a model file, of another version, damaged, or not readable.
    """
    from safetensors import SafetensorError, deserialize

    content, header = _read(path)
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict) or metadata.get("format") != _FORMAT:
        raise ModelFileError(f"{path} is a safetensors file of another program, not a chainrule model")
    _check_version(path, metadata.get("version"))
    if set(metadata) != {"format", "version", "model", "sha256"} or not isinstance(metadata["model"], str):
        raise ModelFileError(f"{path} is damaged: its metadata are {sorted(metadata)!r:.200}")
    written = metadata.pop("sha256")
    if written != _digest(header, memoryview(content)[8 + int.from_bytes(content[:8], "little") :]):
        raise ModelFileError(
            f"{path} is damaged: its content is not what its SHA-256 says; save the model, or copy the file, "
            "again"
        )
    _check_entries(path, {name: entry for name, entry in header.items() if name != "__metadata__"})
    model = _loads(path, metadata["model"])
    try:
        found: dict[str, Any] = dict(deserialize(content))  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise ModelFileError(f"{path} is damaged: {error}") from None
    return model, {
        name: np.frombuffer(entry["data"], _DTYPES[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in found.items()
    }


def _read(path: Path) -> tuple[bytes, dict[str, Any]]:
    """Read the file and its parsed header; nothing of it is believed before its size is known to fit."""
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ModelFileError(f"{path} is not a regular file; name a model file")
            if status.st_size == 0:
                raise ModelFileError(f"{path} is empty (0 bytes); save the model again")
            if status.st_size > _MOST_FILE_BYTES:
                raise ModelFileError(
                    f"{path} has {status.st_size:,} bytes, and a model file has at most {_MOST_FILE_BYTES:,}"
                )
            beginning = file.read(9)
            length = int.from_bytes(beginning[:8], "little")
            if beginning[8:] != b"{" or length > min(status.st_size - 8, _MOST_HEADER_BYTES):
                raise ModelFileError(
                    f"{path} is not a chainrule model{_guess(beginning)}, or its end is missing; make one "
                    "with chainrule train or chainrule.save"
                )
            content = beginning + file.read(status.st_size - len(beginning))
    except FileNotFoundError:
        raise ModelFileError(f"{path} does not exist; check the spelling and the folder") from None
    except IsADirectoryError:
        raise ModelFileError(f"{path} is a directory; name a model file in it") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}") from None
    return content, _loads(path, content[8 : 8 + length])


def _digest(header: dict[str, Any], arrays: bytes | memoryview) -> str:
    """SHA-256 of all there is: the header without the digest, in its one spelling, then the arrays."""
    digest = hashlib.sha256(_dumps(header).encode("utf-8", "surrogatepass"))
    digest.update(arrays)
    return digest.hexdigest()


def _open_without_waiting(path: str, flags: int) -> int:
    """Open a file; a named pipe that nobody writes to must not block."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _guess(beginning: bytes) -> str:
    if beginning.startswith(b"\x80"):
        return " but looks like a pickle, which is never opened because it can run code"
    if beginning.startswith(b"PK"):
        return " but looks like a zip archive; unpack it first"
    if beginning.startswith(b"\x1f\x8b"):
        return " but looks like a gzip archive; unpack it first"
    if beginning.startswith(b"PAR1"):
        return " but looks like a Parquet table"
    if all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in beginning):
        return " but looks like text"
    return ""


def _check_version(path: Path, version: Any) -> None:
    if version != str(VERSION):
        from chainrule import __version__

        raise ModelFileError(
            f"{path} has the format version {version!r:.20}, however chainrule {__version__} reads version "
            f"{VERSION}; use the chainrule that wrote it, or a newer one"
        )


def _check_entries(path: Path, header: dict[str, Any]) -> None:
    """Every array's bytes must be as many as its shape says; what is left, the library checks."""
    for name, entry in header.items():
        try:
            begin, end = entry["data_offsets"]
            fits = end - begin == prod(entry["shape"]) * _DTYPES[entry["dtype"]].itemsize
            plain = all(type(n) is int and n >= 0 for n in (begin, end, *entry["shape"]))
        except (KeyError, TypeError, ValueError):
            fits = plain = False
        if not (fits and plain) or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise ModelFileError(f"{path} is damaged: the array {name!r:.80} is not described as it must be")


def _dumps(value: Any) -> str:
    return json.dumps(value, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _loads(path: Path, text: bytes | str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path} is not a chainrule model, or damaged: {error!s:.200}") from None
    if not isinstance(value, dict):
        raise ModelFileError(f"{path} is damaged: its header is no mapping")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key occurs twice")
    return mapping


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")
