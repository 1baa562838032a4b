"""chainrule: training as its estimators run it, engine xla or numpy."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

from chainrule import MLPRegressor
from chainrule.engine import Data, Program, start
from chainrule.engine.numpy import NumpyEngine
from chainrule.network import Network, get_loss
from chainrule.optimization import Adam, get_schedule
from chainrule.training import Training
from speed.cases import Case
from speed.data import rows_and_targets
from speed.systems import Predictor

__all__ = ["compiling", "fit", "predictors", "trainers", "warm_up"]

Array = Any

_NUMBERS = {
    "l2": 1e-4,
    "l1": 0.0,
    "clip": 0.0,
    "weight_decay": 0.0,
    "tol": 0.0,
    "patience": np.inf,
    "momentum": 0.9,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "epsilon": 1e-8,
}
_FOREVER = 1_000_000


class _Trainer:
    """The training loop that `fit` runs: batch orders are drawn in the measured time, rows loaded before."""

    context = nullcontext

    def __init__(self, case: Case, engine: Any) -> None:
        X, y = rows_and_targets(case)
        data = Data(X, y[:, None].astype(np.float32), np.ones(len(X), np.float32))
        rng = np.random.default_rng(0)
        self.case, self.compiles = case, engine.name == "xla"
        self.network = Network.mlp(
            case.sizes[0],
            case.sizes[1:-1],
            case.sizes[-1],
            case.activation,
            case.dropout,
            "glorot_uniform",
            "uniform",
        )
        loss = get_loss("softmax_cross_entropy" if case.n_classes else "squared_error")
        program = Program(self.network, loss, Adam())
        self.training = Training(
            program=program,
            engine=engine,
            data=data,
            state=start(self.network.initialize(rng), Adam().n_moments),
            numbers=_NUMBERS,
            schedule=get_schedule("constant", 0.5),
            learning_rate=1e-3,
            batch_size=case.batch,
            max_epochs=_FOREVER,
            planned_epochs=_FOREVER,
            rng=rng,
        )
        self.epochs = self.training.epochs()
        self.epochs_per_call = engine.epochs_per_call(program, data)

    def advance(self) -> int:
        """One call of the engine, which may hold several epochs."""
        for _ in range(self.epochs_per_call):
            next(self.epochs)
        return self.epochs_per_call * self.case.steps_per_epoch

    def steps(self) -> int:
        return int(self.training.state.step)

    def outputs(self, X: Array) -> Array:
        return self.network.predict(self.training.state.theta, X)


def _engine(name: str) -> Any:
    if name == "numpy":
        return NumpyEngine()
    from chainrule.engine.xla import XlaEngine

    return XlaEngine()


def trainers(case: Case, engine: str) -> dict[str, Callable[[], Any]]:
    return {engine: lambda: _Trainer(case, _engine(engine))}


class _Watched:
    """An engine, and how long the last call of `run_epochs` took."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def run_epochs(self, *arguments: Any) -> Any:
        begin = time.perf_counter()
        result = self.engine.run_epochs(*arguments)
        self.seconds = time.perf_counter() - begin
        return result


def compiling(case: Case) -> Callable[[], float]:
    """Seconds of a call of `run_epochs`."""
    engine = _Watched(_engine("xla"))
    trainer = _Trainer(case, engine)

    def call() -> float:
        trainer.advance()
        return engine.seconds

    return call


def predictors(weights: list[tuple[Array, Array]]) -> dict[str, Predictor]:
    """`predict` of a fitted model with these weights, and its `predictor()` where there is one."""
    model = MLPRegressor(hidden_layer_sizes=[len(b) for _, b in weights[:-1]], max_iter=1, engine="numpy")
    X = np.zeros((64, len(weights[0][0])), np.float32)
    model.fit(X, X[:, 0])
    model.coefs_ = [W for W, _ in weights]
    model.intercepts_ = [b for _, b in weights]
    found = {"predict": Predictor(model.predict)}
    if hasattr(model, "predictor"):
        found["predictor"] = Predictor(model.predictor())
    return found


def warm_up(engine: str) -> None:
    if engine == "xla":
        import jax

        _engine("xla")
        jax.block_until_ready(jax.numpy.ones(3) + 1)


def fit(X: Array, y: Array, hidden: tuple[int, ...], batch: int, epochs: int, engine: str) -> int:
    model = MLPRegressor(
        hidden_layer_sizes=hidden,
        batch_size=batch,
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=np.inf,
        engine=engine,
        random_state=0,
    )
    model.fit(X, y)
    if model.engine_ != engine:
        raise RuntimeError(f"engine {engine} was asked for, however {model.engine_} has computed")
    return int(model.t_)
