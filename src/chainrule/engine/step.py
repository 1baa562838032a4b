"""One training step and the end of an epoch: the equations that both engines run.

Everything here is written once against the array namespace of its arguments.
"""

from typing import Any

from chainrule.engine.base import Program, State
from chainrule.engine.monitor import score, watch
from chainrule.network import Draw
from chainrule.optimization.penalties import clip, l1_penalty, l2_penalty

__all__ = ["end_of_epoch", "objective", "training_step"]

Array = Any


def objective(
    program: Program,
    numbers: Any,
    theta: Array,
    mask: Array,
    z: Array,
    y: Array,
    weights: Array,
    draw: Any = None,
) -> tuple[Any, Array]:
    """(L, dL/dθ) with penalties, for one batch: forward pass, loss, backward pass.

    Parameters
    ----------
    mask : array like θ
        1 for weights, 0 for biases (`Network.decay_mask`).
    """
    network, loss = program.network, program.loss
    p = network.views(theta)
    a, saved = network.forward(p, z, draw)
    value, da = loss(a, y, weights)
    dp, _ = network.backward(p, saved, da, needs_dz=False)
    gradient = network.flat(dp)
    share = 1.0 if loss.adds_up else 1 / weights.sum()
    penalized = theta * mask
    penalty, slope = l2_penalty(penalized, numbers["l2"])
    if program.l1:
        penalty_1, slope_1 = l1_penalty(penalized, numbers["l1"])
        penalty, slope = penalty + penalty_1, slope + slope_1
    return value + share * penalty, gradient + share * slope


def training_step(
    program: Program,
    numbers: Any,
    state: State,
    mask: Array,
    batch: tuple[Array, Array, Array],
    rate: Any,
    correction: Any,
    key: Array,
) -> tuple[State, Any]:
    """(state, loss) after one update: w_new = w_old - η dL/dw, equation (17), in the optimizer's way."""
    draw = Draw(key).fold(state.step) if program.network.is_random else None
    value, gradient = objective(program, numbers, state.theta, mask, *batch, draw)
    if program.clip:
        gradient = clip(gradient, numbers["clip"])
    rate = rate * state.rate_factor
    theta = state.theta
    if program.weight_decay:
        theta = theta - (rate * numbers["weight_decay"]) * (theta * mask)
    theta, moments = program.optimizer.update(numbers, state.moments, theta, gradient, rate * correction)
    return state._replace(theta=theta, moments=moments, step=state.step + 1), value


def end_of_epoch(
    program: Program,
    numbers: Any,
    state: State,
    theta_before: Array,
    loss: Any,
    rate: Any,
    validation: tuple[Array, Array, Array] | None,
) -> tuple[State, Any, Any]:
    """(state, validation loss, validation score) after judging the epoch.

    `theta_before` are the parameters at the epoch's beginning: the loss is measured before each update, so it
    speaks of them rather than of those that the last update made.
    """
    validation_loss: Any = None
    validation_score: Any = None
    if validation is not None:
        X, y, weights = validation
        a = program.network.predict(state.theta, X)
        validation_loss = program.loss(a, y, weights)[0]
        validation_score = score(program.metric, program.loss, a, y, weights)
    finite = _finite(state, loss)
    if program.monitor == "external":
        return state._replace(finite=finite), validation_loss, validation_score
    theta = state.theta
    if program.monitor == "loss":
        watched, theta = loss, theta_before
    elif program.monitor == "validation_loss":
        watched = validation_loss
    else:
        watched = -validation_score
    state = watch(state, watched, finite, rate, numbers, program.adaptive, theta)
    return state, validation_loss, validation_score


def _finite(state: State, loss: Any) -> Any:
    """Whether loss and parameters are usable: parameters whose squares overflow give predictions that do."""
    xp = state.theta.__array_namespace__()
    return xp.isfinite(loss) & xp.isfinite((state.theta * state.theta).sum())
