"""A run at one step: everything that it is, how it begins, and how it goes on with something else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from chainrule.engine import State, start
from chainrule.engine.parts import over_vectors
from chainrule.errors import ParameterError
from chainrule.playground.examples import Examples, PlaneInputs, toy_rows
from chainrule.playground.grid_data import GRID_DATA, grid_examples
from chainrule.playground.settings import BUNDLED, LOSSES, Settings
from chainrule.playground.toy_data import TOY_DATA
from chainrule.playground.training import Epoch, Setup, epoch_of, kept_weights, resumed, setup_of

__all__ = [
    "Moment",
    "arrays_of",
    "begin",
    "begun",
    "continued",
    "edited",
    "examples_named",
    "fitting",
    "longer",
    "losses_of",
    "unrolled",
    "was_touched",
    "with_loss",
]

_LOSSES_OF_A_BLOCK = 100


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
    losses : of the full epochs so far: see `with_loss`
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


def continued(before: Moment, settings: Settings, examples: Examples, entry: tuple[str, Any]) -> Moment:
    """The same training with other settings or rows; what of the weights can be kept is kept."""
    setup = setup_of(settings, examples)
    network, parts = before.setup.network, before.setup.parts
    theta = kept_weights(
        network,
        parts.join(before.state.theta),
        before.examples.inputs.names,
        setup.network,
        setup.network.initialize(np.random.RandomState(settings.seed), np.float64),
        examples.inputs.names,
    )
    state = resumed(
        over_vectors(parts.join, before.state),
        start(theta, setup.program.optimizer.n_moments),
        setup.program.adaptive,
    )
    epoch: Mapping[str, Any] = {"epoch": before.epoch}
    if len(examples.y_train) != len(before.examples.y_train) or settings.seed != before.settings.seed:
        epoch = begun(settings, examples, before.samples + before.place)
    return before._replace(
        settings=settings,
        examples=examples,
        setup=setup,
        state=over_vectors(setup.parts.split, state),
        theta_before=before.theta_before if setup.network == network else setup.parts.split(theta),
        log=(before.log, entry),
        **epoch,
    )


def edited(before: Moment, layer: Any, to: Any, from_: Any, value: Any) -> Moment:
    """The moment with one weight set, or with `from_` None a bias; all count from 0.

    Raises
    ------
    ParameterError
        If there is no such weight, or the value is no number.
    """
    if type(value) not in (int, float) or not abs(value) <= 1e6:
        raise ParameterError(f"a weight must be a number of at most 1e6, however: {value!r:.80}")
    theta = before.setup.parts.join(before.state.theta)
    dense = [p for p in before.setup.network.views(theta) if "W" in p]
    try:
        places = (layer, to, 0 if from_ is None else from_)
        if any(type(place) is not int or place < 0 for place in places):
            raise IndexError
        target = dense[layer]
        array, place = (target["b"], (to,)) if from_ is None else (target["W"], (to, from_))
        array[place] = value
    except IndexError:
        raise ParameterError(
            f"there is no weight from {from_!r:.20} to {to!r:.20} in layer {layer!r:.20}"
        ) from None
    return before._replace(
        state=before.state._replace(theta=before.setup.parts.split(theta)),
        log=(before.log, ("edit", (layer, to, from_, float(value)))),
    )


def arrays_of(moment: Moment) -> list[Any]:
    """What a moment holds in memory; moments that follow each other share much of it."""
    state, examples, rows = moment.state, moment.examples, moment.examples.rows
    found = [*state.theta, *state.best_theta, *moment.theta_before, moment.epoch.order]
    for one in state.moments:
        found += one
    found += [one for one in vars(examples).values() if isinstance(one, np.ndarray)]
    return [*found, rows.values, rows.y, rows.places]


def examples_named(settings: Settings) -> tuple[Settings, Examples]:
    """The examples of a data set that has a name."""
    data = settings.data
    if data.kind in TOY_DATA:
        rows = toy_rows(data.kind, data.noise, data.seed)
        return settings, Examples(rows, PlaneInputs(settings.features), data.share)
    if data.kind in GRID_DATA:
        return settings, grid_examples(data)
    if data.kind in BUNDLED:
        from chainrule.playground.tables import bundled_rows, scaled

        return settings, scaled(bundled_rows(data.kind, data.seed), data.share)
    raise ParameterError(
        f"there is no data set {data.kind!r:.80}; there are "
        f"{', '.join([*TOY_DATA, *GRID_DATA, *BUNDLED])}, and tables that are opened"
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


def with_loss(losses: Any, loss: float) -> Any:
    """The losses with one more: (blocks, the last ones, their number), the first two as (earlier, last).

    Blocks are arrays, as a training that goes on for hours has millions of epochs.
    """
    blocks, last, n = losses or (None, None, 0)
    if n == _LOSSES_OF_A_BLOCK:
        blocks, last, n = (blocks, np.asarray(unrolled(last))), None, 0
    return (blocks, (last, loss), n + 1)


def losses_of(losses: Any, most: float = np.inf) -> list[float]:
    """The losses, the earliest first; of more than `most` the last blocks, with at least as many."""
    blocks, last, n = losses or (None, None, 0)
    found = [unrolled(last)]
    while blocks is not None and n < most:
        blocks, block = blocks
        found.append(block.tolist())
        n += len(block)
    return [loss for block in reversed(found) for loss in block]


def unrolled(pairs: Any) -> list[Any]:
    """The last parts of (earlier, last) pairs, the earliest first."""
    found = []
    while pairs is not None:
        pairs, last = pairs
        found.append(last)
    return found[::-1]
