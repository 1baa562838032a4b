"""The loss of an ensemble: member by member and row by row with SciPy, gradients by two other ways."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit, log_expit, log_softmax, logsumexp, softmax, xlogy

from chainrule.errors import ParameterError
from chainrule.network import EnsembleLoss, get_loss

MEMBERS, N_ROWS = 4, 7

# (loss of a member, its outputs, a row's loss by SciPy, the link)
CASES = {
    "softmax": (
        "softmax_cross_entropy",
        3,
        lambda a, y: -log_softmax(a)[int(y[0])],
        lambda a: softmax(a, axis=-1),
    ),
    "logistic": (
        "binary_cross_entropy",
        2,
        lambda a, y: -(y * log_expit(a) + (1 - y) * log_expit(-a)).sum(),
        expit,
    ),
    "squared": ("squared_error", 2, lambda a, y: ((a - y) ** 2).mean() / 2, lambda a: a),
    "sum": ("sum_of_squares", 2, lambda a, y: ((a - y) ** 2).sum(), lambda a: a),
    "poisson": ("poisson", 2, lambda a, y: (np.exp(a) - y + xlogy(y, y) - y * a).mean(), np.exp),
}
every_loss = pytest.mark.parametrize(("choice", "n_outputs", "row", "link"), CASES.values(), ids=CASES)
with_folds = pytest.mark.parametrize("folds", [0, 2, 4])


def example(choice, n_outputs, folds):
    """(a, y, weights), y with a column of folds."""
    rng = np.random.default_rng(n_outputs)
    y = {
        "softmax_cross_entropy": rng.integers(n_outputs, size=(N_ROWS, 1)),
        "binary_cross_entropy": rng.integers(2, size=(N_ROWS, n_outputs)),
        "poisson": rng.poisson(1.0, size=(N_ROWS, n_outputs)),
    }.get(choice, rng.normal(size=(N_ROWS, n_outputs)))
    if folds:
        y = np.hstack([y, np.arange(N_ROWS)[:, None] % folds])
    return rng.normal(size=(N_ROWS, MEMBERS * n_outputs)), y.astype(float), rng.uniform(0.2, 3, N_ROWS)


@every_loss
@with_folds
def test_value_and_gradient_are_those_of_the_members(
    choice, n_outputs, row, link, folds, central_differences
):
    loss = EnsembleLoss(get_loss(choice), MEMBERS, folds)
    a, y, w = example(choice, n_outputs, folds)
    expected = []
    for outputs, target in zip(a.reshape(N_ROWS, MEMBERS, n_outputs), y, strict=True):
        learning = [m for m in range(MEMBERS) if not folds or m % folds != target[-1]]
        truth = target[:-1] if folds else target
        expected.append(np.mean([row(outputs[m], truth) for m in learning]))
    total = w @ expected if choice == "sum_of_squares" else np.average(expected, weights=w)
    value, da = loss(a, y, w)
    assert value == pytest.approx(total, rel=1e-12)
    np.testing.assert_allclose(da, central_differences(lambda a: loss(a, y, w)[0], a), rtol=1e-6, atol=1e-9)
    with jax.enable_x64(True):
        oracle = jax.vjp(lambda a: loss(a, jnp.asarray(y), jnp.asarray(w))[0], jnp.asarray(a))[1](1.0)[0]
        compiled = jax.jit(loss)(*map(jnp.asarray, (a, y, w)))
    np.testing.assert_allclose(da, oracle, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(compiled[1], da, rtol=1e-12, atol=1e-15)
    assert value == pytest.approx(float(compiled[0]), rel=1e-12)


@every_loss
@pytest.mark.parametrize("folds", [2, 4])
def test_a_member_gets_nothing_from_the_rows_of_its_fold(choice, n_outputs, row, link, folds):
    a, y, w = example(choice, n_outputs, folds)
    _, da = EnsembleLoss(get_loss(choice), MEMBERS, folds)(a, y, w)
    slopes = da.reshape(N_ROWS, MEMBERS, n_outputs)
    for n, m in np.ndindex(N_ROWS, MEMBERS):
        if m % folds == n % folds:
            np.testing.assert_array_equal(slopes[n, m], 0)
        else:
            assert (slopes[n, m] != 0).all()


# -- the prediction -----------------------------------------------------------------------------------


@every_loss
def test_the_prediction_is_the_mean_of_the_members(choice, n_outputs, row, link):
    loss = EnsembleLoss(get_loss(choice), MEMBERS)
    a, _, _ = example(choice, n_outputs, 0)
    expected = link(a.reshape(N_ROWS, MEMBERS, n_outputs)).mean(1)
    np.testing.assert_allclose(loss.link(loss.combined(a)), expected, rtol=1e-12)
    with jax.enable_x64(True):
        compiled = jax.jit(loss.combined)(jnp.asarray(a))
    np.testing.assert_allclose(loss.combined(a), compiled, rtol=1e-12, atol=1e-14)


def log_mean(a):
    return logsumexp(a, axis=1) - np.log(a.shape[1])


@pytest.mark.parametrize("size", [100.0, 1e4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("softmax_cross_entropy", lambda a: log_mean(log_softmax(a, axis=2))),
        ("binary_cross_entropy", lambda a: log_mean(log_expit(a)) - log_mean(log_expit(-a))),
        ("poisson", log_mean),
        ("squared_error", lambda a: a.mean(1)),
    ],
)
@pytest.mark.parametrize("folds", [0, 2])
def test_logits_of_extreme_size_are_exact(choice, expected, dtype, size, folds):
    """Also where a member that has no part in the mean is the most certain by far."""
    rng = np.random.default_rng(0)
    a = (size * rng.choice([-1.0, 0.0, 0.3, 1.0], (500, MEMBERS, 3))).astype(dtype)
    fold = rng.integers(2, size=(500, 1))
    loss = EnsembleLoss(get_loss(choice), MEMBERS, folds)
    flat, y = a.reshape(500, -1), np.hstack([np.zeros((500, 1)), fold]).astype(dtype)
    chosen = a.astype(float)
    if folds:
        chosen = np.where(fold[:, :, None] == 0, chosen[:, 0::2], chosen[:, 1::2])
    of_rows = loss.left_out if folds else lambda a, _: loss.combined(a)
    for out in (of_rows(flat, y), jax.jit(of_rows)(jnp.asarray(flat), jnp.asarray(y))):
        assert np.isfinite(out).all()
        np.testing.assert_allclose(out, expected(chosen), rtol=1e-5, atol=1e-4)
    if choice != "poisson":
        assert np.isfinite(loss.link(of_rows(flat, y))).all()


@every_loss
@with_folds
def test_rows_are_judged_by_the_mean_prediction_of_those_who_did_not_learn_from_them(
    choice, n_outputs, row, link, folds
):
    loss = EnsembleLoss(get_loss(choice), MEMBERS, folds)
    a, y, w = example(choice, n_outputs, folds)
    inverse = {"softmax": np.log, "logistic": lambda p: np.log(p / (1 - p)), "exp": np.log}
    raw = inverse.get(loss.out_activation, lambda mean: mean)
    expected = []
    for outputs, target in zip(a.reshape(N_ROWS, MEMBERS, n_outputs), y, strict=True):
        judges = [m for m in range(MEMBERS) if not folds or m % folds == target[-1]]
        mean = np.mean([link(outputs[m]) for m in judges], axis=0)
        expected.append(row(raw(mean), target[:-1] if folds else target))
    total = w @ expected if choice == "sum_of_squares" else np.average(expected, weights=w)
    assert loss.judged(a, y, w) == pytest.approx(total, rel=1e-10)
    if not folds:
        # convex losses: the mean predicts no worse than its members do on average (Jensen)
        assert loss.judged(a, y, w) <= loss(a, y, w)[0]


def test_one_member_is_its_loss():
    a, y, w = example("squared_error", 2, 0)
    loss = get_loss("squared_error")
    one = EnsembleLoss(loss, 1)
    assert one(a[:, :2], y, w)[0] == pytest.approx(loss(a[:, :2], y, w)[0])
    np.testing.assert_allclose(one(a[:, :2], y, w)[1], loss(a[:, :2], y, w)[1])
    assert one.judged(a[:, :2], y, w) == pytest.approx(loss(a[:, :2], y, w)[0])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda loss: EnsembleLoss(loss, 0), "members must be a positive integer, however: 0"),
        (lambda loss: EnsembleLoss(loss, 4, 1), "divide the 4 members, however: 1"),
        (lambda loss: EnsembleLoss(loss, 4, 3), "divide the 4 members, however: 3"),
        (
            lambda loss: EnsembleLoss(loss, 4)(np.zeros((5, 6)), np.zeros((5, 1)), np.ones(5)),
            r"4 members takes as many outputs for each, however: \(5, 6\)",
        ),
        (
            lambda loss: EnsembleLoss(loss, 4)(np.zeros((5, 8)), np.zeros((5, 3)), np.ones(5)),
            r"however: \(5, 2\), \(5, 3\)",
        ),
        (
            lambda loss: EnsembleLoss(loss, 4, 2)(np.zeros((5, 4)), np.zeros((5, 1)), np.ones(5)),
            r"however: \(5, 1\), \(5, 0\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, words):
    with pytest.raises(ParameterError, match=words):
        make(get_loss("squared_error"))
