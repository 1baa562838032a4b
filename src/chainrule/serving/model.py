"""A model that answers requests: which rows it takes, and what it says to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ModelFileError, ParameterError
from chainrule.estimators import Forecaster, MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from chainrule.estimators.tabular_fitted import Encoded
from chainrule.files.model_file import load_with_record
from chainrule.serving.columns import InputColumn
from chainrule.serving.dates import readable_dates
from chainrule.serving.json_body import table_of
from chainrule.serving.request_error import RequestError
from chainrule.table import Schema
from chainrule.table.frame import Table
from chainrule.table.levels import level_text
from chainrule.table.number import Number
from chainrule.table.values import RowError

__all__ = ["Predictions", "ServedModel", "Wanted", "load_served"]

_UNNAMED = "y"


@dataclass(frozen=True)
class Wanted:
    """What is asked for beside the predictions.

    Parameters
    ----------
    probabilities : bool
    coverage : float or None
        Of the interval.
    """

    probabilities: bool = False
    coverage: float | None = None


@dataclass(frozen=True)
class Predictions:
    """What the model says to rows.

    Parameters
    ----------
    values : array (n,)
        Classes or numbers.
    probabilities : array (n, n_classes) or None
    bounds : array (n, 2) or None
    warnings : tuple of str
        What the model took for something else than it was.
    """

    values: np.ndarray
    probabilities: np.ndarray | None
    bounds: np.ndarray | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ServedModel:
    """A fitted model with one answer per row. Threads may share it.

    Parameters
    ----------
    estimator : TabularClassifier, TabularRegressor, MLPClassifier or MLPRegressor
    target : str
        Name of what is predicted.
    """

    estimator: Any
    target: str

    @property
    def kind(self) -> str:
        """The estimator's class."""
        return type(self.estimator).__name__

    @property
    def is_classifier(self) -> bool:
        """Whether classes are predicted."""
        return isinstance(self.estimator, MLPClassifier | TabularClassifier)

    @property
    def largest_interval(self) -> float | None:
        """The largest share that its intervals can promise; None where it gives no intervals."""
        residuals = self.estimator._residuals if isinstance(self.estimator, TabularRegressor) else None
        return None if residuals is None else len(residuals) / (len(residuals) + 1)

    @cached_property
    def classes(self) -> list[Any]:
        """The classes, in the order of the probabilities; none for numbers."""
        return list(self.estimator.classes_.tolist()) if self.is_classifier else []

    @cached_property
    def class_names(self) -> list[str]:
        """The classes as text."""
        return [level_text(label) for label in self.classes]

    @property
    def is_of_table(self) -> bool:
        """Whether it reads tables, and not numbers only."""
        return isinstance(self.estimator, TabularClassifier | TabularRegressor)

    @cached_property
    def schema(self) -> Schema:
        """What the columns are."""
        if self.is_of_table:
            schema: Schema = self.estimator.encoder_.schema
            return schema
        n = self.estimator.n_features_in_
        names = getattr(self.estimator, "feature_names_in_", [f"x{place}" for place in range(n)])
        return Schema(tuple(Number(str(name), 0.0, -np.inf, np.inf) for name in names))

    @cached_property
    def columns(self) -> tuple[InputColumn, ...]:
        """The columns that the model goes by."""
        used = [column for column in self.schema.columns if column.features]
        return tuple(InputColumn(column, self.is_of_table) for column in used)

    # -- answering ----------------------------------------------------------------------------------

    def check(self, wanted: Wanted) -> None:
        """Refuse what this model cannot say to any row."""
        if wanted.probabilities and not self.is_classifier:
            message = f"the model predicts the number {self.target!r}, which has no probabilities"
            raise RequestError(422, f"{message}; ask for interval, or for nothing", "query.proba")
        if wanted.coverage is not None and self.largest_interval is None:
            raise RequestError(422, "the model gives no intervals; leave out interval", "query.interval")

    def predict(self, table: Table, wanted: Wanted) -> Predictions:
        """Answer every row.

        Raises
        ------
        TableError
            For a value that the model cannot read, or to which its answer is no finite number.
        RequestError
            If so sure an interval cannot be promised.
        """
        table = readable_dates(self.schema, table.kept())
        with np.errstate(all="ignore"):  # what is not finite in the end is refused
            rows = self._rows(table)
            values = self._answers("predict", rows)
            probabilities = self._answers("predict_proba", rows) if wanted.probabilities else None
            bounds = None if wanted.coverage is None else self._bounds(rows, wanted.coverage)
        for numbers in (values, probabilities, bounds):
            _check_finite(numbers)
        return Predictions(values, probabilities, bounds, tuple(self._warnings(table)))

    def _rows(self, table: Table) -> Any:
        if self.is_of_table:
            return Encoded(self.estimator.encoder_.transform(table))
        matrix = self.schema.read(table)
        if np.isnan(matrix).any():
            row, place = (int(found[0]) for found in np.nonzero(np.isnan(matrix)))
            name = self.schema.columns[place].name
            raise RowError(f"column {name!r} has no value in ", row, "; this model needs all of them")
        return matrix

    def _answers(self, method: str, rows: Any) -> np.ndarray:
        if self.is_of_table:
            return np.asarray(getattr(self.estimator, method)(rows))
        return self._predictors[method](rows)

    @cached_property
    def _predictors(self) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
        methods = ("predict", "predict_proba") if self.is_classifier else ("predict",)
        return {method: self.estimator.predictor(method) for method in methods}

    def _bounds(self, rows: Any, coverage: float) -> np.ndarray:
        try:
            return np.asarray(self.estimator.predict_interval(rows, coverage))
        except ParameterError as error:
            reason = str(error).partition(";")[0]
            raise RequestError(422, f"{reason}; ask for a smaller share", "query.interval") from None

    def _warnings(self, table: Table) -> Sequence[str]:
        if not self.is_of_table:
            return ()
        return [
            f"column {name!r} holds in {len(values):,} row{'s' * (len(values) > 1)} what training never saw, "
            f"such as {str(values[0])[:80]!r}; it counts as unknown"
            for name, values in self.schema.unseen(table).items()
        ]


def _check_finite(numbers: np.ndarray | None) -> None:
    if numbers is None or numbers.dtype.kind != "f":
        return
    wrong = np.flatnonzero(~np.isfinite(numbers).reshape(len(numbers), -1).all(axis=1))
    if len(wrong):
        raise RowError("the answer to ", int(wrong[0]), " is not finite; its values are too large")


def load_served(path: Path) -> ServedModel:
    """Load a model file that can be served.

    Raises
    ------
    ModelFileError
        If it is no model file, or its model has no columns, or several answers per row.
    """
    model, record = load_with_record(path)
    kind = "Network" if isinstance(model, tuple) else type(model).__name__
    if isinstance(model, Forecaster):
        raise ModelFileError(
            f"{path} holds a Forecaster, which goes on with a series and answers no single rows; use "
            "chainrule predict, or its predict in Python"
        )
    if isinstance(model, tuple):
        raise ModelFileError(f"{path} holds a {kind}, which has no columns; serve an estimator instead")
    if not isinstance(model, MLPClassifier | MLPRegressor | TabularClassifier | TabularRegressor):
        raise ModelFileError(
            f"{path} holds a {kind}, whose rows are no columns of a table; use it from Python"
        )
    if not _gives_one_answer(model):
        raise ModelFileError(f"{path} holds a {kind} that gives several answers per row; use it from Python")
    target = record.get("target")
    served = ServedModel(model, target if isinstance(target, str) else _UNNAMED)
    _ask_once(served)
    return served


def _gives_one_answer(model: Any) -> bool:
    if isinstance(model, TabularRegressor):
        return model._one_column
    if isinstance(model, MLPRegressor):
        return bool(model.n_outputs_ == 1)
    return not model._coding.multilabel


def _ask_once(served: ServedModel) -> None:
    """What is computed at the first request is computed before it, and by one thread."""
    row = {column.name: column.example for column in served.columns}
    served.predict(table_of([row], served.columns), Wanted(served.is_classifier))
