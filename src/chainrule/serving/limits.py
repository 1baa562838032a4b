"""How much one request, and all requests together, may ask of the server."""

from dataclasses import dataclass, fields

from chainrule.errors import ParameterError

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """What is refused because it is too much.

    Parameters
    ----------
    max_bytes : int
        Of a request's body.
    max_rows : int
        Of a request; of CSV also lines.
    timeout : float
        Seconds for a request: until its head, then until its body has come, and until it is answered.
    concurrent : int
        Requests with a body of up to 64 KiB that are computed or wait for it; of larger ones an eighth.
    """

    max_bytes: int = 16_000_000
    max_rows: int = 100_000
    timeout: float = 30.0
    concurrent: int = 64

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 < value < 1e12:
                raise ParameterError(
                    f"{field.name} must be a number above 0, such as {field.default}, however: {value!r}"
                )
