"""Columns by their names: found, or told which there are."""

import difflib
from typing import Any

from chainrule.errors import ParameterError, TableError

__all__ = ["absent_message", "column_of", "wrapped_frame"]


def wrapped_frame(frame: Any) -> Any:
    """Put a frame behind narwhals' one interface.

    Raises
    ------
    ParameterError
        If it is not a frame with different names, all of them strings.
    """
    import narwhals as nw

    try:
        wrapped = nw.from_native(frame, eager_only=True)
        names = list(wrapped.columns)
    except (TypeError, nw.exceptions.NarwhalsError) as error:
        raise ParameterError(
            f"a table must be a pandas, polars or pyarrow frame, however: {type(frame).__name__} ({error})"
        ) from None
    for name in names:
        if not isinstance(name, str):
            raise ParameterError(f"column names must be strings, however: {name!r:.80}; rename the column")
    return wrapped


def column_of(frame: Any, name: str) -> Any:
    """Find a column of a wrapped frame by its name.

    Raises
    ------
    TableError
        If there is none of this name; suggests names that look like it.
    """
    if name in frame.columns:
        return frame[name]
    raise TableError(absent_message([name], frame.columns))


def absent_message(absent: list[str], present: list[str]) -> str:
    """Say which columns a table lacks, and what it has instead: names that look like the first of them."""
    shown = _listed(absent[:5]) + (f" and {len(absent) - 5} more" if len(absent) > 5 else "")
    noun = "column" if len(absent) == 1 else "columns"
    near = difflib.get_close_matches(absent[0], present, n=3)
    folded = [name for name in present if name.casefold() == absent[0].casefold()]
    suggested = list(dict.fromkeys([*folded, *near]))
    if suggested:
        return f"the table has no {noun} {shown}; did you mean {_listed(suggested, ' or ')}?"
    listed = _listed(present[:12]) + (", ..." if len(present) > 12 else "")
    return f"the table has no {noun} {shown}; it has {listed}"


def _listed(names: list[str], between: str = ", ") -> str:
    return between.join(f"{name!r:.80}" for name in names)
