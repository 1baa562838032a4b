"""Writing a file whole or not at all."""

import os
import secrets
from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path: str | Path, content: bytes) -> None:
    """Replace the file by `content` in one step; on failure the old file is untouched and nothing is left.

    The content goes to a temporary file in the same folder, is forced to the disk, and takes the place of the
    old file by renaming, which the operating system does whole or not at all. A symbolic link is followed.

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
            file.write(content)
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
