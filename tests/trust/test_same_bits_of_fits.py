"""Same data, settings, seed, engine, machine and versions: the same bits; see docs/reproducibility.md."""

import json
import os
import subprocess
import sys
from pathlib import Path

import fitted_bits
import numpy as np
import pytest
from fitted_bits import PROGRAMS, all_fits, digest, fitted
from hypothesis import given
from hypothesis import strategies as st
from tried import SCALE, counted, examples

from chainrule import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor

pytestmark = pytest.mark.filterwarnings("ignore:.*onverge")

RESULTS = {}


def digest_alone(name, engine="numpy"):
    """As fitted first in this process; computed once."""
    if (name, engine) not in RESULTS:
        RESULTS[name, engine] = digest(fitted(name, engine))
    return RESULTS[name, engine]


def in_another_process(*engines, **environment):
    done = subprocess.run(
        [sys.executable, fitted_bits.__file__, *engines],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | environment,
        cwd=Path(fitted_bits.__file__).parent,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_fit_again_after_others(name):
    first = digest_alone(name)
    fitted("table of numbers", random_state=5)
    assert digest(fitted(name)) == first
    assert digest(fitted(name, random_state=1)) != first
    counted("reproducible: again, after others", "answered", 2)


@pytest.mark.parametrize("threads", ["1", "2", "3"][: 1 if SCALE == 1 else 3])
def test_in_another_process_in_another_order_with_other_numbers_of_threads(threads):
    """This process has as many as there are cores."""
    expected = {
        f"{name}, {engine}": digest_alone(name, engine) for name, engine in all_fits(("numpy", "xla"))
    }
    assert in_another_process("numpy", "xla", OMP_NUM_THREADS=threads) == expected
    counted("reproducible: another process, other threads", "answered", len(expected))


def test_the_order_in_memory_does_not_matter():
    """A table of the same numbers, columns first, a view, a copy, read-only."""
    X, y = fitted_bits.X, fitted_bits.Y
    wide = np.repeat(X, 2, axis=1)
    locked = X.copy()
    locked.flags.writeable = False
    found = set()
    for table in (X, np.asfortranarray(X), wide[:, ::2], locked):
        model = MLPRegressor(hidden_layer_sizes=(6,), max_iter=3, random_state=0, engine="numpy")
        found.add(model.fit(table, y).coefs_[0].tobytes())
    assert len(found) == 1
    counted("reproducible: order in memory", "answered", 4)


settings_of_mlps = st.fixed_dictionaries(
    {
        "hidden_layer_sizes": st.sampled_from([(1,), (3,), (5, 4)]),
        "solver": st.sampled_from(["adam", "sgd", "adamw", "lbfgs"]),
        "dtype": st.sampled_from([None, "float32", "float64"]),
        "shuffle": st.booleans(),
        "batch_size": st.sampled_from(["auto", 7]),
        "alpha": st.sampled_from([0.0, 0.1]),
        "random_state": st.integers(0, 2**31 - 1),
    }
)
settings_of_tables = st.fixed_dictionaries(
    {
        "members": st.sampled_from([1, 2, 4]),
        "embedding": st.sampled_from(["both", "periodic", "piecewise_linear", "none"]),
        "dropout": st.sampled_from([0.0, 0.2]),
        "random_state": st.integers(0, 2**31 - 1),
    }
)


@st.composite
def models(draw):
    """(function that makes a new estimator, whether it is one of classes)."""
    if draw(st.booleans()):
        given = draw(settings_of_mlps)
        if given["solver"] == "lbfgs":
            given |= {"shuffle": True, "batch_size": "auto"}
        kind = draw(st.sampled_from([MLPClassifier, MLPRegressor]))
        return lambda: kind(**given, max_iter=2, engine="numpy"), kind is MLPClassifier
    given = draw(settings_of_tables)
    kind = draw(st.sampled_from([TabularClassifier, TabularRegressor]))
    given |= {"hidden_layer_sizes": (8,), "max_iter": 2, "engine": "numpy"}
    return lambda: kind("fast", **given), kind is TabularClassifier


@examples(12)
@given(case=models(), n_rows=st.integers(20, 60), columns=st.integers(1, 4), data_seed=st.integers(0, 99))
def test_any_fit_twice_leaves_the_global_generator_alone(case, n_rows, columns, data_seed):
    make, of_classes = case
    rng = np.random.default_rng(data_seed)
    X = rng.normal(size=(n_rows, columns))
    y = np.arange(n_rows) % 3 if of_classes else X.sum(1) + rng.normal(size=n_rows)
    before = np.random.get_state()[1].tobytes()  # noqa: NPY002
    first = digest(make().fit(X, y), X)
    again = digest(make().fit(X, y), X)
    assert first == again
    assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002
    counted("reproducible: any settings, twice", "answered", 2)
