"""Several trainings at once: an engine that waits for all of them and runs their epochs in one program.

Each training runs in a thread of its own, as if it were alone, and asks for its next epochs. When every
thread has asked, requests of the same program and of equal sizes are computed together.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from threading import Condition
from typing import Any

import jax
import numpy as np

from chainrule.engine.base import Data, Engine, Plan, Program, Records, State
from chainrule.engine.xla import Request, XlaEngine

__all__ = ["Lockstep"]

Array = Any

_LARGEST_MATRIX = 1024
"""On a CPU, networks with a larger matrix train faster one after the other."""


class _Ticket:
    """A request, and its answer when there is one."""

    def __init__(self, program: Program, request: Request) -> None:
        self.program = program
        self.request = request
        self.answer: Any = None
        self.error: BaseException | None = None

    @property
    def is_answered(self) -> bool:
        return self.answer is not None or self.error is not None

    @property
    def key(self) -> Any:
        """Equal for requests that one compiled program can answer together."""
        loaded, state, plan, numbers = self.request
        shapes = tuple(None if part is None else part.shape for part in loaded.data)
        sizes = (loaded.n_rows, plan.batch_size, plan.capacity, plan.rates.shape[1], state.theta.dtype)
        return self.program, shapes, sizes, tuple(numbers)


class Lockstep:
    """The xla engine for `n` trainings in `n` threads, each of them within `taking_part`."""

    name = "xla"

    def __init__(self, n: int) -> None:
        self._n = n
        self._engine = XlaEngine()
        self._tickets: list[_Ticket] = []
        self._tables: list[tuple[Data, Any]] = []
        self._interrupted = False
        self._changed = Condition()
        self._groups: dict[Any, tuple[int, bool]] = {}

    @contextmanager
    def taking_part(self) -> Iterator[None]:
        """A context for a thread: when it ends, the others no longer wait for it."""
        try:
            yield
        finally:
            with self._changed:
                self._n -= 1
                self._answer_if_complete()

    def interrupt(self) -> None:
        """Let every training end with what it has learned, as if Ctrl-C had been pressed in its thread."""
        self._interrupted = True  # before the lock, which a computation may hold for a while
        with self._changed:
            self._changed.notify_all()

    def check(self) -> None:
        """Raise `KeyboardInterrupt` after `interrupt`."""
        if self._interrupted:
            raise KeyboardInterrupt

    def around(self, engine: Engine) -> Engine:
        """`engine` for one of these trainings that is computed by itself; ends as the others do."""
        return _Alone(self, engine)

    def load(self, data: Data, dtype: Any) -> Any:
        """See `Engine.load`; equal tables are loaded once."""
        with self._changed:
            for known, loaded in self._tables:
                if loaded.data.X.dtype == dtype and _equal(known, data):
                    return loaded
            loaded = self._engine.load(data, dtype)
            self._tables.append((data, loaded))
            return loaded

    def epochs_per_call(self, program: Program, data: Data) -> int:
        """See `Engine.epochs_per_call`."""
        return self._engine.epochs_per_call(program, data)

    def run_epochs(
        self, program: Program, loaded: Any, state: State, plan: Plan, numbers: dict[str, float]
    ) -> tuple[State, Records]:
        """See `Engine.run_epochs`; waits for the other trainings."""
        self.check()
        ticket = _Ticket(program, Request(loaded, state, plan, numbers))
        hash(ticket.key)  # what cannot be compiled fails here, in its own thread
        with self._changed:
            self._tickets.append(ticket)
            self._answer_if_complete()
            self._changed.wait_for(lambda: ticket.is_answered or self._interrupted)
        if ticket.error is not None:
            raise ticket.error
        if ticket.answer is None:
            raise KeyboardInterrupt
        return ticket.answer  # type: ignore[no-any-return]

    def value_and_gradient(
        self, program: Program, loaded: Any, theta: Array, numbers: dict[str, float]
    ) -> tuple[float, Array]:
        """See `Engine.value_and_gradient`; each training by itself."""
        self.check()
        return self._engine.value_and_gradient(program, loaded, theta, numbers)

    def _answer_if_complete(self) -> None:
        if not self._tickets or len(self._tickets) < self._n or self._interrupted:
            return
        groups = defaultdict(list)
        for ticket in self._tickets:
            groups[ticket.key].append(ticket)
        for key, tickets in groups.items():
            try:
                self._answer(key, tickets)
            except BaseException as error:  # belongs to the threads that asked
                for ticket in tickets:
                    ticket.error = error
        self._tickets = []
        self._changed.notify_all()

    def _answer(self, key: Any, tickets: list[_Ticket]) -> None:
        program = tickets[0].program
        requests = [ticket.request for ticket in tickets]
        same_table = all(request.loaded is requests[0].loaded for request in requests)
        n, was_same = self._groups.get(key, (_power_of_two(len(tickets)), True))
        same_table = same_table and was_same  # never back: each case is a program of its own
        self._groups[key] = n, same_table
        if n == 1 or not _pays(program) or any(_shares_batches(program, each) for each in requests):
            for ticket in tickets:
                ticket.answer = self._engine.run_epochs(program, *ticket.request)
            return
        # The group stays as large as it was, so that nothing is compiled anew when some have stopped.
        idle = requests[0]._replace(state=requests[0].state._replace(stopped=True))
        requests += [idle] * (n - len(requests))
        answers = self._engine.run_together(program, requests, same_table)
        for ticket, answer in zip(tickets, answers, strict=False):
            ticket.answer = answer


class _Alone:
    """An engine that looks whether it is to end."""

    def __init__(self, lockstep: Lockstep, engine: Engine) -> None:
        self.name = engine.name
        self._lockstep = lockstep
        self._engine = engine

    def load(self, data: Data, dtype: Any) -> Any:
        return self._engine.load(data, dtype)

    def epochs_per_call(self, program: Program, data: Data) -> int:
        return self._engine.epochs_per_call(program, data)

    def run_epochs(self, *arguments: Any) -> tuple[State, Records]:
        self._lockstep.check()
        return self._engine.run_epochs(*arguments)

    def value_and_gradient(self, *arguments: Any) -> tuple[float, Array]:
        self._lockstep.check()
        return self._engine.value_and_gradient(*arguments)


def _power_of_two(n: int) -> int:
    return 1 << (n - 1).bit_length()


def _pays(program: Program) -> bool:
    shapes = program.network.shapes(program.network.n_inputs).values()
    return jax.default_backend() != "cpu" or max(map(prod, shapes), default=0) <= _LARGEST_MATRIX


def _shares_batches(program: Program, request: Request) -> bool:
    """Whether one training by itself keeps several devices busy."""
    return request.loaded.mesh(program, request.plan.batch_size) is not None


def _equal(one: Data, other: Data) -> bool:
    def same(a: Any, b: Any) -> bool:
        if a is None or b is None or hasattr(a, "toarray") or hasattr(b, "toarray"):
            return a is b
        return np.array_equal(a, b)

    return all(map(same, one, other))
