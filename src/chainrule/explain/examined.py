"""What the examinations look at: a model, rows of a table, and what the model makes of them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples, check_is_fitted

from chainrule.errors import ParameterError
from chainrule.estimators import TabularClassifier, TabularRegressor
from chainrule.estimators.grid_network import GridNetwork
from chainrule.estimators.rows import checked_table
from chainrule.estimators.tabular_fitted import Encoded
from chainrule.estimators.targets import checked_labels, checked_numbers
from chainrule.network import Loss
from chainrule.table.cells import Cells, cells_of_array

__all__ = ["Examined", "Rows", "looked_at", "plain_numbers"]

Array = Any

MOST_ROWS = 10_000
MOST_CELLS = 20_000_000
"""Of wide tables so many rows are looked at that this many values are: 160 MB."""

_SQUARED = ("squared_error", "mean_squared_error", "sum_of_squares", "poisson")


@dataclass(frozen=True)
class Rows:
    """Rows of a table as a model sees them.

    Parameters
    ----------
    model : an estimator of this package, fitted
    matrix : array (n, network's inputs)
    columns : tuple of Cells
        What stood in the table, column by column; none of images and sequences, which have no columns.
    y : array (n,) or (n, n_outputs)
    """

    model: Any
    matrix: Array
    columns: tuple[Cells, ...]
    y: Array

    def __len__(self) -> int:
        return len(self.y)

    def answers(self, method: str) -> Array:
        """What the model's "predict" or "predict_proba" says of the rows."""
        if isinstance(self.model, TabularClassifier | TabularRegressor):
            return getattr(self.model, method)(Encoded(self.matrix))
        return self.model.predictor(method)(self.matrix)

    @cached_property
    def predicted(self) -> Array:
        """Labels or numbers."""
        return self.answers("predict")

    @cached_property
    def probabilities(self) -> Array:
        """(n, n_classes)."""
        return np.asarray(self.answers("predict_proba"), dtype=np.float64)

    @cached_property
    def targets(self) -> Array:
        """Targets as the network's loss takes them; with folds, rows that every member learns from."""
        if isinstance(self.model, TabularClassifier | TabularRegressor):
            targets = self.model._encode_targets(self.y)
            return np.column_stack([targets, np.full(len(targets), -1.0)]) if self._folds else targets
        return self.model._encode_known_targets(self.y)

    @property
    def _folds(self) -> int:
        return int(self.model.settings_.folds)

    @cached_property
    def simple_inputs(self) -> Array:
        """Numbers and flags: what a linear model beside the network learns from."""
        if not isinstance(self.model, TabularClassifier | TabularRegressor):
            return np.asarray(self.matrix, dtype=np.float64)
        layout = self.model.encoder_.layout
        d = layout.n_numbers
        parts = [self.matrix[:, :d], self.matrix[:, 2 * d : 2 * d + layout.n_flags]]
        return np.concatenate(parts, axis=1).astype(np.float64)

    @cached_property
    def class_numbers(self) -> Array:
        """For each row the place of its class in `classes_`."""
        return np.searchsorted(self.model.classes_, self.y)


@dataclass(frozen=True)
class Examined:
    """A fitted model with the rows it is examined on.

    Parameters
    ----------
    model : an estimator of this package
    rows : Rows
    unseen : Rows or None
        Rows that training has not seen.
    y : array
        All targets that were given: counting them costs nothing.
    """

    model: Any
    rows: Rows
    unseen: Rows | None
    y: Array

    @property
    def is_table_model(self) -> bool:
        """Whether it encodes and scales columns by itself."""
        return isinstance(self.model, TabularClassifier | TabularRegressor)

    @property
    def has_columns(self) -> bool:
        """Whether its inputs are columns of a table, each a matter of its own; not so pixels and steps."""
        return not isinstance(self.model, GridNetwork)

    @property
    def is_classifier(self) -> bool:
        """Whether it answers with classes."""
        return hasattr(self.model, "classes_")

    @property
    def one_label_per_row(self) -> bool:
        """Whether it is a classifier whose rows belong to one of several classes."""
        return self.is_classifier and self.y.ndim == 1 and len(self.model.classes_) > 1

    @property
    def predicts_means(self) -> bool:
        """Whether a regressor's answers are to be judged by R²: quantiles and medians are not."""
        return not self.is_classifier and self.member_loss.kind in _SQUARED

    @property
    def loss(self) -> Loss:
        """What training made small."""
        return self.model._loss if self.is_table_model else self.model._make_loss()  # type: ignore[no-any-return]

    @property
    def member_loss(self) -> Any:
        """The loss of one network."""
        return getattr(self.loss, "loss", self.loss)

    @property
    def parameters(self) -> Any:
        """The network's parameters, one mapping per layer."""
        network = self.model.network_
        return network.views(self.model.theta_) if self.is_table_model else self.model._parameters(network)

    @property
    def learning_rate(self) -> float:
        """As it was set."""
        chosen = self.model.settings_ if self.is_table_model else self.model
        return float(chosen.learning_rate_init)

    def curve(self, name: str) -> Array:
        """A curve of losses by epoch, empty where there is none."""
        return np.asarray(getattr(self.model, name, None) or [], dtype=np.float64)


def looked_at(model: Any, X: Any, y: Any) -> tuple[Rows, Array]:
    """(at most 10,000 of the rows, drawn with a fixed seed; the targets of all).

    Raises
    ------
    ParameterError, TableError (both are ValueErrors)
        For rows that the model cannot take, or labels that it does not know.
    """
    check_is_fitted(model)
    is_table_model = isinstance(model, TabularClassifier | TabularRegressor)
    is_classifier = hasattr(model, "classes_")
    y = checked_labels(y) if is_classifier else checked_numbers(y)
    X = checked_table(X, model, fitted=True) if is_table_model else X
    n = X.n_rows if is_table_model else _num_samples(X)
    if len(y) != n:
        raise ParameterError(f"X and y must have as many rows as each other, however: {n} and {len(y)}")
    if is_classifier and y.ndim == 1:
        model._coding.check_known(y)
    n_rows = min(n, MOST_ROWS, max(1, MOST_CELLS // model.n_features_in_))
    drawn = np.sort(np.random.default_rng(0).choice(n, n_rows, replace=False))
    if is_table_model:
        mask = np.zeros(n, dtype=bool)
        mask[drawn] = True
        X = X.rows(mask)
        return Rows(model, model.encoder_.transform(X), _known_columns(model, X), y[drawn]), y
    matrix = model._rows_to_answer(_safe_indexing(X, drawn))
    matrix = matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
    if isinstance(model, GridNetwork):
        return Rows(model, matrix, (), y[drawn]), y
    names = getattr(model, "feature_names_in_", [f"x{place}" for place in range(matrix.shape[1])])
    columns = [cells_of_array(column, str(name)) for column, name in zip(matrix.T, names, strict=True)]
    return Rows(model, matrix, tuple(columns), y[drawn]), y


def _known_columns(model: Any, table: Any) -> tuple[Cells, ...]:
    """The columns that the model knows; those that it ignores may be absent."""
    names = [column.name for column in model.encoder_.schema_.columns]
    places = {name: place for place, name in enumerate(table.names)}
    if not table.has_names or (len(names) == len(places) and not set(names) & set(places)):
        return tuple(table.cells(place) for place in range(len(names)))
    return tuple(table.cells(places[name]) for name in names if name in places)


def plain_numbers(cells: Cells) -> Array:
    """A column as float64, NaN where missing: numbers as they are, levels by the order they first come in."""
    if cells.type in ("text", "category"):
        codes = cells.values
        first = {code: place for place, code in enumerate(dict.fromkeys(codes[codes >= 0].tolist()))}
        return np.array([first.get(code, np.nan) for code in codes.tolist()], dtype=np.float64)
    x = cells.values.astype(np.int64) if cells.type == "moment" else cells.values
    return np.where(cells.missing, np.nan, x.astype(np.float64))
