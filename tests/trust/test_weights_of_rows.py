"""Sample weights and class weights: rows repeated, left out, of any magnitude; what is none is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import CLASSIFIERS, MODELS, REGRESSORS, answers, data, meant, refusing, small
from tried import counted, examples

from chainrule import MLPClassifier, MLPRegressor
from chainrule.errors import ParameterError

MLPS = (MLPClassifier, MLPRegressor)
N_ROWS = 24


@pytest.mark.parametrize("kind", MODELS)
@examples(6)
@given(
    times=st.lists(st.integers(0, 4), min_size=N_ROWS, max_size=N_ROWS).filter(any),
    own=st.sampled_from([{"solver": "sgd"}, {"solver": "adam"}, {"solver": "lbfgs"}]),
    folds=st.sampled_from([0, 2]),
)
def test_a_whole_weight_is_a_row_repeated_and_0_a_row_left_out(kind, times, own, folds):
    X, y = data(kind, N_ROWS)
    own = {**own, "batch_size": "full", "dtype": "float64"} if kind in MLPS else {"folds": folds}
    weighted, repeated = small(kind, **own), small(kind, **own)
    first = refusing(lambda: weighted.fit(X, y, np.array(times)))
    second = refusing(lambda: repeated.fit(np.repeat(X, times, axis=0), np.repeat(y, times)))
    assert str(first) == str(second)
    if first is None:
        rounding = 1e-6 if kind in MLPS else 0  # sums in another order; a table model joins equal rows first
        np.testing.assert_allclose(answers(weighted, X), answers(repeated, X), rtol=rounding, atol=rounding)
    counted("weights: rows repeated", "refused" if first else "answered")


@pytest.mark.parametrize("kind", MODELS)
@examples(4)
@given(
    exponent=st.integers(-1060, 1000),
    dtype=st.sampled_from([np.float32, np.float64]),
    own=st.sampled_from([{}, {"solver": "sgd"}, {"solver": "lbfgs"}, {"early_stopping": True}]),
)
def test_the_unit_of_the_weights_does_not_matter(kind, exponent, dtype, own):
    """To the last bit for powers of two; of the textbook networks without penalties, which share the sum."""
    X, y = data(kind, 40)
    X = X.astype(dtype)
    weights = np.random.default_rng(0).integers(1, 9, len(y)) / 4.0
    own = {**own, "alpha": 0.0} if kind in MLPS else {}
    with meant():
        plain = small(kind, **own).fit(X, y, weights)
        scaled = small(kind, **own).fit(X, y, np.ldexp(weights, exponent))
        roughly = small(kind, **own).fit(X, y, weights * (1e12 if exponent > 0 else 1e-12))
    np.testing.assert_array_equal(answers(scaled, X), answers(plain, X))
    np.testing.assert_allclose(answers(roughly, X), answers(plain, X), rtol=0.01, atol=0.01)
    counted("weights: another unit", "answered", 2)


@st.composite
def any_weights(draw):
    """Weights of one magnitude or of many, some of them 0."""
    shape = draw(st.sampled_from(["one scale", "many scales", "one positive", "one large", "zeros"]))
    exponent = st.floats(-323, 308.2)
    if shape == "many scales":
        weights = 10.0 ** np.array(draw(st.lists(exponent, min_size=N_ROWS, max_size=N_ROWS)))
    else:
        weights = np.linspace(0.1, 1, N_ROWS) * 10.0 ** draw(exponent)
    if shape == "one positive":
        weights[1:] = 0
    elif shape == "one large":
        weights[1:] = 10.0 ** draw(exponent)
    elif shape == "zeros":
        weights[::2] = 0
    return weights


@pytest.mark.parametrize("kind", MODELS)
@examples(15)
@given(
    weights=any_weights(),
    dtype=st.sampled_from([np.float32, np.float64]),
    own=st.sampled_from(
        [{}, {"solver": "sgd", "batch_size": 3}, {"solver": "lbfgs"}, {"early_stopping": True}]
    ),
    share=st.sampled_from([{}, {"folds": 2}, {"folds": 0}, {"validation_fraction": 0.3}]),
    alpha=st.sampled_from([0, 1e-4, 1.0]),
    loss=st.sampled_from(["squared_error", "sum_of_squares"]),
)
def test_weights_of_any_magnitude_give_finite_answers_or_no_model(
    kind, weights, dtype, own, share, alpha, loss
):
    X, y = data(kind, N_ROWS)
    own = {**own, "alpha": alpha} if kind in MLPS else share
    own = {**own, "loss": loss} if kind in REGRESSORS else own
    model = small(kind, **own)
    refusal = refusing(lambda: model.fit(X.astype(dtype), y, weights))
    if refusal is None:
        assert np.isfinite(answers(model, X)).all()
    else:
        assert not hasattr(model, "n_features_in_")
    counted(f"weights: any magnitude, {kind.__name__}", "refused" if refusal else "answered")


STRANGE = {
    "all 0": np.zeros(N_ROWS),
    "0": 0,
    "negative": np.append(-1e-300, np.ones(N_ROWS - 1)),
    "minus 1": -1,
    "NaN": np.append(np.nan, np.ones(N_ROWS - 1)),
    "infinite": np.append(np.inf, np.ones(N_ROWS - 1)),
    "too few": np.ones(N_ROWS - 1),
    "two columns": np.ones((N_ROWS, 2)),
    "words": np.array(["a"] * N_ROWS),
    "a word": "balanced",
    "None inside": np.array([None] * N_ROWS),
    "NA": pd.Series([1, pd.NA] * (N_ROWS // 2), dtype="Int64"),
    "NA among objects": pd.Series([1, pd.NA] * (N_ROWS // 2)),
    "complex": np.ones(N_ROWS) + 0j,
    "masked": np.ma.array(np.ones(N_ROWS), mask=np.arange(N_ROWS) < 3),
    "beyond float64": np.array([10**400] * N_ROWS, dtype=object),
    "lists": np.fromiter(([1] for _ in range(N_ROWS)), dtype=object, count=N_ROWS),
}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("strange", STRANGE)
def test_what_is_no_weight_is_refused_of_rows_to_learn_from_and_to_judge_by(kind, strange):
    X, y = data(kind, N_ROWS)
    for given_as in ("sample_weight", "sample_weight_val"):
        model = small(kind)
        before = dict(vars(model))
        own = {given_as: STRANGE[strange]}
        assert refusing(lambda m=model, own=own: m.fit(X, y, X_val=X, y_val=y, **own)) is not None
        assert vars(model) == before
        counted("weights: no weights", "refused")


def test_tiny_weights_that_leave_only_the_penalty_are_refused():
    X, y = data(MLPClassifier, N_ROWS)
    with pytest.raises(ParameterError, match="scale sample_weight to about 1, or set alpha and l1 to 0"):
        small(MLPClassifier).fit(X, y, np.full(N_ROWS, 1e-12))


CLASS_WEIGHTS = {
    "an unknown class": {7: 1.0},
    "a class as text": {"1": 1.0},
    "None": {None: 1.0},
    "a tuple": {(0, 1): 1.0},
    "negative": {0: -1.0},
    "NaN": {0: np.nan},
    "infinite": {1: np.inf},
    "a word": {0: "much"},
    "nothing": {0: None},
    "beyond float64": {0: 10**400},
    "all 0": {0: 0, 1: 0},
    "unbalanced": "unbalanced",
    "a number": 5,
    "a list": [1.0, 2.0],
}


@pytest.mark.parametrize("kind", CLASSIFIERS)
@pytest.mark.parametrize("strange", CLASS_WEIGHTS)
@pytest.mark.parametrize("several", [False, True])
def test_what_is_no_class_weight_is_refused(kind, strange, several):
    X, y = data(kind, N_ROWS)
    y = np.column_stack([y, 1 - y]) if several else y
    with pytest.raises(ParameterError, match="class_weight"):
        small(kind, class_weight=CLASS_WEIGHTS[strange]).fit(X, y)
    counted("weights: no class weights", "refused")


@pytest.mark.parametrize("kind", CLASSIFIERS)
@examples(12)
@given(
    factors=st.lists(st.one_of(st.just(-np.inf), st.floats(-323, 308.2)), min_size=3, max_size=3),
    named=st.lists(st.integers(0, 2), unique=True),
    dtype=st.sampled_from([np.float32, np.float64]),
    weight=st.floats(-300, 300),
)
def test_class_weights_of_any_magnitude_give_finite_answers_or_no_model(kind, factors, named, dtype, weight):
    X, _ = data(kind, N_ROWS)
    y = np.arange(N_ROWS) % 3
    class_weight = {label: 10.0 ** factors[label] for label in named}
    model = small(kind, class_weight=class_weight)
    refusal = refusing(lambda: model.fit(X.astype(dtype), y, np.full(N_ROWS, 10.0**weight)))
    if refusal is None:
        assert np.isfinite(answers(model, X)).all()
        assert model.classes_.tolist() == [0, 1, 2]
    counted("weights: class weights", "refused" if refusal else "answered")


@examples(8)
@given(factors=st.lists(st.integers(1, 4), min_size=2, max_size=2))
def test_a_class_weight_is_a_sample_weight_of_its_rows(factors):
    X, y = data(MLPClassifier, N_ROWS)
    with meant():
        by_class = small(MLPClassifier, class_weight=dict(enumerate(factors))).fit(X, y)
        by_row = small(MLPClassifier).fit(X, y, np.array(factors)[y])
    np.testing.assert_array_equal(answers(by_class, X), answers(by_row, X))
    counted("weights: by class", "answered")
