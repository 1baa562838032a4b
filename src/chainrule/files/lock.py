"""A lock on a folder, which the operating system takes back from a process that dies."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["locked"]

_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """A context that holds the lock of a file; gives whether it was free.

    The file is made where it is missing, and stays: a lock file that is deleted can be locked twice.

    Raises
    ------
    OSError
        If the file cannot be made, or its file system has no locks.
    """
    with path.open("a+b") as file:
        try:
            _lock(file)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            yield False
            return
        try:
            yield True
        finally:
            _unlock(file)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _unlock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
