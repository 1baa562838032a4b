"""What the compiled engine has learned, a plain installation can use: without JAX, polars, pandas, ..."""

import json
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from fitted_bits import WITHOUT_LARGE_PRODUCTS, fitted, rows_for
from tried import SCALE, counted

pytestmark = pytest.mark.filterwarnings("ignore:.*onverge")

BLOCKED = ("jax", "jaxlib", "polars", "pandas", "pyarrow", "rich", "typer", "matplotlib", "onnx")
CHILD = """
import json, sys, warnings

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(name + " is blocked")

sys.meta_path.insert(0, Blocker())
warnings.simplefilter("ignore")
import pickle, threading
from concurrent.futures import ThreadPoolExecutor
import joblib, numpy as np
import chainrule

def loaded(path):
    if path.endswith(".pickle"):
        with open(path, "rb") as file:
            return pickle.load(file)
    return joblib.load(path) if path.endswith(".joblib") else chainrule.load(path)

def ask(barrier, case):
    "All the first times at once: imports, caches, libraries."
    name, path, rows = case
    barrier.wait(60)
    model = loaded(path)
    methods = ["predict", "predict_proba", "transform", "predict_interval"]
    return path, [getattr(model, method)(rows).tolist() for method in methods if hasattr(model, method)]

def at_once(cases):
    barrier = threading.Barrier(len(cases))
    with ThreadPoolExecutor(len(cases)) as pool:
        return list(pool.map(ask, [barrier] * len(cases), cases))

cases = json.loads(sys.stdin.read())
found = at_once([case for case in cases if case[1].endswith(".chainrule")] * 4)
found += at_once([case for case in cases if not case[1].endswith(".chainrule")])
leaked = sorted(name for name in BLOCKED if name in sys.modules)
print(json.dumps([found, leaked]))
"""


def written(model, folder, name):
    """Paths: as a model file, a pickle, and by joblib."""
    stem = folder / name.replace(" ", "_")
    model.save(f"{stem}.chainrule")
    joblib.dump(model, f"{stem}.joblib")
    stem.with_suffix(".pickle").write_bytes(pickle.dumps(model))
    return [f"{stem}.{ending}" for ending in ("chainrule", "joblib", "pickle")]


@pytest.mark.parametrize("engine", ["xla", "numpy"][: 1 if SCALE == 1 else 2])
def test_a_plain_installation_loads_and_predicts(tmp_path, engine):
    cases, expected = [], {}
    for name in WITHOUT_LARGE_PRODUCTS:
        model = fitted(name, engine)
        assert model.engine_ == engine
        rows = rows_for(model)
        rows = rows.tolist() if isinstance(rows, np.ndarray) else rows
        methods = [m for m in ("predict_proba", "transform", "predict_interval") if hasattr(model, m)]
        answer = [np.asarray(getattr(model, method)(rows)).tolist() for method in ("predict", *methods)]
        for path in written(model, tmp_path, name):
            cases.append((name, path, rows))
            expected[path] = answer
    done = subprocess.run(
        [sys.executable, "-c", f"BLOCKED = {BLOCKED!r}\n{CHILD}"],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found, leaked = json.loads(done.stdout)
    assert leaked == []
    assert len(found) > len(cases)
    assert all(answer == expected[path] for path, answer in found)
    counted("processes: without JAX and extras", "answered", len(found))


def test_a_predictor_is_not_pickled_in_words():
    answer = fitted("dropout").predictor()
    with pytest.raises(TypeError, match=r"pickle the model, and call its predictor\(\)"):
        pickle.dumps(answer)
    counted("processes: predictor pickled", "refused")
