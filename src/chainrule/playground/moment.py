"""A run at one step: everything that it is, and how it begins."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from chainrule.engine import State, start
from chainrule.engine.parts import over_vectors
from chainrule.errors import ParameterError
from chainrule.playground.examples import Examples, PlaneInputs, toy_rows
from chainrule.playground.settings import BUNDLED, LOSSES, Settings
from chainrule.playground.toy_data import TOY_DATA
from chainrule.playground.training import Epoch, Setup, epoch_of, setup_of

__all__ = ["Moment", "begin", "begun", "examples_named", "fitting", "longer", "unrolled", "was_touched"]


class Moment(NamedTuple):
    """Everything that a run is at one step.

    Attributes
    ----------
    step : updates done
    epochs, place : epochs done, and rows of this one that were learned from
    samples : rows learned from before this epoch
    epoch : order of this epoch's rows
    loss, weight : sums over this epoch's steps
    theta_before : parameters at its beginning
    epoch_loss : of the last full epoch, NaN before
    losses : of the full epochs so far, as (earlier, last) pairs
    log : what was done so far, as (earlier, last) pairs
    """

    settings: Settings
    examples: Examples
    setup: Setup
    state: State
    step: int
    epochs: int
    place: int
    samples: int
    epoch: Epoch
    loss: float
    weight: float
    theta_before: Any
    losses: Any
    log: Any


def begin(settings: Settings, examples: Examples) -> Moment:
    """The moment before the first step."""
    setup = setup_of(settings, examples)
    theta = setup.network.initialize(np.random.RandomState(settings.seed), np.float64)
    state = over_vectors(setup.parts.split, start(theta, setup.program.optimizer.n_moments))
    return Moment(
        settings=settings,
        examples=examples,
        setup=setup,
        state=state,
        step=0,
        epochs=0,
        theta_before=state.theta,
        losses=None,
        log=None,
        **begun(settings, examples, 0),
    )


def begun(settings: Settings, examples: Examples, samples: int) -> dict[str, Any]:
    """What of a moment is as at an epoch's beginning."""
    n = len(examples.y_train)
    epoch = epoch_of(settings, n, samples)
    return {"samples": samples, "epoch": epoch, "place": 0, "loss": 0.0, "weight": 0.0}


def examples_named(settings: Settings) -> tuple[Settings, Examples]:
    """The examples of a data set that has a name."""
    data = settings.data
    if data.kind in TOY_DATA:
        rows = toy_rows(data.kind, data.noise, data.seed)
        return settings, Examples(rows, PlaneInputs(settings.features), data.share)
    if data.kind in BUNDLED:
        from chainrule.playground.tables import bundled_rows, scaled

        return settings, scaled(bundled_rows(data.kind, data.seed), data.share)
    raise ParameterError(
        f"there is no data set {data.kind!r:.80}; there are {', '.join([*TOY_DATA, *BUNDLED])}, and tables "
        "that are opened"
    )


def fitting(settings: Settings, examples: Examples) -> Settings:
    """The settings with a loss that suits the task."""
    losses = LOSSES[examples.rows.task]
    return settings if settings.loss in losses else replace(settings, loss=next(iter(losses)))


def was_touched(log: Any) -> bool:
    """Whether weights or points were set by hand: then nothing may begin anew by itself."""
    return any(what in ("edit", "draw", "use") for what, _ in unrolled(log))


def longer(log: Any, unit: str) -> Any:
    """The log with one step more."""
    if log is not None and log[1][0] == unit:
        return (log[0], (unit, log[1][1] + 1))
    return (log, (unit, 1))


def unrolled(pairs: Any) -> list[Any]:
    """The last parts of (earlier, last) pairs, the earliest first."""
    found = []
    while pairs is not None:
        pairs, last = pairs
        found.append(last)
    return found[::-1]
