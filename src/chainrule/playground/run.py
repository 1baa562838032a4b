"""A training that one can watch: step by step, forward and back, and changed while it runs."""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from chainrule.engine import start
from chainrule.engine.monitor import score
from chainrule.engine.numpy import quiet
from chainrule.engine.parts import over_vectors
from chainrule.engine.step import end_of_epoch, training_step
from chainrule.errors import ParameterError
from chainrule.playground.examples import Examples, PlaneInputs, redrawn
from chainrule.playground.moment import (
    Moment,
    begin,
    begun,
    examples_named,
    fitting,
    longer,
    unrolled,
    was_touched,
)
from chainrule.playground.past import Past
from chainrule.playground.settings import Settings
from chainrule.playground.toy_data import TOY_DATA
from chainrule.playground.training import (
    kept_weights,
    rate_of,
    resumed,
    setup_of,
)

__all__ = ["Run", "Scores"]

Array = Any
Entry = tuple[str, Any]

_CURVE = 600


class Scores(NamedTuple):
    """How well rows are answered: mean loss without penalties, and accuracy or R²; NaN without rows."""

    loss: float
    score: float


class Run:
    """A training that one can watch.

    Parameters
    ----------
    settings : Settings, optional
    examples : Examples, optional
        Needed for rows of a table; default: the toy data that the settings name.
    **changes
        Settings by name instead of those.

    Examples
    --------
    >>> run = Run(data={"kind": "gauss"}, layers=[])
    >>> run.advance("epoch", 10)
    >>> run.scores(test=True).score
    1.0
    """

    now: Moment
    curve: list[tuple[float, ...]]

    def __init__(
        self, settings: Settings | None = None, examples: Examples | None = None, **changes: Any
    ) -> None:
        settings = (settings or Settings()).changed(changes)
        if examples is None:
            settings, examples = examples_named(settings)
        self._restart(fitting(settings, examples), examples)

    # -- what it is ----------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """What is chosen now."""
        return self.now.settings

    @property
    def examples(self) -> Examples:
        """What is learned from."""
        return self.now.examples

    @property
    def theta(self) -> Array:
        """All parameters as one vector."""
        return self.now.setup.parts.join(self.now.state.theta)

    @property
    def epoch(self) -> float:
        """Epochs done, with the part of this one."""
        return float(self.now.epochs + self.now.place / max(len(self.examples.y_train), 1))

    @property
    def is_finite(self) -> bool:
        """Whether all parameters are numbers."""
        return bool(np.isfinite(self.theta).all())

    @property
    def epoch_losses(self) -> list[float]:
        """Mean loss of each full epoch with penalties, each batch's before its update."""
        return unrolled(self.now.losses)

    @property
    def log(self) -> list[Entry]:
        """What was done since the beginning: ("batch", n), ("sample", n), ("set", changes), ("edit", ...)."""
        return unrolled(self.now.log)

    def outputs(self, X: Array) -> Array:
        """Raw outputs of the network for inputs X."""
        with quiet():
            return self.now.setup.network.predict(self.theta, X)

    def scores(self, test: bool = False) -> Scores:
        """Loss and score of all training or test rows with the parameters as they are now."""
        chosen = self.examples
        X, y = (chosen.X_test, chosen.y_test) if test else (chosen.X_train, chosen.y_train)
        if not len(y):
            return Scores(np.nan, np.nan)
        loss = self.now.setup.program.loss
        a, weights = self.outputs(X), np.ones(len(y))
        metric = "accuracy" if chosen.rows.classes else "r2"
        with quiet():
            return Scores(
                float(loss.judged(a, y[:, None], weights)),
                float(score(metric, loss, a, y[:, None], weights)),
            )

    # -- forward and back ------------------------------------------------------------------------------------

    def advance(self, unit: str = "batch", n: int = 1) -> None:
        """Train `n` samples (each a step of its own), batches, or up to the end of `n` epochs.

        It ends early where a parameter is no finite number any more.
        """
        if unit not in ("sample", "batch", "epoch") or type(n) is not int or not 1 <= n <= 1_000_000:
            raise ParameterError(f"one goes on by samples, batches or epochs, however: {n!r} {unit!r:.80}")
        if not len(self.examples.y_train):
            raise ParameterError("there is no training row; draw points, or raise the training share")
        for _ in range(n):
            before = self.now.epochs
            while True:
                self._step(1 if unit == "sample" else self.settings.batch_size, unit)
                if unit != "epoch" or self.now.epochs > before or not self._is_usable:
                    break
            if not self._is_usable:
                return

    def back(self, unit: str = "batch", n: int = 1) -> None:
        """Go back by `n` steps, or to the beginning of this epoch and those before it."""
        if unit == "epoch":
            n_train = max(len(self.examples.y_train), 1)
            steps = ceil(n_train / min(self.settings.batch_size, n_train))
            within = ceil(self.now.place / min(self.settings.batch_size, n_train)) or steps
            n = within + (n - 1) * steps
        self.go_to(max(self.now.step - n, self.past.first_step))

    def go_to(self, step: int) -> None:
        """Be at an earlier step again, as if what came after it had not been."""
        if type(step) is not int or not self.past.first_step <= step <= self.now.step:
            raise ParameterError(
                f"one can go back to steps from {self.past.first_step} to {self.now.step}, however: "
                f"{step!r:.80}"
            )
        if step < self.now.step:
            self.now = self.past.at(step)
            self.curve = [point for point in self.curve if point[0] <= self.now.step]
        while self.now.step < step and self._is_usable:
            self._step(self.settings.batch_size, "batch")

    # -- changes ---------------------------------------------------------------------------------------------

    def reset(self, seed: int | None = None) -> None:
        """Begin anew with the settings of now, with other initial weights where another seed is given."""
        settings = self.settings if seed is None else self.settings.changed({"seed": seed})
        self._restart(settings, self.examples)

    def change(self, changes: Mapping[str, Any], examples: Examples | None = None) -> None:
        """Go on with other settings; what of the weights can be kept is kept.

        Other data (another kind, another table) are another run, which begins.

        Parameters
        ----------
        examples : Examples, optional
            The rows of a table, where the settings name one.
        """
        before = self.now
        settings = before.settings.changed(changes)
        if settings == before.settings and examples is None:
            return
        is_other = examples is not None or settings.data.kind != before.settings.data.kind
        if examples is None:
            settings, examples = self._examples_for(settings)
        settings = fitting(settings, examples)
        if is_other or (before.step == 0 and not was_touched(before.log)):
            self._restart(settings, examples)
        else:
            self._go_on(settings, examples, ("set", dict(changes)))

    def edit(self, layer: int, to: int, from_: int | None, value: float) -> None:
        """Set one weight, or with `from_` None a bias; all count from 0."""
        network = self.now.setup.network
        theta = self.theta.copy()
        dense = [p for p in network.views(theta) if "W" in p]
        try:
            if type(value) not in (int, float) or not abs(value) <= 1e6:
                raise ParameterError(f"a weight must be a number of at most 1e6, however: {value!r:.80}")
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
        state = self.now.state._replace(theta=self.now.setup.parts.split(theta))
        self._set(state=state, log=(self.now.log, ("edit", (layer, to, from_, float(value)))))

    def draw(
        self, add: list[Any] | None = None, move: list[Any] | None = None, erase: list[Any] | None = None
    ) -> None:
        """Add, move and erase points of the plane."""
        before = self.now
        rows = redrawn(before.examples.rows, add or [], move or [], erase or [], before.settings.data.seed)
        examples = Examples(rows, PlaneInputs(before.settings.features), before.settings.data.share)
        settings = replace(before.settings, data=replace(before.settings.data, kind="drawn"))
        entry = ("draw", {"add": add or [], "move": move or [], "erase": erase or []})
        self._go_on(fitting(settings, examples), examples, entry)

    def use(self, settings: Settings, theta: Any) -> None:
        """Begin anew with these settings and parameters, as those of an opened model."""
        theta = np.asarray(theta, dtype=np.float64)
        self._restart(fitting(settings, self.examples), self.examples)
        split = self.now.setup.parts.split(theta)
        self._set(
            state=self.now.state._replace(theta=split),
            theta_before=split,
            log=(None, ("use", theta.tolist())),
        )

    # -- inside ------------------------------------------------------------------------------------------

    @property
    def _is_usable(self) -> bool:
        return bool(self.now.state.finite)

    def _examples_for(self, settings: Settings) -> tuple[Settings, Examples]:
        """The examples that settings name, those of now where they can stay."""
        before = self.now
        data, rows = settings.data, before.examples.rows
        if data.kind in TOY_DATA:
            if data == before.settings.data and settings.features == before.settings.features:
                return settings, before.examples
            return examples_named(settings)
        if data.kind != before.settings.data.kind:
            return examples_named(settings)
        if rows.is_plane:
            return settings, Examples(rows, PlaneInputs(settings.features), data.share)
        if data.share == before.settings.data.share and data.seed == before.settings.data.seed:
            return settings, before.examples
        from chainrule.playground.tables import scaled, shuffled

        return settings, scaled(shuffled(rows, data.seed), data.share)

    def _restart(self, settings: Settings, examples: Examples) -> None:
        self.first_settings = settings
        self.past = Past()
        self.curve = []
        self.stride = 1
        self.now = begin(settings, examples)
        self._remember(fixed=True)
        self._note_scores()

    def _go_on(self, settings: Settings, examples: Examples, entry: Entry) -> None:
        """The same training with other settings or rows."""
        before = self.now
        setup = setup_of(settings, examples)
        fresh_theta = setup.network.initialize(np.random.RandomState(settings.seed), np.float64)
        theta = kept_weights(
            before.setup.network,
            self.theta,
            before.examples.inputs.names,
            setup.network,
            fresh_theta,
            examples.inputs.names,
        )
        state = resumed(
            over_vectors(before.setup.parts.join, before.state),
            start(theta, setup.program.optimizer.n_moments),
            setup.program.adaptive,
        )
        epoch = {"epoch": before.epoch}
        if len(examples.y_train) != len(before.examples.y_train) or settings.seed != before.settings.seed:
            epoch = begun(settings, examples, before.samples + before.place)
        is_same = setup.network == before.setup.network
        self._set(
            settings=settings,
            examples=examples,
            setup=setup,
            state=over_vectors(setup.parts.split, state),
            theta_before=before.theta_before if is_same else setup.parts.split(theta),
            log=(before.log, entry),
            **epoch,
        )

    def _set(self, **changes: Any) -> None:
        """Replace what changes by hand, and keep this moment for good."""
        self.now = self.now._replace(**changes)
        self._remember(fixed=True)
        self._note_scores()

    def _remember(self, fixed: bool = False) -> None:
        self.past.keep(self.now.step, self.now, fixed)

    def _step(self, n_rows: int, unit: str) -> None:
        """One update by the next rows of this epoch, and what is to be done at its end."""
        now, examples = self.now, self.examples
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
        is_plain = unit != "sample"
        self.now = now._replace(
            state=state,
            step=now.step + 1,
            place=now.place + len(rows),
            loss=now.loss + float(value) / share,
            weight=now.weight + len(rows),
            log=longer(now.log, "batch" if is_plain else "sample"),
        )
        if self.now.place >= n:
            self._end_epoch(rate)
        elif not np.isfinite(value):
            self.now = self.now._replace(state=state._replace(finite=False))
        if self._is_usable:
            self._remember(fixed=not is_plain)

    def _end_epoch(self, rate: float) -> None:
        """Judge the epoch, as the estimators do, and draw the next one."""
        now = self.now
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
        self.now = now._replace(
            state=state,
            epochs=now.epochs + 1,
            losses=(now.losses, loss),
            **begun(now.settings, self.examples, now.samples + now.place),
            theta_before=state.theta,
        )
        if self.now.epochs % self.stride == 0:
            self._note_scores()

    def _note_scores(self) -> None:
        """A point of the curves; where they become many, every other is left out."""
        train, test = self.scores(), self.scores(test=True)
        point = (float(self.now.step), self.epoch, train.loss, test.loss, train.score, test.score)
        if self.curve and self.curve[-1][0] == point[0]:
            self.curve.pop()
        self.curve.append(point)
        if len(self.curve) > _CURVE:
            self.curve = self.curve[::2]
            self.stride *= 2


def _unused(*_: Any) -> Any:
    raise AssertionError("there are no validation rows")
