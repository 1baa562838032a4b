"""Ctrl-C is noticed even where Python swallows it."""

import os
import signal

import pytest

from chainrule.training import ctrl_c


class _SwallowsInItsDestructor:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)  # KeyboardInterrupt in a destructor is "ignored"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_swallowed_ctrl_c_is_raised_at_the_next_check():
    # A process in the background may ignore the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupted():
        with ctrl_c() as check:
            check()
            victim = _SwallowsInItsDestructor()
            del victim
            check()

    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_signal_that_the_user_has_taken_over_stays_his():
    taken = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        mine = signal.getsignal(signal.SIGINT)
        with ctrl_c():
            assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, taken)
