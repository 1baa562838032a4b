"""What comes in: tables as they are, and the seed of all that is random."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from chainrule.errors import ParameterError
from chainrule.table.frame import Table, array_of_rows, as_table

Array = Any

__all__ = [
    "checked_table",
    "generator",
    "merged",
    "not_masked",
    "restored_on_failure",
    "validated",
]


def not_masked(values: Any, name: str) -> Any:
    """`values` as they are, unless some of them are masked: NumPy would take what lies under the mask.

    Raises
    ------
    ParameterError
    """
    if np.ma.is_masked(values):
        n_masked = int(np.ma.getmaskarray(values).sum())
        raise ParameterError(
            f"{name} must not be masked, however {n_masked} of its values are; leave their rows out, or fill "
            "them with .filled()"
        )
    return values


def validated(estimator: Any, *data: Any, **options: Any) -> Any:
    """scikit-learn's `validate_data`, which refuses what float64 cannot hold instead of warning of it.

    Raises
    ------
    ValueError, TypeError
    """
    for name, values in zip("Xy", data, strict=False):
        not_masked(values, name)
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # sums of ±1e308, as it looks for infinity
            return validate_data(estimator, *data, **options)
    except OverflowError as error:
        raise ParameterError(f"X must hold numbers up to 1.8e308, however: {error}") from None


def checked_table(X: Any, estimator: Any, fitted: bool = False) -> Table:
    """X as a `Table`, with scikit-learn's messages for what is none.

    Raises
    ------
    TypeError
        For sparse matrices.
    ValueError
        For arrays that are not two-dimensional, empty, complex, or of another width than in `fit`.
    """
    if isinstance(X, Table):
        return X
    if hasattr(X, "tocsr") or hasattr(X, "tocoo"):
        raise TypeError(
            "Sparse data was passed, but dense data is required. Use '.toarray()' to "
            "convert to a dense array."
        )
    if not _is_frame(X):
        from sklearn.utils import check_array

        X = array_of_rows(X) if isinstance(X, list | tuple) else not_masked(X, "X")
        X = check_array(X, dtype=None, ensure_all_finite=False, estimator=estimator)
    table = as_table(X)
    if not len(table.names):
        raise ParameterError(
            f"0 feature(s) (shape=({table.n_rows}, 0)) while a minimum of 1 is required by "
            f"{type(estimator).__name__}."
        )
    if not table.n_rows:
        raise ParameterError(
            f"0 sample(s) (shape=(0, {len(table.names)})) while a minimum of 1 is required by "
            f"{type(estimator).__name__}."
        )
    if fitted and not table.has_names and len(table.names) != estimator.n_features_in_:
        raise ParameterError(
            f"X has {len(table.names)} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input"
        )
    return table


def _is_frame(X: Any) -> bool:
    import narwhals as nw

    return nw.dependencies.is_into_dataframe(X) or isinstance(X, nw.DataFrame)


def merged(X: Array, y: Array, weights: Array) -> tuple[Array, Array, Array]:
    """(X, y, weights) with rows that are the same made one, in an order that their contents decide.

    A row of weight 3 and three equal rows are then one and the same, down to the last bit; the order in which
    rows came makes no difference; and no row is held out of which a copy is learned from.
    """
    columns = y[:, None] if y.ndim == 1 else y
    labels = np.column_stack([np.unique(column, return_inverse=True)[1] for column in columns.T])
    bits = np.concatenate([np.ascontiguousarray(X + 0.0), labels.astype(np.float64)], axis=1).view(np.uint64)
    key = np.zeros(len(X), dtype=np.uint64)
    for place, column in enumerate(bits.T):
        key = stirred(key ^ stirred(column + np.uint64(place + 1)))
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    if not np.array_equal(bits[first][group], bits):  # two different rows of one key: keep them apart
        return X, y, weights
    return X[first], y[first], np.bincount(group, weights=weights)


def stirred(x: Array) -> Array:
    """A permutation of 64-bit numbers: the finalizer of MurmurHash3 (A. Appleby, public domain)."""
    x = (x ^ (x >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    x = (x ^ (x >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return x ^ (x >> np.uint64(33))


def generator(seed: Any) -> np.random.Generator:
    """The source of all that is random in a fit; NumPy's global generator is never touched."""
    if isinstance(seed, np.random.RandomState | np.random.Generator):
        draw = seed.randint if isinstance(seed, np.random.RandomState) else seed.integers
        return np.random.default_rng(int(draw(2**31 - 1)))
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise ParameterError(
            f"random_state must be a whole number ≥ 0, a generator or None, however: {seed!r}"
        ) from None


@contextmanager
def restored_on_failure(estimator: Any) -> Iterator[None]:
    """A context after whose failure the estimator is as it was before."""
    before = dict(estimator.__dict__)
    try:
        yield
    except BaseException:
        # Callbacks are torn down by what the failed fit has set up.
        kept = {name: value for name, value in estimator.__dict__.items() if "callback" in name}
        estimator.__dict__.clear()
        estimator.__dict__.update(before | kept)
        raise
