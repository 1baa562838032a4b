"""Who may talk to the playground's server: the page that it served itself, and nobody else.

Every page that a browser shows can send requests to this machine, and a name that it resolves anew can stand
for this machine. So each request must name this server as its host, and a WebSocket must come from this
server's own page and know the token, which is only in the address that was printed.
"""

import hmac

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chainrule.serving.headers import only_header

__all__ = ["SUBPROTOCOL", "Guard"]

SUBPROTOCOL = "chainrule"

_READING = ("GET", "HEAD")


class Guard:
    """An application that is reached only with the right host, method, origin and token.

    Parameters
    ----------
    app : ASGI application
        What is guarded, all of it.
    port : int
        Where the server listens.
    token : str
        What a WebSocket must offer as its second subprotocol.
    """

    def __init__(self, app: ASGIApp, port: int, token: str):
        self.app = app
        self._token = token.encode()
        self._hosts = [f"{name}:{port}".encode() for name in ("127.0.0.1", "localhost", "[::1]")]
        self._headers = _headers(port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it before anything else sees it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "websocket.accept":
                message["subprotocol"] = SUBPROTOCOL
            if message["type"].endswith((".start", ".accept")):
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self.app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        host = only_header(scope, b"host")
        if host not in self._hosts:
            return PlainTextResponse("This server answers to its own address only.\n", 400)
        if scope["type"] == "http":
            if scope["method"] in _READING:
                return None
            return PlainTextResponse("This server can only be read from.\n", 405, {"allow": "GET, HEAD"})
        if only_header(scope, b"origin") != b"http://" + host:
            return PlainTextResponse("Only the playground's own page may connect.\n", 403)
        if not self._knows_token(scope):
            return PlainTextResponse("The token is missing or wrong; use the address as printed.\n", 403)
        return None

    def _knows_token(self, scope: Scope) -> bool:
        offered = scope["subprotocols"]
        if len(offered) != 2 or offered[0] != SUBPROTOCOL:
            return False
        return hmac.compare_digest(offered[1].encode(errors="replace"), self._token)


def _headers(port: int) -> list[tuple[bytes, bytes]]:
    # Not every browser takes a WebSocket of the same host as 'self'.
    sockets = f"ws://127.0.0.1:{port} ws://localhost:{port}"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        f"connect-src 'self' {sockets}; font-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }
    return [(name.encode(), value.encode()) for name, value in headers.items()]
