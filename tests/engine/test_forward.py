"""`Forward`: the same numbers as `Network.predict`, for one row, for many, on any number of threads."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from chainrule.engine import blas, forward
from chainrule.engine.blas import one_thread
from chainrule.engine.forward import Forward, outputs_left_out
from chainrule.network import Activation, Dense, Dropout, Network, Polynomial

NETWORKS = {
    "mlp": Network.mlp(4, (6, 5), 2),
    "dropout": Network.mlp(4, (6,), 2, "tanh", dropout=0.5),
    "activation first": Network(4, (Activation("relu"), Dense(3), Dropout(0.5), Activation("relu"))),
    "nested": Network(4, (Dense(3), Network(3, (Polynomial(2), Dense(5))), Activation("relu"), Dense(1))),
}


@pytest.fixture(params=NETWORKS)
def network(request):
    return NETWORKS[request.param]


def prepared(network, theta, **options):
    return Forward(network.layers, network.views(theta), network.widths, **options)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_computes_what_the_network_computes_and_leaves_the_rows_alone(network, dtype):
    rng = np.random.default_rng(0)
    theta, X = network.initialize(rng, dtype), rng.normal(size=(9, 4)).astype(dtype)
    before = X.copy()
    for rows in (X, X[:1]):
        found = prepared(network, theta)(rows)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, network.predict(theta, rows), rtol=1e-6)
    np.testing.assert_array_equal(X, before)


def test_the_pieces_do_not_depend_on_the_number_of_threads(network, monkeypatch):
    rng = np.random.default_rng(1)
    theta, X = network.initialize(rng), rng.normal(size=(1000, 4)).astype(np.float32)
    whole = network.predict(theta, X)
    monkeypatch.setattr(forward, "_VALUES_PER_PIECE", 200)
    shared = prepared(network, theta).of_table(X)
    with one_thread():
        alone = prepared(network, theta).of_table(X)
    monkeypatch.setattr(blas, "blas_threads", lambda: 5)
    many = prepared(network, theta).of_table(X)
    np.testing.assert_allclose(shared, whole, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(alone, shared)
    np.testing.assert_array_equal(many, shared)


def test_sparse_rows_are_taken_as_they_are():
    network = NETWORKS["mlp"]
    rng = np.random.default_rng(2)
    theta, X = network.initialize(rng, np.float64), rng.normal(size=(9, 4)) * rng.integers(2, size=(9, 4))
    np.testing.assert_allclose(prepared(network, theta).of_table(csr_array(X)), network.predict(theta, X))


def test_own_parameters_stay_as_they_were():
    network = NETWORKS["mlp"]
    theta, X = network.initialize(np.random.default_rng(3)), np.ones((1, 4), np.float32)
    own, shared = prepared(network, theta, own=True), prepared(network, theta)
    before = own(X)
    theta[:] = 0
    np.testing.assert_array_equal(own(X), before)
    assert not shared(X).any()


@pytest.mark.parametrize("n", [1, 9])
def test_what_is_not_finite_stands_in_the_answer_without_a_warning(n):
    network = Network(4, (Dense(3),))
    theta = np.full(network.n_parameters, np.inf, np.float32)
    assert np.isnan(prepared(network, theta)(np.zeros((n, 4), np.float32))).all()


@pytest.mark.parametrize("folds", [2, 4])
def test_members_that_are_not_asked_are_not_computed_and_the_judgement_is_the_same(folds):
    from chainrule.network import (
        Dropout,
        EnsembleLoss,
        Join,
        MemberDense,
        ParametricActivation,
        Scale,
        get_loss,
    )

    hidden = (MemberDense(5, 4), ParametricActivation("tanh", 4), Dropout((0.1, 0.2, 0.3, 0.4)))
    layers = (Scale(4, spread=True), *hidden, MemberDense(3, 4, shared=True), MemberDense(2, 4), Join())
    network = Network(6, layers)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 6))
    y = np.column_stack([rng.normal(size=(30, 2)), np.arange(30) % folds])
    p = network.named(network.initialize(rng, np.float64))
    loss = EnsembleLoss(get_loss("squared_error"), 4, folds)
    all_of_them = network.forward(p, X)[0]
    some = outputs_left_out(loss, network, p, X, y)
    weights = rng.uniform(size=30)
    np.testing.assert_allclose(
        loss.judged(some, y, weights), loss.judged(all_of_them, y, weights), rtol=1e-12
    )
    assert np.isclose(some.reshape(30, 4, 2), 0).all(2).sum() == 30 * (4 - 4 // folds)
