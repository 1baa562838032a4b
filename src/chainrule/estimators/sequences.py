"""Sequences as they are given: arrays, lists of arrays, frames whose cells are series; and as flat rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.grid_network import checked_grid
from chainrule.estimators.rows import not_masked

__all__ = ["SequenceShape", "Sequences", "as_sequences"]

Array = Any

_FORMS = (
    "X must be an array (n_samples, steps, features) or (n_samples, steps), a list of arrays "
    "(steps, features), or a frame with a series in every cell of some columns"
)


@dataclass(frozen=True)
class SequenceShape:
    """What a network of sequences takes: flat rows of steps · (features + mask), and then static columns.

    Attributes
    ----------
    steps : int
    features : int
        Values per step, without the mask.
    static : int
        Values per sample that do not change from step to step.
    masked : bool
        Behind the features of every step stands 1 where the step exists, 0 where it is padding.
    names : tuple of str
        Of a frame's series and static columns; () for arrays.
    """

    steps: int
    features: int
    static: int = 0
    masked: bool = False
    names: tuple[str, ...] = ()

    @property
    def n_in_steps(self) -> int:
        """Values of a row that belong to steps."""
        return self.steps * (self.features + self.masked)

    @property
    def n_inputs(self) -> int:
        """Values of a row."""
        return self.n_in_steps + self.static


@dataclass(frozen=True)
class Sequences:
    """Samples of steps.

    Attributes
    ----------
    values : array (n, steps, features), 0 behind the end of a shorter one
    lengths : array (n,)
    static : array (n, static)
    names : see `SequenceShape`
    """

    values: Array
    lengths: Array
    static: Array
    names: tuple[str, ...] = ()

    def shape(self, steps: int | None) -> SequenceShape:
        """The shape of a network for these, and for up to `steps` steps where that is given.

        Raises
        ------
        ParameterError
            If some are longer.
        """
        longest = int(self.lengths.max())
        chosen = longest if steps is None else steps
        if longest > chosen:
            raise ParameterError(
                f"steps={steps} must be enough for the longest sequence, however it has {longest}"
            )
        masked = bool((self.lengths < chosen).any()) or steps is not None
        return SequenceShape(chosen, self.values.shape[2], self.static.shape[1], masked, self.names)

    def rows(self, shape: SequenceShape) -> Array:
        """Flat rows of that shape.

        Raises
        ------
        ParameterError
            If they do not fit it.
        """
        found = (self.values.shape[2], self.static.shape[1])
        if found != (shape.features, shape.static):
            raise ParameterError(
                f"sequences must have {shape.features} features and {shape.static} static columns as in fit, "
                f"however: {found[0]} and {found[1]}"
            )
        longest = int(self.lengths.max())
        if longest > shape.steps or (not shape.masked and (self.lengths < shape.steps).any()):
            wanted = f"up to {shape.steps}" if shape.masked else f"{shape.steps}"
            other = longest if longest > shape.steps else int(self.lengths.min())
            raise ParameterError(
                f"sequences must have {wanted} steps as in fit, however one has {other}; fit with steps= to "
                "allow for others"
            )
        n = len(self.values)
        padded = np.zeros((n, shape.steps, shape.features + shape.masked), dtype=self.values.dtype)
        kept = min(shape.steps, self.values.shape[1])
        padded[:, :kept, : shape.features] = self.values[:, :kept]
        if shape.masked:
            padded[..., -1] = np.arange(shape.steps) < self.lengths[:, None]
        return np.concatenate([padded.reshape(n, -1), self.static.astype(padded.dtype)], axis=1)


def as_sequences(X: Any, estimator: Any) -> Sequences:
    """Take the samples as they are given.

    Raises
    ------
    ParameterError, ValueError, TypeError
        For what is none of the forms, has missing numbers, or no steps.
    """
    if _is_frame(X):
        return _of_frame(X)
    if isinstance(X, list | tuple) and len(X) and any(np.ndim(x) for x in X):
        return _of_list(X)
    X = checked_grid(not_masked(X, "X"), (2, 3), _FORMS.removeprefix("X must be "), estimator)
    X = X[..., None] if X.ndim == 2 else X
    if not X.shape[1] or not X.shape[2]:
        raise ParameterError(f"X must have a step and a feature at least, however its shape: {X.shape}")
    return Sequences(X, np.full(len(X), X.shape[1]), np.empty((len(X), 0), X.dtype))


def _is_frame(X: Any) -> bool:
    import narwhals as nw

    return nw.dependencies.is_into_dataframe(X) or isinstance(X, nw.DataFrame)


def _of_list(samples: Any) -> Sequences:
    arrays = [_sample(sample, i) for i, sample in enumerate(samples)]
    features = arrays[0].shape[1]
    for i, array in enumerate(arrays):
        if array.shape[1] != features:
            raise ParameterError(
                f"sample {i} must have {features} features as sample 0, however: {array.shape[1]}"
            )
    return _padded(arrays, np.empty((len(arrays), 0)))


def _sample(sample: Any, i: int) -> Array:
    try:
        array = np.asarray(not_masked(sample, f"sample {i}"), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"sample {i} must be an array of numbers (steps, features): {error}") from None
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or not array.size:
        raise ParameterError(
            f"sample {i} must be an array (steps, features), however its shape: {array.shape}"
        )
    if not np.isfinite(array).all():
        raise ParameterError(f"sample {i} must not have missing or infinite numbers; fill them in")
    return array


def _padded(arrays: list[Array], static: Array, names: tuple[str, ...] = ()) -> Sequences:
    lengths = np.array([len(array) for array in arrays])
    values = np.zeros((len(arrays), lengths.max(), arrays[0].shape[1]))
    for row, array in zip(values, arrays, strict=True):
        row[: len(array)] = array
    return Sequences(values, lengths, static, names)


def _of_frame(frame: Any) -> Sequences:
    import narwhals as nw

    wrapped = nw.from_native(frame, eager_only=True)
    if not len(wrapped):
        raise ParameterError("X must have a row at least, however the frame is empty")
    columns = {str(name): wrapped.get_column(name).to_list() for name in wrapped.columns}
    series = [name for name, cells in columns.items() if np.ndim(cells[0]) == 1]
    others = [name for name in columns if name not in series]
    if not series:
        raise ParameterError(
            f"{_FORMS}, however no cell of these columns is a series: {', '.join(columns):.200}"
        )
    arrays = []
    for i in range(len(wrapped)):
        parts = [_sample(columns[name][i], i) for name in series]
        lengths = {len(part) for part in parts}
        if len(lengths) > 1 or any(part.shape[1] > 1 for part in parts):
            raise ParameterError(
                f"the series of a row must have the same length, however in row {i}: "
                + ", ".join(f"{name!r} {len(part)}" for name, part in zip(series, parts, strict=True))
            )
        arrays.append(np.concatenate(parts, axis=1))
    static = np.column_stack([_numbers(columns[name], name) for name in others]) if others else None
    static = np.empty((len(arrays), 0)) if static is None else static
    return _padded(arrays, static, (*series, *others))


def _numbers(cells: list[Any], name: str) -> Array:
    try:
        values = np.asarray(cells, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.array([np.nan])
    if not np.isfinite(values).all():
        raise ParameterError(
            f"the static column {name!r:.80} must hold finite numbers in every row; fill in what is missing, "
            "and encode categories, as with pandas.get_dummies"
        )
    return values
