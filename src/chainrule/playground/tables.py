"""Rows of a table: which columns and levels there are to learn from."""

import warnings
from collections.abc import Collection
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ChainruleWarning, ParameterError, TableError
from chainrule.playground.examples import LARGEST, Column, Examples, Rows
from chainrule.playground.settings import BUNDLED, LIMITS
from chainrule.playground.table_inputs import table_inputs
from chainrule.table import DEFAULT_LIMITS, Schema, TableLimits, prepare_target, read_table

__all__ = [
    "bundled_rows",
    "scaled",
    "shuffled",
    "table_examples",
    "table_rows",
    "with_columns",
]

Array = Any

_MOST_ROWS = 50_000
_MOST_LEVELS = 12
_MISSING, _OTHER = "(missing)", "(other)"


def table_examples(
    path: str | Path, target: str, *, columns: Collection[str] | None = None, seed: int = 0, share: int = 50
) -> Examples:
    """A table as the playground takes it: `X_train`, `y_train`, `X_test`, `y_test`.

    Numbers are standardized by the training rows, levels one-hot; class numbers, or a standardized target.

    Parameters
    ----------
    path : a .csv, .tsv or .parquet file, or the name of a bundled table such as "iris"
    target : column to predict
    columns : those that the network sees; default: all that it can
    seed : decides which rows are test rows
    share : percent of the rows that are training rows
    """
    rows = bundled_rows(str(path), seed) if str(path) in BUNDLED else table_rows(Path(path), target, seed)
    rows = rows if columns is None else with_columns(rows, columns)
    return scaled(rows, share)


def scaled(rows: Rows, share: int) -> Examples:
    """Examples whose inputs, and whose target if it is a number, are standardized by the training rows."""
    is_train = rows.places * 100 < share
    inputs = table_inputs(rows.columns, rows.values[is_train])
    if rows.labels:
        return Examples(rows, inputs, share)
    y = rows.y[is_train]
    scale = float(y.std()) if len(y) else 1.0
    return Examples(rows, inputs, share, float(y.mean()) if len(y) else 0.0, scale or 1.0)


def with_columns(rows: Rows, names: Collection[str]) -> Rows:
    """The rows with these columns used, and no other.

    Raises
    ------
    ParameterError
        For a column that there is not, and where none is left.
    """
    for name in names:
        rows.place_of(name)
    if not names:
        raise ParameterError("a network needs an input; choose a column")
    return replace(rows, columns=tuple(replace(column, used=column.name in names) for column in rows.columns))


def shuffled(rows: Rows, seed: int) -> Rows:
    """The rows with other test rows."""
    return replace(rows, places=_places(len(rows.y), seed))


def bundled_rows(name: str, seed: int) -> Rows:
    """The rows of a table that comes with scikit-learn."""
    label, task, _ = BUNDLED[name]
    bunch = getattr(import_module("sklearn.datasets"), f"load_{name}")()
    values = np.asarray(bunch.data, dtype=np.float64)
    names = [str(one).removesuffix(" (cm)") for one in bunch.feature_names]
    columns = tuple(_number_column(n, x) for n, x in zip(names, values.T, strict=True))
    labels, y = np.zeros(0), bunch.target
    if task == "classification":
        labels, y = np.unique(np.asarray(bunch.target_names)[bunch.target], return_inverse=True)
    target = "class" if task == "classification" else "progression"
    y = np.asarray(y, dtype=np.float64)
    return Rows(
        label, task, target, tuple(labels.tolist()), columns, values, y, _places(len(y), seed), is_plane=False
    )


def table_rows(
    path: Path,
    target: str | None,
    seed: int,
    title: str | None = None,
    limits: TableLimits = DEFAULT_LIMITS,
) -> Rows:
    """Read a table's rows.

    Parameters
    ----------
    target : column to predict; None: the last one

    Raises
    ------
    TableError
        If it cannot be read, if there is no such column, or nothing to learn from.
    """
    frame = read_table(path, limits=limits)
    if target is None:
        target = frame.columns[-1]
    if target not in frame.columns:
        raise TableError(f"there is no column {target!r:.80}; there are: {', '.join(frame.columns[:20])}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ChainruleWarning)
        found = prepare_target(frame, target)
        schema = Schema.learn(frame.drop(target))
        read = schema.read(frame.drop(target))[found.rows]
    notices = [str(one.message) for one in caught if issubclass(one.category, ChainruleWarning)]
    notices += _left_out(schema)
    columns, values = _plotted(schema, read)
    if not columns:
        raise TableError("no column is left to learn from besides the target")
    labels, y = _labels(found)
    _check_sizes(columns, values)
    _check_sizes([Column(target, 0.0, 0.0, 0.0)], y[:, None])
    chosen = np.arange(len(y))
    if len(y) > _MOST_ROWS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(y), _MOST_ROWS, replace=False))
        notices.append(f"Of {len(y):,} rows {_MOST_ROWS:,} were drawn.")
    return Rows(
        title or Path(path).name,
        found.task,
        target,
        labels,
        columns,
        values[chosen],
        y[chosen],
        _places(len(chosen), seed),
        is_plane=False,
        notices=tuple(notices),
    )


_WHY = {"constant": "has the same value in every row", "empty": "has no value in any row"}
"""Of columns that are left out; of identifiers the reader has told already."""


def _left_out(schema: Schema) -> list[str]:
    """A sentence for every column that is not learned from."""
    found = []
    for column in schema.columns:
        why = "is text" if column.kind == "text" else _WHY.get(getattr(column, "reason", ""))
        if why:
            found.append(f"Column {column.name!r} {why}, and is left out.")
    return found


def _check_sizes(columns: Collection[Column], values: Array) -> None:
    for column, x in zip(columns, values.T, strict=True):
        largest = np.abs(x[~np.isnan(x)]).max(initial=0.0)
        if largest > LARGEST:
            raise TableError(
                f"column {column.name!r} holds numbers as large as {largest:.3g}; divide them, so that "
                f"none is beyond {LARGEST:g}"
            )


def _labels(found: Any) -> tuple[tuple[Any, ...], Array]:
    if found.task == "regression":
        return (), np.asarray(found.values, dtype=np.float64)
    labels, y = np.unique(found.values, return_inverse=True)
    if len(labels) > LIMITS["classes"]:
        raise TableError(
            f"target {found.name!r} has {len(labels)} classes; the playground shows {LIMITS['classes']} at "
            "most, chainrule train takes all"
        )
    return tuple(labels.tolist()), y.astype(np.float64)


def _plotted(schema: Schema, read: Array) -> tuple[tuple[Column, ...], Array]:
    """(columns, values): numbers as they are, levels as places among the most frequent ones."""
    texts = {column.name: getattr(column, "levels", ()) for column in schema.columns}
    kinds = {column.name: column.kind for column in schema.columns}
    columns, values = [], []
    for feature, x in zip(schema.features, read.T, strict=True):
        if kinds[feature.column] == "text":
            continue
        if feature.role == "code":
            known = [_MISSING, _OTHER, *(["a number"] if kinds[feature.column] == "mixed" else [])]
            levels, places = _frequent([*known, *texts[feature.column]], x.astype(int))
            columns.append(Column(feature.name, 0.0, len(levels) - 1.0, float(_mode(places)), levels))
            values.append(places.astype(np.float64))
        else:
            columns.append(_number_column(feature.name, x))
            values.append(x)
    return tuple(columns), np.stack(values, axis=1) if values else np.zeros((len(read), 0))


def _frequent(names: list[str], codes: Array) -> tuple[tuple[str, ...], Array]:
    """(levels, their places): the most frequent ones, in their order, and all others as one."""
    counts = np.bincount(codes, minlength=len(names))
    frequent = np.sort(np.argsort(-counts, kind="stable")[:_MOST_LEVELS])
    frequent = frequent[(counts[frequent] > 0) & (frequent != 1)]
    place = np.full(len(names), len(frequent))
    place[frequent] = np.arange(len(frequent))
    places = place[codes]
    levels = [names[code] for code in frequent]
    return tuple(levels + [_OTHER] * bool((places == len(frequent)).any())), places


def _number_column(name: str, x: Array) -> Column:
    """A column of numbers; extremes do not stretch the picture."""
    known = x[~np.isnan(x)]
    if not len(known):
        return Column(name, -1.0, 1.0, 0.0)
    low, middle, high = (float(one) for one in np.percentile(known, [1, 50, 99]))
    margin = 0.05 * (high - low) or 1.0
    return Column(name, low - margin, high + margin, middle)


def _mode(places: Array) -> int:
    return int(np.bincount(places).argmax()) if len(places) else 0


def _places(n: int, seed: int) -> Array:
    return np.random.default_rng([seed, 1]).permutation(n) / max(n, 1)
