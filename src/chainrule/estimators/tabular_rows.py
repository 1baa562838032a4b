"""From a table and its targets to encoded rows: to learn from, and to judge by."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any
from warnings import warn

import numpy as np

from chainrule.errors import DegradedWarning, ParameterError
from chainrule.estimators.presets import Settings, batch_size_for, folds_for, table_network
from chainrule.estimators.rows import checked_table, merged
from chainrule.estimators.streams import is_streamed
from chainrule.estimators.tabular_fitted import FittedTabular
from chainrule.estimators.tabular_parameters import kinds_of_columns
from chainrule.estimators.tabular_time import (
    affordable_rows,
    drawn_rows,
    prepared_on_trial,
    rows_counted_as,
    seconds_per_epoch,
    seconds_to_judge,
)
from chainrule.estimators.weights import checked_sample_weight, in_reach
from chainrule.table.network_encoder import NetworkEncoder
from chainrule.table.schema import Schema
from chainrule.training import hold_out

__all__ = ["EncodedRows", "TabularRows"]

Array = Any

_FEWEST_ROWS_TO_HOLD_OUT = 20
_MOST_ROWS_TO_HOLD_OUT = 10_000
_MOST_ROWS_TO_JUDGE_IN_FOLDS = 2_000
_FEWEST_PASSES = 8


@dataclass(frozen=True)
class EncodedRows:
    """Encoded rows: to learn from, and to judge by where there are any; `labels_val` as they came.

    They were made of `n_drawn` rows, fewer than the `n_given` where time was short.
    """

    X: Array
    y: Array
    weights: Array
    X_val: Array | None = None
    y_val: Array | None = None
    weights_val: Array | None = None
    labels_val: Array | None = None
    n_drawn: int = 0
    n_given: int = 0


class TabularRows(FittedTabular, ABC):
    """How a table model prepares the rows of a fit: checked, merged, encoded, some held out."""

    # -- what classifier and regressor do each in their way -----------------------------------------

    @abstractmethod
    def _checked_targets(self, y: Any) -> Array:
        """`y` as an array without anything that cannot be learned."""

    def _learn_labels(self, y: Array) -> None:
        """Learn which labels there are, from all rows."""

    @abstractmethod
    def _learn_targets(self, y: Array, weights: Array) -> None:
        """Learn the scale of `y` from the rows of training."""

    @abstractmethod
    def _encode_targets(self, y: Array) -> Array:
        """Targets of the network (n, K)."""

    @abstractmethod
    def _strata(self, y: Array) -> Array | None:
        """Classes by which validation rows are held out, if any."""

    @abstractmethod
    def _class_weights(self, y: Array) -> Array:
        """Factor on the weight of each training row."""

    # -- rows as they came ------------------------------------------------------------------------------

    def _checked_rows(self, X: Any, y: Any, sample_weight: Any, fresh: bool) -> tuple[Any, Array, Array]:
        if y is None:
            raise ParameterError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y is None"
            )
        X = checked_table(X, self, fitted=not fresh)
        y = self._checked_targets(y)
        n_rows = X.n_rows
        if len(y) != n_rows:
            raise ParameterError(
                f"Found input variables with inconsistent numbers of samples: [{n_rows}, {len(y)}]"
            )
        weights, _ = in_reach(checked_sample_weight(sample_weight, n_rows), np.float32)
        used = weights > 0
        if not used.all():
            X, y, weights = X.rows(used), y[used], weights[used]
        if fresh:
            self.n_features_in_ = len(X.names)
            self.__dict__.pop("feature_names_in_", None)
            if X.has_names:
                self.feature_names_in_ = np.array(X.names, dtype=object)
        return X, y, weights

    def _checked_validation(self, X: Any, y: Any, weights: Any) -> Any:
        if (X is None) != (y is None):
            raise ParameterError("X_val and y_val belong together: give both or neither")
        if X is None:
            if weights is not None:
                raise ParameterError("sample_weight_val needs X_val and y_val")
            return None
        if is_streamed(X):
            raise ParameterError(
                f"X_val must be rows in memory, however: {X!r:.80}; read as many of them as fit there, or "
                "leave X_val and y_val out"
            )
        X, y = checked_table(X, self), self._checked_targets(y)
        if len(y) != X.n_rows:
            raise ParameterError(f"X_val and y_val must be of one length, however: {X.n_rows}, {len(y)}")
        try:
            return X, y, in_reach(checked_sample_weight(weights, len(y)), np.float32)[0]
        except ValueError as error:
            raise ParameterError(f"X_val, y_val: {error}") from None

    # -- rows as the network takes them ----------------------------------------------------------------

    def _prepared(
        self,
        X: Any,
        y: Array,
        weights: Array,
        validation: Any,
        settings: Settings,
        rng: np.random.Generator,
        deadline: float,
    ) -> tuple[EncodedRows, Settings]:
        """Encode the rows, or as many as there is time to learn from, and decide which to judge by."""
        n_given, drawn = len(y), None
        if deadline < np.inf:
            self._learn_targets(y, weights)
            n_judges = 0 if validation is None else len(validation[1])
            drawn = self._drawn_in_time(X, y, n_judges, settings, rng, deadline)
        if drawn is not None:
            X, y, weights = X.rows(np.isin(np.arange(n_given), drawn)), y[drawn], weights[drawn]
        n_drawn = len(y)
        X = X.kept()  # for a column is looked at to learn what it is, and again to be read
        with rows_counted_as(drawn):
            schema = Schema.learn(X, kinds_of_columns(self, X.names))
            read = schema.read(X)
        read, y, weights = merged(read, y, weights)
        weights = weights / weights.mean()
        self.encoder_ = NetworkEncoder.of_read(schema, read, weights, settings.bins)
        matrix = self.encoder_.encode(read, rng)
        rows, settings = self._with_judges(matrix, y, weights, validation, settings, rng)
        return replace(rows, n_drawn=n_drawn, n_given=n_given), settings

    def _drawn_in_time(
        self, X: Any, y: Array, n_judges: int, settings: Settings, rng: np.random.Generator, deadline: float
    ) -> Array | None:
        """Numbers of as many rows as can be encoded and passed over several times; None: of all."""
        tried = prepared_on_trial(X, kinds_of_columns(self, X.names), settings.bins)
        if tried is None:
            return None
        seconds_to_prepare, layout = tried
        network = table_network(layout, self._n_network_outputs, settings)
        n_passes = min(_FEWEST_PASSES, self.max_iter or _FEWEST_PASSES)

        def needed(n_rows: int) -> float:
            batch_size = min(self.batch_size or batch_size_for(n_rows), n_rows)
            epoch = seconds_per_epoch(network, n_rows, batch_size) + seconds_to_judge(network, n_judges)
            return seconds_to_prepare * (n_rows + n_judges) + n_passes * epoch

        affordable = affordable_rows(len(y), deadline - perf_counter(), needed)
        return None if affordable == len(y) else drawn_rows(len(y), affordable, rng, self._strata(y))

    def _with_judges(
        self,
        matrix: Array,
        y: Array,
        weights: Array,
        validation: Any,
        settings: Settings,
        rng: np.random.Generator,
    ) -> tuple[EncodedRows, Settings]:
        """Rows to learn from, and to judge by: given, in folds or held out."""
        if validation is not None:
            self._learn_targets(y, weights)
            weights = weights * self._class_weights(y)
            X_val, y_val, weights_val = validation
            weights_val = weights_val * self._class_weights(y_val)
            known = self.encoder_.transform(X_val), self._encode_targets(y_val), weights_val, y_val
            settings = replace(settings, folds=0, own_lines=False)
            return EncodedRows(matrix, self._encode_targets(y), weights, *known), settings
        own_way = self.scoring is not None or self.validation_fraction is not None
        folds = 0 if own_way and settings.folds is None else folds_for(settings, len(y))
        settings = replace(settings, folds=folds, own_lines=settings.own_lines and folds > 0)
        if folds:
            return self._in_folds(matrix, y, weights, folds, rng), settings
        rows, held_out = self._held_out(y, settings.validation_fraction, rng)
        self._learn_targets(y[rows], weights[rows])
        targets, weights = self._encode_targets(y), weights * self._class_weights(y)
        learned = (matrix[rows], targets[rows], weights[rows])
        if held_out is None:
            return EncodedRows(*learned), settings
        judging = (matrix[held_out], targets[held_out], weights[held_out], y[held_out])
        return EncodedRows(*learned, *judging), settings

    def _in_folds(
        self, matrix: Array, y: Array, weights: Array, folds: int, rng: np.random.Generator
    ) -> EncodedRows:
        """Every row in a fold: all are learned from; 2,000 at most are judged, by members that did not."""
        self._learn_targets(y, weights)
        strata = self._strata(y)
        order = rng.permutation(len(y))
        if strata is not None:
            order = order[np.argsort(strata[order], kind="stable")]
        fold = np.empty(len(y))
        fold[order] = np.arange(len(y)) % folds
        targets = np.column_stack([self._encode_targets(y), fold])
        weights = weights * self._class_weights(y)
        judges = np.sort(rng.permutation(len(y))[:_MOST_ROWS_TO_JUDGE_IN_FOLDS])
        judging = (matrix[judges], targets[judges], weights[judges], y[judges])
        return EncodedRows(matrix, targets, weights, *judging)

    def _held_out(self, y: Array, fraction: float, rng: np.random.Generator) -> tuple[Array, Array | None]:
        """(rows to learn from, rows to judge by); none of these where there are too few to spare."""
        if not fraction or len(y) < _FEWEST_ROWS_TO_HOLD_OUT:
            return np.arange(len(y)), None
        strata = self._strata(y)
        if strata is not None:
            counts = np.bincount(strata)
            n_alone, n_others = int((counts == 1).sum()), int(counts[counts > 1].sum())
            if n_alone:
                warn(
                    f"{n_alone} of {len(counts)} classes have one row only, which is learned from and not "
                    "held out to judge by; add rows, or join rare classes",
                    DegradedWarning,
                    stacklevel=6,
                )
            if n_others < _FEWEST_ROWS_TO_HOLD_OUT:
                return np.arange(len(y)), None
        return hold_out(len(y), min(fraction, _MOST_ROWS_TO_HOLD_OUT / len(y)), rng, strata)
