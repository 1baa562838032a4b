"""Writing a file whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["atomic_file", "write_atomically"]


def write_atomically(path: str | Path, content: bytes) -> None:
    """Replace the file by `content` in one step; on failure the old file is untouched and nothing is left.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written, or the disk is full.
    """
    with atomic_file(path) as file:
        file.write(content)


@contextmanager
def atomic_file(path: str | Path) -> Iterator[IO[bytes]]:
    """A context that gives a file to write to, which takes the place of the old one when the context is left.

    What is written goes to a temporary file in the same folder, is forced to the disk, and takes the place
    of the old file by renaming, which the operating system does whole or not at all. A symbolic link is
    followed. An exception leaves the old file as it was.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written, or the disk is full.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
    try:
        # Opened with 0o666, so that the user's umask decides on the permissions as for any new file.
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself survive a power failure, where folders can be opened at all."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
