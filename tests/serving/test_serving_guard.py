"""Who may ask: those who call the server by its name and know the token; a failure tells nothing."""

import pytest

from chainrule.serving.model import ServedModel

TOKEN = "correct-horse-battery"
JSON = {"content-type": "application/json"}
ADDRESSES = [
    ("GET", "/health"),
    ("GET", "/model"),
    ("GET", "/openapi.json"),
    ("POST", "/predict"),
    ("OPTIONS", "/"),
]


def ask(server, *lines, method="GET", path="/health"):
    head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "Connection: close", "", ""])
    return int(server.raw(head.encode("latin-1")).split()[1])


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "LOCALHOST:8000", "[::1]", "127.0.0.1:1", "127.0.0.1:65535"]
)
def test_the_servers_own_names_are_answered_whatever_the_port(server, host):
    assert ask(server, f"Host: {host}") == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "",
        "::1",
        "127.0.0.2",
        "0.0.0.0",
        "localhost:",
        "localhost:port",
        "localhost,evil.example",
        "loc\xe4lhost",
    ],
)
def test_other_names_are_refused(server, host):
    for method, path in ADDRESSES:
        assert ask(server, f"Host: {host}", method=method, path=path) == 400


def test_a_name_twice_or_never_is_refused(server):
    assert ask(server) == 400
    assert ask(server, "Host: localhost", "Host: localhost") == 400


@pytest.fixture(scope="module")
def locked(new_server, models):
    hosts = frozenset({"127.0.0.1", "models.example"})
    with new_server(models["classes"], token=TOKEN, hosts=hosts) as server:
        yield server


@pytest.mark.parametrize(
    "header",
    [
        (),
        ("Authorization: ",),
        ("Authorization: Bearer",),
        ("Authorization: Bearer correct-horse-batterx",),
        (f"Authorization: Bearer {TOKEN}x",),
        (f"Authorization: bearer {TOKEN}",),
        (f"Authorization: {TOKEN}",),
        (f"Authorization: Basic {TOKEN}",),
        (f"Cookie: token={TOKEN}",),
        ("Authorization: Bearer \xe9\xff",),
        (f"Authorization: Bearer {TOKEN}", f"Authorization: Bearer {TOKEN}"),
    ],
)
def test_nothing_is_answered_without_the_token(locked, header):
    for method, path in [*ADDRESSES, ("GET", "/nowhere"), ("GET", f"/health?token={TOKEN}")]:
        assert ask(locked, "Host: models.example", *header, method=method, path=path) == 401


def test_with_the_token_all_is_answered(locked, rows):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert locked.request(headers=headers).status == 200
    assert locked.predict({"row": rows[0]}, headers=JSON | headers).status == 200
    answer = locked.request()
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert TOKEN not in answer.content.decode()
    api = locked.request("GET", "/openapi.json", headers=headers).document
    assert api["security"] == [{"token": []}]
    assert "401" in api["paths"]["/health"]["get"]["responses"]


@pytest.mark.parametrize(
    ("error", "status"), [(KeyError("/home/secret"), 500), (MemoryError("/home/secret"), 503)]
)
def test_a_failure_tells_nobody_what_was_sent_or_where_it_lives(
    server, rows, monkeypatch, capsys, error, status
):
    def fail(*given):
        raise error

    monkeypatch.setattr(ServedModel, "predict", fail)
    answer = server.predict({"row": rows[0]})
    assert answer.status == status
    assert not any(part in answer.content for part in (b"secret", b"/", b"Error", b"line"))
    errors = capsys.readouterr().err
    assert errors.startswith(f"chainrule: error: {type(error).__name__} in fail, line ")
    assert "secret" not in errors
    assert errors.count("\n") == 1
    monkeypatch.undo()
    assert server.predict({"row": rows[0]}).status == 200
