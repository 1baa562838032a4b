"""Rows over a grid of two features, all others held where most rows are."""

from typing import Any

import numpy as np

from chainrule.errors import ParameterError

__all__ = ["FeatureGrid", "feature_grid"]

Array = Any

_MARGIN = 0.08


class FeatureGrid:
    """A grid of two features, as rows that a model takes.

    Attributes
    ----------
    names : the two features' names
    x1, x2 : arrays (resolution, resolution)
    rows : array or frame (resolution², n_features)
    points : array (n, 2), the two features of the rows given
    others : names of the features that are held
    """

    def __init__(
        self, names: list[str], x1: Array, x2: Array, rows: Any, points: Array, others: list[str]
    ) -> None:
        self.names, self.x1, self.x2, self.rows = names, x1, x2, rows
        self.points, self.others = points, others


def feature_grid(X: Any, features: tuple[Any, Any], resolution: int) -> FeatureGrid:
    """A grid over the range of two features of X and a little more.

    Parameters
    ----------
    X : array, or pandas, polars or pyarrow frame
    features : two names or places
    resolution : int
        Points along each feature.

    Raises
    ------
    ParameterError
        If there are no two such features, or they are not numbers.
    """
    if isinstance(X, np.ndarray | list | tuple):
        return _of_matrix(np.asarray(X), features, resolution)
    import narwhals as nw

    frame = nw.from_native(X, eager_only=True)
    names = [str(name) for name in frame.columns]
    first, second = _places(names, features)
    chosen = [frame[:, place] for place in (first, second)]
    for series in chosen:
        if not series.dtype.is_numeric():
            raise ParameterError(f"feature {series.name!r} must hold numbers, however: {series.dtype}")
    points = np.column_stack([series.cast(nw.Float64).to_numpy() for series in chosen])
    x1, x2 = _mesh(points, resolution)
    n = x1.size
    rows = frame[[0] * n]
    held = []
    for place, name in enumerate(frame.columns):
        if place in (first, second):
            values = (x1 if place == first else x2).ravel().tolist()
            held.append(nw.new_series(name, values, nw.Float64, backend=frame.implementation))
        else:
            held.append(_usual(frame[:, place], n))
    rows = rows.with_columns(*held)
    others = [name for place, name in enumerate(names) if place not in (first, second)]
    return FeatureGrid([names[first], names[second]], x1, x2, rows.to_native(), points, others)


def _of_matrix(X: Array, features: tuple[Any, Any], resolution: int) -> FeatureGrid:
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise ParameterError(f"X must be a frame or a matrix of numbers, however: shape {X.shape}, {X.dtype}")
    names = [f"$x_{{{place + 1}}}$" for place in range(X.shape[1])]
    places = list(_places(names, features))
    points = X[:, places].astype(np.float64)
    x1, x2 = _mesh(points, resolution)
    rows = np.tile(np.nanmedian(X.astype(np.float64), axis=0), (x1.size, 1))
    rows[:, places[0]], rows[:, places[1]] = x1.ravel(), x2.ravel()
    others = [name for place, name in enumerate(names) if place not in places]
    return FeatureGrid([names[place] for place in places], x1, x2, rows, points, others)


def _places(names: list[str], features: tuple[Any, Any]) -> tuple[int, int]:
    places = [names.index(f) if f in names else f for f in features]
    known = [isinstance(place, int | np.integer) and 0 <= place < len(names) for place in places]
    if len(places) != 2 or not all(known) or places[0] == places[1]:
        raise ParameterError(f"features must be two of {names} or their places, however: {features!r}")
    return int(places[0]), int(places[1])


def _mesh(points: Array, resolution: int) -> tuple[Array, Array]:
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    margin = np.where(high > low, _MARGIN * (high - low), 1.0)
    axes = np.linspace(low - margin, high + margin, resolution).T
    x1, x2 = np.meshgrid(*axes)
    return x1, x2


def _usual(series: Any, n: int) -> Any:
    """`n` times the median of a column of numbers, else its most frequent value."""
    import narwhals as nw

    if series.dtype.is_numeric():
        value = series.cast(nw.Float64).median()
        return nw.new_series(series.name, [value] * n, nw.Float64, backend=series.implementation)
    present = series.drop_nulls()
    if not len(present):
        return series[[0] * n]
    is_usual = series.is_in(present.mode(keep="all")).fill_null(False).to_numpy()
    return series[[int(np.argmax(is_usual))] * n]
