"""The values of a target column: which kind they are, as numbers."""

from typing import Any, Literal

import numpy as np

from chainrule.errors import TableError

__all__ = ["Kind", "RowError", "kind_of", "numbers_of"]

Kind = Literal["number", "boolean", "category", "empty"]

_NEARLY_ALL = 0.9

_DAY = "(?:0?[1-9]|[12][0-9]|3[01])"
_DATE = (
    f"(?:[0-9]{{4}}[-/]{_DAY}[-/]{_DAY}|{_DAY}[-/]{_DAY}[-/](?:[0-9]{{2}})?[0-9]{{2}}|"
    f"{_DAY}[.]{_DAY}[.][0-9]{{4}})"
)
_TIME = (
    "(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?"
    "(?: ?[AaPp][Mm])?(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?"
)
_DATES = f"^(?:{_DATE}(?:[T ]{_TIME})?|{_TIME})$"
COMMAS = "^[+-]?(?:[0-9]+,[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+(?:[.][0-9]+)?|[0-9]{1,3}(?:[.][0-9]{3})+,[0-9]+)$"
NUMBERS = "^[+-]?[0-9]+(?:[.][0-9]+)?$"


class RowError(TableError):
    """Something is wrong in one row; whoever knows its line in the file says that instead."""

    def __init__(self, before: str, row: int, after: str) -> None:
        super().__init__(before, row, after)
        self.before, self.row, self.after = before, row, after

    def __str__(self) -> str:
        return f"{self.before}row {self.row + 1}{self.after}"


def kind_of(series: Any) -> Kind:
    """Tell which kind of column a narwhals series is.

    Raises
    ------
    TableError
        For dates and times, also as text; for numbers with commas; for nested values and whatever else has no
        kind yet.
    """
    import narwhals as nw

    dtype = series.dtype
    if dtype.is_temporal():
        raise TableError(
            f"column {series.name!r:.80} holds dates or times ({dtype!s:.80}), which cannot be "
            "predicted; turn it into numbers, such as days since a day"
        )
    if series.is_null().all():
        return "empty"
    if dtype.is_numeric():
        return "empty" if np.isnan(numbers_of(series)).all() else "number"
    if dtype == nw.Boolean:
        return "boolean"
    if dtype == nw.String:
        _check_text(series.drop_nulls())
    if dtype == nw.String or dtype == nw.Categorical or dtype == nw.Enum:
        return "category"
    if dtype == nw.Object:
        kinds = {_kind_of_value(value) for value in series.drop_nulls().to_list()}
        if kinds <= {"number", "boolean", "category"}:
            return kinds.pop() if len(kinds) == 1 else "category"
    raise TableError(
        f"column {series.name!r:.80} holds {dtype!s:.80} values, which are not supported; "
        "leave it out, or turn it into numbers or text"
    )


def _check_text(present: Any) -> None:
    """Refuse text that is another thing than categories: dates, times, numbers with commas."""
    if present.str.contains(_DATES).mean() >= _NEARLY_ALL:
        raise TableError(
            f"column {present.name!r:.80} holds dates or times (such as {present[0]!r:.80}), which cannot "
            "be predicted; turn it into numbers, such as days since a day"
        )
    with_comma = present.str.contains(COMMAS)
    if with_comma.any() and (with_comma | present.str.contains(NUMBERS)).mean() >= _NEARLY_ALL:
        raise TableError(
            f"column {present.name!r:.80} holds numbers with commas (such as "
            f"{present.filter(with_comma)[0]!r:.80}), which would be taken for text; "
            "write 1.5 for 1,5 and 1234.5 for 1,234.5, or leave it out"
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
    RowError
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
        raise RowError(
            f"column {series.name!r:.80} is infinite in ",
            row,
            "; replace it by a number, or leave it empty for missing",
        )
    return x


def _number(name: str, row: int, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise RowError(
            f"column {name!r:.80} must hold numbers, however ",
            row,
            f" holds {value!r:.80}; correct it, or leave it empty for missing",
        ) from None
