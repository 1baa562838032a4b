"""L-BFGS on a quadratic with a known minimum, and what it reports when it is stopped."""

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from chainrule.optimization.lbfgs import minimize

A = np.diag([1.0, 4.0, 9.0]) + 0.3
MINIMUM = np.asarray([1.0, -2.0, 0.5])


def quadratic(theta):
    gradient = A @ (theta - MINIMUM)
    return 0.5 * (theta - MINIMUM) @ gradient + 7.0, gradient


def rosenbrock(theta):
    return rosen(theta), rosen_der(theta)


def test_a_quadratic_is_solved():
    result = minimize(quadratic, np.zeros(3), max_iter=100, max_fun=1000, tol=1e-8)
    np.testing.assert_allclose(result.theta, MINIMUM, atol=1e-7)
    assert result.converged
    assert not result.interrupted
    assert result.losses[-1] == pytest.approx(7, abs=1e-12)
    assert np.all(np.diff(result.losses) <= 0)


@pytest.mark.parametrize("limits", [{"max_iter": 7}, *({"max_fun": n} for n in range(1, 12))], ids=str)
def test_the_last_loss_is_that_of_the_parameters_returned(limits):
    limits = {"max_iter": 1000, "max_fun": 1000} | limits
    result = minimize(rosenbrock, np.asarray([-1.2, 1.0, 1.0]), tol=1e-10, **limits)
    assert result.losses[-1] == pytest.approx(rosen(result.theta), rel=1e-12)
    assert not result.converged
    assert len(result.losses) <= limits["max_iter"]


def test_the_caller_hears_of_every_iteration_and_may_stop():
    heard = []

    def after_iteration(number, loss, theta):
        heard.append((number, loss, theta))
        return number == 3

    result = minimize(
        rosenbrock,
        np.asarray([-1.2, 1.0]),
        max_iter=100,
        max_fun=100,
        tol=1e-10,
        after_iteration=after_iteration,
    )
    assert [number for number, _, _ in heard] == [1, 2, 3]
    assert [loss for _, loss, _ in heard] == result.losses
    np.testing.assert_array_equal(result.theta, heard[-1][2])
    assert heard[0][2] is not heard[1][2]
    assert all(loss == pytest.approx(rosen(theta)) for _, loss, theta in heard)


def test_ctrl_c_leaves_the_last_iterate():
    calls = []

    def interrupted(theta):
        calls.append(theta)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return rosenbrock(theta)

    start = np.asarray([-1.2, 1.0])
    result = minimize(interrupted, start, max_iter=100, max_fun=100, tol=1e-10)
    assert result.interrupted
    assert not result.converged
    assert result.losses[-1] == pytest.approx(rosen(result.theta))
    assert result.losses[-1] < rosen(start)


def test_a_start_at_the_minimum_is_the_answer():
    result = minimize(quadratic, MINIMUM, max_iter=100, max_fun=100, tol=1e-6)
    np.testing.assert_array_equal(result.theta, MINIMUM)
    assert result.losses == [7.0]
    assert result.converged
