"""What a model learns from some rows: program, parameters, encoded rows, and the step that comes next."""

from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from chainrule.engine import Program, State, start
from chainrule.engine.numpy import pieces_of_batch
from chainrule.engine.parts import Parts
from chainrule.engine.step import training_step
from chainrule.errors import ParameterError
from chainrule.estimators.base import BaseNetwork
from chainrule.estimators.forms import (
    as_rows,
    as_samples,
    as_targets,
    before_last_step,
    check_as_many,
    checked_weights,
    refuse_forecaster,
)
from chainrule.estimators.grid_network import GridNetwork
from chainrule.estimators.presets import SHARE_OF_RATE_TO_GO_ON, numbers_of
from chainrule.estimators.rows import checked_table
from chainrule.estimators.tabular_fitted import FittedTabular
from chainrule.network import EnsembleLoss, Loss, Network, get_loss
from chainrule.optimization import SGD, Adam, Optimizer, get_schedule

__all__ = ["Problem", "problem_of"]

Array = Any

_OFF = {"l2": 0.0, "l1": 0.0, "clip": 0.0, "weight_decay": 0.0, "momentum": 0.0}
_USUAL = {**_OFF, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}


@dataclass(frozen=True)
class Problem:
    """A loss of parameters on rows, and the optimizer that lowers it.

    Attributes
    ----------
    program : network, loss, optimizer, and which penalties there are
    numbers : their settings, as `Engine.run_epochs` takes them
    state : parameters, the optimizer's moments, steps done
    X : array (n, n_inputs), what goes into the network
    y : array, targets as the loss takes them
    shares : array (n,), the rows' shares in the loss
    share : share of a row of weight 1
    rate : learning rate of the next step, the optimizer's correction not yet in it
    step_of : in words, whose step the next one is
    input_names : names of the network's inputs; () where they have none
    table, encoder : the rows as they came, and what made numbers of them, for a table model
    answers : what the model predicts for them, in the target's units or as calibrated probabilities
    """

    program: Program
    numbers: dict[str, float]
    state: State
    X: Array
    y: Array
    shares: Array
    share: Any
    rate: float
    step_of: str
    input_names: tuple[str, ...] = ()
    table: Any = None
    encoder: Any = None
    answers: Any = None

    @property
    def network(self) -> Network:
        """What computes."""
        return self.program.network

    @property
    def loss(self) -> Loss:
        """What is lowered."""
        return self.program.loss

    def in_float64(self) -> "Problem":
        """The same with numbers of 15 digits, for differences."""
        X, y, shares = (np.asarray(part, dtype=np.float64) for part in (self.X, self.y, self.shares))
        state = self.state._replace(
            theta=np.asarray(self.theta, dtype=np.float64),
            moments=tuple(np.asarray(moment, dtype=np.float64) for moment in self.state.moments),
        )
        return replace(self, X=X, y=y, shares=shares, state=state)

    def value_and_gradient(self, theta: Array | None = None) -> tuple[float, Array]:
        """(L, dL/dθ) by one forward and one backward pass, without penalties and dropout."""
        network = self.network
        p = network.views(self.theta if theta is None else theta)
        a, saved = network.forward(p, self.X)
        value, da = self.loss.shared(a, self.y, self.shares)
        return float(value), network.flat(network.backward(p, saved, da, needs_dz=False)[0])

    def next_step(self, key: Array | None = None) -> tuple[Array, Any]:
        """(θ after the numpy engine's training step on these rows, loss with penalties before it).

        Parameters
        ----------
        key : array, optional
            Of the stream that dropout draws from; default: nothing is dropped.
        """
        parts = Parts(self.network)
        moments = tuple(map(parts.split, self.state.moments))
        state = self.state._replace(theta=parts.split(self.theta), moments=moments)
        steps = np.asarray([self.state.step + 1], dtype=np.float64)
        correction = float(self.program.optimizer.correction(self.numbers, steps)[0])
        batch = (self.X, self.y, self.shares, self.share)
        n_pieces = pieces_of_batch(self.program, len(self.shares))
        after, value = training_step(
            self.program, self.numbers, parts, state, batch, self.rate, correction, key, n_pieces=n_pieces
        )
        return parts.join(after.theta), value

    @property
    def theta(self) -> Array:
        """All parameters."""
        return self.state.theta


def problem_of(
    model_or_network: Any,
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    theta: Array | None = None,
    loss: Any = None,
    optimizer: Optimizer | None = None,
    learning_rate: float | None = None,
    numbers: dict[str, float] | None = None,
) -> Problem:
    """What `model_or_network` learns from the rows `X`, `y`.

    Parameters
    ----------
    model_or_network : Network, or a fitted estimator of this package
    X : one row or several, as the model takes them
    y : their targets
    sample_weight : array, optional
    theta : array, optional
        Parameters of a network; default: drawn by its initializers, seed 0. An estimator has its own.
    loss : str or Loss, optional
        Of a network; default: "sum_of_squares", equation (14). An estimator has its own.
    optimizer : Optimizer, optional
        Default: that of the estimator; for a network plain gradient descent, equation (17).
    learning_rate : float, optional
        Default: that of the estimator's `partial_fit`; 0.01 for a network.
    numbers : dict, optional
        Further settings, such as ``{"l2": 1e-4}`` or the optimizer's.

    Raises
    ------
    ParameterError
        If the model is not one of ours or not fitted, or rows and targets do not fit it.
    """
    model_or_network, X = before_last_step(model_or_network, X)
    if isinstance(model_or_network, Network):
        loss = "sum_of_squares" if loss is None else loss
        problem = _of_network(model_or_network, X, y, theta, get_loss(loss), sample_weight)
    elif theta is not None or loss is not None:
        raise ParameterError("theta and loss are for a Network; an estimator has its own")
    elif isinstance(model_or_network, BaseNetwork):
        problem = _of_network_model(model_or_network, X, y, sample_weight)
    elif isinstance(model_or_network, FittedTabular):
        problem = _of_table_model(model_or_network, X, y, sample_weight)
    else:
        refuse_forecaster(model_or_network)
        raise ParameterError(
            "the model must be a Network or a fitted estimator of this package, however: "
            f"{type(model_or_network).__name__}"
        )
    return _with(problem, optimizer, learning_rate, numbers or {})


def _with(
    problem: Problem, optimizer: Optimizer | None, learning_rate: float | None, numbers: dict[str, float]
) -> Problem:
    """The problem with settings of one's own."""
    if unknown := set(numbers) - set(_USUAL):
        raise ParameterError(f"numbers may hold {sorted(_USUAL)}, however: {sorted(unknown)}")
    if optimizer is not None and not hasattr(optimizer, "update"):
        raise ParameterError(f"optimizer must be one such as Adam() or SGD(), however: {optimizer!r}")
    if wrong := [name for name, value in numbers.items() if not isinstance(value, Real) or value < 0]:
        raise ParameterError(f"numbers[{wrong[0]!r}] must be a number ≥ 0, however: {numbers[wrong[0]]!r}")
    program = problem.program
    program = replace(
        program,
        l1=numbers["l1"] > 0 if "l1" in numbers else program.l1,
        clip=numbers["clip"] > 0 if "clip" in numbers else program.clip,
        weight_decay=numbers["weight_decay"] > 0 if "weight_decay" in numbers else program.weight_decay,
    )
    if optimizer is not None:
        program = replace(program, optimizer=optimizer)
        state = start(problem.theta, optimizer.n_moments)
        problem = replace(problem, state=state, step_of=f"the first step of {type(optimizer).__name__}")
    rate = problem.rate if learning_rate is None else float(learning_rate)
    if not rate > 0:
        raise ParameterError(f"learning_rate must be positive, however: {learning_rate!r}")
    return replace(problem, program=program, numbers=problem.numbers | numbers, rate=rate)


def _of_network(
    network: Network, X: Any, y: Any, theta: Array | None, loss: Loss, sample_weight: Any
) -> Problem:
    theta = network.initialize(np.random.default_rng(0), np.float64) if theta is None else np.asarray(theta)
    if theta.shape != (network.n_parameters,):
        raise ParameterError(
            f"theta must be a vector of the network's {network.n_parameters} parameters, however its shape: "
            f"{theta.shape}"
        )
    if theta.dtype.kind != "f":
        theta = theta.astype(np.float64)
    X = np.asarray(X, dtype=theta.dtype)
    X = X[None] if X.ndim == 1 else X
    y = np.asarray(y, dtype=theta.dtype)
    if y.ndim < 2:
        y = y.reshape(1, -1) if len(X) == 1 else y.reshape(-1, 1)
    program = Program(network, loss, SGD(momentum=False, nesterov=False))
    return _problem(program, _USUAL, start(theta, 0), X, y, sample_weight, 0.01, "gradient descent's step")


def _of_network_model(model: BaseNetwork, X: Any, y: Any, sample_weight: Any) -> Problem:
    check_is_fitted(model)
    names = tuple(getattr(model, "feature_names_in_", ()))
    is_grid = isinstance(model, GridNetwork)
    matrix = model._rows_to_answer(as_samples(X, model.input_shape_) if is_grid else as_rows(X, names))
    labels = as_targets(y, matrix.shape[0])
    check_as_many(matrix, labels)
    network, theta = model.network_, model._theta(model.network_)
    program = model._make_program(network, model._make_loss(), has_validation=False)
    step_of = _whose_step(model)
    if model.solver == "lbfgs":
        program = Program(network, program.loss, SGD(momentum=False, nesterov=False))
    state = model._first_state(theta, program, fresh=False, incremental=True)
    weights = checked_weights(sample_weight, len(labels)) * model._class_weights(labels)
    matrix = matrix.toarray() if hasattr(matrix, "toarray") else matrix
    problem = _problem(
        program,
        model._numbers,
        state,
        matrix.astype(theta.dtype),
        model._encode_known_targets(labels),
        weights,
        float(model.learning_rate_init) * _factor(model),
        step_of,
    )
    return replace(problem, input_names=names)


def _whose_step(model: Any) -> str:
    if model.solver == "lbfgs":
        return "a step of gradient descent (L-BFGS moves by all rows at once)"
    if model.early_stopping:
        return f"a step of {model.solver} on these rows as one batch"
    return "the step that partial_fit would take on these rows as one batch"


def _factor(model: BaseNetwork) -> float:
    """The schedule's factor on the learning rate where `partial_fit` would go on."""
    if model.solver == "lbfgs":
        return 1.0
    single_epochs = getattr(model, "_progress", {}).get("single_epochs", 0)
    done = np.asarray([min(single_epochs / model.max_iter, 1.0)])
    samples = np.asarray([getattr(model, "t_", 0)])
    return float(get_schedule(model.learning_rate, model.power_t).factors(done, samples)[0])


def _of_table_model(model: Any, X: Any, y: Any, sample_weight: Any) -> Problem:
    check_is_fitted(model)
    table = checked_table(
        as_rows(X, tuple(column.name for column in model.encoder_.schema.columns)), model, fitted=True
    )
    matrix = model.encoder_.transform(table)
    labels = model._checked_targets(as_targets(y, len(matrix)))
    check_as_many(matrix, labels)
    weights = checked_weights(sample_weight, len(labels)) * model._class_weights(labels)
    settings = model.settings_
    loss = EnsembleLoss(model._member_loss(), settings.members)
    program = Program(model.network_, loss, Adam(), weight_decay=settings.weight_decay > 0)
    state = start(np.asarray(model.theta_), program.optimizer.n_moments)
    if progress := getattr(model, "_progress", None):
        state = state._replace(moments=tuple(progress["moments"]), step=progress["step"])
    problem = _problem(
        program,
        numbers_of(settings, np.inf),
        state,
        matrix,
        model._encode_targets(labels),
        weights,
        SHARE_OF_RATE_TO_GO_ON * settings.learning_rate_init,
        "the step that partial_fit would take on these rows as one batch",
    )
    names = tuple(" ".join(pair) for pair in model.encoder_.inputs)
    answers = model.predict_proba(table) if hasattr(model, "predict_proba") else model.predict(table)
    answers = None if isinstance(answers, list) else np.asarray(answers)
    return replace(problem, input_names=names, table=table, encoder=model.encoder_, answers=answers)


def _problem(
    program: Program,
    numbers: dict[str, float],
    state: State,
    X: Array,
    y: Array,
    sample_weight: Any,
    rate: float,
    step_of: str,
) -> Problem:
    dtype = state.theta.dtype
    network = program.network
    if X.ndim != 2 or X.shape[1] != network.n_inputs:
        raise ParameterError(f"rows must have {network.n_inputs} values each, however their shape: {X.shape}")
    weights = checked_weights(sample_weight, len(X))
    check_as_many(X, y)
    weights = weights.astype(dtype)
    share = 1.0 if program.loss.adds_up else 1.0 / float(weights.sum())
    y = np.asarray(y, dtype=dtype)
    return Problem(
        program, dict(numbers), state, np.asarray(X, dtype), y, share * weights, share, rate, step_of
    )
