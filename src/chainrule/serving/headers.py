"""Headers of a request, as ASGI hands them over."""

from starlette.types import Scope

__all__ = ["only_header"]


def only_header(scope: Scope, name: bytes) -> bytes | None:
    """The value of a header that occurs once; None otherwise."""
    values: list[bytes] = [value for key, value in scope["headers"] if key == name]
    return values[0] if len(values) == 1 else None
