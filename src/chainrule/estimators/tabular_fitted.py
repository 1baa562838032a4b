"""A fitted table model: from a table to the outputs of its members and their mean."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from chainrule.engine.forward import Forward
from chainrule.estimators.presets import Settings
from chainrule.estimators.rows import checked_table
from chainrule.estimators.streams import is_streamed
from chainrule.network import EnsembleLoss, Network
from chainrule.table.network_encoder import NetworkEncoder

__all__ = ["Encoded", "FittedTabular", "by_pieces"]

Array = Any


def by_pieces(method: Callable[..., Array]) -> Callable[..., Array]:
    """A method that answers for the rows of a table X: for a data set piece by piece."""

    @wraps(method)
    def answered(self: Any, X: Any, *given: Any, **named: Any) -> Array:
        if not is_streamed(X):
            return method(self, X, *given, **named)
        check_is_fitted(self)
        from chainrule.scale.answers import answered_by_pieces

        return answered_by_pieces(self, X, lambda rows: method(self, rows, *given, **named))

    return answered


@dataclass(frozen=True)
class Encoded:
    """Rows that a model's own scorer hands back to it."""

    matrix: Array


class FittedTabular(BaseEstimator):
    """What a table model can do once it is fitted, with NumPy alone."""

    encoder_: NetworkEncoder
    network_: Network
    theta_: Array
    settings_: Settings
    member_shares_: Array
    _loss: EnsembleLoss

    def _raw(self, matrix: Array, theta: Array | None = None) -> Array:
        """Raw outputs of all members for encoded rows.

        In float64: the same rows have the same bits, always; a row among others, asked alone, differs in the
        15th digit at most, since BLAS adds up in an order that depends on the number of rows.
        """
        network = self.network_
        views = network.views(self.theta_ if theta is None else np.asarray(theta))
        return Forward(network.layers, views, network.widths, np.float64).of_table(matrix)

    def _combined(self, raw: Array) -> Array:
        """The raw output whose prediction is the members' mean, each with its share."""
        return self._loss.combined(raw, self.member_shares_[:, None])

    def _weigh_members(self, raw: Array, y: Array, weights: Array) -> None:
        """Give the members their shares by rows that training has not seen; here they stay equal."""

    def _by_member(self, raw: Array) -> Array:
        return raw.reshape(len(raw), self.settings_.members, -1)

    def _outputs(self, X: Any) -> tuple[Array, Array]:
        """(combined raw outputs (n, K), those of each member (n, members, K)) for a table."""
        check_is_fitted(self)
        if isinstance(X, Encoded):
            raw = self._raw(X.matrix)
        else:
            raw = self._raw(self.encoder_.transform(checked_table(X, self, fitted=True)))
        return self._combined(raw), self._by_member(raw)

    def _scored_by_pieces(self, X: Any, y: Any, sample_weight: Any) -> float:
        """Accuracy or R² for the rows of a data set, whose target and weights are names of columns."""
        check_is_fitted(self)
        from chainrule.scale.answers import scored_by_pieces

        return scored_by_pieces(self, X, y, sample_weight)

    def feature_importance(
        self, X: Any, y: Any, *, scoring: Any = None, n_repeats: int = 5, random_state: Any = None
    ) -> Any:
        """By how much the score drops when a column is shuffled: Breiman 2001; Fisher et al. 2019.

        Parameters
        ----------
        X, y : rows that training has not seen, any table
        scoring : see scikit-learn; default: R² or accuracy
        n_repeats : int, default=5
        random_state : int, optional

        Returns
        -------
        dict of column name to (mean, standard deviation), most important first; of the columns that the model
            goes by
        """
        from sklearn.metrics import check_scoring

        scorer = check_scoring(self, scoring=scoring)
        table = checked_table(X, self, fitted=True).kept()
        rng = np.random.default_rng(random_state)
        whole = scorer(self, table, y)
        drops = {
            name: [whole - scorer(self, table.shuffled(place, rng), y) for _ in range(n_repeats)]
            for name, place in self.encoder_.schema.places(table).items()
        }
        names = sorted(drops, key=lambda name: -float(np.mean(drops[name])))
        return {name: (float(np.mean(drops[name])), float(np.std(drops[name]))) for name in names}

    def save(self, path: Any) -> None:
        """Write the fitted model to `path`; `chainrule.load` reads it. See `chainrule.save`."""
        from chainrule.files import save

        save(self, path)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "theta_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags
