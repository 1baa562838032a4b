"""The values of one column, whatever library they came in, in one of a few types."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np

from chainrule.errors import TableError
from chainrule.table.levels import level_text
from chainrule.table.values import RowError

__all__ = ["CellType", "Cells", "cells_of_array", "cells_of_series", "hours_of", "infinite", "no_number"]

CellType = Literal["number", "boolean", "moment", "time", "duration", "text", "category", "empty"]

_MIDNIGHT = time()


@dataclass
class Cells:
    """One column: a type, one value per row, and the rows in which it is missing.

    Attributes
    ----------
    name : str
    type : CellType
        "moment": a date, or a date and time; "category": text that its library calls categories; "empty": all
        values are missing, whatever type they would have had.
    values : array (n,)
        number: integers or floats; boolean: bool; moment: datetime64[us], in UTC where a time zone was given;
        time: hours; duration: seconds; text, category: the value's place in `texts`, -1 where missing.
    missing : array of bool (n,)
    texts : list of str
        The different values of text and categories, in the order of their first rows.
    """

    name: str
    type: CellType
    values: np.ndarray
    missing: np.ndarray
    texts: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.missing.all():
            self.type = "empty"

    @cached_property
    def missing_share(self) -> float:
        """Share of the rows without a value."""
        return float(self.missing.mean()) if len(self.missing) else 0.0

    @cached_property
    def factors(self) -> tuple[Sequence[str], np.ndarray]:
        """The different values as text, and for each row the place of its own; -1 where missing."""
        if self.type in ("text", "category"):
            return self.texts, self.values
        different, places = np.unique(self.values[~self.missing], return_inverse=True)
        codes = np.full(len(self.values), -1)
        codes[~self.missing] = places
        return [_text(value) for value in different.tolist()], codes

    @cached_property
    def counts(self) -> np.ndarray:
        """How many rows hold each of the different values."""
        texts, codes = self.factors
        return np.bincount(codes[codes >= 0], minlength=len(texts))

    def share(self, holds: Iterable[bool]) -> float:
        """Share of the values, over the rows, for which something holds; told for each different value."""
        return float(self.counts[np.fromiter(holds, bool, len(self.counts))].sum() / self.counts.sum())

    def numbers(self) -> np.ndarray:
        """Float64 values, NaN where missing; text is read as numbers, true is 1.

        Raises
        ------
        RowError
            For what is no number, and for infinities; names the column and the row.
        """
        if self.type in ("number", "boolean", "empty"):
            x = np.where(self.missing, np.nan, 0.0 if self.type == "empty" else self.values)
        elif self.type not in ("text", "category"):
            raise no_number(self, int(np.flatnonzero(~self.missing)[0]))
        else:
            texts, codes = self.factors
            x = np.append([_number(self, place, text) for place, text in enumerate(texts)], np.nan)[codes]
        if np.isinf(x).any():
            raise infinite(self.name, int(np.flatnonzero(np.isinf(x))[0]))
        return np.asarray(x, dtype=np.float64)

    def value(self, row: int) -> Any:
        """The value of one row as a Python object."""
        if self.type in ("text", "category"):
            return self.texts[self.values[row]]
        return self.values[row].item()


def infinite(name: str, row: int) -> RowError:
    """The error for an infinite value."""
    return RowError(
        f"column {name!r:.80} is infinite in ", row, "; replace it by a number, or leave it empty for missing"
    )


def no_number(cells: Cells, row: int) -> RowError:
    """The error for something else among numbers."""
    texts, codes = cells.factors
    return RowError(
        f"column {cells.name!r:.80} must hold numbers, however ",
        row,
        f" holds {texts[codes[row]]!r:.80}; correct it, or leave it empty for missing",
    )


def _number(cells: Cells, place: int, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise no_number(cells, int(np.flatnonzero(cells.values == place)[0])) from None


# -- from a frame's series ---------------------------------------------------------------------------


def cells_of_series(series: Any, name: str) -> Cells:
    """Take the values of a narwhals series.

    Raises
    ------
    TableError
        For nested values, bytes, complex numbers and other objects; names the column and the type.
    """
    import narwhals as nw

    dtype = series.dtype
    if dtype.is_integer() and dtype not in (nw.Int128, nw.UInt128):  # NumPy has none so long
        missing = series.is_null().to_numpy().astype(bool)
        return _of_array(name, (series.fill_null(0) if missing.any() else series).to_numpy(), missing)
    if dtype.is_numeric():
        return _of_array(name, (series if dtype.is_float() else series.cast(nw.Float64)).to_numpy())
    if dtype == nw.Boolean:
        missing = series.is_null().to_numpy().astype(bool)
        return _of_array(name, series.fill_null(False).to_numpy().astype(bool), missing)
    if isinstance(dtype, nw.Datetime) and dtype.time_zone is not None:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    if dtype in (nw.Date, nw.Datetime, nw.Duration):
        return _of_array(name, series.to_numpy())
    if dtype == nw.String:
        return _of_texts(name, "text", series.to_list())
    if dtype in (nw.List, nw.Struct, nw.Array, nw.Binary):
        raise _refusal(name, str(dtype))
    return _of_objects(name, series.to_list(), dtype in (nw.Categorical, nw.Enum))


def _of_texts(name: str, type_: CellType, values: list[Any]) -> Cells:
    """Take strings; whatever else stands among them is missing: None, NaN, pandas' NA."""
    if set(map(type, values)) != {str}:
        values = [str(value) if isinstance(value, str) else None for value in values]
    texts = [text for text in dict.fromkeys(values) if text is not None]
    places: dict[str | None, int] = {text: place for place, text in enumerate(texts)}
    places[None] = -1
    codes = np.fromiter(map(places.__getitem__, values), np.intp, len(values))
    return Cells(name, type_, codes, codes < 0, texts)


# -- from an array's column --------------------------------------------------------------------------


def cells_of_array(column: np.ndarray, name: str) -> Cells:
    """Take the values of a one-dimensional array; raises as `cells_of_series`."""
    if column.dtype.kind in "biufMm":
        return _of_array(name, column)
    if column.dtype.kind == "U":
        return _of_texts(name, "text", column.tolist())
    if column.dtype.kind == "O":
        return _of_objects(name, list(column))
    raise _refusal(name, str(column.dtype))


def _of_array(name: str, values: np.ndarray, missing: np.ndarray | None = None) -> Cells:
    kind = values.dtype.kind
    if kind == "M":
        values = values.astype("datetime64[us]")
        return Cells(name, "moment", values, np.isnat(values))
    if kind == "m":
        missing = np.isnat(values)
        return Cells(name, "duration", values / np.timedelta64(1, "s"), missing)
    if kind not in "biu":
        values = values.astype(np.float64)
        nan = np.isnan(values)
        missing = nan if missing is None else missing | nan
    if missing is None:
        missing = np.zeros(len(values), dtype=bool)
    return Cells(name, "boolean" if kind == "b" else "number", values, missing)


# -- from Python objects -----------------------------------------------------------------------------


def _family(type_: type) -> CellType | None:
    """Which type of cell objects of a class are; None for those that cannot be used."""
    if type_.__name__ in ("NoneType", "NAType", "NaTType"):
        return "empty"
    families: list[tuple[Any, CellType]] = [
        (str, "text"),
        ((bool, np.bool_), "boolean"),
        (np.timedelta64, "duration"),  # before integers, which NumPy says it is one of
        ((Integral, Real, Decimal), "number"),
        ((datetime, date, np.datetime64), "moment"),
        (time, "time"),
        (timedelta, "duration"),
    ]
    return next((family for classes, family in families if issubclass(type_, classes)), None)


def _of_objects(name: str, values: list[Any], is_category: bool = False) -> Cells:
    """Take Python objects: as their common type, or all as text where they have several."""
    families = {type_: _family(type_) for type_ in set(map(type, values))}
    for type_, family in families.items():
        if family is None:
            raise _refusal(name, type_.__name__)
    absent = {type_ for type_, family in families.items() if family == "empty"}
    values = [None if type(value) in absent or value != value else value for value in values]
    found = {families[type_] for type_ in set(map(type, values)) if type_ is not type(None)}
    if found == {"number", "boolean"}:
        found = {"number"}
    if not is_category and len(found) == 1 and (family := found.pop()) in _ARRAYS:
        missing = np.array([value is None for value in values], dtype=bool)
        present = _ARRAYS[family]([value for value in values if value is not None])
        whole = np.full(len(values), "NaT" if present.dtype.kind in "Mm" else 0, dtype=present.dtype)
        whole[~missing] = present
        if family == "time":
            return Cells(name, family, whole, missing)
        return _of_array(name, whole, None if present.dtype.kind in "Mm" else missing)
    texts = [value if value is None or type(value) is str else _text(value) for value in values]
    return _of_texts(name, "category" if is_category else "text", texts)


def _number_array(values: list[Any]) -> np.ndarray:
    whole = np.array(values) if all(isinstance(value, Integral) for value in values) else np.empty(0, object)
    return whole if whole.dtype.kind in "iu" else np.array(list(map(_float, values)), dtype=np.float64)


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.inf


def _moment_array(values: list[Any]) -> np.ndarray:
    return np.array(list(map(_moment, values)), dtype="datetime64[us]")


def _moment(value: Any) -> np.datetime64:
    offset = value.utcoffset() if isinstance(value, datetime) else None
    if offset is None:
        return np.datetime64(value, "us")
    # Python's own way to UTC ends at the years 1 and 9999.
    return np.datetime64(value.replace(tzinfo=None), "us") + np.timedelta64(-offset)


_ARRAYS: dict[CellType | None, Callable[[list[Any]], np.ndarray]] = {
    "number": _number_array,
    "boolean": lambda values: np.array(values, dtype=bool),
    "moment": _moment_array,
    "time": lambda values: np.array([hours_of(value) for value in values], dtype=np.float64),
    "duration": lambda values: np.array(values, dtype="timedelta64[us]"),
}


def hours_of(value: time) -> float:
    """Hours since midnight."""
    return value.hour + value.minute / 60 + (value.second + value.microsecond / 1e6) / 3600


def _text(value: Any) -> str:
    """Write a value as a level: numbers and text as `level_text` does, dates and times as ISO 8601."""
    if isinstance(value, np.datetime64 | np.timedelta64):
        value = value.astype(
            "datetime64[us]" if isinstance(value, np.datetime64) else "timedelta64[us]"
        ).item()
    if isinstance(value, datetime) and value.time() == _MIDNIGHT and value.tzinfo is None:
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return level_text(float(value) if isinstance(value, Decimal) else value)


def _refusal(name: str, what: str) -> TableError:
    return TableError(
        f"column {name!r:.80} holds {what:.80} values, which are not supported; "
        "leave it out, or turn it into numbers or text"
    )
