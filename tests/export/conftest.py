"""Fitted models of every task and activation, and what runs JavaScript."""

import itertools
import json
import shutil
import subprocess
import warnings

import numpy as np
import pytest

from chainrule import MLPClassifier, MLPRegressor
from chainrule.network import ACTIVATIONS, OUT_ACTIVATIONS, get_activation
from chainrule.network.special import erf

QUICK = {"max_iter": 2, "engine": "numpy", "random_state": 0}

CHOICES = [
    *ACTIVATIONS,
    {"name": "elu", "alpha": 0.3},
    {"name": "leaky_relu", "negative_slope": 0.25},
]

TASKS = {
    "one class": (MLPClassifier, {}, lambda x: np.full(len(x), "only")),
    "two classes": (MLPClassifier, {}, lambda x: x[:, 0] > 0),
    "three classes": (
        MLPClassifier,
        {},
        lambda x: np.array(["ä", "b", "c"])[np.digitize(x[:, 0], [-0.5, 0.5])],
    ),
    "several labels": (MLPClassifier, {}, lambda x: (x > 0).astype(int)),
    "one number": (MLPRegressor, {}, lambda x: x[:, 0]),
    "three numbers": (MLPRegressor, {"loss": "huber"}, lambda x: x),
    "counts": (MLPRegressor, {"loss": "poisson"}, lambda x: np.round(np.exp(x[:, 0]))),
    "two counts": (MLPRegressor, {"loss": "poisson"}, lambda x: np.round(np.exp(x[:, :2]))),
}


@pytest.fixture(scope="session")
def rows():
    return np.random.default_rng(0).normal(size=(40, 3))


@pytest.fixture(scope="session")
def fitted(rows):
    """``fitted(task, activation=..., ...)``: a model that has hardly been trained."""

    def fit(task, **parameters):
        kind, own, targets = TASKS[task]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return kind(**QUICK | own | parameters).fit(rows, targets(rows))

    return fit


@pytest.fixture(scope="session")
def models(fitted):
    """Name -> model: every activation × task in float64, and networks of all kinds in both precisions."""
    found = {}
    for task, (place, choice) in itertools.product(TASKS, enumerate(CHOICES)):
        found[f"{task} {place}"] = fitted(task, activation=choice, hidden_layer_sizes=(4,))
    rng = np.random.default_rng(1)
    for seed, dtype in itertools.product(range(16), ("float32", "float64")):
        n_hidden = int(rng.integers(0, 4))
        found[f"random {seed} {dtype}"] = fitted(
            list(TASKS)[seed % len(TASKS)],
            hidden_layer_sizes=tuple(int(n) for n in rng.integers(1, 12, n_hidden)),
            activation=[CHOICES[i] for i in rng.integers(0, len(CHOICES), n_hidden)],
            dropout=[0.2 * float(rng.integers(0, 2)) for _ in range(n_hidden)],
            dtype=dtype,
            random_state=seed,
        )
    return found


@pytest.fixture(scope="session")
def extreme_rows():
    """All rows of ±1e6 and 0."""
    return np.array(list(itertools.product([-1e6, 0.0, 1e6], repeat=3)))


_DRIVER = """
import { readFileSync } from "node:fs";
const plain = (_, value) => typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
const answers = [];
for (const [path, name, args] of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const module = await import(path);
  try {
    answers.push({ value: name ? module[name](...args) : { ...module } });
  } catch (error) {
    answers.push({ error: `${error.name}: ${error.message}` });
  }
}
console.log(JSON.stringify(answers, plain));
"""


@pytest.fixture(scope="session")
def run_javascript(tmp_path_factory):
    """``run_javascript(calls)``: what Node answers to calls (source, name of the function, arguments).

    Without a name, the constants that the source exports.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed; the JavaScript that is written cannot be run without it")

    def run(calls):
        folder = tmp_path_factory.mktemp("javascript")
        paths = {}
        for source, _, _ in calls:
            if source not in paths:
                paths[source] = folder / f"model_{len(paths)}.mjs"
                paths[source].write_text(source, encoding="utf-8")
        (folder / "driver.mjs").write_text(_DRIVER, encoding="utf-8")
        described = [(paths[source].as_uri(), name, args) for source, name, args in calls]
        (folder / "calls.json").write_text(json.dumps(described), encoding="utf-8")
        done = subprocess.run(
            [node, folder / "driver.mjs", folder / "calls.json"],
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="session")
def library_function():
    """``library_function(name)``: the function of the library that a source writes, and settings to try."""
    settings = {"elu": {"alpha": 0.7}, "leaky_relu": {"negative_slope": 0.2}}

    def find(name):
        own = settings.get(name, {})
        known = OUT_ACTIVATIONS | {"erf": erf}
        return (known[name] if name in known else get_activation({"name": name, **own}).value), own

    return find


@pytest.fixture(scope="session")
def as_numbers():
    """``as_numbers(answers)``: an array of numbers that came through JSON, in which NaN is a text."""
    return lambda answers: np.array(answers, dtype=np.float64)
