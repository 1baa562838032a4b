"""TabularClassifier: classes of the rows of any table, strong defaults, no tuning."""

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import type_of_target

from chainrule.errors import ParameterError
from chainrule.estimators.calibration import mixture_shares, temperature
from chainrule.estimators.parameters import store
from chainrule.estimators.rows import restored_on_failure
from chainrule.estimators.streams import is_streamed
from chainrule.estimators.tabular_base import BaseTabular
from chainrule.estimators.tabular_fitted import by_pieces
from chainrule.estimators.targets import ClassCoding, checked_classes, checked_labels
from chainrule.estimators.weights import in_reach
from chainrule.network import CustomLoss, Loss
from chainrule.network.losses import (
    MultilabelCrossEntropy,
    SoftmaxCrossEntropy,
)

__all__ = ["TabularClassifier"]

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
        Seconds that `fit` may take; the best model so far is kept. Where they are too few for all rows, as
        many are learned from, drawn at random, as there is time for.
    loss : "log_loss" or callable, default="log_loss"
        Your own as for `MLPClassifier`.
    class_weight : dict, "balanced" or None
        Factor on the rows' weights per class, in learning and in choosing the best epoch.
    members, hidden_layer_sizes, activation, embedding, bins, learning_rate_init, weight_decay, dropout, \
    label_smoothing, validation_fraction, folds : optional
        Replace the preset's settings of these names, which `settings_` shows. `embedding` is "both",
        "periodic", "piecewise_linear" or "none"; `folds` (a divisor of `members`) trains every member
        without one fold of the rows and holds nothing else out. Default: as many folds as members for 40 to
        5,000 rows, 0 for more, and where `validation_fraction` or `scoring` is given.
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
        with restored_on_failure(self):
            y = self._checked_targets(y)
            known = None if classes is None else np.unique(checked_labels(classes))
            if not hasattr(self, "theta_"):
                if known is None:
                    raise ParameterError("classes must be passed on the first call to partial_fit.")
                self._coding = ClassCoding(known, type_of_target(y).startswith("multilabel"))
                self.classes_ = self._coding.classes
            elif known is not None and not np.array_equal(self.classes_, known):
                raise ParameterError(
                    f"classes={classes!r} is not the same as on last call to partial_fit, was: "
                    f"{self.classes_!r}"
                )
            return self._partial_fit(X, y, sample_weight)

    # -- predicting ---------------------------------------------------------------------------------

    @by_pieces
    def predict(self, X: Any) -> Array:
        """Labels (n_samples,), or 0 and 1 (n_samples, n_labels), of the most probable classes."""
        a = self._outputs(X)[0]
        return self._coding.decode(a)

    @by_pieces
    def predict_proba(self, X: Any) -> Array:
        """Calibrated probabilities (n_samples, n_classes) in the order of `classes_`."""
        a = self._outputs(X)[0] / self.temperature_
        return self._coding.probabilities(self._loss.link(a))

    @by_pieces
    def predict_log_proba(self, X: Any) -> Array:
        """Logarithm of `predict_proba`; -inf where a probability is 0."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy; of a data set piece by piece, y and sample_weight are then names of its columns."""
        if is_streamed(X):
            return self._scored_by_pieces(X, y, sample_weight)
        return float(super().score(X, y, sample_weight))

    # -- targets ------------------------------------------------------------------------------------

    def _checked_targets(self, y: Any) -> Array:
        return checked_classes(y)

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
        return in_reach(self._coding.row_factors(self.class_weight, y), np.float64)[0]

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
