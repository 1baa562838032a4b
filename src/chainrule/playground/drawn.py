"""Points of the plane that are added, moved and erased by hand."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.playground.examples import Examples, PlaneInputs, Rows, plane_rows
from chainrule.playground.settings import LIMITS
from chainrule.playground.toy_data import HALF_WIDTH

__all__ = ["drawn_examples", "redrawn"]

Array = Any

_SURELY_TRAINING = 0.1
"""Rows below the smallest share are training rows whatever the share."""


def drawn_examples(
    points: Array, *, n_classes: int, share: int = 50, features: tuple[str, ...] = ("x1", "x2")
) -> Examples:
    """Points that were drawn, as the playground has them: `X_train`, `y_train`, `X_test`, `y_test`.

    Parameters
    ----------
    points : array (n, 4) of x1, x2, target and place: those whose place is below the share are for training
    n_classes : 0 for a regression
    share : percent
    features : such as "x1", "x2", "x1^2", "x1*x2", "sin(x1)"
    """
    rows = plane_rows("Drawn points", points[:, :2], points[:, 2], points[:, 3], n_classes)
    return Examples(rows, PlaneInputs(tuple(features)), share)


def redrawn(
    rows: Rows,
    add: list[Mapping[str, Any]],
    move: list[Mapping[str, Any]],
    erase: list[int],
    seed: int,
) -> Rows:
    """Rows with points added, moved and erased; which of the old ones are test points does not change.

    Raises
    ------
    ParameterError
        For points that are not there, coordinates that are no numbers, or more points than there may be.
    """
    if not rows.is_plane:
        raise ParameterError("points can be drawn in the plane only; these rows come from a table")
    for point in [*add, *move]:
        if not isinstance(point, Mapping):
            raise ParameterError(f"a point is an object with coordinates, however: {point!r:.80}")
    values, y, places = rows.values.copy(), rows.y.copy(), rows.places.copy()
    for point in move:
        values[_index(point.get("index"), len(y))] = _coordinates(point)
    if erase:
        kept = np.ones(len(y), dtype=bool)
        kept[[_index(one, len(y)) for one in erase]] = False
        values, y, places = values[kept], y[kept], places[kept]
    if add:
        labels = [_target(point.get("target"), rows) for point in add]
        values = np.concatenate([values, [_coordinates(point) for point in add]])
        fresh = np.random.default_rng([seed, len(places)]).random(len(add))
        known = set(y[places < _SURELY_TRAINING].tolist())
        for i, label in enumerate(labels):
            if rows.labels and label not in known:
                fresh[i] = 0.0  # of a class that is only tested nothing could be learned
                known.add(label)
        y = np.concatenate([y, labels])
        places = np.concatenate([places, fresh])
    if len(y) > LIMITS["points"]:
        raise ParameterError(f"at most {LIMITS['points']} points can be drawn")
    n_classes = max(len(rows.labels), int(y.max()) + 1 if len(y) else 0) if rows.labels else 0
    return replace(plane_rows("Drawn points", values, y, places, n_classes), notices=rows.notices)


def _index(value: Any, n: int) -> int:
    if type(value) is not int or not 0 <= value < n:
        raise ParameterError(f"there is no point {value!r:.80}; there are {n}")
    return value


def _coordinates(point: Mapping[str, Any]) -> tuple[float, float]:
    pair = (point.get("x"), point.get("y"))
    for value in pair:
        if type(value) not in (int, float) or not abs(value) <= 10 * HALF_WIDTH:  # type: ignore[arg-type]
            raise ParameterError(f"a point needs coordinates near the plane, however: {pair!r:.80}")
    return float(pair[0]), float(pair[1])  # type: ignore[arg-type]


def _target(value: Any, rows: Rows) -> float:
    if type(value) not in (int, float) or not abs(value) <= 1e6:
        raise ParameterError(f"a point needs a target, however: {value!r:.80}")
    if rows.labels and not (value == int(value) and 0 <= value < LIMITS["classes"]):
        raise ParameterError(f"classes are numbered from 0 to {LIMITS['classes'] - 1}, however: {value!r}")
    return float(value)
