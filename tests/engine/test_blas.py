"""One BLAS thread inside, what there was before outside; pieces in threads are what they are one by one."""

from threading import Event, Thread

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from chainrule.engine.blas import blas_threads, in_threads, one_thread, one_thread_for


def n_threads():
    return {library["num_threads"] for library in ThreadpoolController().select(user_api="blas").info()}


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(2, user_api="blas"):
        if n_threads() != {2}:
            pytest.skip("this BLAS has one thread")
        yield


def test_products_that_blas_would_share_out_get_one_thread():
    with one_thread_for(10_000):
        assert n_threads() == {1}
    assert n_threads() == {2}


def test_the_limit_lasts_until_the_last_one_leaves():
    first, second = one_thread(), one_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert n_threads() == {1}
    second.__exit__(None, None, None)
    assert n_threads() == {2}


def test_the_limit_ends_with_an_error_too():
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert n_threads() == {2}


def test_the_limit_ends_in_whichever_thread_is_the_last():
    """threadpoolctl lets but one thread, the first, set the number, as long as that is alive."""
    entered, left, seen, over = Event(), Event(), Event(), Event()

    def enter_first():
        with one_thread():
            entered.set()
            left.wait(10)
        seen.set()
        over.wait(10)

    first = Thread(target=enter_first)
    first.start()
    entered.wait(10)
    with one_thread():
        left.set()
        seen.wait(10)
        assert n_threads() == {1}
    assert n_threads() == {2}, "while the first thread is alive"
    over.set()
    first.join()


def test_another_thread_may_limit_blas_after_us():
    with one_thread():
        pass
    found = []

    def limit():
        with threadpool_limits(1, user_api="blas"):
            found.append(n_threads())

    user = Thread(target=limit)
    user.start()
    user.join()
    assert found == [{1}]


def test_the_threads_that_are_granted_do_not_depend_on_the_limit():
    with one_thread():
        assert blas_threads() == 2


def test_pieces_are_computed_in_threads_in_their_order_with_the_settings_of_the_caller():
    with np.errstate(divide="ignore"), in_threads() as each:
        assert list(each(lambda i: float(np.float64(i) / 0), range(1, 9))) == [np.inf] * 8
        assert list(each(lambda i: i * i, range(100))) == [i * i for i in range(100)]
        assert n_threads() == {1}
    assert n_threads() == {2}
