"""Series in table files: times that are written as text, and forecasts as they are written."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.cli.inputs import naming
from chainrule.errors import TableError
from chainrule.table import TableLimits, open_table
from chainrule.table.calendar import day_first_in
from chainrule.table.cells import cells_of_series
from chainrule.table.dates import moment_in
from chainrule.table.names import column_of, wrapped_frame
from chainrule.table.values import RowError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["named_forecasts", "read_series_table", "times_as_text"]


def read_series_table(
    path: Path,
    time: str | None,
    limits: TableLimits,
    *,
    text_columns: tuple[str, ...] = (),
    ignored: tuple[str, ...] = (),
    day_first: bool | None = None,
) -> tuple["pl.DataFrame", bool | None]:
    """(the table of a series, whether days come before months in its times, if that was to be told).

    Parameters
    ----------
    time : str, optional
        The column of times: where it is text, it is read as dates, or dates and times.
    text_columns : tuple of str
        Columns that stay text.
    ignored : tuple of str
        Columns to leave out.
    day_first : bool, optional
        What is known already.

    Raises
    ------
    TableError
        If the file cannot be read, a column is absent, or a time is none; names the line.
    """
    import polars as pl

    file = open_table(path, limits)
    with naming(file):
        table = file.table(text_columns)
        for name in (*ignored, *([] if time is None else [time])):
            column_of(wrapped_frame(table), name)  # refuses a column that is not there
        table = table.drop(ignored)
        if time is not None and table[time].dtype == pl.String:
            times, day_first = _times_of(wrapped_frame(table).get_column(time), time, day_first)
            table = table.with_columns(times)
    return table, day_first


def _times_of(series: Any, name: str, day_first: bool | None) -> tuple["pl.Series", bool | None]:
    import polars as pl

    cells = cells_of_series(series, name)
    if cells.type != "text":
        raise TableError(f"column {name!r:.80} holds no time; name the column of times with --time")
    texts, codes = cells.factors
    if cells.missing.any():
        raise RowError(f"column {name!r:.80} lacks the time of ", int(cells.missing.argmax()), "; fill it in")
    day_first = day_first_in(cells, day_first)
    moments = [moment_in(text, bool(day_first)) for text in texts]
    if None in moments:
        place = moments.index(None)
        row = int((codes == place).argmax())
        raise RowError(
            f"column {name!r:.80} holds in ",
            row,
            f" {texts[place]!r:.80}, which is no date; write dates as 2024-01-31, with times as "
            "2024-01-31T10:30",
        )
    times = pl.Series(name, moments, dtype=pl.Datetime("us")).gather(codes)
    return times.cast(pl.Date) if not any(":" in text for text in texts) else times, day_first


def named_forecasts(forecasts: Any, targets: tuple[str, ...]) -> "pl.DataFrame":
    """Forecasts of a series with the columns of predictions: predicted_y, lower_y, upper_y."""
    names: dict[str, str] = {}
    for target in targets:
        bounds = {f"{target}_low": f"lower_{target}", f"{target}_high": f"upper_{target}"}
        names |= {target: f"predicted_{target}"} | bounds
    return forecasts.rename(names, strict=False)  # type: ignore[no-any-return]


def times_as_text(table: "pl.DataFrame") -> "pl.DataFrame":
    """The table with its times as ISO 8601 says them."""
    import polars as pl

    moments = [
        column.dt.strftime(f"%Y-%m-%dT%H:%M:%S%.f{'%:z' * bool(column.dtype.time_zone)}")  # type: ignore[attr-defined]
        for column in table.select(pl.selectors.datetime())
    ]
    return table.with_columns(*moments, pl.selectors.date().dt.strftime("%Y-%m-%d"))
