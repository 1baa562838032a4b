"""The addresses of the server and what each answers."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from chainrule import __version__
from chainrule.serving.answer import to_csv, to_json
from chainrule.serving.csv_body import read_csv
from chainrule.serving.description import describe_api
from chainrule.serving.guard import Guard
from chainrule.serving.json_body import read_json
from chainrule.serving.lane import Lane
from chainrule.serving.limits import Limits
from chainrule.serving.model import ServedModel
from chainrule.serving.request import CSV, JSON, Asked, what_is_asked
from chainrule.serving.request_error import RequestError

__all__ = ["Application", "make_app"]

_SMALL = 65_536  # bytes that most often come with the head, so that no place is held while they come

Endpoint = Callable[[Request], Awaitable[Response]]


class Application:
    """The endpoints of one model.

    Small requests have threads and places of their own, so that they need not wait behind large ones.

    Parameters
    ----------
    model : ServedModel
    limits : Limits
    has_token : bool
        Whether the description says that a token is needed.
    """

    def __init__(self, model: ServedModel, limits: Limits, has_token: bool = False):
        self.model, self.limits = model, limits
        cores = os.cpu_count() or 1
        self.small = Lane(threads=max(2, min(4, cores)), places=limits.concurrent)
        self.large = Lane(threads=max(1, cores // 2), places=max(1, limits.concurrent // 8))
        self._api = describe_api(model, limits, has_token)

    @property
    def router(self) -> Router:
        """The addresses."""
        routes = [
            Route("/health", Resource(GET=self.health)),
            Route("/model", Resource(GET=self.describe)),
            Route("/openapi.json", Resource(GET=self.openapi)),
            Route("/predict", Resource(POST=self.predict)),
        ]
        return Router(routes, redirect_slashes=False, default=_not_found)

    def close(self) -> None:
        """End the threads."""
        self.small.close()
        self.large.close()

    async def health(self, _: Request) -> Response:
        """Say that the server runs, and whether it takes one more request now."""
        return _json_response(
            {
                "ready": self.small.has_place,
                "kind": self.model.kind,
                "target": self.model.target,
                "version": __version__,
            }
        )

    async def describe(self, _: Request) -> Response:
        """Say what the model predicts, and from what."""
        model = self.model
        return _json_response(
            {
                "kind": model.kind,
                "task": "classification" if model.is_classifier else "regression",
                "target": model.target,
                "classes": model.classes,
                "largest_interval": model.largest_interval,
                "columns": [column.describe() for column in model.columns],
            }
        )

    async def openapi(self, _: Request) -> Response:
        """Describe all addresses by OpenAPI."""
        return _json_response(self._api)

    async def predict(self, request: Request) -> Response:
        """Answer rows."""
        until = asyncio.get_running_loop().time() + self.limits.timeout
        asked = what_is_asked(request.headers, request.query_params, self.limits.max_bytes)
        self.model.check(asked.wanted)
        if asked.length <= _SMALL:
            content = await _body_of(request, until)
            with self.small.place() as place:
                return await place.run(lambda: self._answer(content, asked), until)
        with self.large.place() as place:
            content = await _body_of(request, until)
            return await place.run(lambda: self._answer(content, asked), until)

    def _answer(self, content: bytes, asked: Asked) -> Response:
        read = read_json if asked.content_type == JSON else read_csv
        body = read(content, self.model.columns, self.limits.max_rows)
        with body.naming():
            predictions = self.model.predict(body.table, asked.wanted)
        if asked.accepted == CSV:
            warnings = {"chainrule-warnings": str(len(predictions.warnings))}
            return Response(to_csv(self.model, predictions), headers=warnings, media_type=CSV)
        return Response(to_json(self.model, predictions), media_type=JSON)


class Resource:
    """One address: a function per method, and the list of them for OPTIONS."""

    def __init__(self, **functions: Endpoint):
        if "GET" in functions:
            functions["HEAD"] = functions["GET"]
        self._functions = functions
        self._allowed = {"allow": ", ".join([*functions, "OPTIONS"])}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse the method."""
        request = Request(scope, receive)
        if request.method == "OPTIONS":
            response = Response(status_code=204, headers=self._allowed)
        elif request.method not in self._functions:
            allowed = self._allowed["allow"]
            message = f"{request.method[:20]} is not for this address; use {allowed}"
            raise RequestError(405, message, headers=self._allowed)
        else:
            response = await self._functions[request.method](request)
        await response(scope, receive, send)


def make_app(app: Application, hosts: frozenset[str], token: str | None) -> Guard:
    """The application behind its guard."""
    return Guard(app.router, hosts, token)


async def _body_of(request: Request, until: float) -> bytes:
    try:
        async with asyncio.timeout_at(until):
            content = await request.body()  # of the announced length, as HTTP sees to
    except TimeoutError:
        message = "the body has not come in time; send it faster, or in parts"
        raise RequestError(408, message) from None
    except ClientDisconnect:
        raise RequestError(400, "the body ended before its time; send all of it") from None
    if not content:
        raise RequestError(400, "the body is empty; send rows")
    return content


def _json_response(value: Any) -> Response:
    return Response(json.dumps(value).encode(), media_type=JSON)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    raise RequestError(404, "there is no such address; see /openapi.json")
