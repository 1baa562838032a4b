"""The numpy engine: interprets the equations. No compile time, no dependency, float32 or float64."""

from math import prod
from typing import Any

import numpy as np

from chainrule.engine.base import Data, Plan, Program, Records, State
from chainrule.engine.blas import one_thread_if_small
from chainrule.engine.parts import Parts, over_vectors
from chainrule.engine.step import end_of_epoch, objective, training_step

__all__ = ["NumpyEngine"]

Array = Any

_MOST_EPOCHS_PER_CALL = 16
_ROWS_PER_CALL = 10_000


class NumpyEngine:
    """Runs every operation as it stands, with NumPy; takes sparse rows (SciPy CSR) as they are."""

    name = "numpy"

    def load(self, data: Data, dtype: Any) -> Data:
        """Rows as contiguous arrays of the training's dtype; sparse rows stay sparse."""
        return Data(*(None if part is None else _as_dtype(part, dtype) for part in data))

    def epochs_per_call(self, program: Program, data: Data) -> int:  # noqa: ARG002
        """A few for small tables, where planning an epoch costs as much as running it."""
        return max(1, min(_MOST_EPOCHS_PER_CALL, _ROWS_PER_CALL // len(data.weights)))

    def run_epochs(
        self, program: Program, loaded: Data, state: State, plan: Plan, numbers: dict[str, float]
    ) -> tuple[State, Records]:
        """See `Engine.run_epochs`."""
        n_rows = loaded.X.shape[0]
        parts = Parts(program.network)
        state = over_vectors(parts.split, state)
        validation = None if loaded.X_val is None else (loaded.X_val, loaded.y_val, loaded.weights_val)
        rows = []
        largest = max(map(prod, program.network.shapes(program.network.n_inputs).values()), default=0)
        with _quiet(), one_thread_if_small(2.0 * plan.batch_size * largest):
            for epoch, (rates, corrections) in enumerate(zip(plan.rates, plan.corrections, strict=True)):
                total, seen, theta_before = 0.0, 0.0, state.theta
                for step, (rate, correction) in enumerate(
                    zip(rates.tolist(), corrections.tolist(), strict=True)
                ):
                    start = step * plan.batch_size
                    chosen: Any = slice(start, min(start + plan.batch_size, n_rows))
                    if plan.orders is not None:
                        chosen = plan.orders[epoch, chosen]
                    batch = (loaded.X[chosen], loaded.y[chosen], loaded.weights[chosen])
                    state, value = training_step(
                        program, numbers, parts, state, batch, rate, correction, plan.key
                    )
                    share = 1.0 if program.loss.adds_up else float(batch[2].sum())
                    total, seen = total + float(value) * share, seen + share
                loss = total if program.loss.adds_up else total / seen
                state, validation_loss, score = end_of_epoch(
                    program,
                    numbers,
                    parts,
                    state,
                    theta_before,
                    np.float64(loss),
                    float(rates[-1]),
                    validation,
                )
                used = float(rates[-1]) * float(state.rate_factor)
                state = _with_plain_numbers(state)
                rows.append((loss, _number(validation_loss), _number(score), used))
                if state.stopped or not state.finite:
                    break
        records = Records(*(np.asarray(column) for column in zip(*rows, strict=True)))
        return over_vectors(parts.join, state), records

    def value_and_gradient(
        self, program: Program, loaded: Data, theta: Array, numbers: dict[str, float]
    ) -> tuple[float, Array]:
        """See `Engine.value_and_gradient`."""
        parts = Parts(program.network)
        with _quiet():
            value, gradient = objective(program, numbers, parts, parts.split(theta), *loaded[:3])
        return float(value), parts.join(gradient)


def _with_plain_numbers(state: State) -> State:
    """Python's numbers instead of NumPy's, which would lift float32 parameters to float64."""
    return state._replace(
        best=float(state.best),
        count=int(state.count),
        rate_factor=float(state.rate_factor),
        stopped=bool(state.stopped),
        finite=bool(state.finite),
    )


def _quiet() -> Any:
    """Without NumPy's warnings: what is not finite is seen and said at the end of the epoch."""
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")


def _as_dtype(part: Any, dtype: Any) -> Any:
    return part.astype(dtype) if hasattr(part, "tocsr") else np.ascontiguousarray(part, dtype=dtype)


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)
