"""Schedules at points that can be worked out by hand, and against scikit-learn's inverse scaling."""

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

from chainrule.errors import ParameterError
from chainrule.optimization import (
    SCHEDULES,
    Constant,
    Cosine,
    CosineLog,
    FlatCosine,
    InverseScaling,
    OneCycle,
    WarmUp,
    get_schedule,
)

ROOT_HALF = np.sqrt(0.5)


@pytest.mark.parametrize(
    ("schedule", "points"),
    [
        (Constant(), {0.0: 1, 0.5: 1, 0.999: 1}),
        (Cosine(), {0.0: 1, 0.25: (1 + ROOT_HALF) / 2, 0.5: 0.5, 0.75: (1 - ROOT_HALF) / 2, 1.0: 0}),
        (OneCycle(), {0.0: 0.04, 0.15: 0.52, 0.3: 1, 0.65: 0.50005, 1.0: 1e-4}),
        (OneCycle(rise=0.5, start=0.0, end=0.0), {0.0: 0, 0.25: 0.5, 0.5: 1, 0.75: 0.5, 1.0: 0}),
        (WarmUp(), {0.0: 0.01, 0.05: 0.505, 0.1: 1, 0.9: 1}),
        (WarmUp(0.2, Cosine()), {0.0: 0.01, 0.1: 0.505, 0.2: 1, 0.6: 0.5, 1.0: 0}),
        (CosineLog(), {0.0: 0, 1 / 15: 0, 3 / 15: 0, 7 / 15: 0, 1.0: 0}),
        (CosineLog(1), {0.0: 0, 2**0.5 - 1: 1, 2**0.25 - 1: 0.5, 1.0: 0}),
        (FlatCosine(), {0.0: 1, 0.3: 1, 0.5: 1, 0.625: (1 + ROOT_HALF) / 2, 0.75: 0.5, 1.0: 0}),
    ],
    ids=[
        "constant",
        "cosine",
        "one cycle",
        "one cycle from 0",
        "warm-up",
        "to cosine",
        "coslog4",
        "coslog1",
        "flat",
    ],
)
def test_factors_at_known_points(schedule, points):
    t = np.asarray(list(points))
    np.testing.assert_allclose(schedule.factors(t, np.zeros(len(t))), list(points.values()), atol=1e-12)


def test_cosine_log_is_highest_in_the_middle_of_each_cycle():
    """Where the logarithm is half a cycle on: t = (2^(k + ½) - 1) / 15."""
    t = np.linspace(0, 1, 200_001)
    factors = CosineLog().factors(t, t)
    inner = factors[1:-1]
    peaks = t[1:-1][(inner > factors[:-2]) & (inner > factors[2:])]
    np.testing.assert_allclose(peaks, [0.0276, 0.1219, 0.3105, 0.6876], atol=5e-5)
    np.testing.assert_allclose(CosineLog().factors(peaks, peaks), 1, atol=1e-6)


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors_lie_between_0_and_1_and_have_one_entry_per_step(name):
    t, samples = np.linspace(0, 1, 60, endpoint=False).reshape(6, 10), np.arange(60).reshape(6, 10)
    factors = get_schedule(name).factors(t, samples)
    assert factors.shape == t.shape
    assert factors.dtype == np.float64
    assert (factors >= 0).all()
    assert factors.max() > 0.9
    assert factors.max() <= 1 + 1e-15


@pytest.mark.parametrize("power", [0.5, 0.3])
def test_inverse_scaling_is_that_of_scikit_learn(power):
    theirs = SGDOptimizer([np.zeros(1)], 1.0, "invscaling", power_t=power)
    samples = np.asarray([0, 150, 300, 450])
    expected = []
    for seen in samples:
        theirs.iteration_ends(seen)
        expected.append(theirs.learning_rate)
    np.testing.assert_allclose(get_schedule("invscaling", power).factors(samples / 600, samples), expected)


def test_a_schedule_is_found_by_name_or_given():
    assert get_schedule("invscaling", 0.3) == InverseScaling(0.3)
    assert get_schedule("warmup_cosine") == WarmUp(then=Cosine())
    given = OneCycle(rise=0.1)
    assert get_schedule(given) is given


@pytest.mark.parametrize(
    ("choice", "words"), [("cosinus", "'cosinus' is unknown"), (0.1, "goes into learning_rate_init")]
)
def test_what_is_no_schedule_is_refused(choice, words):
    with pytest.raises(ParameterError, match=words):
        get_schedule(choice)
