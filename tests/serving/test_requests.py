"""Headers, options and HTTP itself as nobody should send them: an answer of 4xx says what is wrong."""

import gzip
from contextlib import suppress

import pytest
from refusals import refused

JSON = {"content-type": "application/json"}
CSV = {"content-type": "text/csv"}


@pytest.mark.parametrize(
    ("headers", "status", "where"),
    [
        ({}, 415, "header.content-type"),
        ({"content-type": "text/plain"}, 415, "header.content-type"),
        ({"content-type": "application/x-www-form-urlencoded"}, 415, "header.content-type"),
        ({"content-type": "multipart/form-data; boundary=x"}, 415, "header.content-type"),
        ({"content-type": "application/json; charset=latin-1"}, 415, "header.content-type"),
        ({"content-type": "application/jsonx"}, 415, "header.content-type"),
        ({**JSON, "content-encoding": "gzip"}, 415, "header.content-encoding"),
        ({**JSON, "content-encoding": "br, identity"}, 415, "header.content-encoding"),
        ({**JSON, "accept": "text/html"}, 406, "header.accept"),
        ({**JSON, "accept": "application/json;q=0"}, 406, "header.accept"),
        ({**JSON, "accept": ";;;,,,q=1"}, 406, "header.accept"),
        ({**JSON, "accept": "application/json;q=high"}, 406, "header.accept"),
    ],
)
def test_headers_that_do_not_fit_are_told(server, rows, headers, status, where):
    refused(server.predict({"row": rows[0]}, headers=headers), status, None, where)


@pytest.mark.parametrize(
    "query",
    [
        "proba=1",
        "proba=True",
        "proba=",
        "proba",
        "interval=1",
        "interval=0",
        "interval=nan",
        "interval=0_5.1",
        "interval=-0.5",
        "interval=1e-400",
        "interval=%D9%A0.5",
        "interval=abc",
        "coverage=0.9",
        "=1",
        "a=%00",
        "proba=true&proba=true",
        "rows=3",
    ],
)
def test_options_that_there_are_not_are_told(server, rows, query):
    refused(server.predict({"row": rows[0]}, f"?{query}"), 400, None, f"query.{query.split('=')[0]}")


def test_options_that_do_not_fit_the_model_are_told(servers, rows):
    one = {"row": rows[0]}
    refused(servers["classes"].predict(one, "?interval=0.9"), 422, "no intervals", "query.interval")
    refused(servers["numbers"].predict(one, "?proba=true"), 422, "no probabilities", "query.proba")
    most = servers["numbers"].request("GET", "/model").document["largest_interval"]
    assert servers["numbers"].predict(one, f"?interval={most}").status == 200
    refused(servers["numbers"].predict(one, f"?interval={most + 1e-3}"), 422, "held-out", "query.interval")


def test_a_packed_bomb_is_not_unpacked(server):
    bomb = gzip.compress(b" " * 50_000_000)
    refused(server.predict(bomb, headers={**JSON, "content-encoding": "gzip"}), 415)
    refused(server.predict(bomb), 400)
    refused(server.predict(bomb, headers=CSV), 400)


HEAD = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 411),
        (HEAD + b"\r\n", 411),
        (HEAD + b"Content-Length: 99999999999\r\n\r\n", 413),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400),
        (HEAD + b"Content-Length: abc\r\n\r\n", 400),
        (HEAD + b"Content-Length: 2\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n{}", 422),
        (b"GET / HTTP/9.9\r\nConnection: close\r\n\r\n", 400),
        (b"hello\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\r\n\r\n", 400),
        (b"GET /health HTTP/1.0\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
        (b"GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
    ],
)
def test_http_that_is_none_gets_a_4xx(server, data, status):
    answer = server.raw(data)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
    assert server.request().status == 200


def test_a_head_of_many_bytes_is_not_taken(server):
    with suppress(ConnectionResetError, BrokenPipeError):  # it may close before all is sent
        assert server.raw(HEAD + b"X: " + b"a" * 1_000_000).startswith(b"HTTP/1.1 400 ")
    assert server.request().status == 200
