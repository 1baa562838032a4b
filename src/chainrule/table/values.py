"""The values of one column: which kind they are, as numbers, as levels."""

from typing import Any, Literal

import numpy as np

from chainrule.errors import TableError
from chainrule.table.levels import level_text

__all__ = ["Kind", "kind_of", "numbers_of", "texts_of"]

Kind = Literal["number", "boolean", "category", "empty"]


def kind_of(series: Any) -> Kind:
    """Tell which kind of column a narwhals series is.

    Raises
    ------
    TableError
        For dates, times, nested values and whatever else has no kind yet.
    """
    import narwhals as nw

    dtype = series.dtype
    if dtype.is_temporal():
        raise TableError(
            f"column {series.name!r} holds dates or times ({dtype}), which are not supported yet; "
            "leave it out, or turn it into numbers such as year and month"
        )
    if series.is_null().all():
        return "empty"
    if dtype.is_numeric():
        return "empty" if np.isnan(numbers_of(series)).all() else "number"
    if dtype == nw.Boolean:
        return "boolean"
    if dtype == nw.String or dtype == nw.Categorical or dtype == nw.Enum:
        return "category"
    if dtype == nw.Object:
        kinds = {_kind_of_value(value) for value in series.drop_nulls().to_list()}
        if kinds <= {"number", "boolean", "category"}:
            return kinds.pop() if len(kinds) == 1 else "category"
    raise TableError(
        f"column {series.name!r} holds {dtype} values, which are not supported; "
        "leave it out, or turn it into numbers or text"
    )


def _kind_of_value(value: Any) -> Kind:
    if isinstance(value, str):
        return "category"
    if isinstance(value, bool | np.bool_):
        return "boolean"
    return "number" if isinstance(value, int | float | np.number) else "empty"


def numbers_of(series: Any) -> np.ndarray:
    """Float64 values of a narwhals series, NaN where missing; text is read as numbers.

    Raises
    ------
    TableError
        For text that is no number, and for infinities; names the column and the row.
    """
    import narwhals as nw

    if series.dtype.is_numeric() or series.dtype == nw.Boolean:
        x = np.array(series.cast(nw.Float64).to_numpy(), dtype=np.float64)
    else:
        missing = series.is_null().to_list()
        x = np.full(len(missing), np.nan)
        for row, (value, gone) in enumerate(zip(series.to_list(), missing, strict=True)):
            if not gone:
                x[row] = _number(series.name, row, value)
    if np.isinf(x).any():
        row = int(np.flatnonzero(np.isinf(x))[0])
        raise TableError(
            f"column {series.name!r} is infinite in row {row + 1}; replace it by a number, or leave it empty "
            "for missing"
        )
    return x


def _number(name: str, row: int, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TableError(
            f"column {name!r} must hold numbers, however row {row + 1} holds {value!r}; correct it, or "
            "leave it empty for missing"
        ) from None


def texts_of(series: Any) -> list[str | None]:
    """Turn the values of a narwhals series into levels, None where missing."""
    missing = series.is_null().to_list()
    return [
        None if gone else level_text(value) for value, gone in zip(series.to_list(), missing, strict=True)
    ]
