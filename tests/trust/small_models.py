"""The four estimators, so small that a fit takes some hundredths of a second, and data for them."""

import traceback
import warnings
from contextlib import contextmanager

import numpy as np
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning

from chainrule import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from chainrule.errors import ChainruleError

__all__ = ["CLASSIFIERS", "MODELS", "REGRESSORS", "answers", "data", "meant", "refusing", "small"]

CLASSIFIERS = (MLPClassifier, TabularClassifier)
REGRESSORS = (MLPRegressor, TabularRegressor)
MODELS = (*CLASSIFIERS, *REGRESSORS)

_MEANT = (
    "The number of unique classes is greater than 50%",
    ".* classes have one row only",
    "batch_size=.* is larger than",
)


def small(kind, **parameters):
    """A small estimator of this class."""
    own = {"max_iter": 3}
    if kind in (TabularClassifier, TabularRegressor):
        own = {"preset": "fast", "members": 2, "max_iter": 4}
    return kind(**{"hidden_layer_sizes": (4,), "random_state": 0, **own, **parameters})


def data(kind, n_rows=24, seed=0):
    """(X, y) for an estimator of this class."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 3))
    z = X[:, 0] - X[:, 1] ** 2 + 0.1 * rng.normal(size=n_rows)
    return X, (z > np.median(z)).astype(int) if kind in CLASSIFIERS else z


def answers(model, X):
    """Probabilities or predictions: what must be finite, and the same to the last bit."""
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


@contextmanager
def meant():
    """A context without the warnings that small data and short trainings earn; all others are errors."""
    with warnings.catch_warnings():
        for category in (ConvergenceWarning, DataConversionWarning):
            warnings.simplefilter("ignore", category)
        for message in _MEANT:
            warnings.filterwarnings("ignore", message)
        yield


def refusing(do):
    """What `do` raises if that is a refusal in words, None if it raises nothing; all else fails the test.

    A refusal is one of the package's own errors, or a ValueError or TypeError of scikit-learn's own checks.
    """
    refusal = None
    try:
        with meant():
            do()
    except (ValueError, TypeError) as error:
        raised_in = traceback.extract_tb(error.__traceback__)[-1].filename
        if not isinstance(error, ChainruleError) and "/sklearn/" not in raised_in:
            raise
        refusal = error
    assert refusal is None or len(str(refusal)) > 20, refusal
    return refusal
