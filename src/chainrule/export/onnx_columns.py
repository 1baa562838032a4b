"""What a column's input becomes: for every kind of column the numbers and codes that it is read as."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.export.onnx_calendar import PARTS, moment_of
from chainrule.export.onnx_graph import ML
from chainrule.export.onnx_value import Value, take, where
from chainrule.table.calendar import Calendar
from chainrule.table.category import Boolean, Category
from chainrule.table.cells import cells_of_array
from chainrule.table.levels import level_text
from chainrule.table.mixed import Mixed
from chainrule.table.number import Number
from chainrule.table.typed import TypedColumn

__all__ = ["features_of", "is_text"]

# Two digits of the exponent and 200 of the number: what does not end in a float64 is a word.
_NUMBER = r"\s*[+-]?([0-9]{1,200}\.?[0-9]{0,200}|\.[0-9]{1,200})([eE][+-]?[0-9]{1,2})?\s*"


def is_text(column: TypedColumn) -> bool:
    """Whether the column's input is text; otherwise it is float64.

    Raises
    ------
    ParameterError
        For a kind of column that ONNX cannot express; names the column.
    """
    if isinstance(column, Number | Calendar):
        return False
    if isinstance(column, Category | Boolean | Mixed):
        return True
    raise ParameterError(
        f"column {column.name!r} is {column.kind}, whose words ONNX cannot tell apart; train without it, "
        f"with column_kinds={{{column.name!r}: 'ignore'}}, or predict where chainrule is installed"
    )


def features_of(column: TypedColumn, x: Value) -> list[Value]:
    """Turn a column's input (n, 1) into features (n, 1): float64 numbers, NaN where missing, and codes."""
    if isinstance(column, Calendar):
        return _of_calendar(column, x)
    if isinstance(column, Mixed):
        return _of_mixed(column, x)
    if isinstance(column, Category | Boolean):
        return _of_levels(column, x)
    return [x]


def _of_calendar(column: Calendar, x: Value) -> list[Value]:
    if column.form != "date":
        return [x]
    moment = moment_of(x)
    return [moment.days - column.low, *(PARTS[part](moment) for part in column.parts)]


def _of_levels(column: Any, x: Value) -> list[Value]:
    """Look up what the column itself reads each text as."""
    spellings = [text for text in _spellings_of(column) if text]
    unknown = "?"
    while unknown in column.levels:
        unknown += "?"
    read = column.read(cells_of_array(np.array(["", None, unknown, *spellings], object), column.name))
    places = {text: place for place, text in enumerate(spellings, start=3)}
    places[""] = 0 if "" in column.levels else 1
    place = _place(x, places, otherwise=2)
    return [
        take(numbers.astype(np.int64 if feature.role == "code" else np.float64), place)
        for numbers, feature in zip(read.T, column.features, strict=True)
    ]


def _of_mixed(column: Mixed, x: Value) -> list[Value]:
    _, word = _of_levels(column, x)
    is_number = x.then("RegexFullMatch", dtype=bool, pattern=_NUMBER)
    of_number = int(column.read(cells_of_array(np.array(["0"], object), column.name))[0, 1])
    text = where(is_number, x, np.array("nan", object))
    return [text.astype(np.float64), where(is_number, of_number, word)]


def _place(x: Value, places: dict[str, int], otherwise: int) -> Value:
    return x.then(
        "LabelEncoder",
        domain=ML,
        dtype=np.int64,
        keys_strings=list(places),
        values_int64s=list(places.values()),
        default_int64=otherwise,
    )


def _spellings_of(column: Any) -> list[str]:
    """Every level, and the usual other ways to write those that stand for a number: "1", "1.0", "true"."""
    if "" in column.levels and column.missing:
        raise ParameterError(
            f"column {column.name!r} has the empty text among its levels and missing values besides; both "
            "would be the empty text in ONNX: write the level otherwise, and train again"
        )
    for level in column.levels:
        if not level.isascii() and level.encode(errors="replace").decode() != level:
            raise ParameterError(
                f"column {column.name!r} has the level {level!r}, which UTF-8 cannot hold, and so no ONNX "
                "file; write it otherwise, and train again"
            )
    return list(dict.fromkeys(text for level in column.levels for text in _spellings(level)))


def _spellings(level: str) -> Iterator[str]:
    yield level
    truth = {"true": 1.0, "false": 0.0}.get(level.casefold())
    try:
        number = float(level) if truth is None else truth
    except ValueError:
        return
    if isfinite(number):
        yield from (level_text(number), repr(number))
    if number in (0.0, 1.0):
        yield from ("True", "true", "TRUE") if number else ("False", "false", "FALSE")
