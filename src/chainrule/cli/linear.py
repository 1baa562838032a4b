"""A linear model beside the network: who is no better than that needs no network."""

from collections.abc import Callable
from time import perf_counter
from typing import Any
from warnings import warn

import numpy as np

from chainrule.cli.scores import mean_of, unit_of
from chainrule.errors import DegradedWarning
from chainrule.estimators.silence import without_warnings
from chainrule.table import Schema

__all__ = ["LinearModel", "compare_linear_model"]

_MOST_ROWS = 50_000
_MOST_LEVELS = 100
_FEWEST_ROWS_PER_LEVEL = 10


class LinearModel:
    """Ridge regression (`RidgeCV`), or for classes logistic regression, on the columns of a schema.

    Missing numbers stand at the median, numbers are standardized, levels one-hot, the rare ones together.

    Parameters
    ----------
    schema : Schema
        What the columns are; dates and sentences go in as the numbers that it makes of them.
    classes : array
        In the order of the columns of `predict`; empty for a regression.
    """

    def __init__(self, schema: Schema, classes: np.ndarray) -> None:
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression, RidgeCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        self._schema, self._classes = schema, classes
        is_code = np.array([feature.role == "code" for feature in schema.features])
        numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
        levels = OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            min_frequency=_FEWEST_ROWS_PER_LEVEL,
            max_categories=_MOST_LEVELS,
        )
        columns = ColumnTransformer([("numbers", numbers, ~is_code), ("levels", levels, is_code)])
        last = LogisticRegression(max_iter=1000) if len(classes) else RidgeCV(np.logspace(-3, 3, 13))
        self._model = make_pipeline(columns, last)

    def fit(self, frame: Any, y: np.ndarray) -> None:
        """Learn from rows and their targets."""
        read = self._schema.read(frame)
        if len(self._classes):
            self._model.fit(read, np.searchsorted(self._classes, y))
            return
        unit = unit_of(y)
        self._center, self._scale = mean_of(y), (np.std(y / unit) or 1.0) * unit
        self._model.fit(read, (y - self._center) / self._scale)

    def predict(self, frame: Any) -> np.ndarray:
        """Probabilities (n, n_classes), or numbers (n,)."""
        read = self._schema.read(frame)
        if len(self._classes):
            return np.asarray(self._model.predict_proba(read))
        return np.asarray(self._model.predict(read) * self._scale + self._center)


def compare_linear_model(
    schema: Schema,
    classes: np.ndarray,
    learned: tuple[Any, np.ndarray],
    scores_of: Callable[[Callable[[Any], np.ndarray]], dict[str, Any]],
    seed: int,
) -> dict[str, Any] | None:
    """Scores of a linear model, and the "rows" and "seconds" of its training; None if it failed.

    Parameters
    ----------
    learned : (frame, y)
        The rows of training; of more than 50,000 so many are drawn.
    scores_of : callable
        Scores a function that answers for a frame as `LinearModel.predict` does.

    Warns
    -----
    DegradedWarning
        If it failed; says how.
    """
    started = perf_counter()
    frame, y = learned
    if len(y) > _MOST_ROWS:
        drawn = np.sort(np.random.default_rng(seed).choice(len(y), _MOST_ROWS, replace=False))
        frame, y = frame[drawn], y[drawn]
    try:
        with without_warnings(), np.errstate(all="ignore"):
            model = LinearModel(schema, classes)
            model.fit(frame, y)
            seconds = perf_counter() - started
            scores = scores_of(model.predict)
    except (ValueError, np.linalg.LinAlgError) as error:
        reason = str(error).splitlines()[0]
        warn(f"no linear model could be trained for comparison ({reason})", DegradedWarning, stacklevel=2)
        return None
    return scores | {"rows": len(y), "seconds": seconds}
