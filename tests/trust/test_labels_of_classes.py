"""Class labels of every type, in every container: the right classes, or a refusal that says what to do."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import CLASSIFIERS, answers, data, meant, refusing, small
from tried import counted, examples

from chainrule import MLPClassifier
from chainrule.errors import ParameterError

N_ROWS = 24

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LABELS = {
    "text": st.one_of(
        words, st.sampled_from(["a", "A", " a", "a ", "", "1", "1.0", "True", "nan", "a\0", "é"])
    ),
    "int64": st.one_of(
        st.integers(-(2**63), 2**63 - 1), st.integers(-2, 3), st.sampled_from([2**62, 2**53 + 1])
    ),
    "uint64": st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([2**64 - 1, 2**64 - 2])),
    "uint8": st.integers(0, 255),
    "int8": st.integers(-128, 127),
    "bool": st.booleans(),
    "float64": st.integers(-(2**53), 2**53).map(float),
    "float16": st.integers(-2048, 2048).map(float),
}


def _category(values):
    levels = list(dict.fromkeys(values))[::-1]
    unused = "never seen" if isinstance(values[0], str) else type(values[0])(max(values) // 2 + 1)
    levels += [] if unused in levels else [unused]
    return pd.Series(pd.Categorical(values, categories=levels))


CONTAINERS = {
    "list": lambda values, dtype: list(values),
    "tuple": lambda values, dtype: tuple(values),
    "array": lambda values, dtype: np.array(values, dtype=object if dtype == "text" else dtype),
    "column": lambda values, dtype: np.array(values, dtype=object if dtype == "text" else dtype)[:, None],
    "pandas": lambda values, dtype: pd.Series(values, dtype=object if dtype == "text" else dtype),
    "category": lambda values, dtype: _category(values),
    "nullable": lambda values, dtype: pd.Series(values, dtype=_NULLABLE[dtype]),
    "polars": lambda values, dtype: pl.Series(values, dtype=pl.String if dtype == "text" else None),
    "pyarrow": lambda values, dtype: pa.chunked_array([pa.array(values)]),
}
_NULLABLE = {"text": "string", "bool": "boolean", "int64": "Int64", "uint64": "UInt64", "uint8": "UInt8"}
_NULLABLE |= {"int8": "Int8", "float64": "Float64", "float16": "Float32"}


@st.composite
def labels(draw):
    """(values, their type, their container): 1 to 4 labels, every one of them in some row."""
    dtype = draw(st.sampled_from(list(LABELS)))
    chosen = draw(st.lists(LABELS[dtype], min_size=1, max_size=4, unique=True))
    values = [chosen[i % len(chosen)] for i in range(N_ROWS)]
    container = draw(st.sampled_from(list(CONTAINERS)))
    if container in ("list", "tuple", "polars", "pyarrow") and dtype == "uint64":
        container = "array"  # without a dtype these are float64 for NumPy, and Int64 for polars and pyarrow
    return values, dtype, CONTAINERS[container](values, dtype)


@pytest.mark.parametrize("kind", CLASSIFIERS)
@examples(20)
@given(drawn=labels())
def test_classes_are_the_labels_there_are(kind, drawn):
    values, dtype, y = drawn
    X, _ = data(kind, N_ROWS)
    with meant():
        model = small(kind).fit(X, y)
        # An array of text would lose a NUL at the end of a label.
        score = model.score(X, np.array(values, dtype=object if dtype == "text" else dtype))
    assert model.classes_.tolist() == sorted(set(values))
    predicted = model.predict(X).tolist()
    assert set(predicted) <= set(values)
    assert score == pytest.approx(np.mean([p == v for p, v in zip(predicted, values, strict=True)]))
    p = model.predict_proba(X)
    assert p.shape == (N_ROWS, len(set(values)))
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-6)
    counted("labels: of any type and container", "answered")


MISSING = {
    "None": lambda y: np.where(np.arange(N_ROWS) == 3, None, y.astype(str).astype(object)),
    "NaN": lambda y: np.where(np.arange(N_ROWS) == 3, np.nan, y.astype(float)),
    "NaN among text": lambda y: np.where(np.arange(N_ROWS) == 3, np.nan, y.astype(str).astype(object)),
    "NA": lambda y: pd.Series(y.astype(str)).where(np.arange(N_ROWS) != 3, pd.NA).astype("string"),
    "NA among numbers": lambda y: pd.Series(y, dtype="Int64").where(np.arange(N_ROWS) != 3, pd.NA),
    "NA among objects": lambda y: pd.Series(y, dtype=object).where(np.arange(N_ROWS) != 3, pd.NA),
    "missing level": lambda y: pd.Series(pd.Categorical(y.astype(str))).where(np.arange(N_ROWS) != 3),
    "NaT": lambda y: np.where(np.arange(N_ROWS) == 3, np.datetime64("NaT"), y.astype("M8[D]")),
    "null": lambda y: pl.Series([None if i == 3 else int(v) for i, v in enumerate(y)]),
}


@pytest.mark.parametrize("kind", CLASSIFIERS)
@pytest.mark.parametrize("missing", MISSING)
def test_missing_labels_are_counted_and_the_first_is_named(kind, missing):
    X, y = data(kind, N_ROWS)
    with pytest.raises(
        ParameterError, match="1 labels are missing, the first in row 4; leave these rows out"
    ):
        small(kind).fit(X, MISSING[missing](y))
    counted("labels: missing", "refused")


STRANGE = {
    "text and numbers": [1, "1"],
    "infinite": [0.0, np.inf],
    "fractions": [0.5, 1.0],
    "beyond float's whole numbers": [1e300, 0.0],
    "beyond 64 bits": [2**70, -(2**70)],
    "bytes": [b"a", b"b"],
    "tuples of text": [("a",), ("b", "c")],
    "lists": [[1, 2], [3]],
    "complex": [1j, 2.0],
    "sets": [{1}, {2}],
    "dictionaries": [{"a": 1}, {"a": 2}],
    "classes": [int, str],
}


@pytest.mark.parametrize("kind", CLASSIFIERS)
@pytest.mark.parametrize("strange", STRANGE)
def test_what_is_no_label_is_refused(kind, strange):
    X, _ = data(kind, N_ROWS)
    y = [STRANGE[strange][i % 2] for i in range(N_ROWS)]
    array = np.empty(N_ROWS, dtype=object)
    array[:] = y
    for container in (y, array):
        model = small(kind)
        before = dict(vars(model))
        assert refusing(lambda model=model, y=container: model.fit(X, y)) is not None
        assert vars(model) == before
        counted("labels: no labels", "refused")


SHAPES = [(N_ROWS, 0), (N_ROWS, 1, 1), (N_ROWS - 1,), (0,), ()]


@pytest.mark.parametrize("kind", CLASSIFIERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_labels_of_another_shape_are_refused(kind, shape):
    X, _ = data(kind, N_ROWS)
    assert refusing(lambda: small(kind).fit(X, np.zeros(shape, dtype=int))) is not None
    counted("labels: of another shape", "refused")


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_masked_labels_are_not_taken_for_labels(kind):
    X, y = data(kind, N_ROWS)
    with pytest.raises(ParameterError, match="y must not be masked, however 3 of its values are"):
        small(kind).fit(X, np.ma.array(y, mask=np.arange(N_ROWS) < 3))
    with meant():
        small(kind).fit(X, np.ma.array(y))
    counted("labels: masked", "refused")


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_numbers_as_objects_are_told_what_to_do(kind):
    X, y = data(kind, N_ROWS)
    with pytest.raises(ParameterError, match=r"turn it into y.astype\('int64'\)"):
        small(kind).fit(X, y.astype(object))
    counted("labels: numbers as objects", "refused")


@pytest.mark.parametrize("kind", CLASSIFIERS)
@examples(6)
@given(filled=st.lists(st.booleans(), min_size=2, max_size=4), ones=st.booleans())
def test_several_labels_may_never_or_always_hold(kind, filled, ones):
    X, y = data(kind, N_ROWS)
    Y = np.column_stack([y if fill else np.full(N_ROWS, int(ones)) for fill in filled])
    with meant():
        model = small(kind).fit(X, Y)
    p = model.predict_proba(X)
    assert p.shape == Y.shape
    assert ((p >= 0) & (p <= 1)).all()
    assert set(np.unique(model.predict(X))) <= {0, 1}
    assert 0 <= model.score(X, Y) <= 1
    counted("labels: several, some constant", "answered")


@examples(15)
@given(
    counts=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    fraction=st.floats(0.05, 0.6),
    seed=st.integers(0, 99),
)
def test_early_stopping_keeps_a_rare_class_to_learn_from(counts, fraction, seed):
    y = np.repeat(np.arange(len(counts)), counts)
    X = np.random.default_rng(seed).normal(size=(len(y), 2))
    model = small(MLPClassifier, early_stopping=True, validation_fraction=fraction, random_state=seed)
    refusal = refusing(lambda: model.fit(X, y))
    if refusal is None:
        assert model.classes_.tolist() == list(range(len(counts)))
        assert np.isfinite(answers(model, X)).all()
    else:
        assert "validation set is too small" in str(refusal)
    counted("labels: rare classes and early stopping", "refused" if refusal else "answered")


SECOND = {
    "an unknown class": lambda X, y: (X, y + 5),
    "text for numbers": lambda X, y: (X, y.astype(str)),
    "two columns": lambda X, y: (X, np.column_stack([y, y])),
    "another width": lambda X, y: (X[:, :2], y),
    "missing": lambda X, y: (X, np.where(y == 1, np.nan, y)),
    "fewer labels": lambda X, y: (X, y[:-1]),
}


@pytest.mark.parametrize("kind", CLASSIFIERS)
@pytest.mark.parametrize("second", SECOND)
@pytest.mark.parametrize("first", ["fit", "partial_fit"])
def test_partial_fit_refuses_what_it_did_not_begin_with(kind, second, first):
    X, y = data(kind, N_ROWS)
    with meant():
        model = small(kind).fit(X, y) if first == "fit" else small(kind).partial_fit(X, y, classes=[0, 1])
    before = answers(model, X)
    assert refusing(lambda: model.partial_fit(*SECOND[second](X, y))) is not None
    np.testing.assert_array_equal(answers(model, X), before)
    counted("labels: partial_fit", "refused")


CLASSES = [None, [1, "1"], [None, 0], [np.nan, 0.0], [], 5, "ab", [1], ["0", "1"], [b"a"], {0, 1}]


@pytest.mark.parametrize("kind", CLASSIFIERS)
@pytest.mark.parametrize("classes", CLASSES)
def test_a_first_partial_fit_that_fails_leaves_nothing_behind(kind, classes):
    X, y = data(kind, N_ROWS)
    model = small(kind)
    before = dict(vars(model))
    assert refusing(lambda: model.partial_fit(X, y, classes=classes)) is not None
    assert vars(model) == before
    counted("labels: classes of partial_fit", "refused")


def test_partial_fit_after_early_stopping_is_refused_with_its_reason():
    X, y = data(MLPClassifier, 40)
    with meant():
        model = small(MLPClassifier, early_stopping=True).fit(X, y)
    with pytest.raises(ParameterError, match="partial_fit does not support early_stopping=True"):
        model.partial_fit(X, y)
    with meant():
        model.set_params(early_stopping=False).partial_fit(X, y)
    assert np.isfinite(answers(model, X)).all()
