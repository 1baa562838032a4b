"""What both engines compute, against loops written out by hand, closed forms and scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from chainrule.engine import Data, Plan, Program, start
from chainrule.network import Draw, Network, get_loss
from chainrule.optimization import SGD, Adam
from chainrule.optimization.lbfgs import minimize

N_ROWS, N_INPUTS, N_OUTPUTS = 21, 3, 2


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(N_ROWS, N_INPUTS)), rng.normal(size=(N_ROWS, N_OUTPUTS))
    return Data(X, y, rng.uniform(0.2, 3, N_ROWS))


def linear_gradient(W, b, X, y, w):
    """(L, dL/dW, dL/db) of L = Σ w ½ mean_k (W x + b - y)² / Σ w."""
    r = X @ W.T + b - y
    d = w[:, None] * r / w.sum() / r.shape[1]
    return (w * (r**2).mean(1)).sum() / 2 / w.sum(), d.T @ X, d.sum(0)


def run(engine, program, data, theta, orders, rates, batch_size, numbers, n_epochs, rate_factor=1.0):
    """(final state, records) of some epochs with given orders; every step of an epoch has the same rate."""
    n_steps = -(-len(data.X) // batch_size)
    steps = np.arange(1, n_epochs * n_steps + 1).reshape(n_epochs, n_steps)
    plan = Plan(
        orders=orders,
        rates=np.repeat(np.asarray(rates)[:, None], n_steps, 1),
        corrections=program.optimizer.correction(numbers, steps),
        batch_size=batch_size,
        key=Draw.from_seed(0).key,
    )
    loaded = engine.load(data, theta.dtype)
    state = start(theta, program.optimizer.n_moments)._replace(rate_factor=rate_factor)
    return engine.run_epochs(program, loaded, state, plan, numbers)


@pytest.mark.parametrize("batch_size", [1, 8, 50])
@pytest.mark.parametrize("shuffled", [True, False], ids=["shuffled", "as they lie"])
def test_batches_are_descended_one_after_the_other(engine, rows, numbers, batch_size, shuffled):
    """The last batch is shorter and counts by its rows; the epoch's loss is the mean over all rows."""
    n_epochs, rates = 3, [0.1, 0.05, 0.02]
    rng = np.random.default_rng(1)
    orders = (
        np.stack([rng.permutation(N_ROWS) for _ in range(n_epochs)]).astype(np.int32) if shuffled else None
    )
    W, b = rng.normal(size=(N_OUTPUTS, N_INPUTS)), rng.normal(size=N_OUTPUTS)
    theta = np.concatenate([W.ravel(), b])
    losses = []
    for epoch in range(n_epochs):
        order, total = orders[epoch] if shuffled else np.arange(N_ROWS), 0.0
        for batch in (order[i : i + batch_size] for i in range(0, N_ROWS, batch_size)):
            value, dW, db = linear_gradient(W, b, *(part[batch] for part in rows[:3]))
            W, b = W - rates[epoch] * dW, b - rates[epoch] * db
            total += value * rows.weights[batch].sum()
        losses.append(total / rows.weights.sum())
    program = Program(Network.mlp(N_INPUTS, (), N_OUTPUTS), get_loss("squared_error"), SGD(momentum=False))
    state, records = run(engine, program, rows, theta, orders, rates, batch_size, numbers(), n_epochs)
    np.testing.assert_allclose(state.theta, np.concatenate([W.ravel(), b]), rtol=1e-12)
    np.testing.assert_allclose(records.loss, losses, rtol=1e-12)
    np.testing.assert_allclose(records.rate, rates)
    assert int(state.step) == n_epochs * -(-N_ROWS // batch_size)


@pytest.mark.parametrize("optimizer", [SGD(), Adam()], ids=["nesterov", "adam"])
def test_a_rate_that_was_divided_makes_smaller_steps(engine, rows, numbers, optimizer):
    network = Network.mlp(N_INPUTS, (), N_OUTPUTS)
    program = Program(network, get_loss("squared_error"), optimizer, weight_decay=True)
    theta, settings = np.ones(network.n_parameters), numbers(weight_decay=0.1)
    divided, _ = run(engine, program, rows, theta, None, [0.05] * 2, 8, settings, 2, rate_factor=0.2)
    smaller, _ = run(engine, program, rows, theta, None, [0.01] * 2, 8, settings, 2)
    np.testing.assert_allclose(divided.theta, smaller.theta, rtol=1e-12)


def test_a_loss_that_adds_up_adds_up_over_the_epoch(engine, rows, numbers):
    program = Program(Network.mlp(N_INPUTS, (), N_OUTPUTS), get_loss("sum_of_squares"), SGD(momentum=False))
    theta = np.zeros(program.network.n_parameters)
    _, records = run(engine, program, rows, theta, None, [0.0], 4, numbers(), 1)
    np.testing.assert_allclose(records.loss, [(rows.weights[:, None] * rows.y**2).sum()], rtol=1e-12)


def test_adamw_with_clipping_and_penalties_step_by_step(engine, rows, numbers):
    """Decay and penalties act on weights alone; the gradient is cut after the penalties are in it."""
    settings = numbers(l2=0.4, l1=0.3, clip=0.05, weight_decay=0.1)
    program = Program(
        Network.mlp(N_INPUTS, (), N_OUTPUTS),
        get_loss("squared_error"),
        Adam(),
        l1=True,
        clip=True,
        weight_decay=True,
    )
    rng = np.random.default_rng(2)
    W, b = rng.normal(size=(N_OUTPUTS, N_INPUTS)), rng.normal(size=N_OUTPUTS)
    theta, rate, batch_size = np.concatenate([W.ravel(), b]), 0.05, 8
    m = v = np.zeros(len(theta))
    expected, t = theta, 0
    for _ in range(2):
        for i in range(0, N_ROWS, batch_size):
            t, part = t + 1, [part[i : i + batch_size] for part in rows[:3]]
            W, b = expected[:6].reshape(2, 3), expected[6:]
            _, dW, db = linear_gradient(W, b, *part)
            dW = dW + (0.4 * W + 0.3 * np.sign(W)) / part[2].sum()
            g = np.concatenate([dW.ravel(), db])
            g = g * min(1, 0.05 / np.linalg.norm(g))
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            decayed = np.concatenate([(1 - rate * 0.1) * W.ravel(), b])
            correction = np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            expected = decayed - rate * correction * m / (np.sqrt(v) + 1e-8)
    state, _ = run(engine, program, rows, theta, None, [rate] * 2, batch_size, settings, 2)
    np.testing.assert_allclose(state.theta, expected, rtol=1e-10)


def test_an_integer_weight_is_a_repeated_row(engine, rows, numbers):
    """With the whole table as its batch; penalties included, which the sum of the weights divides."""
    program = Program(Network.mlp(N_INPUTS, (4,), N_OUTPUTS), get_loss("squared_error"), Adam())
    theta = program.network.initialize(np.random.default_rng(0), np.float64)
    times = 1 + np.arange(N_ROWS) % 3
    weighted = rows._replace(weights=times.astype(float))
    repeated = Data(*(np.repeat(part, times, axis=0) for part in rows[:2]), np.ones(times.sum()))
    settings = numbers(l2=0.5)
    state, records = run(engine, program, weighted, theta, None, [0.1] * 3, N_ROWS, settings, 3)
    expected, expected_records = run(engine, program, repeated, theta, None, [0.1] * 3, 100, settings, 3)
    np.testing.assert_allclose(records.loss, expected_records.loss, rtol=1e-12)
    np.testing.assert_allclose(state.theta, expected.theta, rtol=1e-9)


# -- no hidden layer: the linear models ------------------------------------------------------------------


def fitted(engine, network, loss, data, numbers):
    """θ of the least loss over all rows."""
    program, loaded = Program(network, get_loss(loss), Adam()), engine.load(data, np.float64)
    result = minimize(
        lambda theta: engine.value_and_gradient(program, loaded, theta, numbers),
        np.zeros(network.n_parameters),
        max_iter=1000,
        max_fun=2000,
        tol=1e-9,
    )
    assert result.converged
    return network.views(result.theta)[-1]


@pytest.mark.parametrize("alpha", [0.0, 2.0])
def test_linear_regression_is_the_closed_form(engine, rows, numbers, alpha):
    """One output: ½ mean r² + ½ α w²/S is, times 2 S, what ridge regression minimizes."""
    data = rows._replace(y=rows.y[:, :1])
    p = fitted(engine, Network.mlp(N_INPUTS, (), 1), "squared_error", data, numbers(l2=alpha))
    expected = Ridge(alpha, solver="cholesky").fit(data.X, data.y[:, 0], sample_weight=data.weights)
    np.testing.assert_allclose(p["W"][0], expected.coef_, atol=1e-6)
    np.testing.assert_allclose(p["b"][0], expected.intercept_, atol=1e-6)
    if alpha == 0:
        root = np.sqrt(data.weights)[:, None]
        normal = np.linalg.lstsq(root * np.c_[data.X, np.ones(N_ROWS)], root * data.y, rcond=None)[0]
        np.testing.assert_allclose(np.append(p["W"], p["b"]), normal[:, 0], atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_logistic_regression_is_scikit_learns(engine, rows, numbers, n_classes):
    y = np.random.default_rng(3).integers(n_classes, size=N_ROWS)
    loss, n_outputs = ("binary_cross_entropy", 1) if n_classes == 2 else ("softmax_cross_entropy", 3)
    data = Data(rows.X, y[:, None].astype(float), rows.weights)
    p = fitted(engine, Network.mlp(N_INPUTS, (), n_outputs), loss, data, numbers(l2=0.5))
    expected = LogisticRegression(C=1 / 0.5, tol=1e-10).fit(rows.X, y, sample_weight=rows.weights)
    np.testing.assert_allclose(p["W"], expected.coef_, atol=1e-4)
    np.testing.assert_allclose(p["b"] - p["b"].mean() * (n_classes > 2), expected.intercept_, atol=1e-4)


# -- learned solutions -----------------------------------------------------------------------------------


def test_two_relu_neurons_learn_xor(engine, train):
    X, y = (
        np.asarray([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
        np.asarray([[0.0], [1.0], [1.0], [0.0]]),
    )
    network = Network.mlp(2, (2,), 1)
    theta = np.asarray([0.9, -0.4, -0.6, 0.7, 0.1, -0.1, 0.3, 0.4, 0.2])
    done = train(engine, network, X, y, theta=theta, epochs=600, rate=0.05, batch_size=4, shuffle=False)
    np.testing.assert_allclose(network.predict(done.state.theta, X), y, atol=1e-3)


def test_a_network_of_identities_learns_what_the_linear_model_does(engine, rows, numbers):
    """More parameters, not more functions: its least loss is that of the linear model."""
    data = rows._replace(y=rows.y[:, :1])
    deep, linear = Network.mlp(N_INPUTS, (4, 3), 1, "identity"), Network.mlp(N_INPUTS, (), 1)
    least = []
    for network in (deep, linear):
        program, loaded = Program(network, get_loss("squared_error"), Adam()), engine.load(data, np.float64)
        theta = network.initialize(np.random.default_rng(0), np.float64)
        found = minimize(
            lambda theta, program=program, loaded=loaded: engine.value_and_gradient(
                program, loaded, theta, numbers()
            ),
            theta,
            max_iter=2000,
            max_fun=4000,
            tol=1e-9,
        )
        least.append(network.predict(found.theta, data.X))
    np.testing.assert_allclose(least[0], least[1], atol=1e-5)
