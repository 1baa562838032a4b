"""What the two MLP estimators share: translate, delegate, remember."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from chainrule.engine import Data, Program, State, start
from chainrule.errors import DivergenceError, ParameterError, StraightThroughWarning
from chainrule.estimators.fitting import Fitting, Outcome
from chainrule.estimators.parameters import check_parameters, hidden_layer_sizes
from chainrule.estimators.progress import shown
from chainrule.network import Activation, Dense, Loss, Network
from chainrule.network.losses import OUT_ACTIVATIONS
from chainrule.optimization import SGD, Adam, Optimizer
from chainrule.training import EpochRecord, hold_out

__all__ = ["BaseMLP"]

Array = Any

_ROWS_PER_PREDICTION = 1 << 16
_DEFAULT_WEIGHT_DECAY = 0.01


def _is_stochastic(estimator: "BaseMLP") -> bool:
    if estimator.solver == "lbfgs":
        raise AttributeError(f"partial_fit needs a solver that goes in steps, however: {estimator.solver!r}")
    return True


class BaseMLP(CallbackSupportMixin, TransformerMixin, BaseEstimator, ABC):
    """Multilayer perceptron with scikit-learn's interface; see `MLPClassifier` and `MLPRegressor`."""

    # -- what classifier and regressor do each in their way -------------------------------------------

    @abstractmethod
    def _encode_targets(self, y: Array, incremental: bool) -> Array:
        """Learn the coding of `y` where it is new; targets of the network (n, K)."""

    @abstractmethod
    def _encode_known_targets(self, y: Array) -> Array:
        """Targets of the network for validation rows."""

    @abstractmethod
    def _make_loss(self) -> Loss: ...

    @property
    @abstractmethod
    def _n_network_outputs(self) -> int: ...

    @property
    @abstractmethod
    def _metric(self) -> str: ...

    @abstractmethod
    def _strata(self, y: Array) -> Array | None:
        """Classes by which validation rows are held out, if any."""

    # -- fit -----------------------------------------------------------------------------------------

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Any:
        """Learn the weights from the rows of X and their targets.

        Parameters
        ----------
        X : array, sparse matrix or frame (n_samples, n_features)
        y : array (n_samples,) or (n_samples, n_outputs)
        sample_weight : array (n_samples,), optional
            0 leaves a row out, a whole number repeats it.
        X_val, y_val : optional
            Your own validation rows: loss and score are recorded, and with `early_stopping` they decide.
        sample_weight_val : array, optional

        Returns
        -------
        self

        Raises
        ------
        ParameterError, DivergenceError (both are ValueErrors)
            The estimator is then as it was before.
        """
        with self._restored_on_failure():
            return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val), incremental=False)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Any:
        if self.early_stopping:
            raise ParameterError(
                "partial_fit does not support early_stopping=True: one pass has nothing to stop"
            )
        with self._restored_on_failure():
            return self._fit(X, y, sample_weight, (None, None, None), incremental=True)

    @contextmanager
    def _restored_on_failure(self) -> Iterator[None]:
        before = dict(self.__dict__)
        try:
            yield
        except BaseException:
            # Callbacks are torn down by what the failed fit has set up.
            kept = {name: value for name, value in self.__dict__.items() if "callback" in name}
            self.__dict__.clear()
            self.__dict__.update(before | kept)
            raise

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, validation: tuple[Any, Any, Any], incremental: bool
    ) -> Any:
        check_parameters(self)
        fresh = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        X, y, weights = self._checked_rows(X, y, sample_weight, fresh)
        targets = self._encode_targets(y, incremental)
        rng = self._generator(incremental)
        X_val, y_val, weights_val = self._checked_validation(*validation)
        if self.early_stopping and X_val is None:
            rows, held_out = hold_out(len(y), self.validation_fraction, rng, self._strata(y))
            X_val, y_val, weights_val = X[held_out], y[held_out], weights[held_out]
            X, y, weights, targets = X[rows], y[rows], weights[rows], targets[rows]
        targets_val = None if X_val is None else self._encode_known_targets(y_val)
        data = Data(X, targets, weights, X_val, targets_val, weights_val)

        dtype = np.dtype(self.dtype or X.dtype)
        loss = self._make_loss()
        network = self._make_network(X.shape[1])
        theta = self._initial_theta(network, fresh, dtype)
        program = self._make_program(network, loss, has_validation=X_val is not None)
        self._set_structure(network, loss)
        fitting = Fitting(
            estimator=self,
            program=program,
            data=data,
            rows=(X, y, weights if sample_weight is not None else None),
            validation_rows=(X_val, y_val, weights_val),
            rng=rng,
            incremental=incremental,
        )
        with shown(self.verbose):
            outcome = fitting.run(self._first_state(theta, program, fresh, incremental))
        self._remember(outcome, fresh, incremental)
        return self

    def _checked_rows(self, X: Any, y: Any, sample_weight: Any, fresh: bool) -> tuple[Array, Array, Array]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            dtype=(np.float64, np.float32),
            reset=fresh,
            **self._target_checks,
        )
        y = _one_column(y)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        weights = self._with_class_weight(weights, y)
        if not weights.all():
            X, y, weights = X[weights > 0], y[weights > 0], weights[weights > 0]
        return X, y, weights

    _target_checks: ClassVar[dict[str, Any]] = {}
    classes_: Array
    coefs_: list[Array]
    intercepts_: list[Array]
    network_: Network

    def _with_class_weight(self, weights: Array, y: Array) -> Array:  # noqa: ARG002
        return weights

    def _checked_validation(self, X: Any, y: Any, weights: Any) -> tuple[Any, Any, Any]:
        if (X is None) != (y is None):
            raise ParameterError("X_val and y_val belong together: give both or neither")
        if X is None:
            if weights is not None:
                raise ParameterError("sample_weight_val needs X_val and y_val")
            return None, None, None
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            dtype=(np.float64, np.float32),
            reset=False,
            **self._target_checks,
        )
        return X, _one_column(y), _check_sample_weight(weights, X, dtype=np.float64, ensure_non_negative=True)

    def _generator(self, incremental: bool) -> np.random.Generator:
        """The source of all that is random in this fit; NumPy's global generator is never touched."""
        seed = self.random_state
        if seed is None:
            return np.random.default_rng()
        if isinstance(seed, np.random.RandomState | np.random.Generator):
            draw = seed.randint if isinstance(seed, np.random.RandomState) else seed.integers
            return np.random.default_rng(int(draw(2**31 - 1)))
        try:
            return np.random.default_rng([seed, getattr(self, "t_", 0)] if incremental else seed)
        except (TypeError, ValueError):
            raise ParameterError(
                f"random_state must be a whole number ≥ 0, a generator or None, however: {seed!r}"
            ) from None

    # -- what is trained -------------------------------------------------------------------------------

    def _make_network(self, n_inputs: int) -> Network:
        hidden = hidden_layer_sizes(self.hidden_layer_sizes)
        rates = list(self.dropout) if np.iterable(self.dropout) else self.dropout
        return Network.mlp(
            n_inputs, hidden, self._n_network_outputs, self.activation, rates, self.initializer, "uniform"
        )

    def _make_program(self, network: Network, loss: Loss, has_validation: bool) -> Program:
        monitor = "loss"
        if self.early_stopping:
            monitor = {None: "score", "loss": "validation_loss"}.get(self.scoring, "external")
        if any(function.straight_through for function in network.activation_functions):
            warnings.warn(
                "heaviside has no useful slope; training goes through it with 1 where |a| ≤ 1 instead "
                "(straight-through estimator), while predictions are exact",
                StraightThroughWarning,
                stacklevel=5,
            )
        return Program(
            network,
            loss,
            self._make_optimizer(),
            monitor=monitor,
            metric=self._metric if has_validation else "none",
            adaptive=self.learning_rate == "adaptive",
            l1=self.l1 > 0,
            clip=self.max_grad_norm is not None,
            weight_decay=self._decay > 0,
        )

    @property
    def _decay(self) -> float:
        if self.weight_decay is None:
            return _DEFAULT_WEIGHT_DECAY if self.solver == "adamw" else 0.0
        return float(self.weight_decay)

    def _make_optimizer(self) -> Optimizer:
        if self.solver == "sgd":
            return SGD(momentum=self.momentum > 0, nesterov=self.nesterovs_momentum and self.momentum > 0)
        return Adam()

    @property
    def _numbers(self) -> dict[str, float]:
        return {
            "l2": float(self.alpha),
            "l1": float(self.l1),
            "clip": float(self.max_grad_norm or 0),
            "weight_decay": self._decay,
            "tol": float(self.tol),
            "patience": float(self.n_iter_no_change),
            "momentum": float(self.momentum),
            "beta_1": float(self.beta_1),
            "beta_2": float(self.beta_2),
            "epsilon": float(self.epsilon),
        }

    # -- from estimator to θ and back --------------------------------------------------------------------

    def _initial_theta(self, network: Network, fresh: bool, dtype: Any) -> Array:
        seed = self.random_state
        legacy = (
            seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(_legacy_seed(seed))
        )
        theta = network.initialize(legacy, dtype)  # the same seed starts at scikit-learn's initial values
        if fresh:
            return theta
        shapes = [W.shape for W in self.coefs_]
        wanted = [p["W"].T.shape for p in network.views(theta) if p]
        if shapes != wanted:
            raise ParameterError(
                f"hidden_layer_sizes={self.hidden_layer_sizes!r} wants weights of shapes {wanted}, however "
                f"the model to go on with has {shapes}; set warm_start=False to begin anew"
            )
        return self._theta(network).astype(dtype)

    def _theta(self, network: Network) -> Array:
        return network.flat(self._parameters(network))

    def _parameters(self, network: Network) -> tuple[dict[str, Array], ...]:
        """The network's parameters from `coefs_` and `intercepts_`, which may have been set by hand."""
        pairs = iter(zip(self.coefs_, self.intercepts_, strict=True))
        found = []
        for layer in network.layers:
            if isinstance(layer, Dense):
                W, b = next(pairs)
                found.append({"W": np.asarray(W).T, "b": np.asarray(b)})
            else:
                found.append({})
        return tuple(found)

    def _set_theta(self, theta: Array) -> dict[str, Any]:
        views = [p for p in self.network_.views(theta) if p]
        return {"coefs_": [p["W"].T for p in views], "intercepts_": [p["b"] for p in views]}

    def _set_structure(self, network: Network, loss: Loss) -> None:
        self.network_ = network
        self.n_layers_ = network.n_layers + 1
        self.n_outputs_ = self._n_network_outputs
        self.out_activation_ = loss.out_activation

    def _first_state(self, theta: Array, program: Program, fresh: bool, incremental: bool) -> State:
        state = start(theta, program.optimizer.n_moments)
        before = getattr(self, "_progress", None)
        if fresh or before is None:
            return state
        if before["monitor"] == program.monitor:
            state = state._replace(best=before["best"])
        if incremental and len(before["moments"]) == program.optimizer.n_moments:
            moments = tuple(np.asarray(m, dtype=theta.dtype) for m in before["moments"])
            kept = {name: before[name] for name in ("step", "count", "rate_factor")}
            state = state._replace(moments=moments, **kept)
        return state

    # -- after training ----------------------------------------------------------------------------------

    def _remember(self, outcome: Outcome, fresh: bool, incremental: bool) -> None:
        state = outcome.state
        theta = state.theta
        if not state.finite:
            theta = self._last_good_theta(outcome)
        elif self.early_stopping:
            theta = state.best_theta
        self.__dict__.update(self._set_theta(np.asarray(theta)))
        self._progress = {
            "monitor": outcome.monitor,
            "moments": [np.asarray(moment) for moment in state.moments],
            "step": int(state.step),
            "best": float(state.best),
            "count": int(state.count),
            "rate_factor": float(state.rate_factor),
        }
        n_rows, records = outcome.n_rows, outcome.records
        losses = [record.loss for record in records]
        watched = (
            [_watched(outcome.monitor, record) for record in records] if outcome.has_validation else None
        )
        validation = [record.validation_loss for record in records] if outcome.has_validation else None
        keep = not fresh
        self.loss_curve_ = (getattr(self, "loss_curve_", []) if keep else []) + losses
        self.validation_loss_curve_ = _joined(self, "validation_loss_curve_", validation, keep)
        self.validation_scores_ = _joined(self, "validation_scores_", watched, keep)
        self.n_iter_ = len(records)
        self.t_ = (getattr(self, "t_", 0) if keep else 0) + n_rows * len(records)
        self.loss_ = losses[-1] if losses else np.nan
        self.best_loss_ = None if self.early_stopping else float(state.best)
        scores = [score for score in self.validation_scores_ or [] if np.isfinite(score)]
        self.best_validation_score_ = max(scores) if scores else None
        self.learning_rate_ = records[-1].learning_rate if records else float(self.learning_rate_init)
        self.engine_ = outcome.engine
        self._warn(outcome, incremental)

    def _last_good_theta(self, outcome: Outcome) -> Array:
        scale = f"learning_rate_init={self.learning_rate_init}, largest |X| {outcome.largest_input:.3g}"
        if not np.isfinite(outcome.state.best):
            raise DivergenceError(
                "Solver produced non-finite parameter weights. The input data may contain large values and "
                f"need to be preprocessed. Nothing finite was reached ({scale}, largest |target| "
                f"{outcome.largest_target:.3g}): scale X and y to about 1, or lower the learning rate."
            )
        warnings.warn(
            f"The loss was not finite in epoch {len(outcome.records)}; training stopped and the best finite "
            f"weights were restored ({scale}): scale X to about 1, or lower the learning rate.",
            ConvergenceWarning,
            stacklevel=6,
        )
        return outcome.state.best_theta

    def _warn(self, outcome: Outcome, incremental: bool) -> None:
        if outcome.interrupted:
            warnings.warn("Training interrupted by user.", stacklevel=6)
        elif outcome.message:
            warnings.warn(outcome.message, ConvergenceWarning, stacklevel=6)
        elif self.n_iter_ >= self.max_iter and not outcome.state.stopped and not incremental:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the optimization "
                "hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=6,
            )

    # -- predict -----------------------------------------------------------------------------------------

    def _forward(self, X: Array, n_layers: int) -> Array:
        """What comes out of the first `n_layers` layers, by NumPy, in pieces of bounded size."""
        network = Network(self.network_.n_inputs, self.network_.layers[:n_layers])
        p = self._parameters(self.network_)[:n_layers]
        dtype = np.asarray(self.intercepts_[0]).dtype
        pieces = []
        with np.errstate(over="ignore"):
            for i in range(0, X.shape[0], _ROWS_PER_PREDICTION):
                rows = X[i : i + _ROWS_PER_PREDICTION].astype(dtype, copy=False)
                pieces.append(network.forward(p, rows)[0])
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _raw_outputs(self, X: Any) -> Array:
        """Outputs of the network before its output activation."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False)
        return self._forward(X, len(self.network_.layers))

    def _outputs(self, X: Any) -> Array:
        a = self._raw_outputs(X)
        with np.errstate(over="ignore"):
            return OUT_ACTIVATIONS[self.out_activation_](a)

    def transform(self, X: Any, layer: int | None = None) -> Array:
        """Activations z of a hidden layer: the learned features φ(x; θ) of the lecture's equation (3).

        Parameters
        ----------
        X : array, sparse matrix or frame (n_samples, n_features)
        layer : int, optional
            Hidden layers are counted from 1; default: the last.

        Returns
        -------
        array (n_samples, units of that layer)
        """
        check_is_fitted(self)
        depth = self.network_.n_layers - 1
        chosen = depth if layer is None else layer
        if not 1 <= chosen <= depth:
            raise ParameterError(f"layer must be a hidden layer from 1 to {depth}, however: {chosen!r}")
        X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False)
        ends = [i + 1 for i, la in enumerate(self.network_.layers) if isinstance(la, Activation)]
        return self._forward(X, ends[chosen - 1])

    def get_feature_names_out(self, input_features: Any = None) -> Array:  # noqa: ARG002
        """Names of what `transform` gives for the last hidden layer: mlpclassifier0, mlpclassifier1, ..."""
        check_is_fitted(self)
        units = self.network_.dense_layers[-2].units if self.network_.n_layers > 1 else 0
        return np.asarray([f"{type(self).__name__.lower()}{i}" for i in range(units)], dtype=object)

    def save(self, path: Any) -> None:
        """Write the fitted model to `path`; `chainrule.load` reads it. See `chainrule.save`."""
        from chainrule.files import save

        save(self, path)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _joined(estimator: Any, name: str, values: list[float] | None, keep: bool) -> list[float] | None:
    before = getattr(estimator, name, None) if keep else None
    return values if before is None else before + (values or [])


def _legacy_seed(seed: Any) -> Any:
    return int(seed.integers(2**31 - 1)) if isinstance(seed, np.random.Generator) else seed


def _watched(monitor: str, record: EpochRecord) -> float:
    """The score as people read it, higher is better; NaN where the network ran away."""
    value = -record.validation_loss if monitor == "validation_loss" else record.score
    return value if np.isfinite(value) else float("nan")


def _one_column(y: Array) -> Array:
    """(n,) from (n, 1), with scikit-learn's warning; sparse labels become dense."""
    from sklearn.utils import column_or_1d

    y = y.toarray() if hasattr(y, "toarray") else y
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
