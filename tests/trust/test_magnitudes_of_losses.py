"""Losses from logits, and their slopes, against exact numbers; the complex step; the step that diverges."""

from decimal import Context, Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_expit, log_softmax
from tried import counted, examples

from chainrule.network import Dense, Network, get_activation, get_loss
from chainrule.network.activation import Activation
from chainrule.network.ensemble_loss import EnsembleLoss
from chainrule.network.losses import MultilabelCrossEntropy, SoftmaxCrossEntropy

DTYPES = [np.float32, np.float64]
_EDGES = [
    0.0,
    -0.0,
    1e-45,
    17.0,
    37.0,
    88.7,
    89.0,
    103.9,
    104.0,
    700.0,
    709.8,
    710.0,
    745.2,
    746.0,
    1e4,
    1e30,
]


def logits(dtype):
    """Numbers of this type up to the largest, many of them where exp over- or underflows."""
    largest = float(np.nextafter(np.finfo(dtype).max, 0, dtype=dtype)) / 4
    edges = st.sampled_from([*_EDGES, largest]).flatmap(lambda x: st.sampled_from([x, -x]))
    small = st.floats(-1e4, 1e4, width=32)
    return st.one_of(edges, small, st.floats(-largest, largest)).map(dtype)


def _exp(x):
    """exp(x) of a Decimal, 0 where it is smaller than 1e-40000."""
    return Decimal(0) if x < -90_000 else x.exp()


def exact_softmax(row, k):
    """(log Σ exp(a_j) - a_k, softmax(a)) in 60 digits."""
    with localcontext(Context(prec=60, Emin=-999_999, Emax=999_999)):
        a = [Decimal(float(x)) for x in row]
        powers = [_exp(x - max(a)) for x in a]
        return float(sum(powers).ln() + (max(a) - a[k])), [float(power / sum(powers)) for power in powers]


def exact_logistic(a, y):
    """(log(1 + exp(-s a)), σ(a)) in 60 digits, with s = 1 for y = 1 and -1 for y = 0."""
    with localcontext(Context(prec=60, Emin=-999_999, Emax=999_999)):
        a = Decimal(float(a))
        x = a if y else -a  # the loss is log(1 + exp(-x))
        small = _exp(-abs(x))
        loss = (small - small**2 / 2 if small < 1e-25 else (1 + small).ln()) + max(-x, Decimal(0))
        e = _exp(-abs(a))
        return float(loss), float((1 if a >= 0 else e) / (1 + e))


@pytest.mark.parametrize("dtype", DTYPES)
@examples(40)
@given(drawn=st.data(), n_classes=st.integers(2, 5))
def test_softmax_cross_entropy_is_exact_and_never_capped(dtype, drawn, n_classes):
    row = np.array(drawn.draw(st.lists(logits(dtype), min_size=n_classes, max_size=n_classes)), dtype=dtype)
    k = drawn.draw(st.integers(0, n_classes - 1))
    loss, slope = SoftmaxCrossEntropy().rows(row[None], np.array([[k]], dtype=dtype))
    expected, p = exact_softmax(row, k)
    eps = float(np.finfo(dtype).eps)
    assert loss[0] == pytest.approx(expected, rel=4 * eps, abs=4 * eps)
    assert loss[0] == pytest.approx(-log_softmax(row.astype(np.float64))[k], rel=4 * eps, abs=4 * eps)
    np.testing.assert_allclose(slope[0], np.array(p) - (np.arange(n_classes) == k), rtol=0, atol=8 * eps)
    assert loss.dtype == slope.dtype == dtype
    counted("numerics: softmax", "answered")


@pytest.mark.parametrize("dtype", DTYPES)
@examples(40)
@given(drawn=st.data(), y=st.integers(0, 1))
def test_binary_cross_entropy_is_exact_and_never_capped(dtype, drawn, y):
    a = np.array([[drawn.draw(logits(dtype))]], dtype=dtype)
    loss, slope = MultilabelCrossEntropy().rows(a, np.array([[y]], dtype=dtype))
    expected, p = exact_logistic(a[0, 0], y)
    eps, tiny = float(np.finfo(dtype).eps), float(np.finfo(dtype).tiny)
    assert loss[0] == pytest.approx(expected, rel=8 * eps, abs=tiny)  # also where it is almost 0
    assert loss[0] == pytest.approx(-log_expit(np.float64(a[0, 0] if y else -a[0, 0])), rel=8 * eps, abs=tiny)
    assert slope[0, 0] == pytest.approx(p - y, abs=4 * eps)
    if not y:
        assert slope[0, 0] == pytest.approx(p, rel=8 * eps, abs=tiny)
    counted("numerics: logistic", "answered")


@pytest.mark.parametrize("dtype", DTYPES)
@examples(40)
@given(drawn=st.data())
def test_softplus_and_logistic_are_exact(dtype, drawn):
    a = np.array([drawn.draw(logits(dtype))], dtype=dtype)
    loss, p = exact_logistic(a[0], 0)  # softplus(a)
    eps, tiny = float(np.finfo(dtype).eps), float(np.finfo(dtype).tiny)
    assert get_activation("softplus").value(a)[0] == pytest.approx(loss, rel=8 * eps, abs=tiny)
    assert get_activation("logistic").value(a)[0] == pytest.approx(p, rel=8 * eps, abs=tiny)
    counted("numerics: activations", "answered")


@pytest.mark.parametrize("dtype", DTYPES)
@examples(20)
@given(drawn=st.data(), members=st.integers(1, 3), n_outputs=st.sampled_from([1, 3]))
def test_an_ensembles_mean_of_saturated_members_is_finite(dtype, drawn, members, n_outputs):
    width = members * n_outputs
    a = np.array([drawn.draw(st.lists(logits(dtype), min_size=width, max_size=width))], dtype=dtype)
    member = SoftmaxCrossEntropy() if n_outputs == 3 else MultilabelCrossEntropy()
    loss = EnsembleLoss(member, members)
    rows, slopes = loss.rows(a, np.zeros((1, 1), dtype=dtype))
    with np.errstate(over="ignore"):
        p = loss.link(loss.combined(a))
    by_member = loss.link(a.reshape(members, n_outputs))
    assert np.isfinite(rows).all()
    assert np.isfinite(slopes).all()
    np.testing.assert_allclose(p[0], by_member.mean(0), atol=1e-6 if dtype is np.float32 else 1e-12)
    counted("numerics: ensembles", "answered")


@pytest.mark.parametrize("name", ["identity", "tanh"])
@pytest.mark.parametrize("kind", ["squared_error", "mean_squared_error", "sum_of_squares"])
@examples(8)
@given(n_rows=st.integers(1, 4), hidden=st.lists(st.integers(1, 3), max_size=2), seed=st.integers(0, 99))
def test_the_complex_step_gives_the_written_gradient(name, kind, n_rows, hidden, seed):
    """Im L(θ + ih) / h loses no digit to a difference: the slopes agree to rounding, not to 1e-9.

    Layers that are analytic take complex numbers as they are; |a|, max and comparisons in the others do not.
    """
    rng = np.random.default_rng(seed)
    layers = [layer for units in hidden for layer in (Dense(units), Activation(name))]
    network, loss = Network(2, (*layers, Dense(2))), get_loss(kind)
    theta = network.initialize(rng, np.float64)
    X, y, weights = rng.normal(size=(n_rows, 2)), rng.normal(size=(n_rows, 2)), rng.uniform(0.5, 2, n_rows)

    def value(theta):
        a, saved = network.forward(network.named(theta), X, None)
        return *loss(a, y, weights), saved

    _, da, saved = value(theta)
    gradient = network.backward(network.named(theta), saved, da, needs_dz=False)[0]
    written = network.flat(network.by_layer(gradient))
    h = 1e-200
    step = np.array([value(theta + 1j * h * unit)[0].imag / h for unit in np.eye(len(theta))])
    np.testing.assert_allclose(written, step, rtol=1e-12, atol=1e-14)
    counted("numerics: complex step", "answered")
