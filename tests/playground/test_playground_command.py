"""`chainrule playground`: one line with the address, files told apart, a quiet end."""

import re
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from chainrule.errors import ChainruleError, ParameterError
from chainrule.playground.server import serve
from chainrule.table import TableLimits

pytestmark = pytest.mark.usefixtures("echoing_worker")

# -- the address, the port, the end ------------------------------------------------------------------------


@pytest.fixture
def command(worker_script, page_folder):
    """``command("playground", ...)``: the command line in a process of its own, but for worker and page."""
    code = f"""
import sys
from pathlib import Path
from chainrule.playground import page, process
process.COMMAND = [sys.executable, "-P", {str(worker_script)!r}]
page.STATIC = Path({str(page_folder)!r})
from chainrule.cli import main
main()
"""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return lambda *words: subprocess.Popen([sys.executable, "-c", code, *words], **pipes)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_its_address_once_and_ends_quietly(
    command, sign, server_at, receive, closing, is_alive
):
    with command("playground", "--no-browser") as process:
        line = process.stdout.readline()
        port, token = re.fullmatch(
            r"Playground  http://127\.0\.0\.1:(\d+)/#token=([\w-]{43})\n", line
        ).groups()
        assert process.stdout.readline() == "Ctrl-C ends it\n"
        server = server_at(int(port), token)
        with server.connect() as page, server.connect() as other:
            pids = [receive(page)["pid"], receive(other)["pid"]]
            assert server.request().status == 200
            began = time.monotonic()
            process.send_signal(sign)
            assert closing(page)[0] == 1012
            output, errors = process.communicate(timeout=5)
        assert time.monotonic() - began < 1.5
    assert process.returncode == (0 if sign == signal.SIGINT else -signal.SIGTERM)
    assert (output, errors) == ("", "")
    assert not any(is_alive(pid) for pid in pids)


def test_a_worker_that_does_not_listen_ends_with_the_command_too(command, server_at, receive, is_alive):
    with command("playground", "--no-browser") as process:
        port, token = re.search(r":(\d+)/#token=(.*)", process.stdout.readline()).groups()
        with server_at(int(port), token).connect() as page:
            pid = receive(page)["pid"]
            page.send('{"type": "ask", "what": "sleep"}')
            for _ in range(5):
                page.send('{"type": "set", "text": "' + "x" * 100_000 + '"}')
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=8)
    assert process.returncode == 0
    assert not is_alive(pid)


def other_addresses():
    """Addresses of this machine beside 127.0.0.1, as far as there are."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
        try:
            outward.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return ["127.0.0.2"]
        return ["127.0.0.2", outward.getsockname()[0]]


def test_only_this_machine_can_connect(server, monkeypatch, page_folder):
    for address in other_addresses():
        with pytest.raises(OSError):  # noqa: PT011
            socket.create_connection((address, server.port), timeout=1)
    bound = []
    monkeypatch.setattr("chainrule.playground.page.STATIC", page_folder)
    monkeypatch.setattr(
        "chainrule.playground.server.make_server",
        lambda app: SimpleNamespace(run=lambda sockets: bound.extend(s.getsockname()[0] for s in sockets)),
    )
    serve(open_browser=False)
    serve("::1", open_browser=False)
    assert bound == ["127.0.0.1", "::1"]


def test_the_browser_is_given_the_address_that_is_printed(monkeypatch, page_folder, capsys, wait_until):
    opened = []
    monkeypatch.setattr("chainrule.playground.page.STATIC", page_folder)
    monkeypatch.setattr("chainrule.playground.server.webbrowser.open", opened.append)
    monkeypatch.setattr(
        "chainrule.playground.server.make_server",
        lambda app: SimpleNamespace(run=lambda sockets: wait_until(lambda: opened)),
    )
    serve()
    (address,) = opened
    assert capsys.readouterr().out == f"Playground  {address}\nCtrl-C ends it\n"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "localhost", "192.168.0.1", "evil.example"])
def test_other_addresses_than_this_machines_own_are_refused(host):
    with pytest.raises(
        ParameterError, match=r"listens on this machine only: host must be one of 127.0.0.1, ::1"
    ):
        serve(host)


def test_without_the_page_it_does_not_start(tmp_path, monkeypatch):
    monkeypatch.setattr("chainrule.playground.page.STATIC", tmp_path)
    with pytest.raises(
        ChainruleError, match=r"has not been built; .*npm run build .*index.html does not exist"
    ):
        serve()


def test_a_port_in_use_is_told(server, monkeypatch, page_folder):
    monkeypatch.setattr("chainrule.playground.page.STATIC", page_folder)
    with pytest.raises(
        ParameterError, match=rf"127.0.0.1:{server.port} cannot be used \(.*in use\); choose another"
    ):
        serve(port=server.port)


# -- the command's words -----------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path, monkeypatch):
    """``run("data.csv", ...)``: what `serve` is asked for, or the line of the error."""
    from typer.testing import CliRunner

    from chainrule.cli.app import app

    monkeypatch.chdir(tmp_path)
    for name in ("data.csv", "data.TSV", "model.safetensors", "data.xlsx"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    asked = []
    monkeypatch.setattr("chainrule.playground.server.serve", lambda **given: asked.append(given))

    def run(*words):
        result = CliRunner().invoke(app, ["playground", *words], prog_name="chainrule")
        if result.exit_code == 0:
            return {
                name: str(value) if name in ("data", "model") else value for name, value in asked[0].items()
            }
        assert result.exit_code == 2, result
        assert asked == []
        (line,) = result.stderr.splitlines()
        return line.removeprefix("chainrule: error: ")

    return run


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), {}),
        (("data.csv",), {"data": "data.csv"}),
        (("data.TSV", "--target", "b"), {"data": "data.TSV", "target": "b"}),
        (("model.safetensors",), {"model": "model.safetensors"}),
        (("model.safetensors", "data.csv"), {"data": "data.csv", "model": "model.safetensors"}),
        (("data.csv", "model.safetensors"), {"data": "data.csv", "model": "model.safetensors"}),
        (("--port", "8001", "--no-browser"), {"port": 8001, "open_browser": False}),
        (("data.csv", "--limit", "rows=5"), {"data": "data.csv", "limits": TableLimits(rows=5)}),
    ],
)
def test_files_are_told_apart_by_their_endings(run, words, expected):
    asked = {"data": "None", "target": None, "model": "None", "port": 0, "open_browser": True, "limits": None}
    assert run(*words) == asked | expected


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("absent.csv",), "absent.csv does not exist; check the spelling and the folder"),
        (("dat.csv",), "dat.csv does not exist; did you mean data.csv?"),
        ((".",), ". is a directory; name a file in it"),
        (("data.xlsx",), "data.xlsx has the extension '.xlsx', and known are .csv, .tsv, .parquet, "),
        (("m.safetensors",), "m.safetensors does not exist; check the spelling and the folder"),
        (("data.csv", "data.TSV"), "the playground opens one of the tables data.csv, data.TSV at a time"),
        (("--target", "b"), "--target 'b' is a column of a table; name the table too"),
        (("model.safetensors", "--target", "b"), "--target 'b' is a column of a table; name the table too"),
        (("--port", "65536"), "Invalid value for '--port': "),
    ],
)
def test_what_cannot_be_opened_is_told_in_a_sentence(run, words, says):
    assert run(*words).startswith(says)


def test_a_missing_extra_is_told(run, monkeypatch):
    monkeypatch.setattr("chainrule.serving.extra.find_spec", lambda name: None)
    says = 'serve needs starlette, uvicorn, wsproto; install it with: pip install "chainrule[playground]"'
    assert run() == says
