"""Who may ask the server: those who call it by its name, and know the token where there is one.

A page in a browser can send requests to this machine, and a name that it resolves anew can stand for this
machine: therefore the name counts. There is no header that lets other pages read the answers (CORS).
"""

import hmac
import re
import sys
import traceback

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chainrule.serving.headers import only_header
from chainrule.serving.request_error import LATER, RequestError

__all__ = ["Guard"]

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:[0-9]{1,5})?")
_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]


class Guard:
    """An application that is reached only with the right host and token, and fails without a trace.

    Parameters
    ----------
    app : ASGI application
    hosts : set of str
        Names by which the server may be called, in lower case, whatever the port.
    token : str or None
        What must be in the header Authorization, behind "Bearer".
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], token: str | None):
        self.app = app
        self._hosts = hosts
        self._token = None if token is None else f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and with one sentence where it is refused or something fails."""
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        try:
            self._check(scope)
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            if not begun:
                await _refusal_for(error).response()(scope, receive, send_with_headers)

    def _check(self, scope: Scope) -> None:
        host = _HOST.fullmatch((only_header(scope, b"host") or b"").decode("latin-1").lower())
        if host is None or host["name"] not in self._hosts:
            raise RequestError(400, "the server answers to its own name only; see --name", "header.host")
        if self._token is not None and not hmac.compare_digest(
            only_header(scope, b"authorization") or b"", self._token
        ):
            message = "the token is missing or wrong; send it as Authorization: Bearer TOKEN"
            raise RequestError(401, message, "header.authorization", {"www-authenticate": "Bearer"})


def _refusal_for(error: Exception) -> RequestError:
    if isinstance(error, RequestError):
        return error
    place = traceback.extract_tb(error.__traceback__)[-1]
    # Neither what was sent nor the error's own message, which may quote it.
    sys.stderr.write(f"chainrule: error: {type(error).__name__} in {place.name}, line {place.lineno}\n")
    if isinstance(error, MemoryError):
        return RequestError(503, "the memory does not suffice now; send fewer rows", headers=LATER)
    return RequestError(500, "the server has a fault; its log says where")
