"""Targets of every magnitude: finite predictions in their scale, or a refusal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import REGRESSORS, answers, data, meant, refusing, small
from tried import counted, examples

from chainrule import MLPRegressor, TabularRegressor

exponents = st.one_of(st.integers(-1000, 1000), st.sampled_from([-1000, -996, -200, 0, 200, 996, 1000]))
LOSSES = ["squared_error", "absolute_error", "poisson", "pinball", "mean_squared_error", "sum_of_squares"]


@examples(10)
@given(
    exponent=exponents, loss=st.sampled_from(LOSSES), folds=st.sampled_from([0, 2]), seed=st.integers(0, 9)
)
def test_a_table_model_recovers_the_scale_to_the_last_bit(exponent, loss, folds, seed):
    X, y = data(TabularRegressor, 24, seed)
    y = np.abs(y) if loss == "poisson" else y
    fitted = [
        small(TabularRegressor, loss=loss, folds=folds).fit(X, unit * y)
        for unit in (1.0, np.ldexp(1.0, exponent))
    ]
    plain, scaled = (model.predict(X) for model in fitted)
    np.testing.assert_array_equal(scaled, np.ldexp(plain, exponent))
    counted("targets: scale of a table model", "answered")


@st.composite
def targets(draw):
    """Targets of one magnitude, of several, constant, or with one that is far off."""
    _, z = data(MLPRegressor, 24, draw(st.integers(0, 9)))
    exponent = draw(st.floats(-320, 308))
    y = np.clip(z, -1, 1) * 10.0**exponent
    shape = draw(st.sampled_from(["one scale", "two scales", "constant", "outlier", "both ends", "columns"]))
    if shape == "two scales":
        y = np.where(np.arange(24) % 2, y, z)
    elif shape == "constant":
        y = np.full(24, draw(st.sampled_from([0.0, 1.0])) * 10.0**exponent)
    elif shape == "outlier":
        y = np.append(z[1:], 10.0**exponent)
    elif shape == "both ends":
        y = np.where(z > 0, 1.0, -1.0) * np.finfo(float).max * draw(st.sampled_from([1, 0.5, 1e-10]))
    elif shape == "columns":
        y = np.column_stack([y, z, np.zeros(24)])
    return y


@pytest.mark.parametrize("kind", REGRESSORS)
@examples(25)
@given(
    y=targets(),
    loss=st.sampled_from(
        [*LOSSES, "huber", {"loss": "huber", "delta": 1e-9}, {"loss": "huber", "delta": 1e9}]
    ),
    dtype=st.sampled_from([np.float32, np.float64]),
    own=st.sampled_from([{}, {"early_stopping": True}, {"solver": "lbfgs"}, {"solver": "sgd"}]),
)
def test_predictions_are_finite_or_there_is_no_model(kind, y, loss, dtype, own):
    X, _ = data(kind, 24)
    y = np.abs(y) if loss == "poisson" else y
    model = small(kind, loss=loss, **(own if kind is MLPRegressor else {}))
    refusal = refusing(lambda: model.fit(X.astype(dtype), y))
    if refusal is None:
        assert np.isfinite(answers(model, X)).all()
        assert np.isfinite(model.loss_curve_[0])
    else:
        assert not hasattr(model, "n_features_in_")
        assert kind is MLPRegressor or "targets are far from all others" in str(refusal), refusal
    counted(f"targets: any magnitude, {kind.__name__}", "refused" if refusal else "answered")


@examples(10)
@given(exponent=st.integers(-60, 60), quantiles=st.sampled_from([(0.5,), (0.1, 0.9), (0.01, 0.5, 0.99)]))
def test_quantiles_of_any_scale_ascend(exponent, quantiles):
    X, y = data(TabularRegressor, 24)
    model = small(TabularRegressor, quantiles=quantiles).fit(X, y * 10.0**exponent)
    found = model.predict(X)
    assert found.shape == (24, len(quantiles))
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=1) >= 0).all()
    counted("targets: quantiles", "answered")


@examples(4)
@given(delta=st.floats(-12, 12).map(lambda e: 10.0**e), scale=st.floats(-100, 100).map(lambda e: 10.0**e))
def test_hubers_loss_learns_whatever_its_delta_is_beside_the_targets(delta, scale):
    X, y = data(TabularRegressor, 60)
    model = small(TabularRegressor, loss={"loss": "huber", "delta": delta}, max_iter=30).fit(X, y * scale)
    assert np.corrcoef(model.predict(X) / scale, y)[0, 1] > 0.6
    counted("targets: Huber's delta", "answered")


@pytest.mark.parametrize("kind", REGRESSORS)
@examples(10)
@given(exponent=st.floats(-320, 308), wide=st.booleans())
def test_partial_fit_with_targets_of_another_scale_leaves_finite_predictions(kind, exponent, wide):
    X, y = data(kind, 24)
    with meant():
        model = small(kind).fit(X, y)
    before = answers(model, X)
    far = np.clip(y, -1, 1) * 10.0**exponent
    rows = (X * 10.0 ** (exponent / 4), y) if wide else (X, far)
    refusal = refusing(lambda: model.partial_fit(*rows))
    if refusal is None:
        assert np.isfinite(answers(model, X)).all()
    else:
        np.testing.assert_array_equal(answers(model, X), before)
    counted("targets: another scale in partial_fit", "refused" if refusal else "answered")
