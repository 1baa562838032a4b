"""The playground in a notebook."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import anywidget
import narwhals as nw
import numpy as np

from chainrule.playground.messages import frame_from_page, pack, split
from chainrule.playground.page import page_file
from chainrule.playground.process import WorkerProcess
from chainrule.table.limits import TableLimits

__all__ = ["Playground"]

_GREETING = ("hello", "state", "frame")


class Playground(anywidget.AnyWidget):
    """A network that trains before your eyes, in the output of a cell; `close()` ends it.

    Parameters
    ----------
    data : path or data frame, optional
        Table to begin with: a file, or any frame that narwhals knows, such as one of pandas or polars.
    target : str, optional
        Column of the table that is predicted; by default the last.
    model : path, optional
        Model file to begin with.
    limits : TableLimits, optional
        Of tables, those that are opened later too; default: those by which every table is read.

    Raises
    ------
    TypeError
        If the data is neither a path nor a data frame.
    """

    _esm = page_file("playground.js")
    _css = page_file("playground.css")

    def __init__(
        self,
        data: Any = None,
        target: str | None = None,
        model: str | Path | None = None,
        *,
        limits: TableLimits | None = None,
    ):
        super().__init__()
        path = str(data) if isinstance(data, str | Path) else None
        table = None if data is None or path else _table_message(data, target)
        options = {
            "data": path,
            "target": path and target,
            "model": None if model is None else str(model),
            "limits": limits and asdict(limits),
        }
        self._greeting: dict[str, bytes] = {}
        self._worker: WorkerProcess | None = WorkerProcess(self._to_page, self._tell_end, options)
        if table:
            self._worker.send(table)
        self.on_msg(self._from_page)

    def close(self) -> None:
        """End the worker, and take the widget out of the notebook."""
        worker, self._worker = getattr(self, "_worker", None), None
        if worker is not None:
            worker.close()
        super().close()

    def _to_page(self, message: bytes) -> None:
        content, buffers = split(message)
        if content["type"] in _GREETING:
            self._greeting[content["type"]] = message
        self.send(content, buffers)

    def _tell_end(self, reason: str) -> None:
        self.send({"type": "refused", "message": f"{reason}; run the cell again"})

    def _from_page(self, _: Any, content: dict[str, Any], buffers: list[memoryview]) -> None:
        # What was sent before a view was shown, or shown again, has not reached it.
        if content.get("type") == "hello":
            for message in list(self._greeting.values()):
                self.send(*split(message))
        elif self._worker is not None:
            files = {"bytes": np.frombuffer(buffers[0], np.uint8)} if buffers else {}
            self._worker.send(frame_from_page(pack(content, files)))


def _table_message(frame: Any, target: str | None) -> bytes:
    text = nw.from_native(frame, eager_only=True).write_csv()
    chosen = {} if target is None else {"target": target}
    content = {"type": "table", "name": "table.csv", **chosen}
    return frame_from_page(pack(content, {"bytes": np.frombuffer(text.encode(), np.uint8)}))
