"""A model file behind HTTP: where it listens, how it begins and how it ends."""

import ipaddress
import signal
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path

import uvicorn

from chainrule.errors import ParameterError
from chainrule.serving.application import Application, make_app
from chainrule.serving.connection import patient
from chainrule.serving.guard import Guard
from chainrule.serving.limits import Limits
from chainrule.serving.listener import bracketed, listener_at
from chainrule.serving.model import load_served

__all__ = ["make_server", "serve"]

_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_FEWEST_CHARACTERS = 16
_IDLE = 30


def serve(
    model: str | Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    token: str | None = None,
    names: Collection[str] = (),
    limits: Limits | None = None,
) -> None:
    """Serve a model's predictions and print the address; returns after Ctrl-C or SIGTERM.

    Parameters
    ----------
    model : path
        Model file of an estimator with one answer per row.
    host : str
        Address to listen on; one of another machine's reach needs a token.
    port : int
        0 takes one that is free.
    token : str, optional
        What clients must send as ``Authorization: Bearer TOKEN``: at least 16 characters.
    names : collection of str
        By which further names clients call this server, such as that of a proxy in front of it.
    limits : Limits, optional

    Raises
    ------
    ChainruleError
        If the model cannot be served, the token is missing or short, or the port is in use.
    """
    hosts = _known_hosts(host, names)
    _check_token(host, token)
    limits = limits or Limits()
    served = load_served(Path(model))
    app = Application(served, limits, has_token=token is not None)
    listener = listener_at(host, port)
    address = f"http://{bracketed(host)}:{listener.getsockname()[1]}"
    try:
        with _ended_by_signals():
            sys.stdout.write(f"Serving  {model} ({served.kind} of {served.target!r}) at {address}\n")
            sys.stdout.flush()
            make_server(make_app(app, hosts, token), limits).run(sockets=[listener])
    finally:
        app.close()
        listener.close()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM ends the server as Ctrl-C does: quietly, after what was begun has been answered."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


def make_server(app: Guard, limits: Limits) -> uvicorn.Server:
    """What speaks HTTP: it logs nothing of requests, and believes nothing that proxies say."""
    settings = uvicorn.Config(
        app,
        loop="asyncio",
        http=patient(limits.timeout),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=1024,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=ceil(limits.timeout),
    )
    return uvicorn.Server(settings)


def _known_hosts(host: str, names: Collection[str]) -> frozenset[str]:
    if host in ("0.0.0.0", "::") and not names:
        raise ParameterError(
            f"--host {host} listens on every address of this machine; say with --name by which names or "
            "addresses clients call it"
        )
    return _LOOPBACK_NAMES | {bracketed(name).lower() for name in (host, *names)}


def _check_token(host: str, token: str | None) -> None:
    if token is None:
        if not _is_loopback(host):
            raise ParameterError(
                f"--host {host} can be reached from other machines, which needs a token; set CHAINRULE_TOKEN "
                "or --token"
            )
        return
    if len(token) < _FEWEST_CHARACTERS or not all("!" <= character <= "~" for character in token):
        raise ParameterError(
            f"the token must have at least {_FEWEST_CHARACTERS} characters of ASCII without blanks, however "
            f"has {len(token)}; python -c 'import secrets; print(secrets.token_urlsafe())' makes one"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
