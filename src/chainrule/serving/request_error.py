"""Why a request gets no predictions: one status, one sentence."""

import json
from typing import Any

from starlette.responses import Response

from chainrule.errors import ChainruleError

__all__ = ["ERRORS", "LATER", "RequestError"]

ERRORS = {
    400: ("bad_request", "The request cannot be understood."),
    401: ("unauthorized", "The token is missing or wrong."),
    404: ("not_found", "There is no such address."),
    405: ("method_not_allowed", "The address has other methods."),
    406: ("not_acceptable", "The answer cannot be given in a form that is accepted."),
    408: ("too_slow", "The body did not come in time."),
    411: ("length_required", "The body's length was not told in advance."),
    413: ("too_large", "The body has too many bytes or rows."),
    415: ("unsupported_content", "The body is of a type, charset or encoding that is not read."),
    422: ("unusable_rows", "The model cannot answer what was understood."),
    500: ("internal_error", "The server has a fault."),
    503: ("busy", "The server has too much to do, or the answer took too long."),
}
"""By status: the error's type, and what it means."""

LATER = {"retry-after": "1"}
"""Header of an answer that says: try again in a second."""

_MOST_CHARACTERS = 600


class RequestError(ChainruleError):
    """A request is answered with an error.

    Parameters
    ----------
    status : int
        Of HTTP; one of `ERRORS`.
    message : str
        A sentence: what is wrong, and what to do.
    where : str, optional
        The place in the request: "rows[3].age", "line 5", "query.interval", "header.accept".
    headers : dict, optional
        Further headers of the answer.
    """

    def __init__(
        self, status: int, message: str, where: str | None = None, headers: dict[str, str] | None = None
    ):
        super().__init__(message)
        self.status, self.message, self.where, self.headers = status, message, where, headers

    def response(self) -> Response:
        """The answer, as JSON."""
        error: dict[str, Any] = {
            "type": ERRORS[self.status][0],
            "message": _shortened(self.message),
            "where": self.where and _shortened(self.where),
        }
        # In ASCII: a message may show half of a character that the request held.
        content = json.dumps({"error": error})
        return Response(content, self.status, self.headers, media_type="application/json")


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 1]}…"
