"""Findings about columns: constant, copied, mostly missing, unscaled, outside of what training has seen."""

from typing import Any

import numpy as np

from chainrule.explain.diagnosis import Finding, named, percent
from chainrule.explain.examined import Examined, plain_numbers
from chainrule.table.cells import Cells
from chainrule.table.number import Number

__all__ = [
    "constant_columns",
    "copied_columns",
    "missing_values",
    "rows_outside_the_training_range",
    "unscaled_inputs",
]

SHARE_OF_ZERO_COLUMNS = 0.25
"""Weights of inputs that are always about 0 get next to no gradient, and no harm is done: borders of images,
words that do not occur, what standardization leaves of a constant: a tenth of the pixels of handwritten
digits. They are worth a word where they are more than a quarter of all columns."""

SAME = 1e-5
"""Standard deviations that copies may differ by: what rounding to float32 leaves."""
FEWEST_ROWS_TO_TELL_A_COPY = 20
"""Two rare flags that are set in the same two rows may agree by chance; so many rows do not."""

SHARE_MISSING = 0.5
"""From here on most of what the model reads in the column is a stand-in rather than a value."""

SHARE_OUTSIDE = 0.05
"""Of n rows like those of training, about 2/n lie beyond its smallest and largest value: 2 % for 100 rows."""
FEWEST_ROWS_OUTSIDE = 5

LARGEST_INPUT = 5.0
"""A weight's gradient is proportional to its input: at 5 it is 5 times (curvature: 25 times) that of a
standardized column, so that no learning rate suits both. Standardized columns, flags and logarithms of
counts stay below."""
MUCH_TOO_LARGE = 100.0
"""A hundred times the slope and 10,000 times the curvature: one unit's sum is this column alone."""
SMALLEST_INPUT = 0.1
"""Root of the mean square below which a column is drowned out by the others; flags of rare events, whose
largest value is 1, and columns that are mostly zeros, as counts of words, are meant to be so."""


def constant_columns(examined: Examined) -> Finding | str | None:
    """Columns with one value, or none, in every row; of zeros only if they are many."""
    columns = examined.rows.columns
    if len(examined.rows) < 2:
        return "one row only"
    constant = [cells for cells in columns if _is_constant(cells)]
    zeros = [cells for cells in constant if cells.type == "number" and _is_nearly_zero(cells)]
    if len(zeros) <= SHARE_OF_ZERO_COLUMNS * len(columns):
        constant = [cells for cells in constant if not any(cells is zero for zero in zeros)]
    if not constant:
        return None
    names = [cells.name for cells in constant]
    empty = [cells.name for cells in constant if cells.type == "empty"]
    how = f", of them {len(empty)} without any value" if empty else ""
    return Finding(
        "constant columns",
        "notable",
        f"{len(names)} of {len(columns)} columns hold the same in every row{how}: nothing can be learned "
        "from them, and often something went wrong where they were made.",
        {"columns": names, "empty": empty, "share_of_columns": len(names) / len(columns)},
        "Look where they come from; leave them out if they are meant to be so.",
        f"column{'s' * (len(names) > 1)} {named(names)}",
    )


def _is_nearly_zero(cells: Cells) -> bool:
    return bool(np.abs(cells.values).max() < SMALLEST_INPUT)


def _is_constant(cells: Cells) -> bool:
    if cells.type == "empty":
        return True
    return not cells.missing.any() and len(np.unique(cells.values)) == 1


def copied_columns(examined: Examined) -> Finding | str | None:
    """Columns that are equal to another one, or for numbers a·x + b of it."""
    columns = examined.rows.columns
    if len(columns) < 2:
        return "one column only"
    pairs = []
    for types in (("text", "category"), ("number", "boolean", "moment", "time", "duration")):
        alike = [cells for cells in columns if cells.type in types]
        pairs += _equal([pair for cells in alike if (pair := (cells, _standardized(cells)))[1] is not None])
    places = {cells.name: place for place, cells in enumerate(columns)}
    pairs.sort(key=lambda pair: (places[pair[0]], places[pair[1]]))
    if not pairs:
        return None
    told = "; ".join(f"{copy!r} repeats {first!r}" for first, copy in pairs[:3])
    return Finding(
        "copied columns",
        "notable",
        f"{len(pairs)} of {len(columns)} columns {'is an' if len(pairs) == 1 else 'are'} exact "
        f"{'copy' if len(pairs) == 1 else 'copies'} of another one, or a·x + b of it: "
        f"{told}{' and so on' if len(pairs) > 3 else ''}. What they say counts double, and no importance "
        "can be told apart between them.",
        {"pairs": [list(pair) for pair in pairs]},
        "Keep one of each pair.",
        f"column{'s' * (len(pairs) > 1)} {named(copy for _, copy in pairs)}",
    )


def _standardized(cells: Cells) -> np.ndarray | None:
    """The column with mean 0, standard deviation 1, and 0 where missing; None for one that tells little."""
    x = plain_numbers(cells)
    values, counts = np.unique(x[~cells.missing], return_counts=True)
    if len(values) < 2 or len(x) - counts.max() < FEWEST_ROWS_TO_TELL_A_COPY:
        return None
    with np.errstate(all="ignore"):
        x = x / np.abs(values).max()
        known = x[~cells.missing]
        z = np.where(cells.missing, 0.0, (x - known.mean()) / known.std())
    return z if np.isfinite(z).all() else None


def _equal(columns: list[tuple[Cells, Any]]) -> list[tuple[str, str]]:
    """(first, copy) by name, of standardized columns that are the same up to their sign.

    Columns that are the same have the same projection on any direction: sorted by it they are neighbours. A
    flag and its opposite are no copies but the usual coding of two levels.
    """
    if len(columns) < 2:
        return []
    z = np.array([standardized for _, standardized in columns])
    projection = np.abs(z @ np.random.default_rng(0).normal(size=z.shape[1]))
    order = np.argsort(projection, kind="stable").tolist()
    pairs = []
    first = order[0]
    for place in order[1:]:
        same = np.abs(z[first] - z[place]).max() < SAME
        opposite = np.abs(z[first] + z[place]).max() < SAME and len(np.unique(z[place])) > 2
        if (same or opposite) and (columns[first][0].missing == columns[place][0].missing).all():
            pairs.append((min(first, place), max(first, place)))
        else:
            first = place
    return [(columns[first][0].name, columns[copy][0].name) for first, copy in sorted(pairs)]


def missing_values(examined: Examined) -> Finding | str | None:
    """Columns in which more than half of the values are missing."""
    if not examined.is_table_model:
        return "an MLP takes no missing values"
    shares = {cells.name: cells.missing_share for cells in examined.rows.columns if cells.type != "empty"}
    found = {name: share for name, share in shares.items() if share > SHARE_MISSING}
    if not found:
        return None
    found = dict(sorted(found.items(), key=lambda item: -item[1]))
    worst = next(iter(found))
    return Finding(
        "missing values",
        "notable",
        f"{len(found)} of {len(shares)} columns are missing in more than {percent(SHARE_MISSING)} of the "
        f"rows, {worst!r} in {percent(found[worst])}: a stand-in is mostly what the model reads there.",
        {"share_missing": found, "threshold": SHARE_MISSING},
        "Find out why they are missing. If that is unlike for new rows, leave the columns out.",
        f"column{'s' * (len(found) > 1)} {named(found)}",
    )


def rows_outside_the_training_range(examined: Examined) -> Finding | str | None:
    """Columns in which more than 5 % of the rows are beyond what training has seen: numbers and levels."""
    if not examined.is_table_model:
        return "an MLP does not remember its columns' ranges"
    rows = examined.rows if examined.unseen is None else examined.unseen
    known = {column.name: column for column in examined.model.encoder_.schema_.columns}
    shares = {}
    for cells in rows.columns:
        column = known.get(cells.name)
        if isinstance(column, Number):
            x = column.read(cells)[:, 0]
            n_outside = int(((x < column.low) | (x > column.high)).sum())
        else:
            n_outside = len(column.unseen(cells)) if column is not None and column.features else 0
        if n_outside >= FEWEST_ROWS_OUTSIDE and n_outside > SHARE_OUTSIDE * len(rows):
            shares[cells.name] = n_outside / len(rows)
    if not shares:
        return None
    shares = dict(sorted(shares.items(), key=lambda item: -item[1]))
    worst = next(iter(shares))
    return Finding(
        "rows outside the training range",
        "severe" if shares[worst] > 0.5 else "notable",
        f"{percent(shares[worst])} of the rows have a value of {worst!r} that is beyond all that training "
        "has seen there; rows like those of training would have next to none. There the model guesses.",
        {"share_outside": shares, "threshold": SHARE_OUTSIDE},
        "Train with rows like these; check that units and spellings are those of training.",
        f"column{'s' * (len(shares) > 1)} {named(shares)}",
    )


def unscaled_inputs(examined: Examined) -> Finding | str | None:
    """Columns of an MLP whose mean or standard deviation is far from 0 or 1."""
    if examined.is_table_model:
        return "a table model scales its columns itself"
    x = np.asarray(examined.rows.matrix, dtype=np.float64)
    unit = np.maximum(np.abs(x).max(axis=0), 1.0)
    mean, spread = (x / unit).mean(axis=0) * unit, (x / unit).std(axis=0) * unit
    with np.errstate(over="ignore"):
        rms = np.sqrt(mean**2 + spread**2)
    large = np.maximum(np.abs(mean), spread) > LARGEST_INPUT
    is_meant_to_be_small = (np.abs(x).max(axis=0) >= 0.5) | ((x != 0).mean(axis=0) <= 0.5)
    small = (rms < SMALLEST_INPUT) & ~is_meant_to_be_small & (np.ptp(x, axis=0) > 0)
    found = np.flatnonzero(large | small)
    if not len(found):
        return None
    cells = examined.rows.columns
    worst = found[np.argmax(np.abs(np.log(np.maximum(rms[found], 1e-300))))]
    names = [cells[place].name for place in found]
    return Finding(
        "unscaled inputs",
        "severe" if rms[found].max() > MUCH_TOO_LARGE else "notable",
        f"{len(found)} of {x.shape[1]} columns are far from mean 0 and standard deviation 1; "
        f"{cells[worst].name!r} has mean {mean[worst]:.3g} and standard deviation {spread[worst]:.3g}. "
        "Weights of large columns overshoot where those of small ones hardly move.",
        {
            "mean": dict(zip(names, mean[found].tolist(), strict=True)),
            "standard_deviation": dict(zip(names, spread[found].tolist(), strict=True)),
            "largest_allowed": LARGEST_INPUT,
            "smallest_allowed": SMALLEST_INPUT,
        },
        "Put StandardScaler in front of the MLP (make_pipeline(StandardScaler(), MLP…)), or use a table "
        "model, which scales by itself.",
        f"column{'s' * (len(found) > 1)} {named(names)}",
    )
