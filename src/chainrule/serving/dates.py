"""Dates in requests: read if they say what they are, refused where the model would have to guess."""

from dataclasses import replace
from functools import cache

import numpy as np

from chainrule.table import Schema
from chainrule.table.calendar import Calendar
from chainrule.table.cells import Cells
from chainrule.table.dates import day_comes_first, is_ambiguous, moment_in, time_in
from chainrule.table.frame import Table
from chainrule.table.values import RowError

__all__ = ["readable_dates"]


def readable_dates(schema: Schema, table: Table) -> Table:
    """The table, in which every date and time can be read; numbers are taken as the seconds of durations.

    Raises
    ------
    TableError
        Where they cannot, or day and month could be taken for each other.
    """
    columns = {column.name: column for column in schema.columns if isinstance(column, Calendar)}
    if not columns:
        return table

    @cache
    def cells(place: int) -> Cells:
        found = table.cells(place)
        column = columns.get(found.name)
        if column is None or found.type == "empty":
            return found
        if column.form == "duration":
            return Cells(found.name, "duration", found.numbers(), found.missing)
        if found.type == "text":
            _check(column, found)
        return found

    return replace(table, cells=cells)


def _check(column: Calendar, cells: Cells) -> None:
    day_first = day_comes_first(cells.texts) if column.day_first is None else column.day_first
    is_date = column.form == "date"
    for place, text in enumerate(cells.texts):
        if is_date and day_first is None and is_ambiguous([text]):
            problem = "does not settle whether day or month comes first; write dates as 2024-01-31"
        elif (moment_in(text, bool(day_first)) if is_date else time_in(text)) is None:
            cure = "write dates as 2024-01-31" if is_date else "write times as 10:30"
            problem = f"is no {column.form}; {cure}, or leave it empty for missing"
        else:
            continue
        row = int(np.flatnonzero(cells.values == place)[0])
        raise RowError(f"column {column.name!r}: {text!r:.80} in ", row, f" {problem}")
