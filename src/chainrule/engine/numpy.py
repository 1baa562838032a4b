"""The numpy engine: interprets the equations. No compile time, no dependency, float32 or float64."""

from functools import partial
from itertools import starmap
from math import prod
from typing import Any, NamedTuple

import numpy as np

from chainrule.engine.base import Data, Plan, Program, Records, State
from chainrule.engine.blas import in_threads
from chainrule.engine.forward import outputs_left_out, raw_outputs
from chainrule.engine.parts import Parts, over_vectors
from chainrule.engine.step import Predict, end_of_epoch, objective, training_step
from chainrule.network import Columns, Conv1D, Conv2D, EnsembleLoss, Network

__all__ = ["NumpyEngine", "as_dtype", "judged", "pieces_of_batch", "quiet", "validation_rows"]

Array = Any

_MOST_EPOCHS_PER_CALL = 16
_ROWS_PER_CALL = 10_000
_WORK_OF_A_PIECE = 1e7
_ROWS_OF_A_PRODUCT = 100
_FEWEST_ROWS = 16
_MOST_PIECES = 4


class NumpyEngine:
    """Runs every operation as it stands, with NumPy; takes sparse rows (SciPy CSR) as they are."""

    name = "numpy"

    def load(self, data: Data, dtype: Any) -> Data:
        """Rows as contiguous arrays of the training's dtype; sparse rows stay sparse."""
        return Data(*(None if part is None else as_dtype(part, dtype) for part in data))

    def epochs_per_call(self, program: Program, data: Data) -> int:  # noqa: ARG002
        """A few for small tables, where planning an epoch costs as much as running it."""
        return max(1, min(_MOST_EPOCHS_PER_CALL, _ROWS_PER_CALL // len(data.weights)))

    def run_epochs(
        self, program: Program, loaded: Data, state: State, plan: Plan, numbers: dict[str, float]
    ) -> tuple[State, Records]:
        """See `Engine.run_epochs`."""
        parts = Parts(program.network)
        state = over_vectors(parts.split, state)
        rows = []
        pieces = partial(_n_pieces, _largest_product(program.network, program.network.n_inputs))
        with quiet(), in_threads() as each:
            step = partial(training_step, program, numbers, parts, key=plan.key, each=each)
            for epoch, rates in enumerate(plan.rates):
                after, loss = _steps_of_epoch(step, pieces, program.loss.adds_up, loaded, state, plan, epoch)
                rate, validation = float(rates[-1]), validation_rows(loaded)
                state, row = judged(program, numbers, parts, after, state.theta, loss, rate, validation)
                rows.append(row)
                if state.stopped or not state.finite:
                    break
        records = Records(*(np.asarray(column) for column in zip(*rows, strict=True)))
        return over_vectors(parts.join, state), records

    def value_and_gradient(
        self, program: Program, loaded: Data, theta: Array, numbers: dict[str, float]
    ) -> tuple[float, Array]:
        """See `Engine.value_and_gradient`."""
        parts = Parts(program.network)
        n_pieces = pieces_of_batch(program, len(loaded.weights))
        with quiet(), in_threads() as each:
            share = 1.0 if program.loss.adds_up else 1.0 / loaded.weights.sum()
            batch = (loaded.X, loaded.y, share * loaded.weights, share)
            value, gradient = objective(
                program, numbers, parts, parts.split(theta), batch, n_pieces=n_pieces, each=each
            )
        return float(value), parts.join(gradient)


def _steps_of_epoch(
    step: Any, pieces: Any, adds_up: bool, data: Data, state: State, plan: Plan, epoch: int
) -> tuple[State, float]:
    """(state, loss) after the steps of one epoch."""
    n_rows = data.X.shape[0]
    loss, weight = 0.0, 0.0
    rates, corrections = plan.rates[epoch].tolist(), plan.corrections[epoch].tolist()
    fades = [1.0] * len(rates) if plan.fades is None else plan.fades[epoch].tolist()
    for i, (rate, correction, fade) in enumerate(zip(rates, corrections, fades, strict=True)):
        start = i * plan.batch_size
        chosen: Any = slice(start, min(start + plan.batch_size, n_rows))
        if plan.orders is not None:
            chosen = plan.orders[epoch, chosen]
        weights = data.weights[chosen]
        total = float(weights.sum())
        share = 1.0 if adds_up or not total else 1.0 / total
        batch = (data.X[chosen], data.y[chosen], share * weights, share)
        n_pieces = pieces(len(weights))
        state, value = step(state, batch, rate, correction, fade=fade, n_pieces=n_pieces)
        loss, weight = loss + float(value) / share, weight + total
    return state, loss if adds_up or not weight else loss / weight


def pieces_of_batch(program: Program, n_rows: int) -> int:
    """Pieces in which the numpy engine computes a batch of so many rows."""
    return _n_pieces(_largest_product(program.network, program.network.n_inputs), n_rows)


class _Product(NamedTuple):
    """A layer's product of two matrices, or its products of all steps, for one row of a batch."""

    multiplications: int = 0
    rows: int = 1
    """Of the matrix that the weights multiply: the places of a convolution."""


def _largest_product(layer: Any, n_in: int) -> _Product:
    """The layer's largest one; members multiply one by one."""
    if isinstance(layer, Network):
        layers = zip(layer.layers, layer.widths[:-1], strict=True)
        return max(starmap(_largest_product, layers), default=_Product())
    if isinstance(layer, Columns):
        networks = ((network, network.n_inputs) for *_, network in layer.branches)
        return max(starmap(_largest_product, networks), default=_Product())
    if isinstance(layer, Conv1D | Conv2D):
        return _Product(layer.multiplications(n_in), prod(layer.window.places))
    if hasattr(layer, "multiplications"):
        return _Product(layer.multiplications(n_in))
    return _Product(max((prod(shape[-2:]) for shape in layer.shapes(n_in).values()), default=0))


def _n_pieces(product: _Product, n_rows: int) -> int:
    """Pieces in which so many rows are computed, at the same time where there are several cores.

    However many there are: the last digits depend on the pieces.
    """
    worth = int(2 * n_rows * product.multiplications / _WORK_OF_A_PIECE)
    enough = min(n_rows // _FEWEST_ROWS, n_rows * product.rows // _ROWS_OF_A_PRODUCT)
    return max(1, min(_MOST_PIECES, worth, enough))


def validation_rows(data: Data) -> tuple[Array, Array, Array] | None:
    """(X, y, weights) of the rows to judge by, if there are any."""
    return None if data.X_val is None else (data.X_val, data.y_val, data.weights_val)


def judged(
    program: Program,
    numbers: Any,
    parts: Parts,
    state: State,
    theta_before: Any,
    loss: float,
    rate: float,
    validation: tuple[Array, Array, Array] | None,
) -> tuple[State, tuple[float, ...]]:
    """(state, record) at the end of an epoch, with plain numbers.

    Python's numbers instead of NumPy's, which would lift float32 parameters to float64.
    """
    predict: Predict = raw_outputs
    if validation is not None and isinstance(program.loss, EnsembleLoss) and program.loss.folds:
        predict = partial(outputs_left_out, program.loss, y=validation[1])
    state, validation_loss, value = end_of_epoch(
        program, numbers, parts, state, theta_before, np.float64(loss), rate, validation, predict
    )
    state = state._replace(
        best=float(state.best),
        count=int(state.count),
        rate_factor=float(state.rate_factor),
        stopped=bool(state.stopped),
        finite=bool(state.finite),
    )
    return state, (loss, _number(validation_loss), _number(value), rate * state.rate_factor)


def quiet() -> Any:
    """Without NumPy's warnings: what is not finite is seen and said at the end of the epoch."""
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")


def as_dtype(part: Any, dtype: Any) -> Any:
    """`part` contiguous and of that dtype, itself where it is so already; sparse rows stay sparse."""
    with quiet():
        return part.astype(dtype) if hasattr(part, "tocsr") else np.ascontiguousarray(part, dtype=dtype)


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)
