"""Encoded rows in a temporary file: what was read and encoded once is read again from there."""

import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.errors import TableError

__all__ = ["KeptRows"]

Array = Any

_ROWS_OF_A_BLOCK = 4096


class KeptRows:
    """Rows of float32 in a file without a name, which ends with the process at the latest.

    It lies where the system keeps temporary files (`TMPDIR`).

    Parameters
    ----------
    width : int
        Columns.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._file = tempfile.TemporaryFile(prefix="chainrule-", buffering=0)  # noqa: SIM115
        self.n_rows = 0

    def append(self, rows: Array) -> None:
        """Add rows at the end.

        Raises
        ------
        TableError
            If the disk is full.
        """
        content = np.ascontiguousarray(rows, np.float32).reshape(-1).view(np.uint8).data
        try:
            while content:
                content = content[self._file.write(content) :]
        except OSError as error:
            raise TableError(
                f"encoded rows cannot be kept in {tempfile.gettempdir()}: {error.strerror}; set TMPDIR to a "
                "folder with more room"
            ) from None
        self.n_rows += len(rows)

    def blocks(self, rng: np.random.Generator) -> Iterator[Array]:
        """All rows, in blocks from everywhere in the file in an order that `rng` decides."""
        bytes_per_row = 4 * self._width
        for start in (rng.permutation(-(-self.n_rows // _ROWS_OF_A_BLOCK)) * _ROWS_OF_A_BLOCK).tolist():
            n = min(_ROWS_OF_A_BLOCK, self.n_rows - start)
            self._file.seek(start * bytes_per_row)
            yield np.frombuffer(self._file.read(n * bytes_per_row), np.float32).reshape(n, self._width)

    def close(self) -> None:
        """Delete the file."""
        self._file.close()
