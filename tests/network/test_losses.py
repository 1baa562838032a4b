"""Losses: values against scikit-learn and SciPy, gradients against central differences and `jax.grad`."""

import json
import re
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit, huber, log_expit, log_softmax, softmax
from sklearn import metrics

from chainrule.errors import ParameterError
from chainrule.network import LOSSES, CustomLoss, get_loss

PINBALL = {"loss": "pinball", "quantile": 0.2}
HUBER = {"loss": "huber", "delta": 0.7}
YES_NO = {"loss": "binary_cross_entropy", "label_smoothing": 0.1}
CLASSES = {"loss": "softmax_cross_entropy", "label_smoothing": 0.3}


def column_mean(metric):
    """The mean over the outputs of a metric that takes one output at a time."""
    return lambda y, a, w: np.mean([metric(y[:, k], a[:, k], sample_weight=w) for k in range(a.shape[1])])


def smoothed_log_likelihood(y, a, w, epsilon):
    """-Σ_k t_k log p_k with the target distribution t written out class by class."""
    n_classes = a.shape[1]
    t = np.full(a.shape, epsilon / n_classes)
    t[np.arange(len(a)), y[:, 0].astype(int)] += 1 - epsilon
    return np.average(-(t * log_softmax(a, axis=1)).sum(1), weights=w)


def smoothed_yes_no(y, a, w, epsilon):
    t = np.where(y == 1, 1 - epsilon / 2, epsilon / 2)
    return np.average(-(t * log_expit(a) + (1 - t) * log_expit(-a)).sum(1), weights=w)


def likelihood_of_classes(y, a, w):
    return metrics.log_loss(y[:, 0], softmax(a, axis=1), sample_weight=w, labels=range(a.shape[1]))


def likelihood_of_answers(y, a, w):
    one = column_mean(lambda y, a, sample_weight: metrics.log_loss(y, expit(a), sample_weight=sample_weight))
    return a.shape[1] * one(y, a, w)


# (choice, value by an independent implementation, a row's loss for jax.grad)
CASES = [
    (
        "sum_of_squares",
        lambda y, a, w: metrics.mean_squared_error(y, a, sample_weight=w) * a.shape[1] * w.sum(),
        lambda a, y: jnp.sum((y - a) ** 2, 1),
    ),
    (
        "mean_squared_error",
        lambda y, a, w: metrics.mean_squared_error(y, a, sample_weight=w),
        lambda a, y: jnp.mean((y - a) ** 2, 1),
    ),
    (
        "squared_error",
        lambda y, a, w: metrics.mean_squared_error(y, a, sample_weight=w) / 2,
        lambda a, y: jnp.mean((y - a) ** 2, 1) / 2,
    ),
    (
        "absolute_error",
        lambda y, a, w: metrics.mean_absolute_error(y, a, sample_weight=w),
        lambda a, y: jnp.mean(jnp.abs(y - a), 1),
    ),
    (
        HUBER,
        lambda y, a, w: np.average(huber(0.7, a - y).mean(1), weights=w),
        lambda a, y: jnp.mean(
            jnp.where(abs(a - y) < 0.7, (a - y) ** 2 / 2, 0.7 * abs(a - y) - 0.7**2 / 2), 1
        ),
    ),
    (
        PINBALL,
        lambda y, a, w: metrics.mean_pinball_loss(y, a, sample_weight=w, alpha=0.2),
        lambda a, y: jnp.mean(jnp.where(y > a, 0.2 * (y - a), 0.8 * (a - y)), 1),
    ),
    (
        "poisson",
        lambda y, a, w: column_mean(metrics.mean_poisson_deviance)(y, np.exp(a), w) / 2,
        lambda a, y: jnp.mean(jnp.exp(a) - y * a, 1),
    ),
    (
        "binary_cross_entropy",
        likelihood_of_answers,
        lambda a, y: -jnp.sum(y * jax.nn.log_sigmoid(a) + (1 - y) * jax.nn.log_sigmoid(-a), 1),
    ),
    (
        YES_NO,
        lambda y, a, w: smoothed_yes_no(y, a, w, 0.1),
        lambda a, y: -jnp.sum(jnp.where(y > 0.5, 0.95, 0.05) * a + jax.nn.log_sigmoid(-a), 1),
    ),
    (
        "softmax_cross_entropy",
        likelihood_of_classes,
        lambda a, y: -jnp.take_along_axis(jax.nn.log_softmax(a), y.astype(int), 1)[:, 0],
    ),
    (
        CLASSES,
        lambda y, a, w: smoothed_log_likelihood(y, a, w, 0.3),
        lambda a, y: (
            -0.7 * jnp.take_along_axis(jax.nn.log_softmax(a), y.astype(int), 1)[:, 0]
            - 0.3 * jnp.mean(jax.nn.log_softmax(a), 1)
        ),
    ),
]


@cache
def derivative_of_sum(row):
    """d/da Σ_n w_n row(a_n, y_n), compiled once for weighted and unweighted rows."""
    return jax.jit(jax.grad(lambda a, y, w: jnp.sum(w * row(a, y))))


every_loss = pytest.mark.parametrize(("choice", "metric", "row"), CASES, ids=[str(case[0]) for case in CASES])


def example(loss, n_outputs, weighted, n_rows=9):
    """(a, y, weights) with targets that the loss takes; softmax has class numbers, and never 1 output."""
    rng = np.random.default_rng(n_outputs)
    if loss.out_activation == "softmax":
        n_outputs = max(n_outputs, 2)
    a = rng.normal(size=(n_rows, n_outputs))
    y = {
        "softmax": rng.integers(n_outputs, size=(n_rows, 1)),
        "logistic": rng.integers(2, size=a.shape),
        "exp": rng.poisson(1.0, size=a.shape),
    }.get(loss.out_activation, rng.normal(size=a.shape))
    return a, y.astype(float), rng.uniform(0.2, 3, n_rows) if weighted else np.ones(n_rows)


@every_loss
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
def test_value_and_gradient_belong_together(choice, metric, row, n_outputs, weighted, central_differences):
    loss = get_loss(choice)
    a, y, w = example(loss, n_outputs, weighted)
    value, da = loss(a, y, w)
    assert value == pytest.approx(metric(y, a, w), rel=1e-12)
    np.testing.assert_allclose(da, central_differences(lambda a: loss(a, y, w)[0], a), rtol=1e-6, atol=1e-9)
    with jax.enable_x64(True):
        oracle = derivative_of_sum(row)(a, y, w if choice == "sum_of_squares" else w / w.sum())
    np.testing.assert_allclose(da, oracle, rtol=1e-10, atol=1e-14)


@every_loss
def test_weight_0_is_an_absent_row_and_weight_2_a_repeated_one(choice, metric, row):
    loss = get_loss(choice)
    a, y, _ = example(loss, 3, False)
    times = np.asarray([0, 1, 2, 1, 0, 3, 1, 1, 1])
    value, da = loss(a, y, times.astype(float))
    repeated = np.repeat(np.arange(9), times)
    expected_value, expected_da = loss(a[repeated], y[repeated], np.ones(len(repeated)))
    assert value == pytest.approx(expected_value, rel=1e-13)
    summed = np.zeros_like(a)
    np.add.at(summed, repeated, expected_da)
    np.testing.assert_allclose(da, summed, rtol=1e-12, atol=1e-15)


@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_engines_see_the_same_numbers(choice, metric, row, dtype):
    loss = get_loss(choice)
    arrays = [part.astype(dtype) for part in example(loss, 3, True)]
    value, da = loss(*arrays)
    with jax.enable_x64(dtype == np.float64):
        value_jax, da_jax = jax.jit(loss)(*map(jnp.asarray, arrays))
    assert da.dtype == da_jax.dtype == dtype
    np.testing.assert_allclose(value_jax, value, rtol=10 * np.finfo(dtype).eps)
    np.testing.assert_allclose(da_jax, da, rtol=20 * np.finfo(dtype).eps, atol=np.finfo(dtype).eps)


@pytest.mark.parametrize(
    ("choice", "residual", "slope"),
    [
        ("absolute_error", [-2.0, 0.0, 3.0], [-1, 0, 1]),
        (PINBALL, [-2.0, 0.0, 3.0], [-0.2, 0, 0.8]),
        (HUBER, [-2.0, -0.7, 0.0, 0.7, 3.0], [-0.7, -0.7, 0, 0.7, 0.7]),
    ],
    ids=str,
)
def test_slope_at_a_kink_is_the_documented_one(choice, residual, slope):
    a = np.asarray(residual)[:, None]
    _, da = get_loss(choice).rows(a, np.zeros_like(a))
    np.testing.assert_allclose(da[:, 0], slope, rtol=1e-15)


# -- classification ----------------------------------------------------------------------------------

EXTREME = np.asarray(
    [[1e4, -1e4, 0.0], [-1e4, 1e4, 3.0], [88.0, -104.0, 104.0], [-1e4, -1e4, -1e4]], np.float32
)


@pytest.mark.parametrize("smoothing", [0.0, 0.25])
def test_softmax_of_extreme_scores_is_exact_in_float32(smoothing):
    loss = get_loss({"loss": "softmax_cross_entropy", "label_smoothing": smoothing})
    y = np.asarray([[0], [2], [1], [1]], np.float32)
    losses, slopes = loss.rows(EXTREME, y)
    t = (1 - smoothing) * np.eye(3)[[0, 2, 1, 1]] + smoothing / 3
    expected = -(t * log_softmax(EXTREME.astype(float), axis=1)).sum(1)
    assert losses.dtype == slopes.dtype == np.float32
    np.testing.assert_allclose(losses, expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(slopes, softmax(EXTREME.astype(float), axis=1) - t, atol=1e-6)
    np.testing.assert_allclose(loss.link(EXTREME), softmax(EXTREME.astype(float), axis=1), atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.25])
def test_logits_of_extreme_size_are_exact_in_float32(smoothing):
    loss = get_loss({"loss": "binary_cross_entropy", "label_smoothing": smoothing})
    y = np.asarray([[1, 1, 0], [1, 0, 1], [0, 1, 1], [0, 1, 0]], np.float32)
    losses, slopes = loss.rows(EXTREME, y)
    a, t = EXTREME.astype(float), y * (1 - smoothing) + smoothing / 2
    expected = -(t * log_expit(a) + (1 - t) * log_expit(-a)).sum(1)
    assert losses.dtype == slopes.dtype == np.float32
    np.testing.assert_allclose(losses, expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(slopes, expit(a) - t, atol=1e-6)
    np.testing.assert_allclose(loss.link(EXTREME), expit(a), atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.25])
def test_class_numbers_are_the_same_as_probabilities_0_and_1(smoothing):
    loss = get_loss({"loss": "softmax_cross_entropy", "label_smoothing": smoothing})
    a, y, w = example(loss, 3, True)
    value, da = loss(a, y, w)
    value_of_probabilities, da_of_probabilities = loss(a, np.eye(3)[y[:, 0].astype(int)], w)
    assert value == value_of_probabilities
    np.testing.assert_array_equal(da, da_of_probabilities)


def test_two_classes_by_one_logit_or_by_two_scores_are_the_same():
    a, y, w = example(get_loss("binary_cross_entropy"), 1, True)
    one, da = get_loss("binary_cross_entropy")(a, y, w)
    two, da_two = get_loss("softmax_cross_entropy")(np.hstack([np.zeros_like(a), a]), y, w)
    assert one == pytest.approx(two, rel=1e-13)
    np.testing.assert_allclose(da_two, np.hstack([-da, da]), rtol=1e-12)


def test_link_is_the_prediction_that_minimizes_the_loss_of_a_constant_target():
    a = np.asarray([[0.3, -1.2]])
    np.testing.assert_allclose(get_loss("poisson").link(a), np.exp(a))
    np.testing.assert_array_equal(get_loss("squared_error").link(a), a)
    for choice in ("poisson", "binary_cross_entropy", "softmax_cross_entropy", "squared_error"):
        loss = get_loss(choice)
        np.testing.assert_allclose(loss.rows(a, loss.link(a))[1], np.zeros((1, 2)), atol=1e-15)


# -- your own, names and settings --------------------------------------------------------------------


def quartic(a, y):
    return ((a - y) ** 4).sum(1)


def quartic_with_slope(a, y):
    return quartic(a, y), 4 * (a - y) ** 3


@pytest.mark.parametrize("function", [quartic, quartic_with_slope])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_your_own_loss_with_and_without_its_slope(function, dtype):
    loss = get_loss(function)
    a, y, w = (
        np.asarray([[1.0, 0.0], [2.0, -1.0]], dtype),
        np.zeros((2, 2), dtype),
        np.asarray([1.0, 3.0], dtype),
    )
    value, da = loss(a, y, w)
    assert value == pytest.approx((1 * 1 + 3 * 17) / 4)
    np.testing.assert_allclose(da, [[1.0, 0.0], [24.0, -3.0]])
    assert isinstance(da, np.ndarray)
    assert da.dtype == dtype
    np.testing.assert_allclose(jax.jit(loss)(*map(jnp.asarray, (a, y, w)))[1], da)
    np.testing.assert_array_equal(loss.link(a), a)
    with pytest.raises(ParameterError, match="your own function"):
        loss.describe()


@pytest.mark.parametrize("choice", [*LOSSES, HUBER, PINBALL, YES_NO, CLASSES], ids=str)
def test_description_gives_an_equal_loss_back(choice):
    loss = get_loss(choice)
    described = get_loss(json.loads(json.dumps(loss.describe())))
    assert described == loss
    assert hash(described) == hash(loss)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("hubert", "'hubert' is unknown; use one of"),
        ({"loss": "huber", "quantile": 0.5}, r"'huber' has no setting \['quantile'\]"),
        ({"loss": "huber", "delta": 0.0}, "delta must be positive, however: 0.0"),
        ({"loss": "pinball", "quantile": 1.0}, r"quantile must be in \(0, 1\), however: 1.0"),
        ({"loss": "softmax_cross_entropy", "label_smoothing": 1.0}, r"label_smoothing must be in \[0, 1\)"),
        ({"loss": "binary_cross_entropy", "label_smoothing": -0.1}, "however: -0.1"),
        (3, "however: 3"),
    ],
    ids=str,
)
def test_what_is_no_loss_is_refused_by_name(choice, words):
    with pytest.raises(ParameterError, match=words):
        get_loss(choice)


# -- shapes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(7,), (1, 7), (7, 2)])
def test_targets_that_would_broadcast_are_refused(shape):
    with pytest.raises(ParameterError, match=r"however: \(7, 1\), " + re.escape(str(shape))):
        get_loss("squared_error")(np.zeros((7, 1)), np.zeros(shape), np.ones(7))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda a, y: (a - y) ** 2, r"a loss of shape \(7,\), however: \(7, 1\); sum"),
        (lambda a, y: ((a - y) ** 2).mean(), r"a loss of shape \(7,\), however: \(\)"),
        (lambda a, y: (((a - y) ** 2)[:, 0], (a - y)[:, 0]), r"a slope of shape \(7, 1\), however: \(7,\)"),
    ],
)
def test_your_own_loss_of_a_wrong_shape_is_refused(function, message):
    with pytest.raises(ParameterError, match=message):
        CustomLoss(function)(np.ones((7, 1)), np.zeros((7, 1)), np.ones(7))
