"""The container of a model file: safetensors, with the model's description in its metadata.

    8 bytes      length of the header, little-endian
    header       JSON: {"__metadata__": {"format": "chainrule-model", "version": "1", "model": "...",
                                         "sha256": digest of the header without it, and of the rest},
                        "0.W": {"dtype": "F32", "shape": [64, 30], "data_offsets": [0, 7680]}, ...}
    rest         the arrays, row after row, little-endian

Any safetensors reader opens it. It is written here, because the safetensors library writes the metadata in an
order that changes from run to run, and the same model must make the same bytes; and read here, because what
is not as it was written is refused before memory is taken for it.
"""

import hashlib
import json
import os
import stat
from math import isfinite, prod
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
_MOST_VALUES = 2 << 20
"""In the header: what takes two bytes in JSON can take 60 in memory."""

_MOST_LEVELS = 64
"""Of values in values: a network of networks stays far below, and Python far above."""

_MOST_DIMENSIONS = 8
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
        _check_depth(model)
    except (TypeError, ValueError, RecursionError) as error:
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
    n_values = sum(map(text.count, (b"[", b"{", b",")))
    if len(text) > _MOST_HEADER_BYTES or n_values > _MOST_VALUES:
        raise ModelFileError(
            f"{path} is not written: its header would have {len(text):,} bytes and {n_values:,} values, and "
            f"at most {_MOST_HEADER_BYTES:,} and {_MOST_VALUES:,} are read; train on fewer columns or levels"
        )
    try:
        write_atomically(path, len(text).to_bytes(8, "little") + text + arrays)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be written: {error.strerror}") from None


def read_container(path: Path) -> tuple[dict[str, Any], Tensors]:
    """Read description and arrays.

    Sizes are checked against the size of the file before anything is allocated. The arrays are views of the
    file's bytes, which cannot be written to: who keeps one copies it.

    Raises
    ------
    ModelFileError
        One sentence: not a model file, of another version, damaged, or not readable.
    """
    header, arrays = _read(path)
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict) or metadata.get("format") != _FORMAT:
        raise ModelFileError(f"{path} is a safetensors file of another program, not a chainrule model")
    _check_version(path, metadata.get("version"))
    if set(metadata) != {"format", "version", "model", "sha256"} or not isinstance(metadata["model"], str):
        raise ModelFileError(f"{path} is damaged: its metadata are {sorted(metadata)!r:.200}")
    written = metadata.pop("sha256")
    if written != _digest(header, arrays):
        raise ModelFileError(
            f"{path} is damaged: its content is not what its SHA-256 says; save the model, or copy the file, "
            "again"
        )
    model = _loads(path, metadata["model"])
    del header["__metadata__"]
    return model, _views(path, header, arrays)


def _read(path: Path) -> tuple[dict[str, Any], memoryview]:
    """Read the header, and the bytes behind it; nothing is believed before its size is known to fit."""
    if "\0" in str(path):
        raise ModelFileError(f"{str(path)!r} is no name of a file")
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
            file.seek(8)
            header = _loads(path, file.read(length))
            return header, memoryview(file.read(status.st_size - 8 - length))
    except FileNotFoundError:
        raise ModelFileError(f"{path} does not exist; check the spelling and the folder") from None
    except IsADirectoryError:
        raise ModelFileError(f"{path} is a directory; name a model file in it") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}") from None


def _digest(header: dict[str, Any], arrays: bytes | memoryview) -> str:
    """SHA-256 of all there is: the header without the digest, in its one spelling, then the arrays."""
    digest = hashlib.sha256(_dumps(header).encode())
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


def _views(path: Path, header: dict[str, Any], arrays: memoryview) -> Tensors:
    """The arrays, without a copy: one behind the other, as many bytes as their shapes say, none left over."""
    for name, entry in header.items():
        if not _is_entry(entry, len(arrays)):
            raise ModelFileError(f"{path} is damaged: the array {name!r:.80} is not described as it must be")
    behind = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        if begin != behind:
            raise ModelFileError(f"{path} is damaged: the array {name!r:.80} does not begin where it must")
        behind = end
    if behind != len(arrays):
        raise ModelFileError(
            f"{path} is damaged: it has {len(arrays):,} bytes of arrays, and needs {behind:,}"
        )
    return {
        name: np.frombuffer(arrays[slice(*entry["data_offsets"])], _DTYPES[entry["dtype"]]).reshape(
            entry["shape"]
        )
        for name, entry in header.items()
    }


def _is_entry(entry: Any, n_bytes: int) -> bool:
    """Whether it describes an array within so many bytes; every number is bounded before it is used."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        return False
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    lists = isinstance(shape, list) and isinstance(offsets, list) and len(offsets) == 2
    if not lists or len(shape) > _MOST_DIMENSIONS or not isinstance(dtype, str) or dtype not in _DTYPES:
        return False
    if not all(type(n) is int and 0 <= n <= n_bytes for n in (*offsets, *shape)):
        return False
    return bool(offsets[1] - offsets[0] == prod(shape) * _DTYPES[dtype].itemsize)


def _dumps(value: Any) -> str:
    return json.dumps(value, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _loads(path: Path, content: bytes | str) -> dict[str, Any]:
    """The mapping that a text of JSON says, none larger or deeper than one that is written."""
    try:
        text = content if isinstance(content, str) else str(content, "ascii")
        if not text.isascii():
            raise ValueError("its description is not written in ASCII")
        if sum(map(text.count, "[{,")) > _MOST_VALUES:
            raise ValueError(f"its header holds more than {_MOST_VALUES:,} values")
        value = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_refuse, parse_float=_finite
        )
        _check_depth(value)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path} is not a chainrule model, or damaged: {error!s:.200}") from None
    if not isinstance(value, dict):
        raise ModelFileError(f"{path} is damaged: its header is no mapping")
    return value


def _check_depth(value: Any) -> None:
    """Refuse values in values in values ...: what is written goes through them by recursion."""
    inner = [value]
    for _ in range(_MOST_LEVELS):
        inner = [
            item
            for outer in inner
            if isinstance(outer, dict | list | tuple)
            for item in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not inner:
            return
    raise ValueError(f"its description has more than {_MOST_LEVELS} levels")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key occurs twice")
    return mapping


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text:.80} is larger than any number")
    return number
