"""Which engine "auto" takes, also in a forked child and without JAX; nothing imports JAX for small work."""

import os

import numpy as np
import pytest
from scipy.sparse import csr_array

from chainrule.engine import Data, Program, choose_engine
from chainrule.engine.choose import estimated_seconds
from chainrule.errors import ParameterError
from chainrule.network import Network, get_loss
from chainrule.optimization import Adam

PROGRAM = Program(Network.mlp(20, (100,), 1), get_loss("squared_error"), Adam())
SMALL, LARGE = (Data(np.ones((n, 20)), np.ones((n, 1)), np.ones(n)) for n in (100, 20_000))


@pytest.mark.parametrize(
    ("choice", "data", "n_epochs", "name"),
    [
        ("auto", SMALL, 10, "numpy"),
        ("auto", LARGE, 200, "xla"),
        ("auto", LARGE._replace(X=csr_array(LARGE.X)), 200, "numpy"),
        ("numpy", LARGE, 200, "numpy"),
        ("xla", SMALL, 10, "xla"),
    ],
    ids=["little work", "much work", "sparse rows", "numpy", "xla"],
)
def test_auto_weighs_the_work_and_a_name_is_obeyed(choice, data, n_epochs, name):
    assert choose_engine(choice, PROGRAM, data, n_epochs, 200).name == name


def test_an_unknown_engine_is_refused():
    with pytest.raises(ParameterError, match="'auto', 'numpy' or 'xla', however: 'torch'"):
        choose_engine("torch", PROGRAM, SMALL, 1, 1)


def test_the_estimate_grows_with_rows_epochs_and_steps():
    base = estimated_seconds(PROGRAM, SMALL, 10, 50)
    assert estimated_seconds(PROGRAM, SMALL, 20, 50) == pytest.approx(2 * base)
    assert estimated_seconds(PROGRAM, SMALL, 10, 1) > base
    assert estimated_seconds(PROGRAM, LARGE, 10, 50) > base


SETUP = """
import sys
import numpy as np
from chainrule.engine import Data, Program, choose_engine
from chainrule.errors import EngineError
from chainrule.network import Activation, Network, get_loss
from chainrule.optimization import Adam

def engine(choice, n_rows=20_000):
    program = Program(Network.mlp(20, (100,), 1), get_loss("squared_error"), Adam())
    data = Data(np.ones((n_rows, 20)), np.ones((n_rows, 1)), np.ones(n_rows))
    try:
        return choose_engine(choice, program, data, 200, 200).name
    except EngineError:
        return "EngineError"
"""


def test_little_work_imports_no_jax(run_python):
    code = 'print(engine("auto", 10), engine("numpy"), "jax" in sys.modules)'
    assert run_python(SETUP + code) == "numpy numpy False"


def test_without_jax_auto_is_numpy(run_python):
    hide = 'import sys\nsys.modules["jax"] = None\n'
    code = 'print(engine("auto"), engine("numpy"), engine("xla"))'
    assert run_python(hide + SETUP + code) == "numpy numpy EngineError"


def test_with_a_jax_that_cannot_be_imported_auto_is_numpy(run_python, tmp_path):
    """As with a jaxlib that is missing or built for another processor."""
    (tmp_path / "jax").mkdir()
    (tmp_path / "jax" / "__init__.py").write_text('raise ImportError("jaxlib is missing")\n')
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    code = 'print(engine("auto"), engine("xla"))'
    assert run_python(SETUP + code, PYTHONPATH=path) == "numpy EngineError"


# -- forked children -------------------------------------------------------------------------------------

USE_JAX = """
import os, signal, warnings
warnings.simplefilter("ignore")
import jax, jax.numpy as jnp
jax.jit(lambda x: (x @ x).sum())(jnp.ones((600, 600))).block_until_ready()
"""

IN_A_CHILD = """
reader, writer = os.pipe()

def answer():
    signal.alarm(10)  # a child that hangs is ended, and answers nothing
    os.write(writer, in_child().encode())
"""

FORK = f"""
{IN_A_CHILD}
child = os.fork()
if child == 0:
    answer()
    os._exit(0)
os.close(writer)
os.waitpid(child, 0)
print(os.read(reader, 1000).decode() or "hangs")
"""

FORKED_WORKER = f"""
{IN_A_CHILD}
import multiprocessing
worker = multiprocessing.get_context("fork").Process(target=answer)
worker.start()
os.close(writer)
worker.join()
print(os.read(reader, 1000).decode() or "hangs")
"""

CHOOSE = """
def in_child():
    return engine("auto") + " " + engine("xla")
"""

IMPORT_AND_CHOOSE = f"""
def in_child():
    scope = {{}}
    exec({SETUP!r}, scope)
    return scope["engine"]("auto") + " " + scope["engine"]("xla")
"""

DIFFERENTIATE = """
def in_child():
    layer, a = Activation(lambda a: a * a), np.ones((2000, 200))
    try:
        return str(layer.backward({}, layer.forward({}, a, None)[1], a)[1].sum())
    except EngineError:
        return "EngineError"
"""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="only where processes fork")


@needs_fork
@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        USE_JAX + SETUP + CHOOSE + FORK,
        USE_JAX + SETUP + CHOOSE + FORKED_WORKER,
        USE_JAX + IMPORT_AND_CHOOSE + FORKED_WORKER,
    ],
    ids=["fork", "worker", "worker that imports by itself"],
)
def test_in_a_forked_child_auto_is_numpy_and_xla_is_refused(run_python, code):
    assert run_python(code) == "numpy EngineError"


@needs_fork
@pytest.mark.slow
def test_in_a_forked_child_a_function_without_slope_does_not_hang(run_python):
    assert run_python(USE_JAX + SETUP + DIFFERENTIATE + FORK) in ("800000.0", "EngineError")
