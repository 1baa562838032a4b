"""One page's session: takes its messages, answers them, trains between them, makes its frames."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import __version__
from chainrule.errors import ParameterError, TableError
from chainrule.playground.catalog import catalog
from chainrule.playground.failures import sentence_of
from chainrule.playground.frames import frame_of, state_of
from chainrule.playground.run import Run
from chainrule.playground.settings import LIMITS
from chainrule.playground.view import View
from chainrule.table.limits import DEFAULT_LIMITS, TableLimits

__all__ = ["Session"]

Content = Mapping[str, Any]
Buffers = Mapping[str, np.ndarray]
Message = tuple[dict[str, Any], dict[str, np.ndarray]]

_MOST_AT_ONCE = 10_000


class Session:
    """A run, what is wanted to be seen of it, and what is still to be done.

    Parameters
    ----------
    reply : callable (content, buffers)
        Takes what goes to the page.
    later : callable (work) -> None
        Runs a function without arguments beside the training, and hands its message to `reply`.
    """

    def __init__(self, reply: Callable[..., None], later: Callable[[Callable[[], Message]], None]) -> None:
        self.reply, self.later = reply, later
        self.run = Run()
        self.view = View()
        self.revision = 0
        self.goal: tuple[str, float] | None = None
        self.is_playing = False
        self.wants_frame = False
        self.is_changed = True
        self.findings: list[dict[str, Any]] = []
        self.trouble: str | None = None
        self.said = ""
        self.speed = 0.0
        self.table: Any = None
        self.limits = DEFAULT_LIMITS
        self.grids: dict[int, Any] = {}

    # -- messages --------------------------------------------------------------------------------------------

    def begin(
        self,
        data: str | None = None,
        target: str | None = None,
        model: str | None = None,
        limits: dict[str, int | None] | None = None,
    ) -> None:
        """Greet the page, with the files that the command line named, and its limits of tables."""
        self.limits = TableLimits(**limits or {})
        self.reply({"type": "hello", "catalog": catalog(__version__)}, {})
        if data is not None:
            self._guarded(lambda: self._open_path(Path(data), target))
        if model is not None:
            self._guarded(lambda: self._open_model(Path(model).read_bytes(), Path(model).name))
        self._tell_state()

    def take(self, content: Content, buffers: Buffers) -> None:
        """Do what a message says; what cannot be done is refused in a sentence."""

        def work() -> None:
            if not self._steer(content):
                self._change(content, buffers)

        self._guarded(work)

    def refuse(self, sentence: str) -> None:
        """Say to the person at the page what could not be done."""
        self.reply({"type": "refused", "message": sentence}, {})

    def _guarded(self, work: Callable[[], Any]) -> None:
        try:
            work()
        except Exception as error:  # whatever it is: the person is told, and the page goes on
            self.refuse(sentence_of(error))

    def _steer(self, content: Content) -> bool:
        """Messages that move in time, or say what is to be seen; whether it was one."""
        match content.get("type"):
            case "next":
                self.wants_frame = True
            case "play":
                self._play()
            case "pause":
                self._pause()
            case "step":
                self._step(content.get("unit", "batch"), content.get("n", 1))
            case "back":
                self._travel(self.run.step_before(content.get("unit", "batch"), content.get("n", 1)))
            case "go_to":
                self._travel(content.get("step"))
            case "view":
                self._look(content.get("view"))
            case "ask":
                self._answer(content)
            case _:
                return False
        return True

    def _change(self, content: Content, buffers: Buffers) -> None:
        """Messages after which settings, rows or weights are others."""
        match content.get("type"):
            case "set":
                self._set(content.get("settings"))
            case "reset":
                self._pause()
                self.run.reset(content.get("seed"))
            case "edit":
                places = (content.get("layer"), content.get("to"), content.get("from"))
                self.run.edit(*places, content.get("value"))  # type: ignore[arg-type]
            case "draw":
                self.run.draw(*(_points(content.get(name)) for name in ("add", "move", "erase")))
            case "table":
                self._open_table(content, buffers.get("bytes"))
            case "open_model":
                if "bytes" not in buffers:
                    raise ParameterError("a model comes as the bytes of its file")
                self._open_model(buffers["bytes"].tobytes(), content.get("name"))
            case other:
                raise ParameterError(f"there is no message {other!r:.80}")
        self.trouble, self.findings = None, []
        self._tell_state()

    # -- time --------------------------------------------------------------------------------------------

    def _play(self) -> None:
        if self.trouble is None:
            self.goal, self.is_playing, self.is_changed = None, True, True

    def _pause(self) -> None:
        self.goal, self.is_playing, self.is_changed = None, False, True

    def _step(self, unit: Any, n: Any) -> None:
        if unit not in ("sample", "batch", "epoch") or type(n) is not int or not 1 <= n <= _MOST_AT_ONCE:
            raise ParameterError(
                f"a step is some samples, batches or epochs, however: {n!r:.40} {unit!r:.40}"
            )
        if self.trouble is None:
            now = self.run.now
            self.goal = (unit, now.epochs + n if unit == "epoch" else now.step + n)
            self.is_playing, self.is_changed = False, True

    def _travel(self, step: Any) -> None:
        """Be at the last remembered step up to this one, and train on to it; settings may be others there."""
        first = self.run.past.first_step
        if type(step) is not int or step < first:
            raise ParameterError(f"one can go back to step {first} and those after it, however: {step!r:.80}")
        before = self.run.settings, self.run.examples
        self._pause()
        if step < self.run.now.step:
            self.run.fall_back(step)
            self.trouble, self.findings = None, []
        if step > self.run.now.step and self.trouble is None:
            self.goal = ("batch", step)
        if (self.run.settings, self.run.examples) != before:
            self._tell_state()

    @property
    def is_busy(self) -> bool:
        """Whether there is training to do."""
        return self.trouble is None and (self.is_playing or self.goal is not None)

    def train(self, is_over: Callable[[], bool]) -> int:
        """Train until the goal is reached or time is over; how many steps were made."""
        before = self.run.now.step
        unit, target = self.goal or ("batch", np.inf)
        try:
            while True:
                if (self.run.now.epochs if unit == "epoch" else self.run.now.step) >= target:
                    self.goal = None
                    break
                if is_over():
                    break
                self.run.advance("sample" if unit == "sample" else "batch")
                if not self.run.now.state.finite:
                    self._stop_for_trouble()
                    break
        except Exception as error:  # whatever it is: training ends, the page goes on
            self._pause()
            self.refuse(sentence_of(error))
        self.is_changed = True
        return int(self.run.now.step - before)

    def _stop_for_trouble(self) -> None:
        self._pause()
        self.trouble = (
            f"In step {self.run.now.step} a number became infinite: the steps are too long, so each "
            "overshoots further than the one before. Go back, and lower the learning rate "
            f"(now {self.run.settings.learning_rate:g}); scaled inputs and a penalty on the weights help too."
        )

    # -- what is seen ------------------------------------------------------------------------------------

    def send_frame(self) -> None:
        """Send the frame that the page waits for; one that cannot be made is tried again after a change."""
        self.is_changed = False
        try:
            self.reply(*frame_of(self))
            self.wants_frame, self.said = False, ""
        except OSError:
            raise  # nobody is there any more
        except Exception as error:
            if repr(error) != self.said:  # while it trains, it fails again and again
                self.refuse(sentence_of(error))
            self.said = repr(error)

    def _look(self, view: Any) -> None:
        before = self.view
        self.view = before.changed(view, self.run.examples.rows)
        self.is_changed = True
        if (before.axes, before.held) != (self.view.axes, self.view.held):
            self._tell_state()

    def _answer(self, content: Content) -> None:
        from chainrule.playground.answers import answer

        run, path = copy(self.run), getattr(self.table, "path", None)
        self.later(lambda: answer(run, content, None if path is None else str(path)))

    def _tell_state(self) -> None:
        self.revision += 1
        self.is_changed = True
        self.reply(*state_of(self))

    # -- settings and files ------------------------------------------------------------------------------

    def _set(self, settings: Any) -> None:
        kind = self.run.settings.data.kind
        self.run.change(settings)
        if self.run.settings.data.kind != kind:
            self._see_from_afresh()

    def _see_from_afresh(self) -> None:
        """Other data have other columns, and another run has begun."""
        self._pause()
        self.view = replace(self.view, axes=None, held={}, main=None, row=None)
        self.grids = {}

    def _open_table(self, content: Content, data: Any) -> None:
        from chainrule.playground.opening import Table, chosen_columns

        target, columns = content.get("target"), content.get("columns")
        table, kind = self.table, "table"
        if data is not None:
            table = Table.from_page(content.get("name"), data.tobytes(), self.limits)
        elif table is None and target is not None:
            raise TableError("open a table first")
        if data is None and target is None:
            examples = chosen_columns(self.run.examples, columns)
            kind = self.run.settings.data.kind
        else:
            examples = table.examples(target, columns, self.run.settings.data)
        self.run.change({"data": {"kind": kind}}, examples)
        self.table = table
        self._see_from_afresh()

    def _open_path(self, path: Path, target: str | None) -> None:
        """Read the table that the command line named."""
        from chainrule.playground.opening import Table

        table = Table(path.name, path, limits=self.limits)
        examples = table.examples(target, None, self.run.settings.data)
        self.run.change({"data": {"kind": "table"}}, examples)
        self.table = table

    def _open_model(self, data: bytes, name: Any) -> None:
        from chainrule.playground.model import opened
        from chainrule.playground.opening import model_in

        if self.run.examples.rows.grid:
            raise ParameterError("a model of dense layers is opened beside its data; choose them first")
        self._pause()
        self.run.use(*opened(model_in(data, name), self.run.examples, self.run.settings))


def _points(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > LIMITS["points"]:
        raise ParameterError("points to add, to move and to erase come as lists")
    return value
