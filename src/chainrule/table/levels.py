"""Levels of a category, matched by value: 1, 1.0, "1" and "1.0" are one level, and so are True and "true"."""

from collections.abc import Iterable
from functools import cached_property
from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np

__all__ = ["Levels", "level_text"]


def level_text(value: Any) -> str:
    """Write a value as a level: "text" as it is, True as "True", 2 and 2.0 as "2".

    Raises
    ------
    TypeError
        For a value that is not a string, a number or a boolean.
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    raise TypeError(f"neither text nor number: {value!r:.80}")


def _number(text: str) -> float | None:
    """Read the number that a level stands for, if it stands for one."""
    truth = {"true": 1.0, "false": 0.0}.get(text.casefold())
    if truth is not None:
        return truth
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


class Levels:
    """The levels of a column, each with its place.

    A value is looked up as it is written, and then, because a table that is read a second time may have
    other types (a column of 1, 2, "a" in training, of 1 and 2 only today), by the number it stands for.

    Parameters
    ----------
    texts : iterable of str
        The levels in their order, as `level_text` writes them.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(texts)

    @cached_property
    def _by_text(self) -> dict[str, int]:
        return {text: place for place, text in enumerate(self.texts)}

    @cached_property
    def _by_number(self) -> dict[float, int]:
        places: dict[float, int] = {}
        for place, text in enumerate(self.texts):
            number = _number(text)
            if number is not None:
                places.setdefault(number, place)
        return places

    def place(self, value: Any) -> int:
        """Find the place of the value's level; -1 for an unknown one."""
        text = level_text(value)
        known = self._by_text.get(text)
        if known is not None:
            return known
        number = _number(text)
        return -1 if number is None else self._by_number.get(number, -1)

    def places(self, values: Iterable[Any]) -> np.ndarray:
        """Find the place of every value's level; each different value is looked up once."""
        seen: dict[tuple[type, Any], int] = {}
        result = []
        for value in values:
            key = (type(value), value)
            if key not in seen:
                seen[key] = self.place(value)
            result.append(seen[key])
        return np.array(result, dtype=np.intp)
