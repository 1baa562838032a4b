"""What the tests of several rooms use: both engines, central differences, a short way to train."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("chainrule", deadline=None, derandomize=True, database=None, max_examples=40)
settings.load_profile("chainrule")


def pytest_addoption(parser):
    parser.addoption(
        "--browser",
        action="store_true",
        help="walk through all of the playground's page, not only what is essential; ./dev page does it",
    )
    parser.addoption(
        "--thorough", action="store_true", help="run what takes minutes, too; ./dev fuzz does it"
    )


def pytest_collection_modifyitems(config, items):
    """Leave out what takes minutes, such as the walk through the whole page, unless it is asked for."""
    left_out = []
    if not config.getoption("--thorough"):
        left_out += [item for item in items if item.get_closest_marker("thorough")]
    if not config.getoption("--browser"):
        left_out += [
            item
            for item in items
            if item.path.name.startswith("test_browser_") and not item.get_closest_marker("essential")
        ]
    config.hook.pytest_deselected(items=left_out)
    kept = set(items) - set(left_out)
    items[:] = [item for item in items if item in kept]


def pytest_configure(config):
    """Keep compiled programs below pytest's own cache folder, not in the user's."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    cache = getattr(config, "cache", None)
    folder = (
        cache.mkdir(f"xdg-{worker}") if cache else Path(tempfile.gettempdir()) / f"chainrule-tests-{worker}"
    )
    os.environ["XDG_CACHE_HOME"] = str(folder)


@pytest.fixture(params=["numpy", "xla"])
def engine_name(request):
    """Each test that takes `engine_name` or `engine` runs for both engines."""
    return request.param


@pytest.fixture
def engine(engine_name):
    """An engine; the tests that take it are written once and run for both."""
    if engine_name == "numpy":
        from chainrule.engine.numpy import NumpyEngine

        return NumpyEngine()
    from chainrule.engine.xla import XlaEngine

    return XlaEngine()


def _central_differences(function, x, h=1e-5):
    """df/dx in float64, entry by entry, of a function that returns one number; error about h²."""
    x = np.asarray(x, dtype=np.float64)
    slope = np.empty_like(x)
    for i in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        slope[i] = (float(function(above)) - float(function(below))) / (2 * h)
    return slope


@pytest.fixture(scope="session")
def central_differences():
    """``central_differences(function, x) -> df/dx``."""
    return _central_differences


DEFAULT_NUMBERS = {
    "l2": 0.0,
    "l1": 0.0,
    "clip": 1.0,
    "weight_decay": 0.0,
    "tol": 0.0,
    "patience": np.inf,
    "momentum": 0.9,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "epsilon": 1e-8,
}


@pytest.fixture(scope="session")
def numbers():
    """``numbers(l2=0.1)``: settings of a training, everything off that is not asked for."""

    def make(**changes):
        unknown = set(changes) - set(DEFAULT_NUMBERS)
        assert not unknown, f"no such numbers: {unknown}"
        return DEFAULT_NUMBERS | changes

    return make


@pytest.fixture(scope="session")
def make_training(numbers):
    """A `Training` of a network on rows, with as few words as possible; `theta` is drawn unless given."""
    from chainrule.engine import Data, Program, start
    from chainrule.network import get_loss
    from chainrule.optimization import Adam, get_schedule
    from chainrule.training import Training

    def make(engine, network, X, y, loss="squared_error", **given):
        def take(name, default):
            return given.pop(name, default)

        dtype = take("dtype", np.float64)
        theta = take("theta", None)
        if theta is None:
            theta = network.initialize(np.random.default_rng(1), dtype)
        weights = take("weights", np.ones(X.shape[0]))
        validation = take("validation", (None, None, None))
        in_use = {name: take(name, False) for name in ("adaptive", "l1", "clip", "weight_decay", "fades")}
        program = Program(
            network,
            get_loss(loss),
            take("optimizer", Adam()),
            take("monitor", "loss"),
            take("metric", "none"),
            **{name: bool(value) for name, value in in_use.items()},
        )
        epochs = take("epochs", 5)
        chosen = {name: in_use[name] for name in ("l1", "clip", "weight_decay") if in_use[name]}
        return Training(
            program=program,
            engine=engine,
            data=Data(X, y, weights, *validation),
            state=start(np.asarray(theta, dtype), program.optimizer.n_moments),
            numbers=numbers(**chosen, **take("numbers", {})),
            schedule=get_schedule(take("schedule", "constant")),
            learning_rate=take("rate", 0.01),
            batch_size=take("batch_size", 8),
            max_epochs=epochs,
            planned_epochs=take("planned_epochs", epochs),
            rng=np.random.default_rng(take("seed", 0)),
            **given,
        )

    return make


@pytest.fixture(scope="session")
def train(make_training):
    """``train(engine, network, X, y, ...)``: the records and the state of a finished `Training`."""

    def run(*args, **given):
        training = make_training(*args, **given)
        records = list(training.epochs())
        return SimpleNamespace(records=records, state=training.state, losses=[r.loss for r in records])

    return run


@pytest.fixture(scope="session")
def run_python():
    """``run_python(code)``: what a fresh interpreter prints; it must end well, and in time."""

    def run(code, timeout=60, **environment):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=os.environ | environment,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def interruptible():
    """Ctrl-C is a KeyboardInterrupt, as in a terminal; what is started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
