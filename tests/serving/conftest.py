"""Real servers on free ports, with small models of every kind of column, and ways to talk to them."""

import http.client
import json
import socket
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import chainrule
from chainrule import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from chainrule.serving.application import Application, make_app
from chainrule.serving.limits import Limits
from chainrule.serving.model import load_served
from chainrule.serving.server import make_server

JSON = {"content-type": "application/json"}
CSV = {"content-type": "text/csv"}
HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})


def make_table(n=200, seed=0):
    """A column of every kind, some values missing, and one column in which nothing is to be learned."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n)
    hours, minutes = rng.integers(0, 24, n), rng.integers(0, 60, n)
    return pl.DataFrame(
        {
            "age": [int(a) if known else None for a, known in zip(age, rng.random(n) > 0.1, strict=True)],
            "city": rng.choice(["Rome", "Oslo", "=1+1", "7"], n),
            "member": rng.choice([True, False], n),
            "joined": [f"20{y}-0{m}-1{y % 10}" for y, m in rng.integers([10, 1], [24, 9], (n, 2))],
            "opens": [f"{h:02d}:{m:02d}" for h, m in zip(hours, minutes, strict=True)],
            "size": rng.choice(["> 90", *map(str, range(40))], n),
            "note": [" ".join(words) for words in rng.choice(["good", "bad", "ugly", "so, so"], (n, 4))],
            "always": ["same"] * n,
        }
    )


def make_models():
    table = make_table()
    rng = np.random.default_rng(1)
    cost = 2.0 * table["age"].fill_null(50).to_numpy() + rng.normal(0, 5, len(table))
    quick = {"members": 4, "max_iter": 2, "random_state": 0, "engine": "numpy"}
    X = rng.normal(size=(200, 3))
    named = pl.DataFrame({"a": X[:, 0], "b b": X[:, 1], "ç": X[:, 2]})
    small = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0, "engine": "numpy"}
    return {
        "classes": (
            TabularClassifier("fast", **quick).fit(table, np.where(cost > 100, "high", "low")),
            "risk",
        ),
        "numbers": (TabularRegressor("fast", **quick).fit(table, cost), "cost"),
        "mlp": (MLPClassifier(**small).fit(X, (X[:, 0] > 0).astype(int)), None),
        "mlp_named": (MLPRegressor(**small).fit(named, X[:, 0]), "height"),
    }


@pytest.fixture(scope="session")
def model_files(tmp_path_factory):
    """Files of models, by name: classes and numbers of a table, two networks of numbers."""
    folder = tmp_path_factory.mktemp("models")
    files = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.showwarning", lambda *_args, **_more: None)
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            models = make_models()
    for name, (model, target) in models.items():
        files[name] = folder / f"{name}.safetensors"
        chainrule.save(model, files[name], record={} if target is None else {"target": target})
    return files


@pytest.fixture(scope="session")
def models(model_files):
    """The same models, loaded to be served."""
    return {name: load_served(file) for name, file in model_files.items()}


@pytest.fixture(scope="session")
def table():
    """Rows that no model has seen."""
    return make_table(30, seed=5)


@pytest.fixture(scope="session")
def rows(table):
    """The same rows as JSON."""
    return table.drop("always").to_dicts()


class Server:
    """A running server: its port, its application, and requests to it."""

    def __init__(self, port, application, token=None):
        self.port, self.application, self.token = port, application, token

    def request(self, method="GET", path="/health", body=None, headers=None, timeout=30):
        """Status, headers, content, and what the content says where it is JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        is_json = content and answer.headers.get("content-type") == "application/json"
        document = json.loads(content) if is_json else None
        return SimpleNamespace(
            status=answer.status, headers=answer.headers, content=content, document=document
        )

    def predict(self, body, query="", headers=JSON, **more):
        """Ask for predictions; whatever is not bytes goes out as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", f"/predict{query}", content, headers, **more)

    def connection(self, timeout=10):
        """A connection over which nothing has been said."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def raw(self, data):
        """What comes back for these bytes until the server closes."""
        with self.connection() as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def running_server(model, token=None, hosts=HOSTS, **limits):
    chosen = Limits(**limits)
    application = Application(model, chosen, has_token=token is not None)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    server = make_server(make_app(application, hosts, token), chosen)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield Server(listener.getsockname()[1], application, token)
    finally:
        server.should_exit = True
        thread.join(15)
        application.close()
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def new_server():
    """``new_server(model, token=..., max_rows=...)``: context managers of servers of one's own."""
    return running_server


@pytest.fixture(scope="session")
def servers(models):
    """One server per model, for tests that leave it as it was."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield {name: stack.enter_context(running_server(model)) for name, model in models.items()}


@pytest.fixture(scope="session")
def server(servers):
    """The one with classes."""
    return servers["classes"]
