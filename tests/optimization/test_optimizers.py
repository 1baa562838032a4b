"""Optimizers, step by step, against scikit-learn's and against loops written out by hand."""

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from chainrule.optimization import SGD, Adam

NUMBERS = {"momentum": 0.8, "beta_1": 0.85, "beta_2": 0.97, "epsilon": 1e-6}
N_STEPS, RATE = 25, 0.03
SCIKIT_LEARN = {
    "sgd": (SGD(momentum=False), lambda p: SGDOptimizer(p, RATE, momentum=0.0)),
    "momentum": (SGD(nesterov=False), lambda p: SGDOptimizer(p, RATE, momentum=0.8, nesterov=False)),
    "nesterov": (SGD(), lambda p: SGDOptimizer(p, RATE, momentum=0.8, nesterov=True)),
    "adam": (Adam(), lambda p: AdamOptimizer(p, RATE, beta_1=0.85, beta_2=0.97, epsilon=1e-6)),
}


def gradients(n_parameters=7):
    return np.random.default_rng(0).normal(size=(N_STEPS, n_parameters))


def path(optimizer, xp=np):
    """θ after each of the steps, from 1, 1, ..., 1."""
    g = gradients()
    corrections = optimizer.correction(NUMBERS, np.arange(1, N_STEPS + 1))
    theta = xp.ones(g.shape[1])
    moments = tuple(xp.zeros(g.shape[1]) for _ in range(optimizer.n_moments))
    thetas = []
    for gradient, correction in zip(g, corrections, strict=True):
        theta, moments = optimizer.update(NUMBERS, moments, theta, xp.asarray(gradient), RATE * correction)
        thetas.append(np.asarray(theta))
    assert len(moments) == optimizer.n_moments
    return np.asarray(thetas)


@pytest.mark.parametrize("name", SCIKIT_LEARN)
def test_every_step_is_that_of_scikit_learn(name):
    optimizer, make = SCIKIT_LEARN[name]
    theta = [np.ones(7)]
    theirs = make(theta)
    expected = []
    for gradient in gradients():
        theirs.update_params(theta, [gradient])
        expected.append(theta[0].copy())
    np.testing.assert_allclose(path(optimizer), expected, rtol=1e-12)


@pytest.mark.parametrize("name", SCIKIT_LEARN)
def test_both_engines_take_the_same_steps(name):
    optimizer = SCIKIT_LEARN[name][0]
    np.testing.assert_allclose(path(optimizer, jnp), path(optimizer), rtol=2e-5)


def test_adam_is_that_of_algorithm_1_with_corrected_moments():
    """Kingma and Ba's algorithm 1; section 2 moves the correction of v out of the root, so ε must be 0."""
    numbers, theta, m, v = NUMBERS | {"epsilon": 0.0}, np.ones(7), np.zeros(7), np.zeros(7)
    ours, moments = theta, (m, v)
    for t, g in enumerate(gradients(), start=1):
        m, v = 0.85 * m + 0.15 * g, 0.97 * v + 0.03 * g**2
        theta = theta - RATE * (m / (1 - 0.85**t)) / np.sqrt(v / (1 - 0.97**t))
        ours, moments = Adam().update(numbers, moments, ours, g, RATE * Adam().correction(numbers, t))
        np.testing.assert_allclose(ours, theta, rtol=1e-12)


def test_plain_descent_subtracts_the_rate_times_the_gradient():
    theta, moments = SGD(momentum=False).update(
        {}, (), np.asarray([1.0, 2.0]), np.asarray([10.0, -10.0]), 0.1
    )
    np.testing.assert_allclose(theta, [0.0, 3.0])
    assert moments == ()


@pytest.mark.parametrize("name", SCIKIT_LEARN)
def test_float32_stays_float32(name):
    optimizer = SCIKIT_LEARN[name][0]
    zeros = np.zeros(3, np.float32)
    moments = tuple(zeros for _ in range(optimizer.n_moments))
    theta, moments = optimizer.update(NUMBERS, moments, zeros, np.ones(3, np.float32), 0.1)
    assert theta.dtype == np.float32
    assert all(moment.dtype == np.float32 for moment in moments)
