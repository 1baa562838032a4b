"""A page without a browser: it sends messages to a session in this process, and keeps what it is told."""

import json

import numpy as np

from chainrule.playground.session import Session

__all__ = ["TABLE", "Page"]


class Page:
    """A page that keeps what it is told."""

    def __init__(self, **options):
        self.told = []
        self.session = Session(lambda content, buffers: self.told.append((content, buffers)), self.later)
        self.session.begin(**options)

    def later(self, work):
        self.told.append(work())

    def send(self, kind, data=None, **content):
        """Send a message, train what it asked for, and give what was answered last."""
        before = len(self.told)
        buffers = {} if data is None else {"bytes": np.frombuffer(data, np.uint8)}
        self.session.take({"type": kind, **content}, buffers)
        while self.session.goal is not None and self.session.is_busy:
            self.session.train(lambda: False)
        return self.told[-1][0] if len(self.told) > before else None

    def frame(self):
        self.session.send_frame()
        content, buffers = self.told[-1]
        assert content["type"] == "frame"
        json.dumps(content, allow_nan=False)
        return content | buffers


TABLE = b"size,color,price\n" + b"".join(
    b"%d,%s,%d.5\n" % (i, (b"red", b"blue")[i % 2], i * 2) for i in range(60)
)
