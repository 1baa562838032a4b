"""Rows and targets in every form in which they may come: one or several, in a pipeline or not."""

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from chainrule.errors import ParameterError
from chainrule.estimators.silence import without_warnings

__all__ = [
    "as_rows",
    "as_samples",
    "as_targets",
    "before_last_step",
    "check_as_many",
    "checked_weights",
    "refuse_forecaster",
]

Array = Any


def refuse_forecaster(model: Any) -> None:
    """Say of a forecaster, which reads series, what it has that reads rows.

    Raises
    ------
    ParameterError
    """
    from chainrule.estimators.forecaster import Forecaster

    if isinstance(model, Forecaster):
        raise ParameterError(
            "a Forecaster reads a series; give its network and windows: X, y = model.windows(data), and then "
            "model.network_ with X and y, or with some of them such as X[:1], y[:1]"
        )


def checked_weights(sample_weight: Any, n: int) -> Array:
    """Weights of n rows, 1 where none are given; refuse what are none."""
    weights = np.ones(n) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64).reshape(-1)
    if len(weights) != n or not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise ParameterError(
            f"sample_weight must be {n} numbers ≥ 0, one at least above, however: {sample_weight!r}"
        )
    return weights


def check_as_many(X: Array, y: Any) -> None:
    """Refuse rows and targets of which there are not as many."""
    if X.shape[0] != len(y):
        raise ParameterError(f"X and y must have as many rows, however: {X.shape[0]} and {len(y)}")


def as_rows(X: Any, names: tuple[str, ...]) -> Any:
    """One row, however it comes, as a table of one; several rows as they are."""
    if hasattr(X, "to_frame") and hasattr(X, "index"):  # a row of a pandas frame
        X = dict(X.items())
    if isinstance(X, dict):
        texts = {str(name): value for name, value in X.items()}
        if absent := [name for name in names if name not in texts]:
            raise ParameterError(f"the row lacks {absent[0]!r}; the model needs the columns {list(names)}")
        X = [texts[name] for name in names] if names else list(texts.values())
    if isinstance(X, list | tuple) and not any(np.ndim(value) for value in X):
        return [list(X)]
    return X[None] if isinstance(X, np.ndarray) and X.ndim == 1 else X


def as_samples(X: Any, shape: tuple[int, ...]) -> Any:
    """One image or sequence, an array or a row of a frame, as several of which there is one.

    Several stay as they are.

    Parameters
    ----------
    shape : (height, width, channels), or (steps, features)
        Of those that the model knows; channels and features of 1 may be left out, and steps may be fewer.
    """
    if hasattr(X, "to_frame") and hasattr(X, "index"):  # a row of a pandas frame
        return X.to_frame().T
    if isinstance(X, list | tuple) and not any(np.ndim(value) for value in X):
        X = np.asarray(X)
    if not isinstance(X, np.ndarray):
        return X
    is_one = X.shape[-1:] == shape[-1:] if X.ndim == len(shape) else X.ndim == len(shape) - 1
    return X[None] if is_one else X


def as_targets(y: Any, n_rows: int) -> Any:
    """Targets of one row as those of a table of one: a number or label, or several."""
    if np.ndim(y) == 0:
        return np.asarray(y).reshape(1)
    if n_rows == 1 and np.ndim(y) == 1 and len(y) > 1:
        return np.asarray(y)[None]
    return y if hasattr(y, "columns") else np.asarray(y)


def before_last_step(model: Any, X: Any) -> tuple[Any, Any]:
    """(the model itself, its rows), where it stands at the end of a scikit-learn pipeline."""
    if not isinstance(model, Pipeline):
        return model, X
    check_is_fitted(model)
    last = model.steps[-1][1]
    if len(model.steps) == 1:
        return last, X
    names = tuple(getattr(model, "feature_names_in_", ()))
    with without_warnings():  # a row without names is one in the order of `fit`
        return last, model[:-1].transform(as_rows(X, names))
