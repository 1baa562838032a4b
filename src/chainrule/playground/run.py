"""A training that one can watch: step by step, forward and back, and changed while it runs."""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np

from chainrule.engine.numpy import quiet
from chainrule.errors import ParameterError
from chainrule.playground.curve import Curve
from chainrule.playground.drawn import redrawn
from chainrule.playground.examples import Examples, PlaneInputs
from chainrule.playground.grid_data import GRID_DATA
from chainrule.playground.moment import (
    Moment,
    arrays_of,
    begin,
    continued,
    edited,
    examples_named,
    fitting,
    losses_of,
    unrolled,
    was_touched,
)
from chainrule.playground.past import Past
from chainrule.playground.scores import Scores, scores_of
from chainrule.playground.settings import Settings
from chainrule.playground.stepping import stepped
from chainrule.playground.toy_data import TOY_DATA
from chainrule.playground.training import rate_of

__all__ = ["Run", "Scores"]

Array = Any
Entry = tuple[str, Any]


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
    curve: Curve

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
    def learning_rate(self) -> float:
        """η of the next step: by the schedule, and by what an adaptive one has come to."""
        now, n = self.now, max(len(self.examples.y_train), 1)
        return rate_of(now.settings, n, now.epochs, now.place, now.samples) * float(now.state.rate_factor)

    @property
    def is_finite(self) -> bool:
        """Whether all parameters are numbers."""
        return bool(np.isfinite(self.theta).all())

    @property
    def epoch_losses(self) -> list[float]:
        """Mean loss of each full epoch with penalties, each batch's before its update."""
        return losses_of(self.now.losses)

    @property
    def log(self) -> list[Entry]:
        """What was done since the beginning: ("batch", n), ("sample", n), ("set", changes), ("edit", ...)."""
        return unrolled(self.now.log)

    def outputs(self, X: Array) -> Array:
        """Raw outputs of the network for inputs X."""
        with quiet():
            return self.now.setup.network.predict(self.theta, X)

    def answers(self, test: bool = False) -> Array:
        """Raw outputs for all training or test rows."""
        return self.outputs(self.examples.X_test if test else self.examples.X_train)

    def scores(self, test: bool = False) -> Scores:
        """Loss and score of all training or test rows with the parameters as they are now."""
        return scores_of(self.now, self.answers(test), test)

    def point(self, train: Scores, test: Scores) -> tuple[float, ...]:
        """Where the curves are with these scores."""
        return (float(self.now.step), self.epoch, train.loss, test.loss, train.score, test.score)

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
        self.go_to(self.step_before(unit, n))

    def step_before(self, unit: str, n: int) -> int:
        """The step that `back` leads to."""
        if unit not in ("sample", "batch", "epoch") or type(n) is not int or n < 1:
            raise ParameterError(
                f"one goes back by samples, batches or epochs, however: {n!r:.40} {unit!r:.80}"
            )
        if unit != "epoch":
            return max(self.now.step - n, self.past.first_step)
        epochs = max(self.now.epochs - n + bool(self.now.place), 0)
        known = self.past.before(epochs)
        if known.epochs >= epochs:
            return int(known.step)
        n_train = len(known.examples.y_train)
        batch_size = min(known.settings.batch_size, n_train)  # of the plain steps from there on
        rest = ceil((n_train - known.place) / batch_size)
        return int(known.step + rest + (epochs - known.epochs - 1) * ceil(n_train / batch_size))

    def go_to(self, step: int) -> None:
        """Be at an earlier step again, as if what came after it had not been."""
        if type(step) is not int or not self.past.first_step <= step <= self.now.step:
            raise ParameterError(
                f"one can go back to steps from {self.past.first_step} to {self.now.step}, however: "
                f"{step!r:.80}"
            )
        self.fall_back(step)
        while self.now.step < step and self._is_usable:
            self._step(self.settings.batch_size, "batch")

    def fall_back(self, step: int) -> None:
        """Be at the last remembered step up to this one; from there, plain steps lead to it."""
        if step < self.now.step:
            self.now = self.past.at(step)
            self.curve.forget_after(self.now.step)

    # -- changes ---------------------------------------------------------------------------------------------

    def reset(self, seed: int | None = None) -> None:
        """Begin anew with the settings of now, with other initial weights where another seed is given."""
        settings = self.settings if seed is None else self.settings.changed({"seed": seed})
        self._restart(settings, self.examples)

    def change(self, changes: Mapping[str, Any], examples: Examples | None = None) -> None:
        """Go on with other settings; what of the weights can be kept is kept.

        Other data (another kind, another table) are another run, which begins, and so is another
        convolution or recurrence.

        Parameters
        ----------
        examples : Examples, optional
            The rows of a table, where the settings name one.
        """
        before = self.now
        settings = before.settings.changed(changes)
        if settings == before.settings and examples is None:
            return
        is_other = examples is not None or _what_begins_anew(settings) != _what_begins_anew(before.settings)
        if examples is None:
            settings, examples = self._examples_for(settings)
        settings = fitting(settings, examples)
        if is_other or (before.step == 0 and not was_touched(before.log)):
            self._restart(settings, examples)
        else:
            self._take(continued(before, settings, examples, ("set", dict(changes))))

    def edit(self, layer: int, to: int, from_: int | None, value: float) -> None:
        """Set one weight, or with `from_` None a bias; all count from 0."""
        self._take(edited(self.now, layer, to, from_, value))

    def draw(
        self, add: list[Any] | None = None, move: list[Any] | None = None, erase: list[Any] | None = None
    ) -> None:
        """Add, move and erase points of the plane."""
        before = self.now
        rows = redrawn(before.examples.rows, add or [], move or [], erase or [], before.settings.data.seed)
        examples = Examples(rows, PlaneInputs(before.settings.features), before.settings.data.share)
        settings = replace(before.settings, data=replace(before.settings.data, kind="drawn"))
        entry = ("draw", {"add": add or [], "move": move or [], "erase": erase or []})
        self._take(continued(before, fitting(settings, examples), examples, entry))

    def use(self, settings: Settings, theta: Any) -> None:
        """Begin anew with these settings and parameters, as those of an opened model."""
        theta = np.asarray(theta, dtype=np.float64)
        self._restart(fitting(settings, self.examples), self.examples)
        split = self.now.setup.parts.split(theta)
        state, log = self.now.state._replace(theta=split), (None, ("use", theta.tolist()))
        self._take(self.now._replace(state=state, theta_before=split, log=log))

    # -- inside ------------------------------------------------------------------------------------------

    @property
    def _is_usable(self) -> bool:
        return bool(self.now.state.finite)

    def _examples_for(self, settings: Settings) -> tuple[Settings, Examples]:
        """The examples that settings name, those of now where they can stay."""
        before = self.now
        data, rows = settings.data, before.examples.rows
        if data.kind in GRID_DATA:
            return (settings, before.examples) if data == before.settings.data else examples_named(settings)
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
        self.first_settings, self.first_examples = settings, examples
        self.past = Past(arrays_of)
        self.curve = Curve()
        self.now = begin(settings, examples)
        self._remember(fixed=True)
        self._note_scores()

    def _take(self, changed: Moment) -> None:
        """Go on from what was changed by hand, and keep this moment for good."""
        self.now = changed
        self._remember(fixed=True)
        self._note_scores()

    def _remember(self, fixed: bool = False) -> None:
        self.past.keep(self.now.step, self.now, fixed)

    def _step(self, n_rows: int, unit: str) -> None:
        before = self.now.epochs
        self.now = stepped(self.now, n_rows, "sample" if unit == "sample" else "batch")
        if self.now.epochs > before and self.now.epochs % self.curve.stride == 0:
            self._note_scores()
        if self._is_usable:
            self._remember(fixed=unit == "sample")

    def _note_scores(self) -> None:
        train, test = self.scores(), self.scores(test=True)
        self.curve.add(self.point(train, test))


def _what_begins_anew(settings: Settings) -> tuple[Any, ...]:
    """The settings that make another network, of which no weights could be kept."""
    data = settings.data
    if data.kind not in GRID_DATA:
        return (data.kind,)
    return (data.kind, data.steps, settings.filters, settings.cell, settings.cell_units)
