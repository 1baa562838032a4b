"""Inputs of every magnitude, few rows, rows that are all the same: finite answers, or a refusal."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from small_models import CLASSIFIERS, MODELS, answers, data, meant, refusing, small
from tried import counted, examples

from chainrule import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from chainrule.errors import ParameterError

MLPS = (MLPClassifier, MLPRegressor)
TABLES = (TabularClassifier, TabularRegressor)


@st.composite
def inputs(draw):
    """Rows whose columns have magnitudes of their own; some constant, some with two values."""
    X, _ = data(MLPClassifier, 24, draw(st.integers(0, 9)))
    X = np.clip(X, -2, 2) / 2
    for column in range(X.shape[1]):
        scale = 10.0 ** draw(st.floats(-324, 308.2))
        shape = draw(st.sampled_from(["spread", "constant", "two values", "sign", "one off", "by rows"]))
        x = X[:, column]
        if shape == "constant":
            x = np.ones(24)
        elif shape == "two values":
            x = (x > 0).astype(float)
        elif shape == "sign":
            x = np.sign(x)
        elif shape == "one off":
            x = np.append(np.zeros(23), 1.0)
        X[:, column] = x * (
            np.where(np.arange(24) % 2, scale, 1 / max(scale, 1e-300)) if shape == "by rows" else scale
        )
    if draw(st.booleans()):
        X = X[np.arange(24) % draw(st.integers(1, 3))]
    return X


SETTINGS = [{}, {"solver": "lbfgs"}, {"solver": "sgd"}, {"early_stopping": True}, {"max_grad_norm": 1.0}]


@pytest.mark.parametrize("kind", MODELS)
@examples(15)
@given(X=inputs(), dtype=st.sampled_from([np.float64, np.float64, np.float32]), own=st.sampled_from(SETTINGS))
def test_answers_are_finite_or_there_is_no_model(kind, X, dtype, own):
    _, y = data(kind, 24)
    with np.errstate(over="ignore"):
        X = X.astype(dtype)
    model = small(kind, **(own if kind in MLPS else {}))
    refusal = refusing(lambda: model.fit(X, y))
    if refusal is None:
        assert np.isfinite(answers(model, X)).all()
        assert np.isfinite(answers(model, X[:1])).all()
    else:
        assert not hasattr(model, "n_features_in_")
        assert kind in MLPS or np.isinf(X).any(), refusal
    counted(f"inputs: any magnitude, {kind.__name__}", "refused" if refusal else "answered")


@pytest.mark.parametrize("kind", MODELS)
@examples(10)
@given(
    n_rows=st.integers(1, 5),
    n_columns=st.integers(1, 3),
    batch_size=st.sampled_from([1, 2, 10**9]),
    folds=st.sampled_from([None, 0, 2]),
    alike=st.booleans(),
)
def test_a_few_rows_are_enough(kind, n_rows, n_columns, batch_size, folds, alike):
    X, y = data(kind, 5)
    X, y = X[:n_rows, :n_columns], y[:n_rows]
    if alike:
        X = np.repeat(X[:1], n_rows, axis=0)
    own = {"folds": folds} if kind in TABLES else {}
    model = small(kind, batch_size=batch_size, **own)
    refusal = refusing(lambda: model.fit(X, y))
    n_different = len(np.unique(np.column_stack([X, y]), axis=0))
    if folds and kind in TABLES and n_different < folds:
        assert f"folds=2 needs as many different rows, however there are {n_different}" in str(refusal)
    else:
        assert refusal is None, refusal
        assert np.isfinite(answers(model, X[:1])).all()
        assert len(model.predict(X)) == n_rows
    counted("rows: few", "refused" if refusal else "answered")


@pytest.mark.parametrize("kind", MLPS)
@examples(10)
@given(n_rows=st.integers(1, 30), fraction=st.floats(0, 0.999), solver=st.sampled_from(["adam", "lbfgs"]))
def test_early_stopping_needs_two_rows_to_judge_by(kind, n_rows, fraction, solver):
    X, y = data(kind, 30)
    own = {"early_stopping": True, "validation_fraction": fraction, "solver": solver}
    model = small(kind, **own)
    refusal = refusing(lambda: model.fit(X[:n_rows], y[:n_rows]))
    if refusal is None:
        assert np.isfinite(answers(model, X)).all()
    else:
        assert "validation set is too small. Increase 'validation_fraction'" in str(refusal)
    counted("rows: few and early stopping", "refused" if refusal else "answered")


@pytest.mark.parametrize("kind", TABLES)
@examples(8)
@given(n_rows=st.integers(1, 45), fraction=st.floats(0, 0.999))
def test_a_table_model_takes_any_share_of_any_number_of_rows(kind, n_rows, fraction):
    X, y = data(kind, 45)
    model = small(kind, validation_fraction=fraction)
    refusal = refusing(lambda: model.fit(X[:n_rows], y[:n_rows]))
    if refusal is None:
        assert np.isfinite(answers(model, X)).all()
    else:
        assert "validation set is too small. Increase 'validation_fraction'" in str(refusal)
    counted("rows: few in a table", "refused" if refusal else "answered")


@pytest.mark.parametrize("kind", MLPS)
def test_a_batch_larger_than_the_table_is_the_table_and_said(kind):
    X, y = data(kind)
    with meant():
        whole = small(kind, batch_size="full").fit(X, y)
    said = "batch_size=25 is larger than the 24 rows to learn from; they are one batch"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        with pytest.warns(UserWarning, match=said):
            clipped = small(kind, batch_size=25).fit(X, y)
    np.testing.assert_array_equal(answers(clipped, X), answers(whole, X))


STRANGE = {
    "masked": lambda X: np.ma.array(X, mask=X > 1),
    "complex": lambda X: X + 0j,
    "beyond float64": lambda X: np.where(X > 1, np.array(10**400, dtype=object), X),
    "infinity": lambda X: np.where(X > 1, np.inf, X),
    "one dimension": lambda X: X[:, 0],
    "three dimensions": lambda X: X[:, :, None],
    "no columns": lambda X: X[:, :0],
    "no rows": lambda X: X[:0],
    "nothing": lambda X: None,
    "text": lambda X: "X",
}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("strange", STRANGE)
def test_what_is_no_table_of_numbers_is_refused_by_fit_and_predict(kind, strange):
    X, y = data(kind)
    with meant():
        model = small(kind).fit(X, y)
    assert refusing(lambda: model.predict(STRANGE[strange](X))) is not None
    assert refusing(lambda: small(kind).fit(STRANGE[strange](X), y)) is not None
    counted("inputs: no numbers", "refused", 2)


def _is_usable(model, X):
    assert np.isfinite(answers(model, X)).all()
    for parameters in (model.coefs_, model.intercepts_):
        assert all(np.isfinite(part).all() for part in parameters)
    assert np.isfinite(model.best_loss_ if model.best_loss_ is not None else model.best_validation_score_)
    assert np.isfinite(model.loss_curve_[:-1]).all()  # it stops at the first that is not
    assert len(model.loss_curve_) >= model.n_iter_ <= model.max_iter


@pytest.mark.parametrize("kind", MLPS)
@examples(15)
@given(
    rate=st.floats(-1, 30).map(lambda e: 10.0**e),
    scale=st.floats(0, 6).map(lambda e: 10.0**e),
    solver=st.sampled_from(["sgd", "adam", "adamw"]),
    early_stopping=st.booleans(),
    activation=st.sampled_from(["relu", "identity", "tanh", "softplus"]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_a_diverging_training_keeps_its_best_weights_or_raises(
    kind, rate, scale, solver, early_stopping, activation, dtype
):
    X, y = data(kind, 40)
    X = (X * scale).astype(dtype)
    own = {"learning_rate_init": rate, "solver": solver, "early_stopping": early_stopping}
    model = small(kind, activation=activation, max_iter=8, batch_size=8, **own)
    refusal = refusing(lambda: model.fit(X, y))
    if refusal is None:
        _is_usable(model, X)
    else:
        assert "Nothing finite was reached" in str(refusal) or "gave no number for any epoch" in str(refusal)
        assert not hasattr(model, "coefs_")
    counted("divergence: large steps", "refused" if refusal else "answered")


@pytest.mark.parametrize("kind", MLPS)
@examples(8)
@given(scale=st.floats(0, 300).map(lambda e: 10.0**e), seed=st.integers(0, 9))
def test_lbfgs_goes_on_with_rows_that_are_not_scaled(kind, scale, seed):
    X, y = data(kind, 24, seed)
    with meant():
        model = small(kind, solver="lbfgs", warm_start=True).fit(X, y)
    before = answers(model, X)
    refusal = refusing(lambda: model.fit(X * scale, y))
    if refusal is None:
        _is_usable(model, X)
    else:
        np.testing.assert_array_equal(answers(model, X), before)
    counted("divergence: lbfgs goes on", "refused" if refusal else "answered")


@pytest.mark.parametrize("kind", TABLES)
@examples(8)
@given(rate=st.floats(-1, 30).map(lambda e: 10.0**e), folds=st.sampled_from([0, 2]))
def test_a_table_model_that_diverges_raises_or_answers(kind, rate, folds):
    X, y = data(kind, 40)
    model = small(kind, learning_rate_init=rate, folds=folds)
    refusal = refusing(lambda: model.fit(X, y))
    if refusal is None:
        assert np.isfinite(answers(model, X)).all()
        assert np.isfinite(model.theta_).all()
    else:
        assert "never reached a finite loss" in str(refusal)
    counted("divergence: table models", "refused" if refusal else "answered")


def test_masked_rows_are_named():
    for kind in MODELS:
        X, y = data(kind)
        with pytest.raises(ParameterError, match="X must not be masked, however 1 of its values are"):
            small(kind).fit(np.ma.array(X, mask=np.arange(X.size).reshape(X.shape) == 5), y)
    assert set(CLASSIFIERS) < set(MODELS)
