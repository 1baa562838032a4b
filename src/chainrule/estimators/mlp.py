"""MLPClassifier and MLPRegressor: textbook networks, drop-in for scikit-learn's."""

from typing import Any

from chainrule.estimators.class_network import ClassNetwork
from chainrule.estimators.mlp_base import BaseMLP
from chainrule.estimators.number_network import NumberNetwork
from chainrule.estimators.parameters import store

__all__ = ["MLPClassifier", "MLPRegressor"]


class MLPClassifier(BaseMLP, ClassNetwork):
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
        Longer gradients are shortened to this length; None or infinity: none are.
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


class MLPRegressor(BaseMLP, NumberNetwork):
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
