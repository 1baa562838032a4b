"""TabularRegressor: numbers for the rows of any table, strong defaults, no tuning."""

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from chainrule.errors import ParameterError
from chainrule.estimators.calibration import conformal_radius
from chainrule.estimators.parameters import store
from chainrule.estimators.streams import is_streamed
from chainrule.estimators.tabular_base import BaseTabular
from chainrule.estimators.tabular_fitted import by_pieces
from chainrule.estimators.targets import checked_numbers
from chainrule.network import CustomLoss, Loss, get_loss
from chainrule.network.losses import Pinball, Quantiles

__all__ = ["TabularRegressor"]

Array = Any

_SMALLEST_DELTA, _LARGEST_DELTA = 1e-3, 1e6
"""Of Huber's loss, in standard deviations: beyond them the line and the parabola are lost in float32."""

_LARGEST_TO_BE_SQUARED = 1e150


class TabularRegressor(RegressorMixin, BaseTabular):
    """y(row) for any table: an ensemble of small networks behind embeddings of the columns.

    The target is standardized for training. Parameters and attributes are those of `TabularClassifier`
    without `class_weight`, `label_smoothing` and `calibrate`, and these:

    Parameters
    ----------
    loss : str, dict, callable or Loss, default="squared_error"
        "squared_error", "absolute_error", "huber", "pinball", "poisson" (log link, y ≥ 0);
        ``{"loss": "huber", "delta": 2.0}`` in units of the target; your own ``loss(a, y) -> (n,)`` of the
        standardized target.
    quantiles : sequence of float, optional
        Predict these quantiles of the target, one column each, instead of its mean.
    clip_predictions : bool, default=True
        Keep predictions of the mean within the range of the training targets.

    Attributes
    ----------
    target_mean_, target_scale_ : array (n_outputs,)

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = TabularRegressor(preset="fast", random_state=0).fit(X, y)
    >>> model.predict_interval(X[:2], coverage=0.9).shape
    (2, 2)
    """

    def __init__(
        self,
        preset: str = "default",
        *,
        time_limit: float | None = None,
        loss: Any = "squared_error",
        quantiles: Any = None,
        members: int | None = None,
        hidden_layer_sizes: Any = None,
        activation: Any = None,
        embedding: str | None = None,
        bins: int | None = None,
        learning_rate_init: float | None = None,
        weight_decay: float | None = None,
        dropout: float | None = None,
        validation_fraction: float | None = None,
        folds: int | None = None,
        batch_size: int | None = None,
        max_iter: int | None = None,
        n_iter_no_change: int | None = None,
        scoring: Any = None,
        categorical_features: Any = "from_dtype",
        column_kinds: Any = None,
        clip_predictions: bool = True,
        random_state: Any = None,
        verbose: Any = False,
        engine: str = "auto",
    ) -> None:
        store(self, locals())

    _task = "regression"

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """One more epoch over the given rows of a table with the same columns; the first call learns those.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`
        """
        return self._partial_fit(X, y, sample_weight)

    # -- predicting ---------------------------------------------------------------------------------

    @by_pieces
    def predict(self, X: Any) -> Array:
        """Predicted targets (n_samples,), (n_samples, n_outputs) or (n_samples, n_quantiles)."""
        predicted = self._predicted(self._outputs(X)[0])
        return predicted[:, 0] if self._one_column else predicted

    @by_pieces
    def predict_interval(self, X: Any, coverage: float = 0.9) -> Array:
        """Bounds between which a new target lies with probability `coverage`: split conformal prediction.

        prediction ± r · (d(row) + d̄), with d the standard deviation over the members, which says how hard
        the row is, and r the quantile of |residual| / (d + d̄) over the held-out rows (Lei et al. 2018, arXiv
        1604.04173, section 5.2). The promise holds on average over rows like those of training.

        Parameters
        ----------
        X : table
        coverage : float in (0, 1), default=0.9

        Returns
        -------
        array (n_samples, 2) of lower and upper bounds; (n_samples, n_outputs, 2) for several targets

        Raises
        ------
        ParameterError
            If no or too few rows were held out, or the model predicts quantiles.
        """
        if not 0 < coverage < 1:
            raise ParameterError(f"coverage must be in (0, 1), however: {coverage!r}")
        a, members = self._outputs(X)
        if self._residuals is None:
            raise ParameterError(
                "predict_interval needs held-out rows and a loss whose prediction is one number per target; "
                "set validation_fraction, give X_val and y_val, or fit on at least 20 rows"
            )
        center = self._predicted(a)
        with np.errstate(over="ignore"):
            unit = _finite(self._difficulty(members) + self._offset)
            radius = _finite(conformal_radius(self._residuals, coverage) * unit)
            bounds = _finite(np.stack([center - radius, center + radius], axis=-1))
        return bounds[:, 0] if self._one_column else bounds

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R²; of a data set piece by piece, y and sample_weight are then names of its columns."""
        if is_streamed(X):
            return self._scored_by_pieces(X, y, sample_weight)
        return float(super().score(X, y, sample_weight))

    def _predicted(self, a: Array) -> Array:
        with np.errstate(over="ignore"):
            y = np.asarray(self._loss.link(a), dtype=np.float64) * self.target_scale_ + self.target_mean_
        y = _finite(y)
        if self._has_quantiles:
            return np.sort(y, axis=1)
        return np.clip(y, *self._range) if self.clip_predictions and self._is_mean else y

    def _difficulty(self, members: Array) -> Array:
        """Standard deviation of the members' predictions (n, K), in units of the target."""
        return np.asarray(self._spread(members) * self.target_scale_)

    def _spread(self, members: Array) -> Array:
        """Standard deviation of the members' predictions (n, K), in units of the target's scale."""
        predicted = np.asarray(self._loss.link(members), dtype=np.float64)
        return np.minimum(predicted, _LARGEST_TO_BE_SQUARED).std(axis=1)

    @property
    def _one_column(self) -> bool:
        return self.n_outputs_ == 1 and not self._has_quantiles

    @property
    def _has_quantiles(self) -> bool:
        return isinstance(self._loss.loss, Quantiles)

    @property
    def _is_mean(self) -> bool:
        return not isinstance(self._loss.loss, Pinball | CustomLoss)

    # -- targets ------------------------------------------------------------------------------------

    def _checked_targets(self, y: Any) -> Array:
        return checked_numbers(y)

    def _learn_targets(self, y: Array, weights: Array) -> None:
        y = y[:, None] if y.ndim == 1 else y
        self.n_outputs_ = y.shape[1]
        if self.quantiles is not None and self.n_outputs_ > 1:
            raise ParameterError(f"quantiles go with one target, however there are {self.n_outputs_}")
        # In units of a power of two, which changes no digit, squares of 1e200 are numbers too.
        unit = np.ldexp(1.0, np.frexp(np.maximum(np.abs(y).max(0), np.finfo(float).tiny))[1] - 1)
        mean = np.average(y / unit, axis=0, weights=weights)
        if self._is_rate:
            self._check_rates(y)
            self.target_mean_, self.target_scale_ = np.zeros_like(mean), np.where(mean > 0, mean, 1.0) * unit
        else:
            scale = np.sqrt(np.average((y / unit - mean) ** 2, axis=0, weights=weights))
            self.target_mean_, self.target_scale_ = mean * unit, np.where(scale > 1e-12, scale, 1.0) * unit
        self._range = (y.min(0), y.max(0))

    def _learn_more_targets(self, y: Array) -> None:
        y = y[:, None] if y.ndim == 1 else y
        if y.shape[1] == self.n_outputs_:
            low, high = self._range
            self._range = (np.minimum(low, y.min(0)), np.maximum(high, y.max(0)))

    def _encode_targets(self, y: Array) -> Array:
        y = y[:, None] if y.ndim == 1 else y
        if y.shape[1] != self.n_outputs_:
            raise ParameterError(f"y must have {self.n_outputs_} columns, however its shape: {y.shape}")
        if self._is_rate:
            self._check_rates(y)
        half = np.where(self.target_scale_ > 1, 0.5, 1.0)  # the difference of ±1e308 overflows
        return (y * half - self.target_mean_ * half) / (self.target_scale_ * half)

    def _check_rates(self, y: Array) -> None:
        if y.min() < 0:
            raise ParameterError(f"loss='poisson' needs y ≥ 0, however its smallest value: {y.min()}")

    @property
    def _is_rate(self) -> bool:
        return self.quantiles is None and get_loss(self.loss).out_activation == "exp"

    def _member_loss(self, smoothed: bool = True) -> Loss:  # noqa: ARG002
        if self.quantiles is not None:
            if self.loss != "squared_error":
                raise ParameterError(f"quantiles have a loss of their own; leave out loss={self.loss!r}")
            return Quantiles(tuple(float(q) for q in self.quantiles))
        loss = get_loss("mean_squared_error" if self.loss == "squared_error" else self.loss)
        if loss.out_activation in ("logistic", "softmax"):
            raise ParameterError(f"loss={self.loss!r} is for classes; use TabularClassifier")
        if loss.kind == "huber":
            delta = loss.delta / float(np.mean(self.target_scale_))  # type: ignore[attr-defined]
            return type(loss)(min(max(delta, _SMALLEST_DELTA), _LARGEST_DELTA))  # type: ignore[call-arg]
        return loss

    @property
    def _n_network_outputs(self) -> int:
        return len(self.quantiles) if self.quantiles is not None else int(self.n_outputs_)

    def _strata(self, y: Array) -> None:  # noqa: ARG002
        return None

    def _class_weights(self, y: Array) -> Array:
        return np.ones(len(y))

    def _forget_calibration(self) -> None:
        self._residuals: Array | None = None
        self._offset: Array = np.zeros(1)

    def _calibrate(self, a: Array, members: Array, y: Array, weights: Array) -> None:
        if self.quantiles is not None:
            return
        # In units of the scale, as y is: in the target's, differences of ±1e308 overflow.
        spread = self._spread(members)
        offset = spread.mean(0) + 1e-9
        residuals = np.abs(y - self._encode_targets(self._predicted(a))) / (spread + offset)
        self._residuals = residuals[weights > 0]
        with np.errstate(over="ignore"):
            self._offset = _finite(offset * self.target_scale_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _finite(y: Array) -> Array:
    """Replace what is larger than any number by the largest; what is none stays none."""
    return np.clip(y, np.finfo(np.float64).min, np.finfo(np.float64).max)
