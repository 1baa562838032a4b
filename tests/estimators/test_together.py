"""`fit_together` teaches each model what `fit` teaches it alone, in one compiled program where it can."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn import config_context, get_config
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import KFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import scale

from chainrule import MLPClassifier, MLPRegressor, fit_together
from chainrule.engine import lockstep
from chainrule.engine.compiled import compiled_together
from chainrule.engine.numpy import NumpyEngine
from chainrule.errors import ParameterError

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


@pytest.mark.thorough
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


@pytest.mark.thorough
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


def test_ctrl_c_ends_the_fits_that_numpy_computes(monkeypatch):
    run_epochs, calls = NumpyEngine.run_epochs, []

    def pressed(*args):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run_epochs(*args)

    monkeypatch.setattr(NumpyEngine, "run_epochs", pressed)
    models = [model(engine="numpy", max_iter=10_000, tol=0, n_iter_no_change=10_000)]
    with pytest.warns(UserWarning, match="interrupted"):
        fit_together((each, X, Y) for each in models)

    board = lockstep.Lockstep(1)
    engine = board.around(NumpyEngine())
    board.interrupt()
    with pytest.raises(KeyboardInterrupt):
        engine.run_epochs()
    with pytest.raises(KeyboardInterrupt):
        engine.value_and_gradient()


def test_a_loss_that_cannot_be_compiled_fails_instead_of_waiting():
    class Loss:
        __hash__ = None

        def __call__(self, a, y):
            return ((a - y) ** 2).sum(1)

    models = [
        MLPRegressor(hidden_layer_sizes=(3,), loss=Loss(), engine="xla", max_iter=2, random_state=seed)
        for seed in (0, 1)
    ]
    with pytest.raises(TypeError, match="unhashable"):
        fit_together((each, X, X[:, 0]) for each in models)


def test_an_estimator_of_estimators_whose_tables_part_ways():
    """The two agree in the first class and differ in the others."""
    other = np.where(Y == 1, 2, np.where(Y == 2, 1, 0))
    other[75:90] = 1
    tables = [(X, Y), (X, other)]
    alone = [OneVsRestClassifier(model()).fit(*table) for table in tables]
    together = fit_together((OneVsRestClassifier(model()), *table) for table in tables)
    for one, two in zip(alone, together, strict=True):
        for a, b in zip(one.estimators_, two.estimators_, strict=True):
            assert_the_same(a, b)


def test_the_same_object_twice_is_refused():
    once = model()
    with pytest.raises(ParameterError, match="given twice"):
        fit_together([(once, X, Y), (once, X, Y)])


def test_scikit_learns_settings_hold_in_the_threads():
    with config_context(assume_finite=True):
        [fitted] = fit_together([(Configured(), X, Y)])
    assert fitted.seen["assume_finite"]


class Configured:
    def fit(self, X, y):
        self.seen = get_config()
        return self


def test_sparse_rows_stay_sparse_unless_the_engine_is_named():
    check([model(engine="auto"), model(engine="auto", random_state=1)], [(csr_array(X), Y)] * 2)
