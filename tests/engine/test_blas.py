"""One BLAS thread inside, what there was before outside."""

import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from chainrule.engine.blas import one_thread_if_small


def n_threads():
    return {library["num_threads"] for library in ThreadpoolController().select(user_api="blas").info()}


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(2, user_api="blas"):
        if n_threads() != {2}:
            pytest.skip("this BLAS has one thread")
        yield


def test_small_products_use_one_thread_and_large_ones_all():
    with one_thread_if_small(1e3):
        assert n_threads() == {1}
    assert n_threads() == {2}
    with one_thread_if_small(1e12):
        assert n_threads() == {2}


def test_the_limit_lasts_until_the_last_one_leaves():
    first, second = one_thread_if_small(1), one_thread_if_small(1)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert n_threads() == {1}
    second.__exit__(None, None, None)
    assert n_threads() == {2}


def test_the_limit_ends_with_an_error_too():
    with pytest.raises(KeyError), one_thread_if_small(1):
        raise KeyError
    assert n_threads() == {2}
