"""Small parts of reports: numbers, facts, tables and lines of bars that fit 80 columns."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from rich import box
from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

__all__ = [
    "GAP",
    "WIDTH",
    "count",
    "facts",
    "left_out",
    "number",
    "quoted",
    "score",
    "seconds_text",
    "size",
    "sparkline",
    "table",
]

WIDTH = 80
"""Columns of a report; where the terminal has fewer, it wraps the lines, and nothing is lost."""

GAP = 2
"""Blanks between the columns of a table."""

_WIDEST_COLUMN = 28
_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int = 30, from_zero: bool = False) -> str:
    """Draw values as a line of bars, at most `width` characters; values that are not finite leave a blank."""
    x = np.asarray(values, dtype=np.float64)
    x = np.array([part.mean() for part in np.array_split(x, min(width, len(x)))]) if len(x) else x
    finite = x[np.isfinite(x)]
    if not len(finite):
        return ""
    low, high = (0.0 if from_zero else finite.min()), finite.max()
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[round((v - low) * scale)] if np.isfinite(v) else " " for v in x)


def number(value: float | None) -> str:
    """Write a number with four digits, below 1 with three."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e7:
        return f"{value:.3g}"
    magnitude = int(np.floor(np.log10(abs(value))))
    return f"{value:,.{max(0, 3 - magnitude) if magnitude >= 0 else 2 - magnitude}f}"


def score(value: float | None) -> str:
    """Write a score of at most 1 with three decimals; one far below 0 as any other number."""
    return number(value) if value is None or value < -9.9 else f"{value:.3f}"


def size(n_bytes: float) -> str:
    """Write a number of bytes, such as "33.2 kB"."""
    for unit in ("bytes", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}" if unit != "bytes" else f"{n_bytes} bytes"
        n_bytes /= 1000
    return f"{n_bytes:.3g} GB"


def seconds_text(seconds: float) -> str:
    """Write a duration, such as "2.31 s" and "12 min"."""
    return (
        f"{seconds:.2f} s"
        if seconds < 10
        else f"{seconds:.0f} s"
        if seconds < 600
        else f"{seconds / 60:.0f} min"
    )


def count(number: int, one: str, many: str = "") -> str:
    """Write a number of things, such as "1 row" and "2,000 rows"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def quoted(level: str) -> str:
    """Write a level among others: in quotes if it is empty, or holds a comma or blanks."""
    return level if level and not re.search(r"[\s,]", level) else repr(level)


def facts(*rows: tuple[str, str | Text] | None) -> Table:
    """Names on the left, facts on the right."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold cyan", no_wrap=True)
    table.add_column()
    for row in rows:
        if row is not None:
            table.add_row(row[0], row[1] if isinstance(row[1], Text) else Text(row[1]))
    return table


def table(title: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> Group:
    """Draw a table with its title above; every column has a heading and a side.

    Cells are text, the last of a row may be a list: of its items, those that fit are shown.
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    rows = [list(row) for row in rows]
    room = WIDTH - sum(
        GAP + min(_WIDEST_COLUMN, max([cell_len(heading), *(cell_len(str(row[place])) for row in rows)]))
        for place, (heading, _) in enumerate(columns[:-1])
    )
    rows = [[cell if isinstance(cell, Text) else Text(_as_text(cell, room)) for cell in row] for row in rows]
    for place, (heading, side) in enumerate(columns):
        longest = max([cell_len(heading), *(row[place].cell_len for row in rows)])
        # All but the last keep their width; what is too long for 80 columns is cut in the last.
        kept = min(longest, _WIDEST_COLUMN) if place < len(columns) - 1 else None
        justify: Any = side
        table.add_column(
            Text(heading), justify=justify, min_width=kept, max_width=kept, overflow="ellipsis", no_wrap=True
        )
    for row in rows:
        table.add_row(*row)
    return Group(Text(), Text(title, "bold cyan"), table)


def _as_text(cell: str | Sequence[str], room: int) -> str:
    """Join the items of a cell as far as they fit, whole ones only."""
    if isinstance(cell, str):
        return cell
    fitting = [", ".join(cell), *(", ".join([*cell[:n], "…"]) for n in range(len(cell) - 1, 0, -1))]
    return next((text for text in fitting if cell_len(text) <= room), fitting[-1])


def left_out(n_all: int, n_shown: int, what: str) -> list[Text]:
    """Say how many are not shown, if any."""
    return (
        [Text(f"... and {count(n_all - n_shown, what)} more (--json has all)", "dim")]
        if n_all > n_shown
        else []
    )
