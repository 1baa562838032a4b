"""Threads may ask one model, and fit several, at once: every answer has the bits that it has alone."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import numpy as np
import pytest
from fitted_bits import PROGRAMS, X, Y, answers, digest, fitted, rows_for
from threadpoolctl import ThreadpoolController, threadpool_limits
from tried import SCALE, counted

from chainrule import trace
from chainrule.engine import forward

pytestmark = pytest.mark.filterwarnings("ignore:.*onverge")

THREADS = 16
ROUNDS = round(3 * SCALE)


def bits(arrays):
    return [array.tobytes() if array.dtype != object else array.tolist() for array in map(np.asarray, arrays)]


@pytest.fixture
def another_fits():
    """While a test runs, another thread fits small and large models, with one BLAS thread and without."""
    over = Event()

    def fit():
        while not over.is_set():
            fitted("table of numbers")
            fitted("wide")

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(fit)
        yield
        over.set()
    done.result()


def all_at_once(ask, n=THREADS):
    """What `n` threads get that begin at the same moment."""
    barrier = Barrier(n)

    def wait_and_ask(i):
        barrier.wait(30)
        return ask(i)

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(wait_and_ask, range(n)))


@pytest.mark.parametrize("name", PROGRAMS)
def test_sixteen_threads_ask_one_model_while_another_is_fitted(name, another_fits):
    model = fitted(name)
    rows = rows_for(model)
    alone = bits(answers(model, rows))
    for _ in range(ROUNDS):
        assert all_at_once(lambda _: bits(answers(model, rows))) == [alone] * THREADS
        counted("threads: one model asked by 16", "answered", THREADS)


@pytest.mark.parametrize("name", ["wide", "table of numbers"])
def test_large_tables_in_threads(name, another_fits, monkeypatch):
    """Each asks for more rows than are computed at once, so that each has threads of its own."""
    model = fitted(name)
    monkeypatch.setattr(forward, "_VALUES_PER_PIECE", 1 << 13)
    alone = model.predict(rows_for(model)).tobytes()
    found = all_at_once(lambda _: model.predict(rows_for(model)).tobytes(), 6)
    assert set(found) == {alone}
    counted("threads: one model asked for many rows", "answered", 6)


def test_fits_at_once():
    alone = {name: digest(fitted(name)) for name in PROGRAMS}
    names = [*PROGRAMS] * ROUNDS
    assert all_at_once(lambda i: digest(fitted(names[i])), len(names)) == [alone[name] for name in names]
    counted("threads: fits at once", "answered", len(names))


def test_one_trace_in_many_threads(another_fits):
    model = fitted("wide")
    alone = trace(model, X[:2], Y[:2]).theta_after.tobytes()
    found = all_at_once(lambda _: trace(model, X[:2], Y[:2]).theta_after.tobytes())
    assert set(found) == {alone}
    counted("threads: trace", "answered", THREADS)


def test_the_number_of_blas_threads_does_not_change_an_answer():
    models = [fitted(name) for name in PROGRAMS]
    found = []
    for n_threads in (1, 2, 3):
        with threadpool_limits(n_threads, user_api="blas"):
            found.append([bits(answers(model, rows_for(model))) for model in models])
    assert found[0] == found[1] == found[2]
    counted("threads: BLAS has 1, 2, 3", "answered", 3 * len(models))


def test_after_fits_in_threads_blas_has_its_threads_back():
    blas = ThreadpoolController().select(user_api="blas")
    before = [library["num_threads"] for library in blas.info()]
    all_at_once(lambda i: fitted("wide" if i % 2 else "dropout"), 6)
    assert [library["num_threads"] for library in blas.info()] == before
