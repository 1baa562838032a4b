"""What the estimators of networks share: translate, delegate, remember."""

import warnings
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin, with_callbacks

from chainrule.engine import Data, Program, State, start
from chainrule.errors import ParameterError, StraightThroughWarning
from chainrule.estimators.checkpoints import opened
from chainrule.estimators.fitted import FittedNetwork
from chainrule.estimators.fitting import Fitting
from chainrule.estimators.outcome import remember
from chainrule.estimators.parameters import check_parameters
from chainrule.estimators.progress import shown
from chainrule.estimators.rows import restored_on_failure, validated
from chainrule.estimators.weights import checked_sample_weight, in_reach, weights_in_loss
from chainrule.network import Loss, Network
from chainrule.optimization import SGD, Adam, Optimizer
from chainrule.training import hold_out

__all__ = ["BaseNetwork", "is_stochastic", "legacy_generator"]

Array = Any

_DEFAULT_WEIGHT_DECAY = 0.01


def is_stochastic(estimator: "BaseNetwork") -> bool:
    """Whether the estimator's solver goes in steps, as `partial_fit` needs it."""
    if estimator.solver == "lbfgs":
        raise AttributeError(f"partial_fit needs a solver that goes in steps, however: {estimator.solver!r}")
    return True


class BaseNetwork(CallbackSupportMixin, FittedNetwork, BaseEstimator, ABC):
    """A network with scikit-learn's interface; what it is made of, its heirs say."""

    auto_batch_size: ClassVar[int] = 200

    # -- what every estimator does in its way -------------------------------------------

    @abstractmethod
    def _checked_targets(self, y: Any) -> Array:
        """`y` as an array without anything that cannot be learned."""

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
    def _make_network(self, n_inputs: int) -> Network: ...

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
        checkpoint: Any = None,
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
        checkpoint : path or `chainrule.Checkpoint`, optional
            A folder that keeps how far the fit is, so that the same call goes on there after a crash.

        Returns
        -------
        self

        Raises
        ------
        ParameterError, DivergenceError, CheckpointError (all are ValueErrors)
            The estimator is then as it was before.
        """
        check_parameters(self)
        with restored_on_failure(self), opened(checkpoint) as store:
            validation = (X_val, y_val, sample_weight_val)
            return self._fit(X, y, sample_weight, validation, incremental=False, checkpoint=store)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Any:
        if self.early_stopping:
            raise ParameterError(
                "partial_fit does not support early_stopping=True: one pass has nothing to stop"
            )
        with restored_on_failure(self):
            return self._fit(X, y, sample_weight, (None, None, None), incremental=True)

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: tuple[Any, Any, Any],
        incremental: bool,
        checkpoint: Any = None,
        feed: Any = None,
    ) -> Any:
        check_parameters(self)
        seed = self.random_state
        if checkpoint is not None:
            if self.solver == "lbfgs":
                raise ParameterError(
                    "checkpoint=... needs a solver that goes in steps, however: solver='lbfgs'; leave out one"
                )
            seed = checkpoint.seed(seed)
        fresh = not self._has_parameters or not (self.warm_start or incremental)
        X, y, weights = self._checked_rows(X, y, sample_weight, fresh)
        targets = self._encode_targets(y, incremental)
        loss = self._make_loss()
        network = self._make_network(X.shape[1])
        theta = self._initial_theta(network, fresh, np.dtype(self.dtype or X.dtype), seed, X)
        rng = self._generator(fresh, seed)
        X_val, y_val, weights_val = self._checked_validation(*validation)
        if self.early_stopping and X_val is None:
            rows, held_out = hold_out(len(y), self.validation_fraction, rng, self._strata(y))
            X_val, y_val, weights_val = X[held_out], y[held_out], in_reach(weights[held_out], theta.dtype)[0]
            X, y, weights, targets = X[rows], y[rows], weights[rows], targets[rows]
        with np.errstate(over="ignore"):
            learned = weights * self._class_weights(y)
        penalties = {"l2": float(self.alpha), "l1": float(self.l1)}
        learned, penalties = weights_in_loss(learned, penalties, loss.adds_up, theta.dtype)
        rows = learned > 0
        if not rows.all():
            X, y, weights, targets, learned = (part[rows] for part in (X, y, weights, targets, learned))
        targets_val = None if X_val is None else self._encode_known_targets(y_val)
        data = Data(X, targets, learned, X_val, targets_val, weights_val)

        program = self._make_program(network, loss, has_validation=X_val is not None)
        self._set_structure(network, loss)
        fitting = Fitting(
            estimator=self,
            program=program,
            data=data,
            numbers=self._numbers | penalties,
            rows=(X, y, weights if sample_weight is not None else None),
            validation_rows=(X_val, y_val, weights_val),
            rng=rng,
            incremental=incremental,
            checkpoint=checkpoint,
            feed=feed,
        )
        with shown(self.verbose):
            outcome = fitting.run(self._first_state(theta, program, fresh, incremental))
        remember(self, outcome, fresh, incremental)
        return self

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Array, Array]:
        y = y if y is None else self._checked_targets(y)
        X, y = validated(
            self, X, y, accept_sparse="csr", multi_output=True, dtype=(np.float64, np.float32), reset=reset
        )
        return X, y

    classes_: Array

    def _checked_rows(self, X: Any, y: Any, sample_weight: Any, fresh: bool) -> tuple[Array, Array, Array]:
        X, y = self._checked(X, y, reset=fresh)
        weights = checked_sample_weight(sample_weight, len(y))
        used = in_reach(weights, self.dtype or X.dtype)[0] > 0
        return (X, y, weights) if used.all() else (X[used], y[used], weights[used])

    def _class_weights(self, y: Array) -> Array:
        """Factor on the weight of each training row."""
        return np.ones(len(y))

    def _checked_validation(self, X: Any, y: Any, weights: Any) -> tuple[Any, Any, Any]:
        if (X is None) != (y is None):
            raise ParameterError("X_val and y_val belong together: give both or neither")
        if X is None:
            if weights is not None:
                raise ParameterError("sample_weight_val needs X_val and y_val")
            return None, None, None
        try:
            X, y = self._checked(X, y, reset=False)
            return X, y, in_reach(checked_sample_weight(weights, len(y)), self.dtype or X.dtype)[0]
        except ValueError as error:
            raise ParameterError(f"X_val, y_val: {error}") from None

    def _generator(self, fresh: bool, seed: Any) -> np.random.Generator:
        """The source of all that is random in this fit; NumPy's global generator is never touched."""
        if seed is None:
            return np.random.default_rng()
        if isinstance(seed, np.random.RandomState | np.random.Generator):
            draw = seed.randint if isinstance(seed, np.random.RandomState) else seed.integers
            return np.random.default_rng(int(draw(2**31 - 1)))
        try:
            return np.random.default_rng(seed if fresh else [seed, getattr(self, "t_", 0)])
        except (TypeError, ValueError):
            raise ParameterError(
                f"random_state must be a whole number ≥ 0, a generator or None, however: {seed!r}"
            ) from None

    # -- what is trained -------------------------------------------------------------------------------

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
            clip=self._clips,
            weight_decay=self._decay > 0,
        )

    @property
    def _clips(self) -> bool:
        return self.max_grad_norm is not None and self.max_grad_norm < np.inf

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
            "clip": float(self.max_grad_norm) if self._clips else 0.0,
            "weight_decay": self._decay,
            "tol": float(self.tol),
            "patience": float(self.n_iter_no_change),
            "momentum": float(self.momentum),
            "beta_1": float(self.beta_1),
            "beta_2": float(self.beta_2),
            "epsilon": float(self.epsilon),
        }

    # -- from estimator to θ and back --------------------------------------------------------------------

    def _initial_theta(self, network: Network, fresh: bool, dtype: Any, seed: Any, X: Array) -> Array:  # noqa: ARG002
        if fresh:
            return network.initialize(legacy_generator(seed), dtype)
        if network != self.network_:
            raise ParameterError(
                "the parameters and rows make another network than that of the model to go on with; set "
                "warm_start=False to begin anew"
            )
        return self._theta(network).astype(dtype)

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
            state = state._replace(moments=moments, step=before["step"])
            if program.adaptive:
                state = state._replace(count=before["count"], rate_factor=before["rate_factor"])
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def legacy_generator(seed: Any) -> np.random.RandomState:
    """The generator from which scikit-learn draws: the same seed starts at the same weights."""
    if isinstance(seed, np.random.RandomState):
        return seed
    try:
        return np.random.RandomState(
            int(seed.integers(2**31 - 1)) if isinstance(seed, np.random.Generator) else seed
        )
    except (TypeError, ValueError):
        raise ParameterError(
            f"random_state must be a whole number from 0 to 2³² - 1, a generator or None, however: {seed!r}"
        ) from None
