"""SequenceClassifier and SequenceRegressor: recurrent and convolutional networks for sequences."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from chainrule.errors import ParameterError
from chainrule.estimators.class_network import ClassNetwork
from chainrule.estimators.grid_network import GridNetwork, check_body, check_rates
from chainrule.estimators.number_network import NumberNetwork
from chainrule.estimators.parameters import hidden_layer_sizes, store
from chainrule.estimators.sequences import SequenceShape, as_sequences
from chainrule.network import (
    GRU,
    LSTM,
    RNN,
    Activation,
    Bidirectional,
    Columns,
    Dense,
    Dropout,
    Layer,
    Network,
    Standardize,
    TokenEmbedding,
)

__all__ = ["SequenceClassifier", "SequenceRegressor"]

Array = Any

CELLS: dict[str, Any] = {"lstm": LSTM, "gru": GRU, "rnn": RNN}


class SequenceNetwork(GridNetwork):
    """A recurrent network over the steps; its last state and the static columns go to dense layers."""

    sequence_shape_: SequenceShape

    def _as_rows(self, X: Any, reset: bool) -> Array:
        sequences = as_sequences(X, self)
        if reset:
            self.sequence_shape_ = sequences.shape(self.steps)
            self.input_shape_ = (self.sequence_shape_.steps, self.sequence_shape_.features)
        elif sequences.names != self.sequence_shape_.names:
            raise ParameterError(
                f"the columns must be {list(self.sequence_shape_.names)!r:.200} as in fit, however: "
                f"{list(sequences.names)!r:.200}"
            )
        rows = sequences.rows(self.sequence_shape_)
        if self._reads_codes:
            self.layers[0].check_codes(rows)
        return rows

    @property
    def _reads_codes(self) -> bool:
        """Whether what goes in are codes of tokens, which are no numbers to be standardized."""
        is_body = isinstance(self.layers, Sequence) and len(self.layers)
        return bool(is_body) and isinstance(self.layers[0], TokenEmbedding)

    def _describe_grid(self) -> dict[str, Any]:
        return asdict(self.sequence_shape_) | {"names": list(self.sequence_shape_.names)}

    def _set_grid(self, described: dict[str, Any], network: Network) -> None:
        shape = SequenceShape(**described | {"names": tuple(described["names"])})
        counts = (shape.steps, shape.features, shape.static)
        plain = all(type(n) is int and n >= 0 for n in counts) and type(shape.masked) is bool
        texts = all(type(name) is str for name in shape.names)
        named = plain and (
            len(shape.names) == shape.features + shape.static if shape.names else not shape.static
        )
        if not named or not texts or shape.n_inputs != network.n_inputs or not shape.n_in_steps:
            raise ValueError(f"sequences of shape {described!r:.80} do not fit the network")
        self.sequence_shape_ = shape
        self.input_shape_ = shape.steps, shape.features

    def _hidden_layers(self) -> Sequence[Layer]:
        shape = self.sequence_shape_
        of_steps = Network(shape.n_in_steps, tuple(self._layers_of_steps(shape)))
        layers: list[Any] = [*of_steps.layers]
        if shape.static:
            n = shape.n_inputs
            of_static = Network(shape.static, (Standardize(shape.static),))
            layers = [Columns(((0, shape.n_in_steps, of_steps), (shape.n_in_steps, n, of_static)))]
        for units in hidden_layer_sizes(self.hidden_layer_sizes):
            layers += [Dense(units), Activation("relu")]
        return [*layers, Dropout(float(self.dropout))] if self.dropout else layers

    def _layers_of_steps(self, shape: SequenceShape) -> list[Layer]:
        first: list[Layer] = [] if self._reads_codes else [Standardize(shape.features, shape.masked)]
        if self.layers is not None:
            check_body(self.layers)
            return [*first, *self.layers]
        sizes = hidden_layer_sizes(self.units)
        cell = CELLS[self.cell]
        recurrent: list[Any] = []
        for i, units in enumerate(sizes):
            returns = "last" if i + 1 == len(sizes) else "sequence"
            layer = cell(units, shape.steps, returns, masked=shape.masked, truncate=self.truncate)
            recurrent.append(Bidirectional(layer) if self.bidirectional else layer)
        return [*first, *recurrent]

    def _make_network(self, n_inputs: int) -> Network:
        check_rates(self.dropout)
        if not hidden_layer_sizes(self.units):
            raise ParameterError(f"units must be positive integers, at least one, however: {self.units!r}")
        return super()._make_network(n_inputs)


class SequenceClassifier(SequenceNetwork, ClassNetwork):
    """p(y | x₁ ... x_T) = softmax(f(h_T)): the last state of a recurrent network tells the class.

    Features and static columns are standardized; gradients are clipped; all max_iter epochs are trained, with
    a rate that rises and falls.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}, default="lstm"
    units : int or sequence of int, default=64
        Of each recurrent layer; each hands its states of all steps to the next.
    bidirectional : bool, default=False
        Read forward and backward.
    hidden_layer_sizes : int or sequence of int, default=()
        Dense layers behind the last state and the static columns.
    dropout : float, default=0
        In front of the output layer.
    steps : int, optional
        Steps of the longest sequence there will ever be; default: that of `fit`.
    truncate : int, optional
        Let gradients flow back so many steps at the most.
    layers : sequence of Layer, optional
        Your own layers over the steps instead of `cell` and `units`: they take flat rows of steps · features,
        with a mask behind the features where sequences differ in length. With a `TokenEmbedding` in front X
        is an array (n_samples, steps) of codes, which are not standardized.
    label_smoothing, class_weight, alpha, weight_decay : see `MLPClassifier`
    max_grad_norm : float, default=1
    solver : {"adam", "adamw", "sgd"}, default="adam"
    batch_size : int, "auto" or "full", default="auto"
        "auto": 64, or all rows if there are fewer.
    learning_rate, learning_rate_init : default="one_cycle" and 0.005
    max_iter : int, default=50
        Epochs.
    early_stopping, validation_fraction, scoring, random_state, verbose, warm_start, engine :
        see `MLPClassifier`
    n_iter_no_change : default=infinity
        All epochs are trained.
    dtype : {"float32", "float64"}, default="float32"

    Attributes
    ----------
    sequence_shape_ : what the network takes
    theta_, network_, classes_, loss_curve_, ... : see `ImageClassifier`

    Notes
    -----
    X is an array (n_samples, steps, features) or (n_samples, steps); a list of arrays (steps, features), that
    may differ in length; or a frame: columns whose cells are series (of one length per row), and columns
    of numbers, which are static.

    References
    ----------
    Elman 1990; Hochreiter and Schmidhuber 1997; Cho et al. 2014, arXiv 1406.1078.
    """

    loss = "log_loss"

    def __init__(
        self,
        cell: str = "lstm",
        units: Any = 64,
        *,
        bidirectional: bool = False,
        hidden_layer_sizes: Any = (),
        dropout: float = 0.0,
        steps: int | None = None,
        truncate: int | None = None,
        layers: Any = None,
        label_smoothing: float = 0.0,
        class_weight: Any = None,
        solver: str = "adam",
        alpha: float = 0.0,
        weight_decay: float | None = None,
        max_grad_norm: float | None = 1.0,
        batch_size: Any = "auto",
        learning_rate: Any = "one_cycle",
        learning_rate_init: float = 0.005,
        max_iter: int = 50,
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

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class SequenceRegressor(SequenceNetwork, NumberNetwork):
    """y = f(h_T): a recurrent network reads a sequence, its last state tells a number, or several.

    Targets are standardized for the training. Everything else is as in `SequenceClassifier`.

    Parameters
    ----------
    loss : see `MLPRegressor`, default="squared_error"
    cell, units, ... : see `SequenceClassifier`

    Attributes
    ----------
    target_mean_, target_scale_ : array (n_outputs,)
        Targets minus their mean, divided by their scale, are what the network learns.
    """

    target_mean_: Array
    target_scale_: Array

    def __init__(
        self,
        cell: str = "lstm",
        units: Any = 64,
        *,
        loss: Any = "squared_error",
        bidirectional: bool = False,
        hidden_layer_sizes: Any = (),
        dropout: float = 0.0,
        steps: int | None = None,
        truncate: int | None = None,
        layers: Any = None,
        solver: str = "adam",
        alpha: float = 0.0,
        weight_decay: float | None = None,
        max_grad_norm: float | None = 1.0,
        batch_size: Any = "auto",
        learning_rate: Any = "one_cycle",
        learning_rate_init: float = 0.005,
        max_iter: int = 50,
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

    def _answers(self) -> dict[str, Callable[[Array], Array]]:
        link, mean, scale, one = self._link, self.target_mean_, self.target_scale_, self.n_outputs_ == 1

        def predict(a: Array) -> Array:
            y = np.asarray(link(a), dtype=np.float64) * scale + mean
            return y[:, 0] if one else y

        return {"predict": predict}

    def _encode_targets(self, y: Array, incremental: bool) -> Array:
        fresh = not self._has_parameters or not (self.warm_start or incremental)
        targets = super()._encode_targets(y, incremental)
        if fresh:
            n = targets.shape[1]
            self.target_mean_, self.target_scale_ = np.zeros(n), np.ones(n)
            if self._make_loss().out_activation == "identity":
                least = 1e-12 * np.abs(targets).max(axis=0) + np.finfo(np.float64).tiny
                self.target_mean_ = targets.mean(axis=0)
                self.target_scale_ = np.maximum(
                    targets.std(axis=0), least
                )  # what is constant is told as such
        return (targets - self.target_mean_) / self.target_scale_

    def _encode_known_targets(self, y: Array) -> Array:
        check_is_fitted(self, "target_mean_")
        return (super()._encode_known_targets(y) - self.target_mean_) / self.target_scale_
