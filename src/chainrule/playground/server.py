"""The playground's server: the page's files, and for each page that is open a worker of its own.

Nothing piles up: what a page sends is handed on before the next message is taken from its socket, and what a
worker sends has left before the next message is taken from its pipe. A page that floods waits for its worker,
and a worker whose page does not read waits for its page.
"""

import asyncio
import secrets
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyio import CancelScope, fail_after
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from chainrule.errors import MessageError, ParameterError
from chainrule.playground.guard import Guard
from chainrule.playground.messages import MOST_BYTES, frame_from_page
from chainrule.playground.page import CONTENT_TYPES, NOT_BUILT, STATIC, page_file, page_files
from chainrule.playground.process import WorkerProcess
from chainrule.serving.listener import bracketed, listener_at

if TYPE_CHECKING:
    import uvicorn

    from chainrule.table.limits import TableLimits

__all__ = ["MOST_PAGES", "Connections", "application", "make_server", "serve"]

MOST_PAGES = 8

_LOOPBACK = ("127.0.0.1", "::1")
_PATIENCE = 60.0
_MOST_REASON_BYTES = 123  # what a closing frame can hold

# Why a socket is closed, as numbers of RFC 6455.
_REFUSED, _FAILED, _BUSY = 1008, 1011, 1013


class Connection:
    """One worker and, as soon as it has come, the page that it works for."""

    def __init__(self, options: dict[str, Any]):
        self._page: Future[tuple[WebSocket, asyncio.AbstractEventLoop]] = Future()
        self._worker = WorkerProcess(self._pass_on, self._tell_end, options)

    async def run(self, page: WebSocket) -> None:
        """Hand on what the page sends, until one of both has gone; then nothing of the worker is left."""
        self._page.set_result((page, asyncio.get_running_loop()))
        try:
            await self._receive(page)
        except MessageError as error:
            await _close(page, _REFUSED, str(error))
        except TimeoutError:
            await _close(page, _FAILED, f"the engine has not listened for {_PATIENCE:.0f} seconds")
        finally:
            with CancelScope(shield=True):
                await run_sync(self.close)

    def close(self) -> None:
        """End the worker, whether a page has come or not."""
        self._page.cancel()
        self._worker.close()

    async def _receive(self, page: WebSocket) -> None:
        while (message := await page.receive())["type"] == "websocket.receive":
            text = message.get("text")
            frame = frame_from_page(message["bytes"] if text is None else text)
            with fail_after(_PATIENCE):
                await run_sync(self._worker.send, frame, abandon_on_cancel=True)

    def _pass_on(self, message: bytes) -> None:
        self._with_page(lambda page: page.send_bytes(message))

    def _tell_end(self, reason: str) -> None:
        self._with_page(lambda page: _close(page, _FAILED, reason))

    def _with_page(self, action: Callable[[WebSocket], Coroutine[Any, Any, None]]) -> None:
        """In the worker's thread: wait until there is a page, and until it has taken what is done."""
        try:
            page, loop = self._page.result()
            asyncio.run_coroutine_threadsafe(action(page), loop).result()
        except (CancelledError, WebSocketDisconnect, RuntimeError):
            pass  # The page has gone, which ends the connection where it is received from.


class Connections:
    """All that there are: the first is made before a page asks, so that it is alive at once."""

    def __init__(self, options: dict[str, Any]):
        self._options = options
        self._open: set[Connection] = set()
        self._waiting: Connection | None = Connection(options)

    async def open(self, page: WebSocket) -> None:
        """Serve a page with a worker of its own until it goes."""
        await page.accept()
        if len(self._open) >= MOST_PAGES:
            await _close(page, _BUSY, f"{MOST_PAGES} pages are open already; close one, then reload this one")
            return
        connection, self._waiting = self._waiting or Connection(self._options), None
        self._open.add(connection)
        try:
            await connection.run(page)
        except asyncio.CancelledError:
            pass  # the server ends and waits no longer; `close` ends the worker
        finally:
            self._open.discard(connection)

    def close(self) -> None:
        """End all workers: of the pages that are open, and the one that waits for its page."""
        for connection in (self._waiting, *self._open):
            if connection is not None:
                connection.close()


async def _close(page: WebSocket, code: int, reason: str) -> None:
    short = reason.encode()[:_MOST_REASON_BYTES].decode(errors="ignore")
    with suppress(RuntimeError, WebSocketDisconnect):  # the page, or the worker's end, may have been faster
        await page.close(code, short)


def application(connections: Connections, port: int, token: str, folder: Path = STATIC) -> Guard:
    """The files of the folder and the pages' connections, behind the guard."""

    def answer(request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        file = page_files(folder).get(name)
        if file is not None:
            return Response(file.read_bytes(), media_type=CONTENT_TYPES[file.suffix])
        if name == "index.html":
            return PlainTextResponse(NOT_BUILT + "\n", 503)
        return PlainTextResponse("There is no such file.\n", 404)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await run_sync(connections.close)

    routes = [
        WebSocketRoute("/session", connections.open),
        Route("/", answer),
        Route("/{name:path}", answer),
    ]
    return Guard(Starlette(routes=routes, lifespan=lifespan), port, token)


def make_server(app: Guard) -> "uvicorn.Server":
    """What answers requests: it logs nothing of them, and believes nothing that proxies say."""
    import uvicorn  # not before the worker has been started, as it takes a fifth of a second

    settings = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="wsproto",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws_max_size=MOST_BYTES,
        ws_per_message_deflate=False,
        # On one machine an end is seen without pings; and a page that sleeps would be cut off by them.
        ws_ping_interval=None,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(settings)


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    open_browser: bool = True,
    data: str | Path | None = None,
    target: str | None = None,
    model: str | Path | None = None,
    limits: "TableLimits | None" = None,
) -> None:
    """Serve the playground on this machine and print its address; returns after Ctrl-C.

    Parameters
    ----------
    host : {"127.0.0.1", "::1"}
        Address to listen on: this machine's own, as whoever reaches the page can make it work.
    port : int
        0 takes one that is free.
    open_browser : bool
        Whether to open the page in the browser.
    data : path, optional
        Table to begin with.
    target : str, optional
        Column of the table that is predicted; by default the last.
    model : path, optional
        Model file to begin with.
    limits : TableLimits, optional
        Of tables, those that the page opens too; default: those by which every table is read.

    Raises
    ------
    ChainruleError
        If the host is not this machine, the port is in use, or the page has not been built.
    """
    if host not in _LOOPBACK:
        raise ParameterError(
            f"the playground listens on this machine only: host must be one of {', '.join(_LOOPBACK)}, "
            f"however is {host!r}; from another machine reach it with: ssh -L PORT:127.0.0.1:PORT"
        )
    page_file("index.html")
    listener = listener_at(host, port)
    token = secrets.token_urlsafe(32)
    port = listener.getsockname()[1]
    address = f"http://{bracketed(host)}:{port}/#token={token}"
    paths = {
        name: path if path is None else str(path) for name, path in {"data": data, "model": model}.items()
    }
    connections = Connections({**paths, "target": target, "limits": limits and asdict(limits)})
    try:
        sys.stdout.write(f"Playground  {address}\nCtrl-C ends it\n")
        sys.stdout.flush()
        if open_browser:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        make_server(application(connections, port, token)).run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        connections.close()
        listener.close()
