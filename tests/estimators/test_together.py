"""`fit_together` teaches each model what `fit` teaches it alone, in one compiled program where it can."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import KFold
from sklearn.preprocessing import scale

from chainrule import MLPClassifier, MLPRegressor, fit_together
from chainrule.engine import lockstep
from chainrule.engine.compiled import compiled_together

pytestmark = pytest.mark.filterwarnings("ignore:.*onverge")

X, Y = scale(load_iris().data), load_iris().target


def model(**given):
    given = {"hidden_layer_sizes": (6,), "max_iter": 12, "engine": "xla", "random_state": 0} | given
    return MLPClassifier(**given)


def assert_the_same(alone, together):
    assert alone.loss_curve_ == pytest.approx(together.loss_curve_, rel=1e-8)
    for one, other in zip(alone.coefs_, together.coefs_, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)
    assert (alone.n_iter_, alone.t_, alone.engine_) == (together.n_iter_, together.t_, together.engine_)


def check(models, tables=None):
    tables = tables or [(X, Y)] * len(models)
    alone = [clone(each).fit(*table) for each, table in zip(models, tables, strict=True)]
    together = fit_together((each, *table) for each, table in zip(models, tables, strict=True))
    assert together == models
    for one, other in zip(alone, together, strict=True):
        assert_the_same(one, other)


@pytest.fixture
def n_programs():
    """How many programs for several models have been compiled since."""
    before = compiled_together._cache_size()
    return lambda: compiled_together._cache_size() - before


def test_seeds_and_settings_share_one_program(n_programs):
    check([model(random_state=seed, alpha=alpha) for seed in (1, 2) for alpha in (1e-4, 0.1)])
    check([model(random_state=seed, learning_rate_init=rate) for seed in (1, 2) for rate in (0.01, 0.1)])
    assert n_programs() == 1


def test_models_that_stop_early_leave_the_others_alone(n_programs):
    models = [
        model(
            learning_rate_init=rate,
            hidden_layer_sizes=(7,),
            early_stopping=True,
            max_iter=60,
            n_iter_no_change=2,
            random_state=3,
        )
        for rate in (0.001, 0.05, 0.3)
    ]
    check(models)
    assert len({each.n_iter_ for each in models}) > 1
    assert n_programs() == 1


def test_the_folds_of_a_cross_validation(n_programs):
    folds = [(X[rows], Y[rows]) for rows, _ in KFold(5, shuffle=True, random_state=0).split(X)]
    check([model(hidden_layer_sizes=(8,)) for _ in folds], folds)
    assert n_programs() == 1


def test_dropout_weights_of_classes_and_validation_rows():
    check(
        [model(dropout=0.2, class_weight="balanced", random_state=seed, solver="sgd") for seed in (0, 1, 2)]
    )


def test_models_that_have_nothing_in_common():
    cancer = load_breast_cancer(return_X_y=True)
    models = [
        model(),
        model(hidden_layer_sizes=(5,)),
        model(max_iter=7, random_state=1),
        model(engine="numpy"),
        model(solver="lbfgs"),
        MLPRegressor(hidden_layer_sizes=(3,), max_iter=3, random_state=0, engine="xla"),
    ]
    check(models, [(X, Y)] * 5 + [(scale(cancer[0]), cancer[1].astype(float))])
    assert models[3].engine_ == "numpy"


def test_large_networks_are_fitted_one_by_one(n_programs):
    check([model(hidden_layer_sizes=(600,), random_state=seed, max_iter=2) for seed in (0, 1)])
    assert n_programs() == 0


def test_more_models_than_are_trained_at_once(monkeypatch, n_programs):
    from chainrule.estimators import together

    monkeypatch.setattr(together, "_AT_ONCE", 4)
    check([model(hidden_layer_sizes=(9,), random_state=seed, max_iter=4) for seed in range(7)])
    assert n_programs() == 1


def test_a_fit_that_fails_does_not_hinder_the_others():
    models = [model(), model(alpha=-1.0), model(random_state=1)]
    with pytest.raises(ValueError, match="alpha"):
        fit_together((each, X, Y) for each in models)
    assert [hasattr(each, "coefs_") for each in models] == [True, False, True]


def test_what_goes_wrong_in_the_common_program_is_raised(monkeypatch):
    def broken(*args):
        raise MemoryError("no room")

    monkeypatch.setattr(lockstep.XlaEngine, "run_together", broken)
    with pytest.raises(MemoryError, match="no room"):
        fit_together((model(random_state=seed), X, Y) for seed in (0, 1))


def test_no_fits_are_no_models():
    assert fit_together([]) == []


def test_ctrl_c_leaves_every_model_with_what_it_has_learned(monkeypatch):
    run_together, calls = lockstep.XlaEngine.run_together, []

    def pressed(*args):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run_together(*args)

    monkeypatch.setattr(lockstep.XlaEngine, "run_together", pressed)
    models = [model(random_state=seed, max_iter=10_000, tol=0, n_iter_no_change=10_000) for seed in (0, 1)]
    with pytest.warns(UserWarning, match="interrupted"):
        fit_together((each, X, Y) for each in models)
    assert {each.n_iter_ for each in models} == {64}
