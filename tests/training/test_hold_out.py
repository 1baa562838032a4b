"""Which rows are held out: all of them once, in proportion, and none of a class with one member."""

from math import ceil

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chainrule.errors import ParameterError
from chainrule.training import hold_out

fractions = st.floats(0.05, 0.95)
seeds = st.integers(0, 2**32 - 1)


@given(st.integers(4, 300), fractions, seeds)
def test_every_row_is_on_one_side_and_the_share_is_rounded_up(n_rows, fraction, seed):
    wanted = min(ceil(fraction * n_rows), n_rows - 1)
    assume(wanted >= 2)
    train, held_out = hold_out(n_rows, fraction, np.random.default_rng(seed))
    assert len(held_out) == wanted
    np.testing.assert_array_equal(np.sort(np.concatenate([train, held_out])), np.arange(n_rows))


@given(st.lists(st.integers(2, 60), min_size=2, max_size=25), fractions, seeds)
@example([2] * 20 + [60], 0.2, 0)
def test_every_class_keeps_its_share_to_within_one_row(counts, fraction, seed):
    classes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    wanted = min(ceil(fraction * len(classes)), len(classes) - 1)
    assume(wanted >= 2)
    _, held_out = hold_out(len(classes), fraction, np.random.default_rng(seed), classes)
    assert len(held_out) == wanted
    found = np.bincount(classes[held_out], minlength=len(counts))
    assert np.abs(found - wanted * np.asarray(counts) / len(classes)).max() < 1 + 1e-9


def test_a_class_with_one_member_stays_in_training():
    classes = np.asarray(["a"] * 10 + ["b"] + ["c"] * 10 + ["d"])
    for seed in range(20):
        train, held_out = hold_out(22, 0.5, np.random.default_rng(seed), classes)
        assert {"b", "d"} <= set(classes[train])
        assert set(classes[held_out]) == {"a", "c"}
        assert len(held_out) == 11


def test_rows_are_drawn_at_random_and_the_same_for_the_same_generator():
    classes = np.arange(100) % 2
    for given_classes in (None, classes):
        draws = [
            hold_out(100, 0.2, np.random.default_rng(s), given_classes)[1] for s in (0, 0, *range(1, 200))
        ]
        np.testing.assert_array_equal(draws[0], draws[1])
        times = np.bincount(np.concatenate(draws[1:]), minlength=100)
        # each row is held out in a fifth of 200 draws; five standard deviations
        assert abs(times - 40).max() < 5 * np.sqrt(200 * 0.2 * 0.8)


def test_too_few_rows_are_refused():
    with pytest.raises(ParameterError, match=r"0\.1 of 10 rows would be 1 validation rows, and 2 are needed"):
        hold_out(10, 0.1, np.random.default_rng(0))
    with pytest.raises(ParameterError, match=r"only 1 member, which stays in training.*\['x', 'y'\]"):
        hold_out(4, 0.5, np.random.default_rng(0), np.asarray(["x", "z", "y", "z"]))
