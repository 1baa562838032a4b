"""What a request's rows consist of: the columns that the model goes by, as JSON and as JSON Schema."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from chainrule.table.calendar import Calendar
from chainrule.table.category import Boolean, Category
from chainrule.table.mixed import Mixed
from chainrule.table.number import Number
from chainrule.table.typed import TypedColumn
from chainrule.table.words import Text

__all__ = ["LARGEST", "InputColumn"]

LARGEST = float(np.finfo(np.float64).max)
"""Numbers of requests lie between this and its negative."""

_TYPES: dict[str, tuple[type, ...]] = {
    "number": (float, int),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
}
_BY_KIND: dict[str, tuple[str, ...]] = {
    "number": ("number",),
    "category": ("string", "number", "boolean"),
    "boolean": ("boolean", "string", "number"),
    "date": ("string",),
    "text": ("string",),
    "mixed": ("number", "string"),
}
_FEW = 20


@dataclass(frozen=True)
class InputColumn:
    """One column of the rows that are sent.

    Parameters
    ----------
    column : TypedColumn
        What training learned of it.
    may_be_missing : bool
        Whether null is a value of it.
    """

    column: TypedColumn
    may_be_missing: bool

    @property
    def name(self) -> str:
        """Its name."""
        return self.column.name

    @property
    def json_types(self) -> tuple[str, ...]:
        """The types of JSON that its values have."""
        types = ("number",) if self.form == "duration" else _BY_KIND[self.column.kind]
        return (*types, "null") if self.may_be_missing else types

    @property
    def classes(self) -> frozenset[type]:
        """The same as classes of Python."""
        return frozenset(class_ for name in self.json_types for class_ in _TYPES[name])

    @property
    def form(self) -> str | None:
        """Of dates: "date", "time" or "duration"."""
        return self.column.form if isinstance(self.column, Calendar) else None

    @property
    def range(self) -> list[Any] | None:
        """Smallest and largest value of training, where they are known; dates as text."""
        if self.form == "date":
            return self.column.extent.split(" to ")
        if not isinstance(self.column, Number | Mixed | Calendar) or not isfinite(self.column.low):
            return None
        return [self.column.low, self.column.high]

    @property
    def levels(self) -> Sequence[str] | None:
        """The levels of training, of a category, a boolean, or among numbers."""
        return self.column.levels if isinstance(self.column, Category | Boolean | Mixed) else None

    @property
    def example(self) -> Any:
        """A value that the model answers."""
        column = self.column
        if isinstance(column, Category | Boolean):
            return {"True": True, "False": False}.get(column.levels[0], column.levels[0])
        if isinstance(column, Text):
            return column.example
        if isinstance(column, Number) and not isfinite(column.low):
            return 0.5
        known = self.range or [0.0, 0.0]
        if self.form == "time":
            return f"{int(known[0]):02d}:{int(known[0] % 1 * 60):02d}"
        return known[0]

    def describe(self) -> dict[str, Any]:
        """Return plain data for people and programs that ask what the model is."""
        found = {"name": self.name, "kind": self.column.kind, "types": list(self.json_types)}
        further = {"form": self.form, "range": self.range, "levels": self.levels}
        return found | {key: value for key, value in further.items() if value is not None}

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of its values."""
        types = list(self.json_types)
        found: dict[str, Any] = {"type": types if len(types) > 1 else types[0]}
        if "number" in types:
            found |= {"minimum": -LARGEST, "maximum": LARGEST}
        if self.form in _PATTERNS:
            found["pattern"] = _PATTERNS[self.form]
        return found | {"description": self._said(), "examples": [self.example]}

    def _said(self) -> str:
        parts = []
        if self.range is not None:
            parts.append(f"In training from {self.range[0]} to {self.range[1]}.")
        if self.levels:
            shown = ", ".join(map(repr, self.levels[:_FEW]))
            more = f" and {len(self.levels) - _FEW} more" if len(self.levels) > _FEW else ""
            parts.append(f"Levels of training: {shown}{more}; another counts as unknown.")
        parts.append(_SAID.get(self.form or self.column.kind, ""))
        return " ".join(filter(None, parts))


# No day above 28, as some month has no more: a pattern cannot say it better.
_PATTERNS: dict[str | None, str] = {
    "date": "^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])([T ]([01][0-9]|2[0-3]):[0-5][0-9])?$",
    "time": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
}
_SAID = {
    "text": "Sentences.",
    "date": "A date, alone or with a time; the last days of a month and other spellings are read too.",
    "time": "A time of day; other spellings, such as 9:05 PM, are read too.",
    "duration": "Seconds.",
}
