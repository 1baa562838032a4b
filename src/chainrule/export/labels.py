"""Class labels that a literal can hold."""

from math import isfinite
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators import MLPRegressor

__all__ = ["checked_labels"]


def checked_labels(model: Any, classes: Any) -> tuple[tuple[Any, ...], Any]:
    """(labels, their dtype): the model's own, or `classes` instead of them; none for numbers.

    Raises
    ------
    ParameterError
        For labels of the wrong number or of a kind that has no literal.
    """
    if isinstance(model, MLPRegressor):
        if classes is not None:
            raise ParameterError(f"a regressor has no classes to name, however: classes={classes!r:.200}")
        return (), None
    labels = model.classes_ if classes is None else classes
    if isinstance(labels, str) or len(labels) != len(model.classes_):
        raise ParameterError(
            f"classes must be {len(model.classes_)} labels, one per class, however: {labels!r:.200}"
        )
    plain = tuple(map(_plain, labels))
    return plain, _dtype(plain) if classes is not None else _own_dtype(plain, model.classes_.dtype)


def _plain(label: Any) -> Any:
    plain = label.item() if isinstance(label, np.generic) else label
    if type(plain) not in (bool, int, float, str) or (type(plain) is float and not isfinite(plain)):
        raise ParameterError(
            f"the class {label!r:.80} has no literal; text, whole numbers, finite numbers and booleans have: "
            "name the classes otherwise with classes=[...]"
        )
    return plain


def _dtype(labels: tuple[Any, ...]) -> Any:
    """None where NumPy keeps the labels as they are; object where it would change one."""
    array = np.array(labels)
    kept = [(type(label), label) for label in array.tolist()]
    return None if kept == [(type(label), label) for label in labels] else np.dtype(object)


def _own_dtype(labels: tuple[Any, ...], dtype: Any) -> Any:
    if dtype.kind in "UT":
        return _dtype(labels)
    return None if np.array(labels).dtype == dtype else dtype
