"""MLPClassifier and MLPRegressor: textbook networks, drop-in for scikit-learn's."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target

from chainrule.errors import ParameterError
from chainrule.estimators.base import BaseMLP, _is_stochastic
from chainrule.estimators.parameters import store
from chainrule.estimators.rows import restored_on_failure
from chainrule.estimators.targets import ClassCoding, checked_classes, checked_labels, checked_numbers
from chainrule.network import CustomLoss, Loss, get_loss
from chainrule.network.losses import MultilabelCrossEntropy, SoftmaxCrossEntropy

__all__ = ["MLPClassifier", "MLPRegressor"]

Array = Any


class MLPClassifier(ClassifierMixin, BaseMLP):
    """p(y | x) = softmax(f(x; θ)), θ by least cross entropy: a multilayer perceptron for classes.

    Drop-in for `sklearn.neural_network.MLPClassifier`: parameters and fitted attributes of the same name mean
    the same. Two classes have one output with the logistic function; several labels per row are several such.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Neurons of each hidden layer; () is logistic regression.
    activation : str, dict, callable, (callable, callable) or list of one per hidden layer, default="relu"
        identity, heaviside, logistic (sigmoid), tanh, relu, leaky_relu, elu, selu, softplus, gelu, silu,
        mish, or your own; ``{"name": "elu", "alpha": 2.0}``; see `chainrule.network.get_activation`.
    loss : {"log_loss"} or callable, default="log_loss"
        Your own: ``loss(a, y) -> (n,)`` or ``-> ((n,), slope (n, K))`` of the logits `a` and the targets `y`:
        class numbers (n, 1), or 0 and 1 for two classes and for labels.
    label_smoothing : float, default=0
        Share of the probability that is spread over all classes.
    class_weight : dict, "balanced" or None
        Factor on the training rows' weights per class (1 where a class is not named); validation rows keep
        their own weights.
    solver : {"adam", "adamw", "sgd", "lbfgs"}, default="adam"
    alpha, l1 : float, default=0.0001 and 0
        Strength of the L2 and L1 penalties on weights, divided by the batch's sum of sample weights.
    weight_decay : float, optional
        Decoupled weight decay per step, in units of the learning rate; default 0, for "adamw" 0.01.
    max_grad_norm : float, optional
        Longer gradients are shortened to this length.
    dropout : float or one per hidden layer, default=0
    initializer : str, default="glorot_uniform"
        Initial weights, as in scikit-learn; "auto": as the activation wants it. Biases are
        uniform as in scikit-learn.
    batch_size : int, "auto" or "full", default="auto"
        Rows per step: "auto" is min(200, n), "full" is gradient descent with all rows.
    learning_rate : str or schedule, default="constant"
        "constant", "invscaling", "adaptive", "cosine", "one_cycle", "warmup", "warmup_cosine"; for all
        solvers that go in steps.
    learning_rate_init : float, default=0.001
    power_t : float, default=0.5
        Exponent of "invscaling".
    max_iter : int, default=200
        Epochs at the most; iterations for "lbfgs".
    shuffle : bool, default=True
    random_state : int, RandomState, Generator or None
        Initial weights, batch orders, dropout and the rows held out.
    tol, n_iter_no_change : float and int, default=0.0001 and 10
        Training stops after more than `n_iter_no_change` epochs that are not better by `tol`.
    verbose : bool or int, default=False
        Log every epoch, or the first and every k-th.
    warm_start : bool, default=False
    momentum, nesterovs_momentum : float and bool, default=0.9 and True
        For "sgd".
    early_stopping : bool, default=False
        Judge by held-out rows and keep the best weights.
    validation_fraction : float, default=0.1
        Share of the rows held out when no `X_val` is given; stratified.
    scoring : None, "loss", str or callable, default=None
        What early stopping judges by: accuracy, the validation loss, or any scikit-learn scorer.
    beta_1, beta_2, epsilon : float
        For "adam" and "adamw".
    max_fun : int, default=15000
        Evaluations at the most, for "lbfgs".
    engine : {"auto", "numpy", "xla"}, default="auto"
        Who computes; "auto" compiles with JAX when the training is long enough for that.
    dtype : {"float32", "float64"}, optional
        Of parameters and training; default: that of X, as in scikit-learn. float32 is up to twice as fast.

    Attributes
    ----------
    classes_, coefs_, intercepts_, loss_, best_loss_, loss_curve_, validation_scores_, best_validation_score_,
    n_iter_, t_, n_features_in_, feature_names_in_, n_outputs_, n_layers_ (input included), out_activation_
        As in scikit-learn; ``coefs_[l]`` is Wᵀ, of shape (from, to).
    validation_loss_curve_ : list of float or None
    learning_rate_ : float
        Of the last step.
    network_ : Network
    engine_ : str
        Who computed.

    References
    ----------
    Rumelhart, Hinton, Williams 1986, Learning representations by back-propagating errors.
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: Any = 10,
        max_fun: int = 15000,
        loss: Any = "log_loss",
        label_smoothing: float = 0.0,
        class_weight: Any = None,
        l1: float = 0.0,
        weight_decay: float | None = None,
        max_grad_norm: float | None = None,
        dropout: Any = 0.0,
        initializer: str = "glorot_uniform",
        scoring: Any = None,
        engine: str = "auto",
        dtype: Any = None,
    ) -> None:
        store(self, locals())

    @available_if(_is_stochastic)
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
        if known is not None and self.warm_start and not incremental and hasattr(self, "coefs_"):
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


class MLPRegressor(RegressorMixin, BaseMLP):
    """y = f(x; θ), θ by least squares or another loss: a multilayer perceptron for numbers.

    Drop-in for `sklearn.neural_network.MLPRegressor`: parameters and fitted attributes of the same name mean
    the same. (One difference, on purpose: for K targets "squared_error" has the gradient of its value; in
    scikit-learn 1.9 the gradient is K times that.)

    Parameters
    ----------
    loss : str, dict, callable or Loss, default="squared_error"
        "squared_error" (½ mean squared), "mean_squared_error", "sum_of_squares", "absolute_error", "huber",
        "pinball", "poisson" (log link, y ≥ 0); ``{"loss": "huber", "delta": 2.0}``; your own
        ``loss(a, y) -> (n,)`` or ``-> ((n,), slope (n, K))``.

    All others are those of `MLPClassifier`, without `class_weight` and `label_smoothing`; `scoring=None`
    is R².
    """

    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: Any = 10,
        max_fun: int = 15000,
        l1: float = 0.0,
        weight_decay: float | None = None,
        max_grad_norm: float | None = None,
        dropout: Any = 0.0,
        initializer: str = "glorot_uniform",
        scoring: Any = None,
        engine: str = "auto",
        dtype: Any = None,
    ) -> None:
        store(self, locals())

    @available_if(_is_stochastic)
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
        if incremental and hasattr(self, "coefs_") and targets.shape[1] != self.n_outputs_:
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
