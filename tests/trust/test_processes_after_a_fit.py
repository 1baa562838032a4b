"""After a fit, processes may be forked, spawned, pooled: they predict and fit, with the same bits."""

import json
import os
from pathlib import Path

import pytest
from sklearn.model_selection import GridSearchCV
from tried import SCALE, counted

HERE = str(Path(__file__).parent)
SETUP = f"""
import json, multiprocessing, os, signal, sys, threading, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {HERE!r})
from concurrent.futures import ProcessPoolExecutor
from fitted_bits import digest, fitted
from chainrule.engine.blas import blas_threads, one_thread
from chainrule.errors import EngineError

NAMES = ("dropout", "wide", "table of numbers")

def fit(engine):
    try:
        return digest(fitted("dropout", engine))
    except EngineError as error:
        return str(error)

def in_forked(work):
    "What `work` gives in a forked child; nothing where that hangs."
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        os.write(writer, json.dumps(work()).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    return json.loads(os.read(reader, 10000) or "null")
"""
FORKED = """
models = {name: fitted(name, ENGINE if name == "dropout" else "numpy") for name in NAMES}
expected = {name: digest(model) for name, model in models.items()}
by_numpy = digest(fitted("dropout"))

def work():
    return {name: digest(model) for name, model in models.items()}

result = {"engine": models["dropout"].engine_}
result["forked"] = in_forked(work) == expected
with multiprocessing.get_context("fork").Pool(2) as pool:
    result["pool"] = pool.map(fit, ["numpy", "auto"]) == [by_numpy] * 2
    result["xla"] = pool.map(fit, ["xla"])[0]
with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
    result["executor"] = list(pool.map(digest, models.values())) == list(expected.values())

over = threading.Event()

def go_on():
    while not over.is_set():
        fitted("wide")
        fitted("dropout", ENGINE)

others = [threading.Thread(target=go_on) for _ in range(2)]
for other in others: other.start()
result["while others fit"] = all(in_forked(work) == expected for _ in range(5))
result["fit while others fit"] = in_forked(lambda: fit("numpy")) == by_numpy
over.set()
for other in others: other.join()
print(json.dumps(result))
"""
LIMITED = """
from threadpoolctl import threadpool_limits
threadpool_limits(2, user_api="blas")
inside, over = threading.Event(), threading.Event()

def stay():
    with one_thread():
        inside.set()
        over.wait()

threading.Thread(target=stay).start()
inside.wait()

def own():
    granted = blas_threads()
    with one_thread():
        limited = current()
    return [granted, limited, current()]

def current():
    from threadpoolctl import ThreadpoolController
    return max(each["num_threads"] for each in ThreadpoolController().select(user_api="blas").info())

found = in_forked(own)
over.set()
print(json.dumps(found))
"""
STARTED = """
if __name__ == "__main__":
    expected = digest(fitted("dropout", ENGINE))
    context = multiprocessing.get_context(METHOD)
    with context.Pool(2) as pool:
        print(pool.map_async(fit, [ENGINE] * 3).get(60) == [expected] * 3)
"""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="only where processes fork")


@needs_fork
@pytest.mark.parametrize("engine", ["xla", "numpy"][: 1 if SCALE == 1 else 2])
def test_forked_children_predict_and_fit(run_python, engine):
    found = json.loads(run_python(SETUP + f"ENGINE = {engine!r}" + FORKED, timeout=120))
    assert 'engine="xla" needs JAX, which may hang in a forked child' in found.pop("xla")
    assert found.pop("engine") == engine
    assert all(found.values()), found
    counted(f"processes: forked after a fit by {engine}", "answered", 12)
    counted(f"processes: forked after a fit by {engine}", "refused")


@needs_fork
def test_a_fork_while_another_thread_limits_blas_leaves_no_limit_behind(run_python):
    granted, limited, after = json.loads(run_python(SETUP + LIMITED))
    assert granted == after
    assert limited == 1
    counted("processes: forked within a fit", "answered")


@pytest.mark.slow
@pytest.mark.skipif(SCALE <= 1, reason="minutes of imports; ./dev fuzz does it")
@pytest.mark.parametrize("engine", ["numpy", "xla"])
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_that_begin_anew(run_python, tmp_path, method, engine):
    program = tmp_path / "program.py"
    program.write_text(SETUP + f"ENGINE, METHOD = {engine!r}, {method!r}\n" + STARTED)
    code = f"import subprocess, sys; subprocess.run([sys.executable, {str(program)!r}], check=True)"
    assert run_python(code, timeout=200) == "True"
    counted(f"processes: {method}", "answered", 3)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*onverge")
def test_a_search_by_several_processes_finds_what_it_finds_by_itself():
    """joblib's worker processes have one BLAS thread each, this one has as many as there are cores."""
    from fitted_bits import X, Y

    from chainrule import MLPRegressor

    model = MLPRegressor(max_iter=2, random_state=0, engine="numpy")
    sizes = {"hidden_layer_sizes": [(260, 260), (5,)]}
    alone, shared = (GridSearchCV(model, sizes, cv=2, n_jobs=n).fit(X, Y) for n in (None, 2))
    for key in ("split0_test_score", "split1_test_score"):
        assert alone.cv_results_[key].tobytes() == shared.cv_results_[key].tobytes()
    assert alone.predict(X).tobytes() == shared.predict(X).tobytes()
    counted("processes: a search by joblib", "answered", 5)
