"""scikit-learn's MLP: as it comes (BLAS with all threads), and with one thread."""

import warnings
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

from speed.cases import Case
from speed.data import rows_and_targets
from speed.systems import Predictor

__all__ = ["fit", "predictors", "trainers", "warm_up"]

Array = Any

warnings.simplefilter("ignore")


class _Trainer:
    """One epoch per `partial_fit`; its checks of the rows are counted (1 in 100 of the time or less)."""

    compiles = False

    def __init__(self, case: Case, context: Any) -> None:
        self.case, self.context = case, context
        self.X, self.y = rows_and_targets(case)
        estimator = MLPClassifier if case.n_classes else MLPRegressor
        self.model = estimator(
            hidden_layer_sizes=case.sizes[1:-1],
            activation=case.activation,
            batch_size=case.batch,
            max_iter=1,
            tol=0.0,
            n_iter_no_change=np.inf,
            random_state=0,
        )
        # Sets up the model; the one step that this takes is taken back in `steps`.
        first = {"classes": np.arange(case.n_classes)} if case.n_classes else {}
        with context():
            self.model.partial_fit(self.X[: case.batch], self.y[: case.batch], **first)
        self.before = self.steps_in_all()
        if self.model.coefs_[0].dtype != np.float32:
            raise RuntimeError(f"scikit-learn computes in {self.model.coefs_[0].dtype}")

    def advance(self) -> int:
        self.model.partial_fit(self.X, self.y)
        return self.case.steps_per_epoch

    def steps_in_all(self) -> int:
        return int(self.model._optimizer.t)

    def steps(self) -> int:
        return self.steps_in_all() - self.before

    def outputs(self, X: Array) -> Array:
        return self.model.predict_log_proba(X) if self.case.n_classes else self.model.predict(X)


_CONTEXTS = {"all threads": nullcontext, "1 thread": partial(threadpool_limits, 1)}


def trainers(case: Case) -> dict[str, Callable[[], Any]]:
    if case.dropout:
        raise RuntimeError("scikit-learn has no dropout")
    return {name: partial(_Trainer, case, context) for name, context in _CONTEXTS.items()}


def predictors(weights: list[tuple[Array, Array]]) -> dict[str, Predictor]:
    model = MLPRegressor(hidden_layer_sizes=[len(b) for _, b in weights[:-1]], max_iter=1)
    X = np.zeros((64, len(weights[0][0])), np.float32)
    model.fit(X, X[:, 0])
    model.coefs_ = [W for W, _ in weights]
    model.intercepts_ = [b for _, b in weights]
    return {name: Predictor(model.predict, context) for name, context in _CONTEXTS.items()}


def warm_up() -> None:
    pass


def fit(X: Array, y: Array, hidden: tuple[int, ...], batch: int, epochs: int) -> int:
    model = MLPRegressor(
        hidden_layer_sizes=hidden,
        batch_size=batch,
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=np.inf,
        random_state=0,
    )
    return int(model.fit(X, y).t_)
