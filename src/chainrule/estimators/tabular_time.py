"""How many rows a time limit is enough for, told by a few of them before the work on all begins."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np

from chainrule.engine import Data, Program, estimated_seconds
from chainrule.estimators.silence import without_warnings
from chainrule.network import Network, get_loss
from chainrule.optimization import Adam
from chainrule.table.frame import Table
from chainrule.table.network_encoder import Layout, NetworkEncoder
from chainrule.table.values import RowError

__all__ = [
    "affordable_rows",
    "deadline_of",
    "drawn_rows",
    "prepared_on_trial",
    "rows_counted_as",
    "seconds_per_epoch",
    "seconds_to_judge",
]

Array = Any

_RESERVED = 0.06
"""Share of the time limit that is left for what comes after training: calibration, and a slow last call."""

_FEWEST_ROWS = 256
_CELLS_ON_TRIAL = 40_000
_MOST_ROWS_ON_TRIAL = 4000


def deadline_of(time_limit: float | None, begun: float) -> float:
    """When training must end for the fit to end within the limit."""
    return np.inf if time_limit is None else begun + (1 - _RESERVED) * time_limit


def prepared_on_trial(X: Table, kinds: Mapping[str, str], bins: int) -> tuple[float, Layout] | None:
    """(seconds per row to read and encode the table, its layout as a few of its rows tell).

    None if the table is so short that there is nothing to choose, or if the rows cannot be encoded: what is
    wrong is said when all are.
    """
    if X.n_rows <= _FEWEST_ROWS:
        return None
    wanted = max(_FEWEST_ROWS, min(_MOST_ROWS_ON_TRIAL, _CELLS_ON_TRIAL // len(X.names)))
    begun = perf_counter()
    few = X.rows(np.arange(X.n_rows) % max(1, X.n_rows // wanted) == 0)
    try:
        with without_warnings():  # they would say of few rows what is true of all, or is not
            encoder, read = NetworkEncoder.fit(few, kinds, bins)
            encoder.encode(read)
    except ValueError:
        return None
    return (perf_counter() - begun) / few.n_rows, encoder.layout


def affordable_rows(n_rows: int, seconds: float, needed: Callable[[int], float]) -> int:
    """The most of `n_rows` rows that take no longer than `seconds`, by steps of 5 %; 256 at the least."""
    while n_rows > _FEWEST_ROWS and needed(n_rows) > seconds:
        n_rows = max(_FEWEST_ROWS, int(0.95 * n_rows))
    return n_rows


def drawn_rows(n_rows: int, wanted: int, rng: np.random.Generator, classes: Array | None) -> Array:
    """Numbers, ascending, of `wanted` rows drawn at random, and of two rows of each class that has them.

    Two, so that every class is learned from and judged by.
    """
    order = rng.permutation(n_rows)
    if classes is None:
        return np.sort(order[:wanted])
    by_class = order[np.argsort(classes[order], kind="stable")]
    found = classes[by_class]
    is_early = np.append([True, True], found[2:] != found[:-2])
    return np.union1d(order[:wanted], by_class[is_early])


@contextmanager
def rows_counted_as(numbers: Array | None) -> Iterator[None]:
    """A context in which an error in one of the rows drawn names that row as it was given."""
    try:
        yield
    except RowError as error:
        if numbers is None:
            raise
        raise RowError(error.before, int(numbers[error.row]), error.after) from None


def seconds_to_judge(network: Network, n_rows: int) -> float:
    """Rough time that it takes to predict so many validation rows after the training, in float64."""
    return seconds_per_epoch(network, n_rows, n_rows) if n_rows else 0.0


def seconds_per_epoch(network: Network, n_rows: int, batch_size: int) -> float:
    """Rough time of an epoch over so many rows."""
    program = Program(network, get_loss("mean_squared_error"), Adam())  # any loss: its time does not count
    nothing = np.empty((n_rows, 0))
    return estimated_seconds(program, Data(nothing, nothing, nothing), 1, batch_size)
