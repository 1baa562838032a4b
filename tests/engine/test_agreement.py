"""Both engines agree: gradients and the losses of every epoch, to rounding, in float32 and float64."""

import jax
import numpy as np
import pytest
from scipy.sparse import csr_array

from chainrule.engine import Data, Program
from chainrule.engine.numpy import NumpyEngine
from chainrule.engine.xla import XlaEngine
from chainrule.errors import ParameterError
from chainrule.network import (
    RNN,
    Activation,
    CategoryEmbedding,
    Columns,
    Dense,
    Dropout,
    EnsembleLoss,
    Join,
    MemberDense,
    Network,
    ParametricActivation,
    Periodic,
    PiecewiseLinear,
    Polynomial,
    Scale,
    get_loss,
)
from chainrule.optimization import SGD, Adam, FlatCosine

N_ROWS = 37
MLP = Network.mlp(4, (6, 5), 2, ["tanh", "gelu"])


def cube(a):
    return a * a * a / 10


def softened_hinge(a, y):
    return ((1 + (a - y) ** 2) ** 0.5 - 1).sum(1)


# everything a training can be asked for occurs at least once
CASES = {
    "momentum, l1, one-cycle": {
        "loss": "sum_of_squares",
        "optimizer": SGD(nesterov=False),
        "l1": 0.05,
        "schedule": "one_cycle",
        "rate": 0.001,
    },
    "nesterov, l2, inverse scaling, several labels": {
        "loss": "binary_cross_entropy",
        "optimizer": SGD(),
        "numbers": {"l2": 0.1},
        "schedule": "invscaling",
        "monitor": "validation_loss",
    },
    "adam, weights, batch larger than the table": {"weights": True, "batch_size": 50, "shuffle": False},
    "adamw, clipping, warm-up": {"weight_decay": 0.1, "clip": 0.05, "schedule": "warmup_cosine"},
    "adaptive": {"adaptive": True, "numbers": {"tol": 0.5, "patience": 1}, "epochs": 8},
    "dropout, classes, validation accuracy": {
        "network": Network.mlp(4, (6,), 3, "silu", dropout=0.3),
        "loss": {"loss": "softmax_cross_entropy", "label_smoothing": 0.1},
        "monitor": "score",
        "metric": "accuracy",
        "weights": True,
    },
    "poisson, validation r2": {"loss": "poisson", "monitor": "score", "metric": "r2", "weights": True},
    "early stop": {"monitor": "validation_loss", "numbers": {"tol": 0.5, "patience": 2}, "epochs": 16},
    "your own activation and loss": {
        "network": Network.mlp(4, (6,), 2, cube),
        "loss": softened_hinge,
        "batch_size": N_ROWS,
    },
    "layers of all kinds": {
        "network": Network(
            4,
            (Dropout(0.1), Network(4, (Dense(3), Activation("mish"))), Polynomial(2), Dropout(0.4), Dense(2)),
        )
    },
}
IN_FLOAT32 = ["adamw, clipping, warm-up", "adaptive", "dropout, classes, validation accuracy"]


def rows_for(loss, n_rows, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 4))
    name = loss["loss"] if isinstance(loss, dict) else loss
    y = {
        "softmax_cross_entropy": rng.integers(3, size=(n_rows, 1)),
        "binary_cross_entropy": rng.integers(2, size=(n_rows, 2)),
        "poisson": rng.poisson(1.5, size=(n_rows, 2)),
    }.get(name if isinstance(name, str) else "", rng.normal(size=(n_rows, 2)) + X[:, :2])
    return X, y.astype(float), rng.uniform(0.3, 2, n_rows)


def assert_same_records(one, other, dtype):
    tolerance = {"rtol": 1e-9, "atol": 1e-12} if dtype == np.float64 else {"rtol": 2e-4, "atol": 2e-5}
    assert len(one.records) == len(other.records)
    for ours, theirs in zip(one.records, other.records, strict=True):
        for quantity in ("loss", "validation_loss", "score", "learning_rate"):
            np.testing.assert_allclose(
                getattr(ours, quantity), getattr(theirs, quantity), err_msg=quantity, **tolerance
            )


@pytest.mark.parametrize(
    ("name", "dtype"), [*((name, np.float64) for name in CASES), *((name, np.float32) for name in IN_FLOAT32)]
)
def test_every_epoch_comes_out_the_same(name, dtype, train):
    case = dict(CASES[name])
    loss, network = case.pop("loss", "squared_error"), case.pop("network", MLP)
    X, y, w = rows_for(loss, N_ROWS, 0)
    if case.pop("weights", False):
        case["weights"] = w
    case["validation"] = rows_for(loss, 11, 1)
    one, other = (
        train(engine, network, X, y, loss=loss, dtype=dtype, **case)
        for engine in (NumpyEngine(), XlaEngine())
    )
    assert not jax.config.jax_enable_x64, "the precision of JAX is left as it was"
    assert_same_records(one, other, dtype)
    for field in ("step", "count", "rate_factor", "stopped", "finite"):
        np.testing.assert_allclose(
            getattr(one.state, field), getattr(other.state, field), rtol=1e-6, err_msg=field
        )
    for state in (one.state, other.state):
        assert state.theta.dtype == state.best_theta.dtype == dtype
        assert all(moment.dtype == dtype for moment in state.moments)


@pytest.mark.parametrize(("n_rows", "dtype"), [(1, np.float64), (9, np.float64), (N_ROWS, np.float32)])
@pytest.mark.parametrize("loss", ["squared_error", "softmax_cross_entropy", "poisson"])
def test_value_and_gradient_over_all_rows_are_the_same(loss, n_rows, dtype, numbers):
    """Rows that only fill up a bucket change nothing."""
    network = Network.mlp(4, (6,), 3 if loss == "softmax_cross_entropy" else 2, "elu")
    program = Program(network, get_loss(loss), Adam(), l1=True)
    data, theta = Data(*rows_for(loss, n_rows, 3)), network.initialize(np.random.default_rng(0), dtype)
    (value, gradient), (value_2, gradient_2) = (
        engine.value_and_gradient(program, engine.load(data, dtype), theta, numbers(l2=0.3, l1=0.2))
        for engine in (NumpyEngine(), XlaEngine())
    )
    assert gradient.dtype == gradient_2.dtype == dtype
    tolerance = 1e-12 if dtype == np.float64 else 2e-5
    assert value == pytest.approx(value_2, rel=tolerance)
    np.testing.assert_allclose(gradient, gradient_2, rtol=tolerance, atol=tolerance)


def log_error(a, y):
    """Squared error of the logarithm, for targets above 0."""
    r = a - (y.__array_namespace__()).log(y)
    return (r * r).sum(1), 2 * r


def test_rows_that_fill_a_bucket_never_reach_your_own_loss(engine, train, numbers):
    """A loss that is not finite for a target of 0 is fine as long as no real target is 0."""
    X, y = np.random.default_rng(0).uniform(1, 2, size=(5, 2)), np.full((5, 1), 3.0)
    network = Network.mlp(2, (), 1)
    program, theta = Program(network, get_loss(log_error), Adam()), np.zeros(3)
    value, gradient = engine.value_and_gradient(
        program, engine.load(Data(X, y, np.ones(5)), np.float64), theta, numbers()
    )
    assert value == pytest.approx(np.log(3) ** 2)
    assert np.isfinite(gradient).all()
    done = train(engine, network, X, y, loss=log_error, theta=theta, validation=(X, y, np.ones(5)), rate=0.0)
    assert done.records[-1].validation_loss == pytest.approx(np.log(3) ** 2)


def test_sparse_rows_train_like_dense_ones(engine, train):
    X, y, w = rows_for("squared_error", N_ROWS, 0)
    X = X * (np.random.default_rng(5).random(X.shape) < 0.4)
    dense = train(engine, MLP, X, y, weights=w)
    sparse = train(engine, MLP, csr_array(X), y, weights=w)
    np.testing.assert_allclose(sparse.losses, dense.losses, rtol=1e-10)


def test_sparse_rows_of_a_sequence_are_made_dense_or_refused_in_words(engine, train):
    X, y, _ = rows_for("squared_error", N_ROWS, 0)
    network = Network(4, (RNN(2, 2), Dense(y.shape[1])))
    if engine.name == "numpy":
        with pytest.raises(ParameterError, match=r"begins with 'rnn', however they are sparse; give X"):
            train(engine, network, csr_array(X), y)
    else:
        dense, sparse = (train(engine, network, rows, y) for rows in (X, csr_array(X)))
        np.testing.assert_array_equal(sparse.losses, dense.losses)


def test_another_seed_draws_another_dropout(engine, train):
    X, y, _ = rows_for("squared_error", N_ROWS, 0)
    given = {"batch_size": N_ROWS, "shuffle": False, "epochs": 2}
    one, same, other = (
        train(engine, Network(4, (Dropout(0.5), Dense(2))), X, y, seed=seed, **given).losses
        for seed in (1, 1, 2)
    )
    assert one == same
    assert one[0] != other[0]


# -- ensembles ---------------------------------------------------------------------------------------------

MEMBERS = 4


def network_of_members(n_outputs, shared):
    """Every kind of layer that ensembles for tables are made of."""
    columns = Columns(
        (
            (0, 2, Network(2, ())),
            (0, 2, Network(2, (Periodic(2, 3),))),
            (1, 3, Network(2, (PiecewiseLinear(2, 4),))),
            (3, 4, Network(1, (CategoryEmbedding(5, 3),))),
        )
    )
    first = MemberDense(6, MEMBERS, fan_out=not shared, shared=shared)
    members = (first, ParametricActivation("silu", MEMBERS), Dropout(0.2), MemberDense(n_outputs, MEMBERS))
    return Network(4, (columns, Scale(MEMBERS, spread=True) if shared else Scale(), *members, Join()))


def rows_with_folds(loss, folds, n_rows, seed):
    X, y, w = rows_for(loss, n_rows, seed)
    X[:, 2], X[:, 3] = 4 * np.abs(X[:, 2]) - 1, np.arange(n_rows) % 5
    return X, np.hstack([y, np.arange(n_rows)[:, None] % folds]) if folds else y, w


@pytest.mark.parametrize(
    ("loss", "folds", "shared", "metric", "dtype"),
    [
        ("softmax_cross_entropy", 0, False, "accuracy", np.float64),
        ("squared_error", 2, True, "r2", np.float64),
        pytest.param("softmax_cross_entropy", 2, True, "accuracy", np.float32, marks=pytest.mark.slow),
        pytest.param("binary_cross_entropy", 4, False, "accuracy", np.float64, marks=pytest.mark.slow),
        pytest.param("poisson", 0, False, "r2", np.float64, marks=pytest.mark.slow),
    ],
)
def test_a_network_of_members_trains_the_same(loss, folds, shared, metric, dtype, train):
    """With weight decay and dropout that fade, and learning rates per parameter."""
    network = network_of_members(3 if loss == "softmax_cross_entropy" else 2, shared)
    X, y, w = rows_with_folds(loss, folds, N_ROWS, 0)
    one, other = (
        train(
            engine, network, X, y,
            loss=EnsembleLoss(get_loss(loss), MEMBERS, folds), weights=w, dtype=dtype,
            validation=rows_with_folds(loss, folds, 11, 1), monitor="score", metric=metric,
            weight_decay=0.1, fades=True, fade=FlatCosine(), schedule="coslog4", epochs=8,
        )
        for engine in (NumpyEngine(), XlaEngine())
    )  # fmt: skip
    assert_same_records(one, other, dtype)
    if dtype == np.float64:
        np.testing.assert_allclose(one.state.theta, other.state.theta, rtol=1e-7, atol=1e-9)
    assert one.losses[-1] < one.losses[0]
