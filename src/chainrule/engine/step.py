"""One training step and the end of an epoch: the equations that both engines run.

Everything here is written once against the array namespace of its arguments. θ and what is like it (its
gradient, the moments) come in `Parts`.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from chainrule.engine.base import Program, State
from chainrule.engine.monitor import score, watch
from chainrule.engine.parts import Parts
from chainrule.network import Draw, Network
from chainrule.network.special import namespace
from chainrule.optimization.penalties import clip, l1_penalty, l2_penalty, sum_of_squares

__all__ = ["Batch", "Predict", "end_of_epoch", "objective", "training_step"]

Array = Any
Vectors = tuple[Array, ...]
Batch = tuple[Array, Array, Array, Any]
"""X, y, the rows' shares in the loss, and the share of a row of weight 1: see `Loss.shared`."""

Predict = Callable[[Network, dict[str, Array], Array], Array]
"""(network, parameters by full names, rows) ↦ raw outputs."""


def objective(
    program: Program,
    numbers: Any,
    parts: Parts,
    theta: Vectors,
    batch: Batch,
    draw: Any = None,
    n_pieces: int = 1,
    each: Any = map,
) -> tuple[Any, Vectors]:
    """(L, dL/dθ) with penalties, for one batch: forward pass, loss, backward pass.

    The rows of a batch do not know of each other until their losses and gradients are summed: they can be
    computed in several pieces, which a compiler, or an `each` with several threads, may do at the same time.
    Parameters whose learning rate is 0 are held fixed: their gradient counts as 0.
    """
    *rows, share = batch
    p = parts.named(theta)
    n = batch[1].shape[0]
    ends = [n * i // n_pieces for i in range(n_pieces + 1)]

    def of_piece(piece: tuple[int, int]) -> tuple[Any, ...]:
        first, behind = piece
        own_rows = rows if n_pieces == 1 else [part[first:behind] for part in rows]
        own_draw = None if draw is None else replace(draw, first_row=first)
        value, dp = _forward_and_backward(program, p, own_rows, own_draw)
        return value, *parts.gathered(dp)

    sums = list(each(of_piece, list(pairwise(ends))))
    value, *slopes = (sum(others, start) for start, *others in zip(*sums, strict=True))
    gradient = []
    for part, slope, decays, factor in zip(theta, slopes, parts.decays, parts.rates, strict=True):
        if not factor:
            slope = namespace(slope).zeros_like(slope)
        elif decays:
            penalty, pull = l2_penalty(part, share * numbers["l2"])
            value, slope = value + penalty, slope + pull
            if program.l1:
                penalty, pull = l1_penalty(part, share * numbers["l1"])
                value, slope = value + penalty, slope + pull
        gradient.append(slope)
    return value, tuple(gradient)


def _forward_and_backward(program: Program, p: dict[str, Array], rows: Any, draw: Any) -> tuple[Any, Any]:
    """(Σ of the rows' losses, its gradient by parameter), without penalties."""
    z, y, shares = rows
    a, saved = program.network.forward(p, z, draw)
    value, da = program.loss.shared(a, y, shares)
    return value, program.network.backward(p, saved, da, needs_dz=False)[0]


def training_step(
    program: Program,
    numbers: Any,
    parts: Parts,
    state: State,
    batch: Batch,
    rate: Any,
    correction: Any,
    key: Array | None,
    fade: Any = 1.0,
    n_pieces: int = 1,
    each: Any = map,
) -> tuple[State, Any]:
    """(state, loss) after one update: w_new = w_old - η dL/dw, equation (17), in the optimizer's way.

    `key`: of the stream that dropout draws from; None: nothing is dropped. `fade` is a factor on dropout and
    weight decay, for trainings that end without them.
    """
    is_random = key is not None and program.network.is_random
    draw = Draw(key, fade).fold(state.step) if is_random else None
    value, gradient = objective(program, numbers, parts, state.theta, batch, draw, n_pieces, each)
    if program.clip:
        gradient = clip(gradient, numbers["clip"])
    rate = rate * state.rate_factor
    theta, moments = [], []
    each_part = zip(state.theta, gradient, parts.decays, parts.rates, *state.moments, strict=True)
    for part, slope, decays, factor, *own in each_part:
        own_rate = rate if factor == 1 else factor * rate
        if program.weight_decay and decays:
            part = part - (own_rate * fade * numbers["weight_decay"]) * part
        part, after = program.optimizer.update(numbers, tuple(own), part, slope, own_rate * correction)
        theta.append(part)
        moments.append(after)
    state = state._replace(theta=tuple(theta), moments=tuple(zip(*moments, strict=True)), step=state.step + 1)
    return state, value


def end_of_epoch(
    program: Program,
    numbers: Any,
    parts: Parts,
    state: State,
    theta_before: Vectors,
    loss: Any,
    rate: Any,
    validation: tuple[Array, Array, Array] | None,
    predict: Predict,
) -> tuple[State, Any, Any]:
    """(state, validation loss, validation score) after judging the epoch by what `predict` gives.

    `theta_before` are the parameters at the epoch's beginning: the loss is measured before each update, so it
    speaks of them rather than of those that the last update made.
    """
    validation_loss: Any = None
    validation_score: Any = None
    if validation is not None:
        X, y, weights = validation
        a = predict(program.network, parts.named(state.theta), X)
        validation_loss = program.loss.judged(a, y, weights)
        validation_score = score(program.metric, program.loss, a, y, weights)
    finite = _finite(state.theta, loss)
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


def _finite(theta: Vectors, loss: Any) -> Any:
    """Whether loss and parameters are usable: parameters whose squares overflow give predictions that do."""
    squares = sum(sum_of_squares(part) for part in theta)
    xp = namespace(theta[0])
    return xp.isfinite(loss) & xp.isfinite(squares)
