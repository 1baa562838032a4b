"""The socket on which a server listens."""

import socket

from chainrule.errors import ParameterError

__all__ = ["bracketed", "listener_at"]


def listener_at(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes one that is free.

    Raises
    ------
    ParameterError
        If the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]  # behind it the address, a second time
        raise ParameterError(
            f"{bracketed(host)}:{port} cannot be used ({reason}); choose another, or port 0"
        ) from None


def bracketed(host: str) -> str:
    """A host as it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host
