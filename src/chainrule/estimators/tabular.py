"""TabularClassifier and TabularRegressor: any table in, strong defaults, no tuning."""

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from chainrule.errors import ParameterError
from chainrule.estimators.calibration import conformal_radius, mixture_shares, temperature
from chainrule.estimators.parameters import store
from chainrule.estimators.tabular_base import BaseTabular
from chainrule.estimators.targets import ClassCoding, checked_labels, checked_numbers
from chainrule.network import CustomLoss, Loss, get_loss
from chainrule.network.losses import (
    MultilabelCrossEntropy,
    Pinball,
    Quantiles,
    SoftmaxCrossEntropy,
)

__all__ = ["TabularClassifier", "TabularRegressor"]

Array = Any


class TabularClassifier(ClassifierMixin, BaseTabular):
    """p(y | row) for any table: an ensemble of small networks behind embeddings of the columns, calibrated.

    Columns may be numbers, booleans, strings, categories, dates and times, with missing values; see
    `encoder_.schema_` for what each was taken for. A part of the rows is held out to choose the best epoch
    and to make the probabilities honest.

    Parameters
    ----------
    preset : {"fast", "default", "best"}, default="default"
        How much work to spend: members and training steps.
    time_limit : float, optional
        Seconds that `fit` may take; the best model so far is kept.
    loss : "log_loss" or callable, default="log_loss"
        Your own as for `MLPClassifier`.
    class_weight : dict, "balanced" or None
        Factor on the rows' weights per class, in learning and in choosing the best epoch.
    members, hidden_layer_sizes, activation, embedding, bins, learning_rate_init, weight_decay, dropout, \
    label_smoothing, validation_fraction, folds : optional
        Replace the preset's settings of these names, which `settings_` shows. `embedding` is "both",
        "periodic", "piecewise_linear" or "none"; `folds` (a divisor of `members`) trains every member
        without one fold of the rows and holds nothing else out.
    batch_size, max_iter : int, optional
        Rows per step and epochs; default: by the number of rows.
    n_iter_no_change : int, optional
        Stop when that many epochs brought nothing better on the validation rows.
    scoring : str or callable, optional
        scikit-learn's name of a metric, or a scorer, by which the best epoch is chosen; default: the loss.
    categorical_features : "from_dtype", or names, places or a mask, default="from_dtype"
        Columns to be taken for categories although they hold numbers.
    column_kinds : dict of column to kind, optional
        "number", "category", "boolean", "date", "text", "mixed" or "ignore" for columns that are
        something else than what they look like.
    calibrate : bool, default=True
        Divide the logits by a temperature fitted on the validation rows (Guo et al. 2017).
    random_state : int, generator or None
    verbose : bool or int, default=False
    engine : {"auto", "numpy", "xla"}, default="auto"

    Attributes
    ----------
    classes_ : array (n_classes,)
    encoder_ : what was learned about the columns; `encoder_.schema_` shows it
    network_, theta_, settings_ : the network, its parameters, what it was trained with
    temperature_ : float
    n_features_in_, feature_names_in_, n_iter_, best_iter_, loss_curve_, validation_loss_curve_, engine_, \
    fit_time_

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> TabularClassifier(preset="fast", random_state=0).fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(
        self,
        preset: str = "default",
        *,
        time_limit: float | None = None,
        loss: Any = "log_loss",
        class_weight: Any = None,
        members: int | None = None,
        hidden_layer_sizes: Any = None,
        activation: Any = None,
        embedding: str | None = None,
        bins: int | None = None,
        learning_rate_init: float | None = None,
        weight_decay: float | None = None,
        dropout: float | None = None,
        label_smoothing: float | None = None,
        validation_fraction: float | None = None,
        folds: int | None = None,
        batch_size: int | None = None,
        max_iter: int | None = None,
        n_iter_no_change: int | None = None,
        scoring: Any = None,
        categorical_features: Any = "from_dtype",
        column_kinds: Any = None,
        calibrate: bool = True,
        random_state: Any = None,
        verbose: Any = False,
        engine: str = "auto",
    ) -> None:
        store(self, locals())

    _task = "classification"

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Any:
        """One more epoch over the given rows of a table with the same columns; the first call learns those.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`
        classes : array, optional
            All labels that will ever come; needed in the first call.
        """
        if not hasattr(self, "theta_"):
            if classes is None:
                raise ParameterError("classes must be passed on the first call to partial_fit.")
            self._coding = ClassCoding(
                np.unique(np.asarray(classes)), type_of_target(y).startswith("multilabel")
            )
            self.classes_ = self._coding.classes
        elif classes is not None and not np.array_equal(self.classes_, np.unique(np.asarray(classes))):
            raise ParameterError(
                f"classes={classes!r} is not the same as on last call to partial_fit, was: {self.classes_!r}"
            )
        return self._partial_fit(X, y, sample_weight)

    # -- predicting ---------------------------------------------------------------------------------

    def predict(self, X: Any) -> Array:
        """Labels (n_samples,), or 0 and 1 (n_samples, n_labels), of the most probable classes."""
        a = self._outputs(X)[0]
        return self._coding.decode(a)

    def predict_proba(self, X: Any) -> Array:
        """Calibrated probabilities (n_samples, n_classes) in the order of `classes_`."""
        a = self._outputs(X)[0] / self.temperature_
        return self._coding.probabilities(self._loss.link(a))

    def predict_log_proba(self, X: Any) -> Array:
        """Logarithm of `predict_proba`; -inf where a probability is 0."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    # -- targets ------------------------------------------------------------------------------------

    def _checked_targets(self, y: Any) -> Array:
        y = checked_labels(y)
        check_classification_targets(y)
        if type_of_target(y) == "multiclass-multioutput":
            raise ParameterError("y with several columns must hold 0 and 1 only (several labels per row)")
        return y

    def _learn_labels(self, y: Array) -> None:
        self._coding = ClassCoding.learn(y)
        self.classes_ = self._coding.classes

    def _learn_targets(self, y: Array, weights: Array) -> None:
        pass  # the labels are all there is to learn

    def _encode_targets(self, y: Array) -> Array:
        return self._coding.encode(y)

    def _member_loss(self, smoothed: bool = True) -> Loss:
        if callable(self.loss):
            return CustomLoss(self.loss, self._coding.out_activation)
        if self.loss != "log_loss":
            raise ParameterError(f"loss must be 'log_loss' or a function, however: {self.loss!r}")
        of = SoftmaxCrossEntropy if self._coding.out_activation == "softmax" else MultilabelCrossEntropy
        return of(self.settings_.label_smoothing if smoothed else 0.0)

    @property
    def _n_network_outputs(self) -> int:
        return self._coding.n_outputs

    def _strata(self, y: Array) -> Array | None:
        return None if y.ndim == 2 else np.unique(y, return_inverse=True)[1]

    def _class_weights(self, y: Array) -> Array:
        if self.class_weight is None:
            return np.ones(len(y))
        if isinstance(self.class_weight, dict) and not self._coding.multilabel:
            factors = self._coding.factors(self.class_weight)[self._coding.encode(y)[:, 0].astype(int)]
        else:
            factors = compute_sample_weight(self.class_weight, y)
        if not (np.isfinite(factors).all() and factors.min() >= 0 and factors.any()):
            raise ParameterError(
                f"class_weight must be numbers ≥ 0, not all 0, however: {self.class_weight!r}"
            )
        return np.asarray(factors)

    def _forget_calibration(self) -> None:
        self.temperature_ = 1.0

    def _weigh_members(self, raw: Array, y: Array, weights: Array) -> None:
        if callable(self.loss):
            return
        loss, a = self._member_loss(smoothed=False), self._by_member(raw)
        log_p = -np.column_stack([loss.rows(a[:, m], y)[0] for m in range(a.shape[1])])
        self.member_shares_ = mixture_shares(log_p, weights)

    def _calibrate(self, a: Array, members: Array, y: Array, weights: Array) -> None:  # noqa: ARG002
        if self.calibrate and not callable(self.loss) and len(self.classes_) > 1:
            self.temperature_ = temperature(self._member_loss(smoothed=False), a, y, weights)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


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

    def predict(self, X: Any) -> Array:
        """Predicted targets (n_samples,), (n_samples, n_outputs) or (n_samples, n_quantiles)."""
        predicted = self._predicted(self._outputs(X)[0])
        return predicted[:, 0] if self._one_column else predicted

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
        radius = conformal_radius(self._residuals, coverage) * (self._difficulty(members) + self._offset)
        center = self._predicted(a)
        bounds = np.stack([center - radius, center + radius], axis=-1)
        return bounds[:, 0] if self._one_column else bounds

    def _predicted(self, a: Array) -> Array:
        y = np.asarray(self._loss.link(a), dtype=np.float64) * self.target_scale_ + self.target_mean_
        if self.quantiles is not None:
            return np.sort(y, axis=1)
        return np.clip(y, *self._range) if self.clip_predictions and self._is_mean else y

    def _difficulty(self, members: Array) -> Array:
        """Standard deviation of the members' predictions (n, K), in units of the target."""
        spread = np.asarray(self._loss.link(members), dtype=np.float64).std(axis=1)
        return np.asarray(spread * self.target_scale_)

    @property
    def _one_column(self) -> bool:
        return self.n_outputs_ == 1 and self.quantiles is None

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
        return (y - self.target_mean_) / self.target_scale_

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
            return type(loss)(loss.delta / float(np.mean(self.target_scale_)))  # type: ignore[attr-defined,call-arg]
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
        difficulty = self._difficulty(members)
        self._offset = difficulty.mean(0) + 1e-9 * self.target_scale_
        true = y * self.target_scale_ + self.target_mean_
        used = weights > 0
        self._residuals = (np.abs(true - self._predicted(a)) / (difficulty + self._offset))[used]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
