"""ImageClassifier: convolutional networks for images of one size."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.class_network import ClassNetwork
from chainrule.estimators.grid_network import GridNetwork, check_body, check_rates, checked_grid
from chainrule.estimators.parameters import hidden_layer_sizes, store
from chainrule.network import (
    Activation,
    Conv2D,
    Dense,
    Dropout,
    Layer,
    MaxPool2D,
    Network,
    RandomShift,
    Standardize,
)

__all__ = ["ImageClassifier"]

Array = Any

_SMALLEST_TO_POOL = 12


class ImageClassifier(GridNetwork, ClassNetwork):
    """p(y | image) = softmax(f(image; θ)): a convolutional network, learned by least cross entropy.

    Convolutions of 3 × 3 with ReLU; maxima of 2 × 2 behind each one whose grid is large enough (12 pixels),
    and behind the last; a dense hidden layer with dropout; a dense output layer. While training, images are
    shifted at random by up to a pixel. All max_iter epochs are trained, with a rate that rises and falls.

    Parameters
    ----------
    filters : sequence of int, default=(32, 64)
        Units of each convolution.
    kernel : int, default=3
        Side of the convolutions' square.
    hidden_layer_sizes : int or sequence of int, default=(128,)
        Neurons of the dense hidden layers.
    activation : see `MLPClassifier`, default="relu"
    shift : int, default=1
        Pixels by which images are shifted at random while training; 0 where the place means something.
    dropout : float, default=0.3
        Behind the dense hidden layers.
    layers : sequence of Layer, optional
        Your own hidden layers instead: what comes between standardized pixels and the dense output layer.
    label_smoothing, class_weight, alpha, weight_decay, max_grad_norm : see `MLPClassifier`
    solver : {"adam", "adamw", "sgd"}, default="adam"
    batch_size : int, "auto" or "full", default="auto"
        "auto": 64, or all rows if there are fewer.
    learning_rate, learning_rate_init : default="one_cycle" and 0.002
    max_iter : int, default=30
        Epochs.
    early_stopping, validation_fraction, scoring, random_state, verbose, warm_start, engine :
        see `MLPClassifier`
    n_iter_no_change : default=infinity
        All epochs are trained.
    dtype : {"float32", "float64"}, default="float32"

    Attributes
    ----------
    input_shape_ : (height, width, channels)
    theta_ : array, the parameters; by name: ``network_.named(theta_)``
    network_, classes_, loss_curve_, validation_loss_curve_, validation_scores_, n_iter_, engine_, ... :
        see `MLPClassifier`

    References
    ----------
    LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document recognition.
    """

    def __init__(
        self,
        filters: Any = (32, 64),
        kernel: int = 3,
        *,
        hidden_layer_sizes: Any = (128,),
        activation: Any = "relu",
        shift: int = 1,
        dropout: float = 0.3,
        layers: Any = None,
        label_smoothing: float = 0.0,
        class_weight: Any = None,
        solver: str = "adam",
        alpha: float = 0.0,
        weight_decay: float | None = None,
        max_grad_norm: float | None = None,
        batch_size: Any = "auto",
        learning_rate: Any = "one_cycle",
        learning_rate_init: float = 0.002,
        max_iter: int = 30,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: Any = float("inf"),
        scoring: Any = None,
        random_state: Any = None,
        verbose: Any = False,
        warm_start: bool = False,
        engine: str = "auto",
        dtype: Any = "float32",
    ) -> None:
        store(self, locals())

    loss = "log_loss"

    def _as_rows(self, X: Any, reset: bool) -> Array:
        what = "images (n_samples, height, width) or (n_samples, height, width, channels)"
        X = checked_grid(X, (3, 4), what, self)
        X = X[..., None] if X.ndim == 3 else X
        if reset:
            self.input_shape_ = X.shape[1:]
        elif X.shape[1:] != self.input_shape_:
            raise ParameterError(
                f"images must have the shape {self.input_shape_} (height, width, channels) as in fit, "
                f"however: {X.shape[1:]}"
            )
        return X.reshape(len(X), -1)

    def _describe_grid(self) -> dict[str, Any]:
        return {"shape": list(self.input_shape_)}

    def _set_grid(self, described: dict[str, Any], network: Network) -> None:
        shape = tuple(described["shape"])
        plain = set(described) == {"shape"} and all(type(n) is int and n > 0 for n in shape)
        if not plain or len(shape) != 3 or prod(shape) != network.n_inputs:
            raise ValueError(f"images of shape {described!r:.80} do not fit the network")
        self.input_shape_ = shape

    def _hidden_layers(self) -> Sequence[Layer]:
        shape: Any = self.input_shape_
        first: list[Layer] = [RandomShift(shape, self.shift)] if self.shift else []
        first.append(Standardize(shape[-1]))
        if self.layers is not None:
            check_body(self.layers)
            return [*first, *self.layers]
        convolutions: list[Layer] = []
        for i, units in enumerate(self.filters):
            convolution = Conv2D(units, self.kernel, shape)
            shape = convolution.out_shape
            convolutions += [convolution, Activation(self.activation)]
            if min(shape[:2]) >= _SMALLEST_TO_POOL or (i + 1 == len(self.filters) and min(shape[:2]) > 1):
                pool = MaxPool2D(2, shape)
                shape = pool.out_shape
                convolutions.append(pool)
        dense: list[Layer] = []
        for units in hidden_layer_sizes(self.hidden_layer_sizes):
            dense += [Dense(units), Activation(self.activation)]
            dense += [Dropout(float(self.dropout))] if self.dropout else []
        return [*first, *convolutions, *dense]

    def _make_network(self, n_inputs: int) -> Network:
        check_rates(self.dropout)
        if not np.iterable(self.filters) or not all(isinstance(n, int) and n > 0 for n in self.filters):
            raise ParameterError(f"filters must be positive integers, however: {self.filters!r}")
        return super()._make_network(n_inputs)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
