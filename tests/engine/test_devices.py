"""Several devices learn what one device learns: the same steps, to rounding, and each has its share to do.

The devices are forced ones of a CPU, in child interpreters; the other side is mostly the numpy engine, which
knows of no devices.
"""

import json
import re
from pathlib import Path

import numpy as np
import over_devices
import pytest

from chainrule.engine.numpy import NumpyEngine
from chainrule.engine.xla import XlaEngine
from chainrule.network import Draw

N_DEVICES = 4
OWN_ROWS = 9
"""Of the 33 of a batch, filled up to 36."""


@pytest.fixture(scope="module")
def found(run_python):
    """What `over_devices` finds with four devices."""
    flags = f"--xla_force_host_platform_device_count={N_DEVICES}"
    code = Path(over_devices.__file__).read_text(encoding="utf-8")
    found = json.loads(run_python(code, timeout=300, XLA_FLAGS=flags))
    assert found["n_devices"] == N_DEVICES
    return found


@pytest.mark.parametrize("case", over_devices.CASES, ids=lambda case: case.__name__)
def test_devices_compute_what_numpy_computes(found, case):
    """Dropout, members, weights, penalties, early stopping; batches that the devices do not divide."""
    for several, one in zip(found[case.__name__], case(NumpyEngine()), strict=True):
        np.testing.assert_allclose(several, one, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("shape", [(12, 3), (2, 12, 3)], ids=["rows", "members"])
def test_devices_draw_for_a_batch_what_one_draws(found, shape):
    np.testing.assert_array_equal(found[f"bits{len(shape)}"], Draw.from_seed(5).bits(shape))


def test_each_device_computes_its_rows_and_one_sum_goes_round_per_step(found):
    """In the compiled program: the products, how rows come and outputs go, and the gradients' sum."""
    text = found["text"]
    layer = re.findall(r"= f64\[(\d+),15\]\S* dot\(", text)
    assert sorted(map(int, layer)) == [24 // N_DEVICES, OWN_ROWS], "of a batch, and of the rows to judge by"
    assert "[33," not in text
    assert len(re.findall(r"= f64\[4,9\S* reduce-scatter\(", text)) == 3, "X, y and weights of 4 batches"
    assert re.search(r"= f64\[24,3\]\S* all-gather\(", text), "outputs of the rows to judge by"
    sums = re.findall(r"= (\S.*?) all-reduce\(", text)
    assert sorted(each.count("f64[") for each in sums) == [1, 3], "of weights, and of loss and gradient"


def test_a_batch_too_small_to_share_is_computed_as_on_a_machine_with_one_device(found):
    for several, one in zip(found["too_small"], over_devices.ensemble(XlaEngine()), strict=True):
        np.testing.assert_array_equal(several, one)


ESTIMATORS = """
import json
from concurrent.futures import ThreadPoolExecutor
from warnings import simplefilter

import jax
import numpy as np
from pandas import DataFrame

from chainrule import MLPClassifier, TabularRegressor, fit_together
from chainrule.engine import Data, Program, compiled, devices
from chainrule.engine.loaded import Loaded
from chainrule.network import LSTM, Dense, Network, get_loss
from chainrule.optimization import Adam

simplefilter("ignore")
rng = np.random.default_rng(0)
loaded = Loaded(Data(np.zeros((4096, 50)), np.zeros((4096, 1)), np.ones(4096)), np.float32)

def is_shared(network, batch_size):
    program = Program(network, get_loss("squared_error"), Adam())
    return loaded.mesh(program, batch_size) is not None

def mlp(width):
    return Network.mlp(50, (width,) * 3, 1)

def lstm(units):
    return Network(50, (LSTM(units, 50), Dense(1)))

sizes = [(512, 1024), (512, 512), (256, 1024), (256, 4096), (256, 10**6)]
found = {"shared": [is_shared(mlp(width), batch_size) for width, batch_size in sizes]}
found["loops shared"] = [is_shared(lstm(units), 64) for units in (128, 8)]
devices._WORK_OF_A_DEVICE = 0
n_programs = compiled.compiled_epochs._cache_size
X, y = rng.normal(size=(150, 4)), rng.integers(0, 3, 150)
settings = {"hidden_layer_sizes": (6,), "batch_size": 25, "dropout": 0.1, "max_iter": 8, "engine": "xla"}

def models():
    return [MLPClassifier(random_state=seed, **settings) for seed in range(3)]

found["alone"] = [model.fit(X, y).loss_curve_ for model in models()]
found["again"] = [model.fit(X, y).loss_curve_ for model in models()]
with ThreadPoolExecutor(3) as pool:
    found["in threads"] = list(pool.map(lambda model: model.fit(X, y).loss_curve_, models()))
found["together"] = [model.loss_curve_ for model in fit_together((model, X, y) for model in models())]
found["programs"] = [n_programs()]

table = DataFrame(rng.normal(size=(301, 3)), columns=list("abc")).assign(d=rng.choice(list("xyz"), 301))
target = table.a * table.b + (table.d == "x")

def tabular():
    model = TabularRegressor(engine="xla", random_state=0, max_iter=4).fit(table, target)
    found["programs"].append(n_programs())
    return [model.loss_curve_, model.predict(table).tolist()]

found["tabular"] = tabular()
jax.config.update("jax_default_device", jax.devices()[1])
found["tabular on one"] = tabular()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def estimators(run_python):
    flags = "--xla_force_host_platform_device_count=2"
    return json.loads(run_python(ESTIMATORS, timeout=300, XLA_FLAGS=flags))


def test_a_tabular_model_learns_on_two_devices_what_it_learns_on_the_users_default_device(estimators):
    losses, predictions = estimators["tabular"]
    losses_of_one, predictions_of_one = estimators["tabular on one"]
    assert losses == pytest.approx(losses_of_one, rel=1e-5)
    assert losses[-1] < losses[0] / 2
    np.testing.assert_allclose(predictions, predictions_of_one, atol=1e-4)
    assert estimators["programs"] == [1, 2, 3], "one that shares batches, and one that does not"


@pytest.mark.parametrize("how", ["again", "in threads", "together"])
def test_trainings_that_share_the_devices_take_turns_and_give_the_same_bits(estimators, how):
    assert estimators[how] == estimators["alone"]
    assert estimators["programs"][0] == 1


def test_a_batch_is_shared_where_each_device_has_1e9_operations_to_do(estimators):
    """6 operations per parameter and row; 552,449 parameters with 3 × 512 units, 144,897 with 3 × 256."""
    assert estimators["shared"] == [True, False, False, True, True]
    assert estimators["loops shared"] == [True, False]
