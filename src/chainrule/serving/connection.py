"""Connections that end if nothing comes, or if nobody takes what goes out; uvicorn alone lets them wait."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["patient"]


def patient(seconds: float) -> type[H11Protocol]:
    """HTTP over connections of which none is waited for longer than so many seconds."""

    class PatientProtocol(H11Protocol):
        _patience: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            self._stop()

        def timeout_keep_alive_handler(self) -> None:
            super().timeout_keep_alive_handler()
            self.loop.call_later(seconds, self.transport.abort)

        def _watch(self) -> None:
            """Give the head of a request its time, from its first byte to its last."""
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop()
            elif self._patience is None:
                self._patience = self.loop.call_later(seconds, self.transport.abort)

        def _stop(self) -> None:
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None

    return PatientProtocol
