"""From one moment of a run to the next: an update, and at an epoch's end what the estimators do there."""

from typing import Any

import numpy as np

from chainrule.engine.numpy import quiet
from chainrule.engine.step import end_of_epoch, training_step
from chainrule.playground.moment import Moment, begun, longer, with_loss
from chainrule.playground.training import rate_of

__all__ = ["stepped"]


def stepped(now: Moment, n_rows: int, unit: str) -> Moment:
    """The moment after one update by the next rows of this epoch; `unit` is what the log calls it."""
    examples = now.examples
    n = len(examples.y_train)
    rows = now.epoch.order[now.place : now.place + min(n_rows, n)]
    share = 1.0 / len(rows)
    batch = (examples.X_train[rows], examples.y_train[rows, None], np.full(len(rows), share), share)
    program, numbers, parts = now.setup
    rate = rate_of(now.settings, n, now.epochs, now.place, now.samples)
    steps = np.asarray([now.state.step + 1], dtype=np.float64)
    correction = float(program.optimizer.correction(numbers, steps)[0])
    with quiet():
        state, value = training_step(
            program, numbers, parts, now.state, batch, rate, correction, now.epoch.key
        )
    after = now._replace(
        state=state,
        step=now.step + 1,
        place=now.place + len(rows),
        loss=now.loss + float(value) / share,
        weight=now.weight + len(rows),
        log=longer(now.log, unit),
    )
    if after.place >= n:
        return _judged(after, rate)
    return after if np.isfinite(value) else after._replace(state=state._replace(finite=False))


def _judged(now: Moment, rate: float) -> Moment:
    """The end of an epoch, and the beginning of the next one."""
    program, numbers, parts = now.setup
    loss = now.loss / now.weight
    with quiet():
        state, _, _ = end_of_epoch(
            program, numbers, parts, now.state, now.theta_before, np.float64(loss), rate, None, _unused
        )
    counts: dict[str, Any] = {"count": int(state.count), "rate_factor": float(state.rate_factor)}
    counts = counts if program.adaptive else {"count": 0, "rate_factor": 1.0}
    state = state._replace(
        best=float(state.best), stopped=False, finite=bool(state.finite), best_theta=state.theta, **counts
    )
    return now._replace(
        state=state,
        epochs=now.epochs + 1,
        losses=with_loss(now.losses, loss),
        **begun(now.settings, now.examples, now.samples + now.place),
        theta_before=state.theta,
    )


def _unused(*_: Any) -> Any:
    raise AssertionError("there are no validation rows")
