"""Small parts of reports: numbers, facts, tables and lines of bars that fit 80 columns."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

__all__ = ["count", "facts", "left_out", "number", "score", "size", "sparkline", "table"]

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
    """Write a score between 0 and 1 with three decimals."""
    return "–" if value is None else f"{value:.3f}"


def size(n_bytes: float) -> str:
    """Write a number of bytes, such as "33.2 kB"."""
    for unit in ("bytes", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}" if unit != "bytes" else f"{n_bytes} bytes"
        n_bytes /= 1000
    return f"{n_bytes:.3g} GB"


def count(number: int, one: str, many: str = "") -> str:
    """Write a number of things, such as "1 row" and "2,000 rows"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def facts(*rows: tuple[str, str | Text] | None) -> Table:
    """Names on the left, facts on the right."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold cyan", no_wrap=True)
    table.add_column()
    for row in rows:
        if row is not None:
            table.add_row(row[0], row[1] if isinstance(row[1], Text) else Text(row[1]))
    return table


def table(title: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str | Text]]) -> Group:
    """Draw a table with its title above; every column has a heading and a side."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    rows = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    for place, (heading, side) in enumerate(columns):
        longest = max([len(heading), *(len(row[place]) for row in rows)])
        # All but the last keep their width; what is too long for 80 columns is cut in the last.
        kept = min(longest, _WIDEST_COLUMN) if place < len(columns) - 1 else None
        justify: Any = side
        table.add_column(
            Text(heading), justify=justify, min_width=kept, max_width=kept, overflow="ellipsis", no_wrap=True
        )
    for row in rows:
        table.add_row(*row)
    return Group(Text(), Text(title, "bold cyan"), table)


def left_out(n_all: int, n_shown: int, what: str) -> list[Text]:
    """Say how many are not shown, if any."""
    return (
        [Text(f"... and {count(n_all - n_shown, what)} more (--json has all)", "dim")]
        if n_all > n_shown
        else []
    )
