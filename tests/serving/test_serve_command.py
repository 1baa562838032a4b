"""`chainrule serve`: one line with the address, what it refuses to begin with, a quiet end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

import chainrule
from chainrule.errors import ModelFileError, ParameterError
from chainrule.serving import serve

START = "from chainrule.cli import main; main()"
HOLD = """
import sys, time
from chainrule.serving.model import ServedModel
predict = ServedModel.predict
def slow(self, *given):
    if hasattr(self, "estimator") and begun:
        time.sleep(1)
    return predict(self, *given)
begun = False
ServedModel.predict = slow
from chainrule.serving import server
listener = server.listener_at
def listening(*given):
    global begun
    begun = True
    return listener(*given)
server.listener_at = listening
"""


def start(*words, code=START, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", code, "serve", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def port_in(line):
    return int(re.search(r"at http://127\.0\.0\.1:(\d+)\n$", line).group(1))


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_ends_after_what_was_begun(model_files, rows, sign):
    token = "0123456789abcdef"
    with start(model_files["classes"], "--port", 0, code=HOLD + START, CHAINRULE_TOKEN=token) as process:
        line = process.stdout.readline()
        assert line.startswith(
            f"Serving  {model_files['classes']} (TabularClassifier of 'risk') at http://127.0"
        )
        address = f"http://127.0.0.1:{port_in(line)}"
        with pytest.raises(HTTPError, match="401"):
            urlopen(f"{address}/health", timeout=5)
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        request = Request(f"{address}/predict", json.dumps({"row": rows[0]}).encode(), headers)
        with ThreadPoolExecutor(1) as client:
            waiting = client.submit(lambda: json.load(urlopen(request, timeout=10)))
            time.sleep(0.4)
            process.send_signal(sign)
            output, errors = process.communicate(timeout=10)
            assert len(waiting.result()["predictions"]) == 1
    assert (process.returncode, output, errors) == (0, "", "")


def test_only_this_machine_can_connect(server):
    with pytest.raises(OSError):  # noqa: PT011
        socket.create_connection(("127.0.0.2", server.port), timeout=1)


# -- what it does not begin with ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"host": "192.0.2.1"},
            "--host 192.0.2.1 can be reached from other machines, which needs a token; set",
        ),
        ({"host": "models.example"}, "--host models.example can be reached from other machines"),
        (
            {"host": "0.0.0.0", "token": "x" * 16},
            "--host 0.0.0.0 listens on every address .*; say with --name",
        ),
        ({"host": "::", "token": "x" * 16}, "--host :: listens on every address"),
        ({"host": "0.0.0.0", "names": ["a"]}, "--host 0.0.0.0 can be reached from other machines"),
        ({"token": "short"}, "at least 16 characters of ASCII without blanks, however has 5; python -c"),
        ({"token": ""}, "however has 0"),
        ({"token": "a blank between them"}, "without blanks"),
        ({"host": "192.0.2.1", "token": "x" * 16}, r"192\.0\.2\.1:0 cannot be used \(.*\); choose another"),
        ({"host": "no.such.host.invalid", "token": "x" * 16}, r"invalid:0 cannot be used \(.*\)"),
    ],
)
def test_what_is_not_safe_is_refused(model_files, given, says):
    with pytest.raises(ParameterError, match=says):
        serve(model_files["mlp"], **({"port": 0} | given))


def test_a_port_in_use_is_told(model_files, server):
    with pytest.raises(ParameterError, match=rf"127.0.0.1:{server.port} cannot be used \(.*in use\)"):
        serve(model_files["mlp"], port=server.port)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_models_that_cannot_be_served_are_told(tmp_path):
    import numpy as np

    from chainrule import Forecaster, MLPRegressor, Network, SequenceRegressor

    X = np.random.default_rng(0).normal(size=(40, 2))
    network = Network.mlp(2, (3,), 1, "relu", 0.0, "glorot_uniform", "uniform")
    chainrule.save((network, network.initialize(np.random.default_rng(0), np.float64)), tmp_path / "network")
    several = MLPRegressor(hidden_layer_sizes=(3,), max_iter=1, engine="numpy").fit(X, X)
    chainrule.save(several, tmp_path / "several")
    series = Forecaster(4, 4, cell="dense", max_iter=1, season=1, engine="numpy").fit(np.arange(30.0))
    chainrule.save(series, tmp_path / "series")
    steps = SequenceRegressor("rnn", 2, max_iter=1, engine="numpy").fit(X[:, :, None], X[:, 0])
    chainrule.save(steps, tmp_path / "steps")
    (tmp_path / "text").write_text("no model")
    for name, says in {
        "network": "holds a Network, which has no columns; serve an estimator instead",
        "series": "which goes on with a series and answers no single rows; use chainrule predict",
        "steps": "holds a SequenceRegressor, whose rows are no columns of a table; use it from Python",
        "several": "holds a MLPRegressor that gives several answers per row; use it from Python",
        "text": "text",
        "absent": "absent",
    }.items():
        with pytest.raises(ModelFileError, match=says):
            serve(tmp_path / name, port=0)


# -- the command's words -----------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path, monkeypatch):
    """``run("model.safetensors", ...)``: what `serve` is asked for, or the line of the error."""
    from typer.testing import CliRunner

    from chainrule.cli.app import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CHAINRULE_TOKEN", raising=False)
    (tmp_path / "m.safetensors").write_text("")
    asked = []
    monkeypatch.setattr("chainrule.serving.server.serve", lambda *given, **more: asked.append((given, more)))

    def run(*words):
        result = CliRunner().invoke(app, ["serve", *words], prog_name="chainrule")
        if result.exit_code == 0:
            return asked[0]
        assert (result.exit_code, asked) == (2, []), result
        return result.stderr.removeprefix("chainrule: error: ")

    return run


def test_the_words_of_the_command_are_handed_on(run, monkeypatch):
    from chainrule.serving import Limits

    (model, host, port), more = run("m.safetensors")
    assert (str(model), host, port) == ("m.safetensors", "127.0.0.1", 8000)
    assert more == {"token": None, "names": (), "limits": Limits()}


def test_all_limits_can_be_chosen(run):
    from chainrule.serving import Limits

    words = ["--host", "h", "--port", "1", "--token", "t", "--name", "a", "--name", "b"]
    limits = ["--max-bytes", "2", "--max-rows", "3", "--timeout", "0.5", "--concurrent", "4"]
    (_, host, port), more = run("m.safetensors", *words, *limits)
    assert (host, port) == ("h", 1)
    assert more == {"token": "t", "names": ["a", "b"], "limits": Limits(2, 3, 0.5, 4)}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("absent.safetensors",), "absent.safetensors does not exist; check the spelling and the folder"),
        (("m.safetensors", "--port", "65536"), "Invalid value for '--port'"),
        (("m.safetensors", "--timeout", "0"), "Invalid value for '--timeout'"),
        (("m.safetensors", "--max-rows", "0"), "Invalid value for '--max-rows'"),
    ],
)
def test_words_that_do_not_fit_are_told(run, words, says):
    assert run(*words).startswith(says)


def test_a_missing_extra_is_told(run, monkeypatch):
    monkeypatch.setattr("chainrule.serving.extra.find_spec", lambda name: None)
    says = (
        'serve needs narwhals, polars, starlette, uvicorn; install it with: pip install "chainrule[serve]"\n'
    )
    assert run("m.safetensors") == says
