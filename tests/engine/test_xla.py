"""The xla engine compiles once per shape: buckets, numbers as arguments, and a cache on disk."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.engine import Data, Program, xla
from chainrule.engine.compiled import compiled_epoch, compiled_epochs
from chainrule.engine.numpy import NumpyEngine
from chainrule.engine.xla import XlaEngine, bucket
from chainrule.network import Network, get_loss
from chainrule.optimization import Adam


@given(st.integers(1, 10**9))
def test_a_bucket_is_at_most_an_eighth_larger(n):
    assert n <= bucket(n) < n + max(8, n / 8)
    assert bucket(bucket(n)) == bucket(n)
    assert bucket(n) <= bucket(n + 1)


def test_there_are_8_buckets_per_power_of_two():
    for power in range(7, 20):
        assert len({bucket(n) for n in range(2**power + 1, 2 ** (power + 1) + 1)}) == 8


def rows(n_rows, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_rows, 3)), rng.normal(size=(n_rows, 1))


def n_compiled():
    return compiled_epoch._cache_size() + compiled_epochs._cache_size()


def network():
    """A new object every time, equal to the last one."""
    return Network.mlp(3, (5,), 1, {"name": "elu", "alpha": 0.5}, dropout=0.1)


BASE = {
    "numbers": {"l2": 0.1, "tol": 1e-4},
    "clip": 1.0,
    "l1": 0.1,
    "weight_decay": 0.1,
    "epochs": 8,
    "rate": 0.01,
}


@pytest.fixture
def compiled(train):
    """The base case is compiled; the number of programs then."""
    train(XlaEngine(), network(), *rows(97), validation=(*rows(20), np.ones(20)), **BASE)
    return n_compiled()


@pytest.mark.parametrize(
    "change",
    [
        {"rate": 0.02, "schedule": "cosine"},
        {"numbers": {"l2": 0.3, "tol": 0.1, "patience": 3, "beta_1": 0.8}},
        {"clip": 2.0, "l1": 0.3, "weight_decay": 0.2},
        {"seed": 9, "theta": np.full(26, 0.1)},
        {"weights": np.full(97, 2.0)},
        {"shuffle": False},
        {"epochs": 5},
        {},
    ],
    ids=lambda change: ", ".join(change) or "nothing",
)
def test_another_number_runs_the_compiled_program(compiled, train, change):
    train(XlaEngine(), network(), *rows(97, 1), validation=(*rows(20, 1), np.ones(20)), **BASE | change)
    assert n_compiled() == compiled


@pytest.mark.parametrize(("n_rows", "n_validation"), [(98, 20), (104, 20), (97, 17), (101, 24)])
def test_folds_of_nearly_the_same_size_run_the_compiled_program(compiled, train, n_rows, n_validation):
    validation = (*rows(n_validation), np.ones(n_validation))
    train(XlaEngine(), network(), *rows(n_rows), validation=validation, **BASE)
    assert n_compiled() == compiled


def test_folds_of_nearly_the_same_size_share_the_program_when_the_batch_is_the_table(train):
    sizes = []
    for n_rows in (97, 98, 104):
        train(XlaEngine(), network(), *rows(n_rows), batch_size=n_rows, epochs=4)
        sizes.append(n_compiled())
    assert sizes[0] == sizes[2]


def test_another_network_is_another_program(compiled, train):
    train(XlaEngine(), Network.mlp(3, (6,), 1), *rows(97), **BASE)
    assert n_compiled() == compiled + 1


@pytest.mark.parametrize(("n_rows", "batch_size"), [(1, 4), (9, 4), (9, 9), (65, 1000)])
def test_rows_that_fill_a_bucket_do_not_matter(train, n_rows, batch_size):
    """The numpy engine fills nothing up."""
    given = {"batch_size": batch_size, "validation": (*rows(n_rows, 3), np.ones(n_rows)), "epochs": 3}
    filled = train(XlaEngine(), Network.mlp(3, (5,), 1), *rows(n_rows), **given)
    bare = train(NumpyEngine(), Network.mlp(3, (5,), 1), *rows(n_rows), **given)
    np.testing.assert_allclose(filled.losses, bare.losses, rtol=1e-9)
    np.testing.assert_allclose(
        filled.records[-1].validation_loss, bare.records[-1].validation_loss, rtol=1e-9
    )


def test_rows_may_be_fetched_for_any_number_of_batches_at_a_time(train, monkeypatch):
    """One, some or all batches of an epoch; the numpy engine fetches one."""
    given = {"batch_size": 8, "weights": np.linspace(0.5, 2, 97), "epochs": 3}
    expected = train(NumpyEngine(), network(), *rows(97), **given).losses
    for n_batches in (1, 3, 100):
        monkeypatch.setattr(xla, "_BYTES_PER_CHUNK", n_batches * 8 * 5 * 8)
        assert train(XlaEngine(), network(), *rows(97), **given).losses == pytest.approx(expected, rel=1e-9)


def test_a_long_epoch_is_judged_as_short_ones_are(train, monkeypatch):
    given = {
        "validation": (*rows(20, 3), np.ones(20)),
        "monitor": "validation_loss",
        "metric": "r2",
        "adaptive": True,
        "epochs": 12,
        "rate": 0.3,
        "numbers": {"patience": 1, "tol": 0.05},
    }
    short = train(XlaEngine(), network(), *rows(97), **given)
    monkeypatch.setattr(xla, "_OPERATIONS_OF_A_LONG_EPOCH", 0)
    long = train(XlaEngine(), network(), *rows(97), **given)
    assert len(short.records) == len(long.records)
    for one, other in zip(short.records, long.records, strict=True):
        assert astuple(one) == pytest.approx(astuple(other), rel=1e-9)
    assert short.records[-1].learning_rate < 0.3
    np.testing.assert_allclose(short.state.best_theta, long.state.best_theta, rtol=1e-8)


def test_trainings_in_several_threads_do_not_disturb_each_other(train):
    def losses(seed):
        return train(XlaEngine(), network(), *rows(97), seed=seed, epochs=6).losses

    expected = [losses(seed) for seed in range(6)]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(losses, range(6))) == expected


def test_calls_hold_more_epochs_the_less_there_is_to_do():
    program = Program(network(), get_loss("squared_error"), Adam())
    tables = [Data(SimpleNamespace(shape=(n, 3)), None, None) for n in (10, 10**5, 10**6, 10**8)]
    epochs = [XlaEngine().epochs_per_call(program, table) for table in tables]
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[0] > 1
    assert epochs[-1] == 1
    assert all(n & (n - 1) == 0 for n in epochs)


TRAIN = """
import numpy as np
from chainrule.engine import Data, Plan, Program, start
from chainrule.engine.xla import XlaEngine
from chainrule.network import Draw, Network, get_loss
from chainrule.optimization import SGD

engine = XlaEngine()
program = Program(Network.mlp(2, (), 1), get_loss("squared_error"), SGD(momentum=False))
loaded = engine.load(Data(np.ones((4, 2)), np.ones((4, 1)), np.ones(4)), np.float32)
plan = Plan(None, np.ones((1, 1)), np.ones((1, 1)), 4, Draw.from_seed(0).key)
numbers = {"l2": 0.0, "tol": 0.0, "patience": 10}
print(engine.run_epochs(program, loaded, start(np.zeros(3, np.float32), 0), plan, numbers)[1].loss)
"""


@pytest.mark.slow
def test_compiled_programs_are_kept_in_the_users_cache_folder_or_where_the_user_says(run_python, tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    assert run_python(TRAIN, XDG_CACHE_HOME=str(ours)) == "[0.5]"
    assert list((ours / "chainrule" / "xla").iterdir())
    chosen = {"XDG_CACHE_HOME": str(tmp_path / "unused"), "JAX_COMPILATION_CACHE_DIR": str(theirs)}
    assert run_python(TRAIN, **chosen) == "[0.5]"
    assert not (tmp_path / "unused").exists()


@pytest.mark.slow
def test_a_cache_folder_that_cannot_be_written_is_done_without(run_python, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    assert run_python(TRAIN, XDG_CACHE_HOME=str(tmp_path / "file")) == "[0.5]"
