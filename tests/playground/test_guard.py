"""Nobody but the page itself gets in: every route, every method, every way to lie about where one is from."""

import asyncio
import socket

import pytest
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import InvalidStatus

from chainrule.playground.guard import Guard
from chainrule.playground.messages import split

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get")
FOREIGN_HOSTS = (
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1:{port}.evil.example",
    "127.0.0.1:{port}@evil.example",
    "0.0.0.0:{port}",
    "[::]:{port}",
    "localhost.:{port}",
    "127.1:{port}",
    "",
)
FOREIGN_ORIGINS = (
    None,
    "null",
    "",
    "http://evil.example",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "https://127.0.0.1:{port}",
    "http://localhost:{port}",
    "http://127.0.0.1:{port}.evil.example",
    "http://127.0.0.1:{port}/",
    "file://",
)
ADDRESSES = ("/", "/page.js", "/assets/more.woff2", "/session", "/absent")


def addresses(app):
    """An address of every route that the application has."""
    return [route.path.replace("{name:path}", "page.js") for route in app.app.routes]


def refused(server, **changes):
    """Status with which a WebSocket is refused before it is accepted."""
    with pytest.raises(InvalidStatus) as error, server.connect(**changes):
        pass
    response = error.value.response
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    return response.status_code


def test_the_guard_is_around_everything(server):
    assert isinstance(server.app, Guard)
    assert {type(route) for route in server.app.app.routes} == {Route, WebSocketRoute}
    assert sorted(addresses(server.app)) == ["/", "/page.js", "/session"]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_every_route_refuses_a_foreign_host(server, host):
    for address in {*ADDRESSES, *addresses(server.app)}:
        for method in ("GET", "HEAD", "POST"):
            assert server.request(method, address, host=host.format(port=server.port) or " ").status == 400


@pytest.mark.parametrize("host", FOREIGN_HOSTS[:-1])
def test_a_websocket_refuses_a_foreign_host_although_origin_and_token_fit(server, host):
    host = host.format(port=server.port)
    handshake = (
        f"GET /session HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Protocol: chainrule, {server.token}\r\n\r\n"
    )
    assert server.raw(handshake.encode()).status == 400


def test_a_request_without_host_or_with_two_is_refused(server):
    assert server.raw(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").status == 400
    assert server.raw(b"GET / HTTP/1.0\r\n\r\n").status == 400
    assert server.request(headers=[f"Host: {server.host}"]).status == 400
    assert server.request(path=f"http://{server.host}/", host="evil.example").status == 400
    assert (
        server.request(path="/", host="evil.example", headers=[f"X-Forwarded-Host: {server.host}"]).status
        == 400
    )


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_each_name_of_this_machine_is_its_own_origin(server, name):
    host = f"{name}:{server.port}"
    assert server.request(host=host).status == 200
    with server.connect(host=host) as page:
        assert page.subprotocol == "chainrule"


@pytest.mark.parametrize("method", METHODS)
def test_nothing_can_be_changed_by_a_request(server, method):
    for address in {*ADDRESSES, *addresses(server.app)}:
        answer = server.request(method, address, headers=["Content-Length: 2"], body=b"{}")
        if method in ("GET", "HEAD"):
            assert answer.status in (200, 404)
        else:
            assert answer.status == 405
            assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_websocket_of_a_foreign_origin_is_refused(server, origin):
    origin = origin and origin.format(port=server.port)
    assert refused(server, origin=origin) == 403


def test_a_websocket_with_two_origins_is_refused(server):
    assert refused(server, additional_headers={"Origin": "http://evil.example"}) == 403


@pytest.mark.parametrize(
    "subprotocols",
    [
        None,
        ["chainrule"],
        ["correct-token"],
        ["chainrule", "wrong-token"],
        ["chainrule", "correct-toke"],
        ["chainrule", "correct-token-"],
        ["chainrule", "CORRECT-TOKEN"],
        ["correct-token", "chainrule"],
        ["other", "correct-token"],
        ["chainrule", "wrong", "correct-token"],
        ["chainrule", "correct-token", "wrong"],
    ],
)
def test_a_websocket_without_the_token_is_refused(server, subprotocols):
    assert refused(server, subprotocols=subprotocols) == 403


def test_the_token_counts_nowhere_else(server):
    query = f"/session?token={server.token}"
    headers = {"Authorization": f"Bearer {server.token}", "Cookie": f"token={server.token}"}
    assert refused(server, path=query, subprotocols=["chainrule"], additional_headers=headers) == 403


@pytest.mark.parametrize("path", ["/", "/page.js", "/session/", "/other"])
def test_only_the_session_is_a_websocket(server, path):
    with pytest.raises(InvalidStatus) as error, server.connect(path=path):
        pass
    assert error.value.response.status_code == 403


def test_every_token_is_compared_in_full(monkeypatch):
    compared = []
    monkeypatch.setattr(
        "chainrule.playground.guard.hmac.compare_digest", lambda a, b: bool(compared.append((a, b)))
    )
    scope = {"type": "websocket", "headers": [], "subprotocols": ["chainrule", "tökén\udcff"]}
    assert not Guard(None, 1, "token")._knows_token(scope)
    assert compared == [("tökén?".encode(), b"token")]


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_application_sees_nothing_of_what_is_refused(kind):
    sent = []

    async def app(scope, receive, send):
        pytest.fail("the application is asked")

    async def send(message):
        sent.append(message)

    scope = {"type": kind, "method": "POST", "subprotocols": [], "headers": [(b"host", b"localhost:7")]}
    asyncio.run(Guard(app, 7, "token")(scope, None, send))
    assert sent[0]["status"] == (405 if kind == "http" else 403)


@pytest.mark.parametrize("address", [*ADDRESSES, "/", "POST", "evil"])
def test_every_answer_carries_the_same_headers(server, address):
    if address == "evil":
        answer = server.request(host="evil.example")
    elif address == "POST":
        answer = server.request("POST")
    else:
        answer = server.request(path=address)
    policy = dict(
        part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy.pop("default-src") == policy.pop("base-uri") == policy.pop("form-action") == "'none'"
    assert policy.pop("frame-ancestors") == "'none'"
    assert policy.pop("script-src") == policy.pop("style-src") == policy.pop("font-src") == "'self'"
    assert policy.pop("img-src") == "'self' data: blob:"
    port = server.port
    assert policy.pop("connect-src") == f"'self' ws://127.0.0.1:{port} ws://localhost:{port}"
    assert policy == {}
    expected = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }
    assert expected.items() <= answer.headers.items()
    assert not {"server", "access-control-allow-origin", "set-cookie"} & answer.headers.keys()


def test_the_handshake_carries_the_headers_and_not_the_token(server):
    with server.connect() as page:
        assert page.response.headers["x-frame-options"] == "DENY"
        assert page.response.headers["sec-websocket-protocol"] == "chainrule"
        assert server.token not in str(page.response.headers)


def test_the_token_is_in_no_log(server, caplog):
    for name in ("", "asyncio", "chainrule", "uvicorn.access", "uvicorn.asgi", "uvicorn.error"):
        caplog.set_level(1, name)
    with server.connect() as page:
        page.recv(timeout=5)
    assert refused(server, subprotocols=["chainrule", f"x{server.token}"]) == 403
    servers = [record for record in caplog.records if record.name != "websockets.client"]
    assert any('"WebSocket /session" 403' in record.getMessage() for record in servers)
    assert not any(server.token in record.getMessage() for record in servers)


@pytest.mark.parametrize(
    "headers",
    [
        [b"Origin: \xff\xfe\x80"],
        [b"Sec-WebSocket-Protocol: chainrule, \xff\xfe"],
        [b"Sec-WebSocket-Protocol: chainrule, " + b"t" * 1_000_000],
        [b"Sec-WebSocket-Protocol: ,,,,"],
        [b"Sec-WebSocket-Key: !"],
        [b"Sec-WebSocket-Version: 99999999999999999999"],
        [b"Content-Length: -1"],
        [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
        [b"X: a\r\n b: c"],
        [b"X\0: a"],
        [b"X: a\0b"],
        [b"X-%d: a" % i for i in range(5_000)],
    ],
    ids=lambda headers: headers[0][:30].decode("latin-1"),
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_hostile_headers_neither_get_in_nor_stop_the_server(server, headers, caplog):
    upgrade = [
        b"GET /session HTTP/1.1",
        b"Host: " + server.host.encode(),
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as stranger:
        try:
            stranger.sendall(b"\r\n".join([*upgrade, *headers, b"", b""]))
            stranger.shutdown(socket.SHUT_WR)
            answer = stranger.recv(65536)
        except OSError:  # it was cut off in the middle
            answer = b""
    assert answer == b"" or answer[9:12] in (b"400", b"403", b"426", b"431", b"500")
    assert server.token not in caplog.text
    assert server.request().status == 200
    with server.connect() as page:
        assert split(page.recv(timeout=5))[0]["type"] == "hello"
