"""What a fit leaves behind: the model, or nothing at all, when it fails or is interrupted anywhere."""

import copy
import random
import sys
import warnings
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV
from small_models import CLASSIFIERS, MODELS, answers, data, meant, refusing, small
from tried import counted, examples

from chainrule import MLPClassifier, MLPRegressor
from chainrule.errors import ParameterError

MLPS = (MLPClassifier, MLPRegressor)

BAD_ROWS = {
    "infinite": lambda X, y: (X * np.inf, y),
    "a row less": lambda X, y: (X, y[:-1]),
    "no rows": lambda X, y: (X[:0], y[:0]),
    "no targets": lambda X, y: (X, None),
    "missing targets": lambda X, y: (X, np.where(y > 0, np.nan, y)),
    "weights of 0": lambda X, y: (X, y, np.zeros(len(y))),
    "negative weights": lambda X, y: (X, y, -np.ones(len(y))),
    "three dimensions": lambda X, y: (X[:, :, None], y),
    "another width and no targets": lambda X, y: (X[:, :2], [None] * len(y)),
    "names and missing targets": lambda X, y: (pd.DataFrame(X, columns=list("abc")), np.full(len(y), np.nan)),
}
BAD_SETTINGS = [
    ("random_state", -1),
    ("random_state", "today"),
    ("max_iter", 0),
    ("activation", "none"),
    ("hidden_layer_sizes", (4, 0)),
    ("engine", "gpu"),
    ("batch_size", -1),
    ("verbose", -1),
    ("learning_rate_init", 0),
    ("loss", "none"),
    ("n_iter_no_change", 0),
    ("validation_fraction", 1.0),
]


def _untouched(model, before, X, expected):
    assert model.__dict__.keys() == before.keys()
    assert all(model.__dict__[name] is before[name] for name in before)
    np.testing.assert_array_equal(answers(model, X), expected)


@pytest.mark.parametrize("kind", MODELS)
@examples(12)
@given(
    bad=st.sampled_from([*BAD_ROWS, *BAD_SETTINGS]),
    method=st.sampled_from(["fit", "partial_fit"]),
    begun=st.sampled_from(["fit", "partial_fit"]),
)
def test_a_fit_that_fails_leaves_the_model_as_it_was(kind, bad, method, begun):
    X, y = data(kind)
    own = {"classes": [0, 1]} if kind in CLASSIFIERS and begun == "partial_fit" else {}
    with meant():
        model = getattr(small(kind), begun)(X, y, **own)
    expected = answers(model, X)
    rows = (X, y)
    if isinstance(bad, tuple):
        model.set_params(**dict([bad]))
    else:
        rows = BAD_ROWS[bad](X, y)
    before = dict(vars(model))
    refusal = refusing(lambda: getattr(model, method)(*rows))
    if refusal is None:
        assert (bad, method) == (("random_state", -1), "partial_fit") or bad[0] == "validation_fraction", bad
    else:
        _untouched(model, before, X, expected)
    counted("life cycle: fits that fail", "refused" if refusal else "answered")


@pytest.mark.parametrize("kind", MODELS)
@examples(5)
@given(first=st.integers(1, 3), second=st.integers(1, 3), names=st.tuples(st.booleans(), st.booleans()))
def test_a_new_fit_forgets_the_old_one(kind, first, second, names):
    X, y = data(kind)
    tables = [
        pd.DataFrame(X[:, :width], columns=list("abc")[:width]) if named else X[:, :width]
        for width, named in zip((first, second), names, strict=True)
    ]
    with meant():
        again = small(kind).fit(tables[0], y).fit(tables[1], y)
        fresh = small(kind).fit(tables[1], y)
    assert vars(again).keys() == vars(fresh).keys()
    assert again.n_features_in_ == second
    np.testing.assert_array_equal(answers(again, tables[1]), answers(fresh, tables[1]))
    counted("life cycle: fit again", "answered")


@pytest.mark.parametrize("kind", MODELS)
@examples(12)
@given(drawn=st.data())
def test_settings_of_the_next_fit_do_not_change_the_model(kind, drawn):
    X, y = data(kind)
    with meant():
        model = small(kind).fit(X, y)
    expected = answers(model, X)
    name = drawn.draw(st.sampled_from([n for n in model.get_params() if n != "clip_predictions"]))
    value = drawn.draw(st.sampled_from([None, -7, 0.5, "nonsense", (0.2, 0.8), {}]))
    model.set_params(**{name: value})
    np.testing.assert_array_equal(answers(model, X), expected)
    assert clone(model).get_params()[name] == value
    counted("life cycle: set_params", "answered")


@pytest.mark.parametrize("kind", MODELS)
def test_an_unknown_setting_is_refused(kind):
    with pytest.raises(ValueError, match="Invalid parameter 'nonsense'"):
        small(kind).set_params(nonsense=1)


@pytest.mark.parametrize("kind", MLPS)
@examples(15)
@given(
    solver=st.sampled_from(["sgd", "adam", "adamw", "lbfgs"]),
    epochs=st.lists(st.integers(1, 6), min_size=2, max_size=3),
    early_stopping=st.booleans(),
)
def test_every_warm_start_keeps_to_its_max_iter(kind, solver, epochs, early_stopping):
    X, y = data(kind, 40)
    model = small(kind, solver=solver, early_stopping=early_stopping, warm_start=True)
    total = 0
    for max_iter in epochs:
        with meant():
            model.set_params(max_iter=max_iter).fit(X, y)
        assert model.n_iter_ <= max_iter
        total += model.n_iter_
        assert len(model.loss_curve_) == total
    counted("life cycle: warm start", "answered")


@pytest.mark.parametrize("kind", MLPS)
@examples(10)
@given(sizes=st.lists(st.integers(1, 6), max_size=3).map(tuple), width=st.integers(1, 3))
def test_a_warm_start_with_another_shape_is_refused(kind, sizes, width):
    X, y = data(kind)
    with meant():
        model = small(kind, warm_start=True).fit(X, y)
    expected = answers(model, X)
    model.set_params(hidden_layer_sizes=sizes)
    refusal = refusing(lambda: model.fit(X[:, :width], y))
    assert (refusal is None) == (sizes == (4,) and width == 3)
    if refusal is not None:
        np.testing.assert_array_equal(answers(model, X), expected)
    counted("life cycle: warm start of another shape", "refused" if refusal else "answered")


@contextmanager
def interrupted(at):
    """A context in which the package's `at`-th call meets a Ctrl-C; yields how many calls there were."""
    calls = [0]

    def profile(frame, event, argument):
        if event == "call" and "/chainrule/" in frame.f_code.co_filename:
            calls[0] += 1
            if calls[0] == at:
                raise KeyboardInterrupt

    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)


_CALLS = {}


@pytest.mark.parametrize("kind", MODELS)
@examples(15)
@given(
    place=st.floats(0, 1),
    begun=st.booleans(),
    own=st.sampled_from([{}, {"solver": "lbfgs"}, {"early_stopping": True}, {"warm_start": True}]),
    method=st.sampled_from(["fit", "fit", "partial_fit"]),
)
def test_ctrl_c_anywhere_leaves_a_model_that_answers_or_none(kind, place, begun, own, method):
    X, y = data(kind, 30)
    own = own if kind in MLPS and method == "fit" else {}
    model = small(kind, **own)
    if begun:
        with meant():
            model.fit(X, y)
    expected = answers(model, X) if begun else None
    before = dict(vars(model))
    arguments = {"classes": [0, 1]} if method == "partial_fit" and kind in CLASSIFIERS else {}
    key = (kind, str(own), method, begun)
    if key not in _CALLS:
        with meant(), interrupted(0) as calls:
            getattr(copy.deepcopy(model), method)(X, y, **arguments)
        _CALLS[key] = calls[0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with interrupted(1 + round(place * (_CALLS[key] - 1))):
                getattr(model, method)(X, y, **arguments)
    except KeyboardInterrupt:
        assert vars(model).keys() == before.keys()
        if begun:
            _untouched(model, before, X, expected)
        counted("life cycle: Ctrl-C", "refused")
        return
    assert np.isfinite(answers(model, X)).all()
    assert len(model.predict(X)) == len(y)
    with meant():
        model.fit(X, y)
    counted("life cycle: Ctrl-C", "answered")


@pytest.mark.parametrize("kind", MODELS)
@examples(3)
@given(seed=st.integers(0, 2**32 - 1), other=st.integers(0, 2**32 - 1))
def test_seeds_decide_everything_and_global_generators_nothing(kind, seed, other):
    X, y = data(kind)
    np.random.seed(other)  # noqa: NPY002
    random.seed(other)
    states = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    with meant():
        first, second = (small(kind, random_state=seed).fit(X, y) for _ in range(2))
        different = small(kind, random_state=other).fit(X, y)
        unseeded = [answers(small(kind, random_state=None).fit(X, y), X) for _ in range(2)]
    np.testing.assert_array_equal(answers(first, X), answers(second, X))
    assert seed == other or not np.array_equal(answers(first, X), answers(different, X))
    assert not np.array_equal(*unseeded)
    np.testing.assert_array_equal(np.random.get_state()[1], states[0])  # noqa: NPY002
    assert random.getstate() == states[1]
    counted("life cycle: seeds", "answered")


def test_lbfgs_gives_the_same_bits_every_time():
    for kind in MLPS:
        X, y = data(kind)
        with meant():
            found = [answers(small(kind, solver="lbfgs", max_iter=8).fit(X, y), X) for _ in range(20)]
        for other in found[1:]:
            np.testing.assert_array_equal(other, found[0])


@pytest.mark.parametrize("kind", CLASSIFIERS)
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_within_a_search_takes_float32(kind, method):
    X, y = data(kind, 40)
    search = GridSearchCV(
        CalibratedClassifierCV(small(kind), method=method, cv=2),
        {"estimator__hidden_layer_sizes": [(2,), (3,)]},
        cv=2,
    )
    with meant():
        search.fit(X.astype(np.float32), y)
    p = search.predict_proba(X.astype(np.float32))
    assert np.isfinite(p).all()
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-6)


def test_partial_fit_after_any_fit_goes_on_or_says_why_not():
    for kind in MODELS:
        X, y = data(kind, 40)
        for own in (
            ({}, {"early_stopping": True}, {"solver": "lbfgs"}) if kind in MLPS else ({}, {"folds": 2})
        ):
            with meant():
                model = small(kind, **own).fit(X, y)
            expected = answers(model, X)
            if own.get("solver") == "lbfgs":
                assert not hasattr(model, "partial_fit")
            elif own.get("early_stopping"):
                with pytest.raises(ParameterError, match="early_stopping=True"):
                    model.partial_fit(X, y)
                np.testing.assert_array_equal(answers(model, X), expected)
            else:
                with meant():
                    model.partial_fit(X, y)
                assert not np.array_equal(answers(model, X), expected)
