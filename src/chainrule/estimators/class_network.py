"""Networks for classes: labels to targets and back, whatever the network."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target

from chainrule.errors import ParameterError
from chainrule.estimators.base import BaseNetwork, is_stochastic
from chainrule.estimators.rows import restored_on_failure
from chainrule.estimators.targets import ClassCoding, checked_classes, checked_labels
from chainrule.network import CustomLoss, Loss
from chainrule.network.losses import MultilabelCrossEntropy, SoftmaxCrossEntropy

__all__ = ["ClassNetwork"]

Array = Any


class ClassNetwork(ClassifierMixin, BaseNetwork):
    """p(y | x) = softmax(f(x; θ)): what classifiers do with labels."""

    @available_if(is_stochastic)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Any:
        """One more epoch over the given rows.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`
        classes : array, optional
            All labels that will ever come; needed in the first call.
        """
        if isinstance(self.class_weight, str):
            raise ParameterError(
                f"class_weight={self.class_weight!r} would differ from call to call; give a dictionary"
            )
        with restored_on_failure(self):
            y = checked_classes(y)
            classes = None if classes is None else checked_labels(classes)
            if _check_partial_fit_first_call(self, classes):
                several = type_of_target(y).startswith("multilabel")
                self._coding = ClassCoding(np.unique(classes), several)
            return self._partial_fit(X, y, sample_weight)

    def predict(self, X: Any) -> Array:
        """Labels (n_samples,), or 0 and 1 (n_samples, n_labels), of the most probable classes."""
        return self._answer("predict", X)

    def predict_proba(self, X: Any) -> Array:
        """Probabilities (n_samples, n_classes) in the order of `classes_`."""
        return self._answer("predict_proba", X)

    def predict_log_proba(self, X: Any) -> Array:
        """Logarithm of `predict_proba`; -inf where a probability is 0."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _answers(self) -> dict[str, Callable[[Array], Array]]:
        link, coding = self._link, self._coding
        return {"predict": coding.decode, "predict_proba": lambda a: coding.probabilities(link(a))}

    def _checked_targets(self, y: Any) -> Array:
        return checked_classes(y)

    def _encode_targets(self, y: Array, incremental: bool) -> Array:
        known = getattr(self, "_coding", None)
        if known is not None and self.warm_start and not incremental and self._has_parameters:
            classes = ClassCoding.learn(y).classes
            if set(classes) != set(self.classes_):
                raise ParameterError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to "
                    f"fit. Previously got {self.classes_}, `y` has {classes}"
                )
        elif known is None or not incremental:
            self._coding = ClassCoding.learn(y)
        self.classes_ = self._coding.classes
        return self._coding.encode(y)

    def _encode_known_targets(self, y: Array) -> Array:
        return self._coding.encode(y)

    def _strata(self, y: Array) -> Array | None:
        if self._coding.multilabel:
            return None
        return y == self.classes_[-1] if len(self.classes_) == 2 else y

    def _class_weights(self, y: Array) -> Array:
        return self._coding.row_factors(self.class_weight, y)

    def _make_loss(self) -> Loss:
        out_activation = self._coding.out_activation
        if callable(self.loss):
            if self.label_smoothing:
                raise ParameterError(f"label_smoothing={self.label_smoothing!r} needs loss='log_loss'")
            return CustomLoss(self.loss, out_activation)
        if self.loss != "log_loss":
            raise ParameterError(f"loss must be 'log_loss' or a function, however: {self.loss!r}")
        loss = SoftmaxCrossEntropy if out_activation == "softmax" else MultilabelCrossEntropy
        return loss(self.label_smoothing)

    @property
    def _n_network_outputs(self) -> int:
        return self._coding.n_outputs

    @property
    def _metric(self) -> str:
        return "accuracy"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
