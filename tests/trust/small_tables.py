"""A small model of any table, and whether what came of it is an answer or a refusal in words."""

import warnings
from contextlib import contextmanager

import numpy as np
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from tried import counted

from chainrule import TabularClassifier, TabularRegressor
from chainrule.errors import ChainruleError, ChainruleWarning

__all__ = ["answers", "check_sentence", "fitted", "outcome", "same_answers"]

_MEANT = (ChainruleWarning, ConvergenceWarning, DataConversionWarning)


@contextmanager
def outcome(fault):
    """Count a trial: refused where an error says so in a sentence, answered otherwise.

    The errors are the package's own; of complex arrays it is scikit-learn's, as its checks demand.
    """
    try:
        with warnings.catch_warnings():
            for meant in _MEANT:
                warnings.simplefilter("ignore", meant)
            yield
    except (ChainruleError, ValueError) as error:
        if not (isinstance(error, ChainruleError) or "Complex data not supported" in str(error)):
            raise
        check_sentence(str(error).partition("\n")[0] if type(error) is ValueError else str(error))
        counted(fault, "refused")
    else:
        counted(fault, "answered")


def check_sentence(said):
    """What an error says is one line of a length that people read."""
    assert said.strip()
    assert "\n" not in said
    assert len(said) < 600, said


def fitted(X, y, **settings):
    """A model of a table, of the task that the target's type says, trained for two epochs."""
    kind = TabularRegressor if np.asarray(y).dtype.kind == "f" else TabularClassifier
    small = {"members": 1, "hidden_layer_sizes": (4,), "engine": "numpy", "random_state": 0}
    return kind(preset="fast", max_iter=2, **small, **settings).fit(X, y)


def answers(model, X):
    """What a model says of a table: finite numbers, or probabilities that sum to 1."""
    if isinstance(model, TabularRegressor):
        found = model.predict(X)
    else:
        found = model.predict_proba(X)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
        assert np.isin(model.predict(X), model.classes_).all()
    assert len(found) == len(X)
    assert np.isfinite(found).all()
    return found


def same_answers(model, *tables):
    """All of these tables are one to the model; what it says of them."""
    first, *others = (answers(model, X) for X in tables)
    for other in others:
        np.testing.assert_array_equal(first, other)
    return first
