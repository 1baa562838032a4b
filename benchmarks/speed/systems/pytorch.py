"""PyTorch: rows in memory, batches by index, fused Adam; one thread, all threads, and the step compiled."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch.func import functional_call, grad_and_value

from speed.cases import Case, cores
from speed.data import rows_and_targets
from speed.systems import Predictor

__all__ = ["fit", "predictors", "trainers", "warm_up"]

Array = Any

_OPERATIONS_WORTH_ALL_THREADS = 5e7
"""Of a step: only from here on it is compiled for all threads as well. Compiling takes seconds, and smaller
steps are far faster on one thread."""


@contextmanager
def _threads(n: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _network(case: Case) -> torch.nn.Sequential:
    activation = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[case.activation]
    layers: list[torch.nn.Module] = []
    for n_from, n_to in pairwise(case.sizes):
        layers += [torch.nn.Linear(n_from, n_to), activation()]
        if case.dropout:
            layers.append(torch.nn.Dropout(case.dropout))
    return torch.nn.Sequential(*layers[: -2 if case.dropout else -1])


def _loss(case: Case, a: Any, y: Any) -> Any:
    if case.n_classes:
        return torch.nn.functional.cross_entropy(a, y)
    return 0.5 * torch.nn.functional.mse_loss(a, y)


class _Trainer:
    """A step per call; a new order of the rows every epoch, and a look at the loss every step."""

    compiles = False

    def __init__(self, case: Case, n_threads: int) -> None:
        torch.manual_seed(0)
        X, y = rows_and_targets(case)
        self.case, self.context = case, partial(_threads, n_threads)
        self.X = torch.from_numpy(X)
        self.y = torch.from_numpy(y) if case.n_classes else torch.from_numpy(y)[:, None]
        self.network = _network(case)
        self.batches = self.in_batches()
        self.set_up()

    def set_up(self) -> None:
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3, fused=True)

    def in_batches(self) -> Iterator[Any]:
        while True:
            yield from torch.randperm(len(self.X)).split(self.case.batch)

    def advance(self) -> int:
        rows = next(self.batches)
        self.loss = self.step(self.X[rows], self.y[rows]).item()
        return 1

    def step(self, x: Any, y: Any) -> Any:
        self.optimizer.zero_grad()
        loss = _loss(self.case, self.network(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def steps(self) -> int:
        states = list(self.optimizer.state.values())
        return int(states[0]["step"]) if states else 0

    def outputs(self, X: Array) -> Array:
        self.network.eval()
        with torch.no_grad():
            a = self.network(torch.from_numpy(X)).numpy()
        self.network.train()
        return a


class _Compiled(_Trainer):
    """Forward, backward and Adam as one graph: that is faster than compiling the eager step as it stands."""

    def set_up(self) -> None:
        self.p = {name: p.detach().clone() for name, p in self.network.named_parameters()}
        self.moments = {name: (torch.zeros_like(p), torch.zeros_like(p)) for name, p in self.p.items()}
        self.n_steps = torch.zeros(())

        def loss_of(p: Any, x: Any, y: Any) -> Any:
            return _loss(self.case, functional_call(self.network, p, (x,)), y)

        def whole_step(p: Any, moments: Any, n_steps: Any, x: Any, y: Any) -> Any:
            gradient, loss = grad_and_value(loss_of)(p, x, y)
            n_steps.add_(1)
            rate = 1e-3 * torch.sqrt(1 - 0.999**n_steps) / (1 - 0.9**n_steps)
            for name, g in gradient.items():
                m, v = moments[name]
                m.mul_(0.9).add_(g, alpha=0.1)
                v.mul_(0.999).addcmul_(g, g, value=0.001)
                p[name].sub_(rate * m / (v.sqrt() + 1e-8))
            return loss

        self.compiled = torch.compile(whole_step)

    def step(self, x: Any, y: Any) -> Any:
        with torch.no_grad():
            return self.compiled(self.p, self.moments, self.n_steps, x, y)

    def steps(self) -> int:
        return int(self.n_steps)

    def outputs(self, X: Array) -> Array:
        self.network.load_state_dict(self.p)
        return super().outputs(X)


def trainers(case: Case) -> dict[str, Callable[[], Any]]:
    threads = {"1 thread": 1} | ({"all threads": cores()} if cores() > 1 else {})
    eager = {name: partial(_Trainer, case, n) for name, n in threads.items()}
    if case.operations < _OPERATIONS_WORTH_ALL_THREADS:
        threads = {"1 thread": 1}
    return eager | {f"compiled, {name}": partial(_compiled, case, n) for name, n in threads.items()}


def _compiled(case: Case, n_threads: int) -> _Compiled:
    """Compiled by taking a step, which is not counted."""
    trainer = _Compiled(case, n_threads)
    rows = slice(case.batch)
    with trainer.context():
        trainer.step(trainer.X[rows], trainer.y[rows])
    trainer.n_steps.zero_()
    return trainer


def _linear_with(W: Array, b: Array) -> torch.nn.Linear:
    layer = torch.nn.Linear(*W.shape)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(W.T.copy()))
        layer.bias.copy_(torch.from_numpy(b))
    return layer


def predictors(weights: list[tuple[Array, Array]]) -> dict[str, Predictor]:
    layers = [layer for W, b in weights for layer in (_linear_with(W, b), torch.nn.ReLU())]
    network = torch.nn.Sequential(*layers[:-1]).eval()

    def predict(X: Array) -> Array:
        with torch.no_grad():
            return network(torch.from_numpy(X)).numpy()

    return {
        f"{n} thread" if n == 1 else "all threads": Predictor(predict, partial(_threads, n))
        for n in sorted({1, cores()})
    }


def warm_up() -> None:
    (torch.ones(3, requires_grad=True) + 1).sum().backward()


def fit(X: Array, y: Array, hidden: tuple[int, ...], batch: int, epochs: int) -> int:
    case = Case((X.shape[1], *hidden, 1), batch)
    network = _network(case)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)
    rows, targets = torch.from_numpy(X), torch.from_numpy(y)[:, None]
    seen = 0
    for _ in range(epochs):
        for chosen in torch.randperm(len(rows)).split(batch):
            optimizer.zero_grad()
            _loss(case, network(rows[chosen]), targets[chosen]).backward()
            optimizer.step()
            seen += len(chosen)
    return seen
