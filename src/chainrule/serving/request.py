"""What a request for predictions asks for, by its headers and its query."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers, QueryParams

from chainrule.serving.model import Wanted
from chainrule.serving.request_error import RequestError

__all__ = ["CSV", "JSON", "Asked", "what_is_asked"]

JSON, CSV = "application/json", "text/csv"

_NUMBER = re.compile(r"[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """A request whose body has not been read.

    Parameters
    ----------
    content_type, accepted : str
        `JSON` or `CSV`, of the body and of the answer.
    length : int
        Bytes of the body.
    wanted : Wanted
    """

    content_type: str
    accepted: str
    length: int
    wanted: Wanted


def what_is_asked(headers: Headers, query: QueryParams, max_bytes: int) -> Asked:
    """Read headers and query.

    Raises
    ------
    RequestError
        For what is unknown, malformed, of the wrong type or too large.
    """
    wanted = _wanted(query)
    accepted = _accepted(",".join(headers.getlist("accept")) or "*/*")
    _check_encoding(headers)
    return Asked(_content_type(headers), accepted, _length(headers, max_bytes), wanted)


# -- query -------------------------------------------------------------------------------------------------


def _wanted(query: QueryParams) -> Wanted:
    given: dict[str, Any] = {}
    for name, text in query.multi_items():
        where = f"query.{name}"
        if name not in _OPTIONS:
            raise RequestError(
                400, f"there is no option {name!r:.80}; known are {', '.join(_OPTIONS)}", where
            )
        if name in given:
            raise RequestError(400, f"{name} is given twice; give it once", where)
        given[name] = _OPTIONS[name](text, where)
    return Wanted(given.get("proba", False), given.get("interval"))


def _truth(text: str, where: str) -> bool:
    if text not in ("true", "false"):
        raise RequestError(400, f"{text!r:.80} is neither true nor false", where)
    return text == "true"


def _share(text: str, where: str) -> float:
    if not (_NUMBER.fullmatch(text) and 0 < float(text) < 1):
        raise RequestError(400, f"{text!r:.80} is not a number between 0 and 1 such as 0.9", where)
    return float(text)


_OPTIONS: dict[str, Callable[[str, str], Any]] = {"proba": _truth, "interval": _share}


# -- headers -----------------------------------------------------------------------------------------------


def _content_type(headers: Headers) -> str:
    text = headers.get("content-type", "")
    kind, *parameters = (part.strip().lower() for part in text.split(";"))
    if kind not in (JSON, CSV):
        message = f"the body is of type {kind!r:.80}; send {JSON} or {CSV}"
        raise RequestError(415, message, "header.content-type")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "charset" and value.strip('"') not in ("utf-8", "utf8"):
            raise RequestError(415, f"the charset is {value!r:.80}; send UTF-8", "header.content-type")
    return kind


def _check_encoding(headers: Headers) -> None:
    encoding = headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        message = f"the body is encoded with {encoding!r:.80}; send it as it is"
        raise RequestError(415, message, "header.content-encoding", {"accept-encoding": "identity"})


def _length(headers: Headers, max_bytes: int) -> int:
    text = headers.get("content-length")
    if text is None:
        raise RequestError(411, "send the body's length as Content-Length", "header.content-length")
    if not re.fullmatch("[0-9]{1,20}", text):
        raise RequestError(400, f"{text!r:.80} is not a number of bytes", "header.content-length")
    if int(text) > max_bytes:
        message = f"the body has {int(text):,} bytes, and at most {max_bytes:,} are read; send it in parts"
        raise RequestError(413, message, "header.content-length")
    return int(text)


def _accepted(text: str) -> str:
    """The one of both types that the client likes best; of equals JSON."""
    likes = {kind: _liking(kind, text) for kind in (JSON, CSV)}
    best = max(likes, key=lambda kind: likes[kind])
    if not likes[best]:
        raise RequestError(406, f"{text!r:.80} accepts neither {JSON} nor {CSV}", "header.accept")
    return best


def _liking(kind: str, text: str) -> float:
    """How much a type is liked: what names it most exactly decides."""
    by_exactness: dict[int, float] = {}
    for part in text.split(","):
        found, *parameters = (piece.strip().lower() for piece in part.split(";"))
        ways = {kind: 2, f"{kind.split('/')[0]}/*": 1, "*/*": 0}
        if found in ways:
            quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
            by_exactness[ways[found]] = float(quality) if _NUMBER.fullmatch(quality) else 0.0
    return by_exactness[max(by_exactness)] if by_exactness else 0.0
