"""From settings to what is trained, exactly as the estimators would: network, program, numbers, batches."""

from math import ceil
from typing import Any, NamedTuple

import numpy as np

from chainrule.engine import Program, State
from chainrule.engine.parts import Parts
from chainrule.network import Draw, Loss, Network, get_loss
from chainrule.network.losses import MultilabelCrossEntropy, SoftmaxCrossEntropy
from chainrule.optimization import SGD, Adam, Optimizer, get_schedule
from chainrule.playground.examples import Examples
from chainrule.playground.grid_network import grid_network
from chainrule.playground.settings import Settings

__all__ = ["Epoch", "Setup", "epoch_of", "kept_weights", "loss_of", "rate_of", "resumed", "setup_of"]

Array = Any

_ADAMW_DECAY = 0.01  # MLPClassifier(solver="adamw")
_PATIENCE = {"tol": 1e-4, "patience": 10.0}


class Setup(NamedTuple):
    """What is trained.

    Attributes
    ----------
    program, numbers : as `training_step` takes them
    parts : how θ is held
    """

    program: Program
    numbers: dict[str, float]
    parts: Parts

    @property
    def network(self) -> Network:
        """What computes."""
        return self.program.network


class Epoch(NamedTuple):
    """What is drawn for an epoch: as one call of an estimator's `partial_fit` draws it."""

    order: Array
    key: Array


def setup_of(settings: Settings, examples: Examples) -> Setup:
    """Network, loss and optimizer for these examples."""
    classes = examples.rows.classes
    network = _network(settings, examples, len(classes) if len(classes) > 2 else 1)
    l2 = settings.penalty_rate if settings.penalty == "l2" else 0.0
    l1 = settings.penalty_rate if settings.penalty == "l1" else 0.0
    numbers = {
        "l2": l2,
        "l1": l1,
        "clip": 0.0,
        "weight_decay": _ADAMW_DECAY if settings.solver == "adamw" else 0.0,
        "momentum": settings.momentum,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
        **_PATIENCE,
    }
    program = Program(
        network,
        loss_of(settings, classes),
        _optimizer(settings),
        adaptive=settings.schedule == "adaptive",
        l1=l1 > 0,
        weight_decay=numbers["weight_decay"] > 0,
    )
    return Setup(program, numbers, Parts(network))


def _network(settings: Settings, examples: Examples, n_outputs: int) -> Network:
    if examples.rows.grid:
        return grid_network(settings, examples.rows.grid, n_outputs)
    return Network.mlp(
        len(examples.inputs.names),
        [layer.units for layer in settings.layers],
        n_outputs,
        [layer.activation for layer in settings.layers],
        [layer.dropout for layer in settings.layers],
        settings.initializer,
        "uniform",
    )


def loss_of(settings: Settings, classes: tuple[str, ...]) -> Loss:
    """The loss of the settings for so many classes."""
    if classes:
        return SoftmaxCrossEntropy() if len(classes) > 2 else MultilabelCrossEntropy()
    return get_loss(settings.loss)


def _optimizer(settings: Settings) -> Optimizer:
    if settings.solver in ("adam", "adamw"):
        return Adam()
    has_momentum = settings.solver != "sgd" and settings.momentum > 0
    return SGD(momentum=has_momentum, nesterov=has_momentum and settings.solver == "nesterov")


def epoch_of(settings: Settings, n_rows: int, samples_seen: int) -> Epoch:
    """Order of the rows and key of the dropout stream for the epoch that begins after so many samples."""
    seed = settings.seed
    rng = np.random.default_rng([seed, samples_seen] if samples_seen else seed)
    key = Draw.from_seed(int(rng.integers(2**32))).key
    return Epoch(rng.permutation(np.arange(n_rows, dtype=np.int32)), key)


def rate_of(settings: Settings, n_rows: int, epochs: int, place: int, samples_seen: int) -> float:
    """Learning rate of the step at the row `place` of an epoch, by the schedule."""
    batch_size = min(settings.batch_size, n_rows)
    n_steps = ceil(n_rows / batch_size)
    step = place / batch_size
    done = min((epochs * n_steps + step) / (settings.planned_epochs * n_steps), 1.0)
    factors = get_schedule(settings.schedule, 0.5).factors(np.asarray([done]), np.asarray([samples_seen]))
    return settings.learning_rate * float(factors[0])


def kept_weights(
    old: Network, old_theta: Array, old_names: tuple[str, ...], new: Network, new_theta: Array, names: Any
) -> Array:
    """The new network's initial parameters, with the old ones in the place of those that remain.

    Hidden layers remain by their place, units by theirs, inputs by their names, and the output layer is the
    output layer; where their numbers differ, what is common is kept.
    """
    if new == old and tuple(names) == tuple(old_names):
        return old_theta.copy()
    theta = new_theta.copy()
    before = [p for p in old.views(old_theta) if "W" in p]
    after = [p for p in new.views(theta) if "W" in p]
    for was, now in [*zip(before[:-1], after[:-1], strict=False), (before[-1], after[-1])]:
        if (was is before[0]) != (now is after[0]):
            continue  # one reads the inputs, the other a hidden layer
        if len(was["b"]) != len(now["b"]) and now is after[-1]:
            continue  # other classes
        n_to = min(len(was["b"]), len(now["b"]))
        now["b"][:n_to] = was["b"][:n_to]
        if now is after[0]:
            for place, name in enumerate(names):
                if name in old_names:
                    now["W"][:n_to, place] = was["W"][:n_to, old_names.index(name)]
        else:
            n_from = min(was["W"].shape[1], now["W"].shape[1])
            now["W"][:n_to, :n_from] = was["W"][:n_to, :n_from]
    return theta


def resumed(state: State, fresh: State, adaptive: bool) -> State:
    """The state with which `partial_fit` goes on: with the moments, if the optimizer still fits them."""
    if len(state.moments) == len(fresh.moments) and all(
        m.shape == f.shape for m, f in zip(state.moments, fresh.moments, strict=True)
    ):
        fresh = fresh._replace(moments=state.moments, step=state.step)
        if adaptive:
            fresh = fresh._replace(count=state.count, rate_factor=state.rate_factor)
    return fresh._replace(best=state.best)
