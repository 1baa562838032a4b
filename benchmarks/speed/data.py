"""Synthetic tables, float32, with targets that can be learned: a loss that does not fall shows a fault."""

from typing import Any

import numpy as np

from speed.cases import Case

__all__ = ["large_table", "rows_and_targets", "weights_of"]

Array = Any


def rows_and_targets(case: Case, n_rows: int | None = None) -> tuple[Array, Array]:
    """(X, y): y is a number (n,) or the number of a class (n,), by a random network of one layer."""
    rng = np.random.default_rng(0)
    n_rows = n_rows or case.n_rows
    X = rng.standard_normal((n_rows, case.sizes[0]), np.float32)
    teacher = rng.standard_normal((case.sizes[0], 16), np.float32) / np.float32(np.sqrt(case.sizes[0]))
    z = np.tanh(X @ teacher)
    if case.n_classes:
        return X, (z @ rng.standard_normal((16, case.n_classes), np.float32)).argmax(1)
    return X, z @ rng.standard_normal(16, np.float32) / np.float32(4)


def large_table(n_rows: int, n_columns: int) -> tuple[Array, Array]:
    """(X, y) for regression, made without any large array beside X."""
    rng = np.random.default_rng(0)
    X = np.empty((n_rows, n_columns), np.float32)
    rng.standard_normal(out=X, dtype=np.float32)
    y = np.empty(n_rows, np.float32)
    for i in range(0, n_rows, 10_000):
        y[i : i + 10_000] = np.tanh(X[i : i + 10_000, :4].sum(1))
    return X, y


def weights_of(case: Case) -> list[tuple[Array, Array]]:
    """(W of shape (from, to), b) of each layer, random."""
    rng = np.random.default_rng(1)
    return [
        (
            (rng.standard_normal((n_from, n_to)) / np.sqrt(n_from)).astype(np.float32),
            (0.1 * rng.standard_normal(n_to)).astype(np.float32),
        )
        for n_from, n_to in zip(case.sizes[:-1], case.sizes[1:], strict=True)
    ]
