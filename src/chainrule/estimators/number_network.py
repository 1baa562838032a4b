"""Networks for numbers: targets as they are."""

from collections.abc import Callable
from typing import Any

from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from chainrule.errors import ParameterError
from chainrule.estimators.base import BaseNetwork, is_stochastic
from chainrule.estimators.targets import checked_numbers
from chainrule.network import Loss, get_loss

__all__ = ["NumberNetwork"]

Array = Any


class NumberNetwork(RegressorMixin, BaseNetwork):
    """y = f(x; θ): what regressors do with targets."""

    @available_if(is_stochastic)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """One more epoch over the given rows; parameters as in `fit`."""
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """Predicted targets, (n_samples,) or (n_samples, n_outputs)."""
        return self._answer("predict", X)

    def _answers(self) -> dict[str, Callable[[Array], Array]]:
        link, one = self._link, self.n_outputs_ == 1
        return {"predict": lambda a: link(a)[:, 0] if one else link(a)}

    def _checked_targets(self, y: Any) -> Array:
        return checked_numbers(y)

    def _encode_targets(self, y: Array, incremental: bool) -> Array:
        targets = y[:, None] if y.ndim == 1 else y
        if incremental and self._has_parameters and targets.shape[1] != self.n_outputs_:
            raise ParameterError(
                f"y must have {self.n_outputs_} columns as before, however its shape: {y.shape}"
            )
        self.n_outputs_ = targets.shape[1]
        self._check_range(targets)
        return targets

    def _encode_known_targets(self, y: Array) -> Array:
        targets = y[:, None] if y.ndim == 1 else y
        if targets.shape[1] != self.n_outputs_:
            raise ParameterError(
                f"y_val must have {self.n_outputs_} columns as y has, however its shape: {y.shape}"
            )
        self._check_range(targets)
        return targets

    def _check_range(self, targets: Array) -> None:
        if self._make_loss().out_activation == "exp" and targets.min() < 0:
            raise ParameterError(f"loss='poisson' needs y ≥ 0, however its smallest value: {targets.min()}")

    def _strata(self, y: Array) -> None:  # noqa: ARG002
        return None

    def _make_loss(self) -> Loss:
        loss = get_loss(self.loss)
        if loss.out_activation in ("logistic", "softmax"):
            raise ParameterError(f"loss={self.loss!r} is for classes; use MLPClassifier")
        return loss

    @property
    def _n_network_outputs(self) -> int:
        return int(self.n_outputs_)

    @property
    def _metric(self) -> str:
        return "r2"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
