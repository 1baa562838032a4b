"""Rows of a table: any columns, as inputs of a plain network."""

import warnings
from collections.abc import Collection
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ChainruleWarning, ParameterError, TableError
from chainrule.playground.examples import Column, Examples, Rows
from chainrule.playground.settings import BUNDLED, LIMITS
from chainrule.table import Schema, prepare_target, read_table

__all__ = [
    "TableInputs",
    "bundled_rows",
    "scaled",
    "shuffled",
    "table_examples",
    "table_inputs",
    "table_rows",
    "with_columns",
]

Array = Any

_MOST_ROWS = 50_000
_MOST_LEVELS = 12
_MISSING, _OTHER = "(missing)", "(other)"


@dataclass(frozen=True, eq=False)
class TableInputs:
    """Numbers standardized, with an indicator where some are missing; levels one-hot.

    Parameters
    ----------
    columns : tuple of Column
    middle, center, scale : arrays, one entry per column
        What stands for a missing number; numbers become (x - center) / scale.
    has_missing : array of bool, one entry per column
    """

    columns: tuple[Column, ...]
    middle: Array
    center: Array
    scale: Array
    has_missing: Array

    @property
    def names(self) -> tuple[str, ...]:
        """Such as "age", "age is missing", "color = red"."""
        found: list[str] = []
        for column, missing in zip(self.columns, self.has_missing, strict=True):
            if not column.used:
                continue
            if column.levels:
                found += [f"{column.name} = {level}" for level in column.levels]
            else:
                found += [column.name] + [f"{column.name} is missing"] * bool(missing)
        return tuple(found)

    def of(self, values: Array) -> Array:
        """(n, n_inputs) of values (n, n_columns)."""
        parts = []
        for place, column in enumerate(self.columns):
            x = values[:, place]
            if not column.used:
                continue
            if column.levels:
                parts.append((np.round(x)[:, None] == np.arange(len(column.levels))).astype(np.float64))
                continue
            gone = np.isnan(x)
            known = np.where(gone, self.middle[place], x)
            parts.append(((known - self.center[place]) / self.scale[place])[:, None])
            if self.has_missing[place]:
                parts.append(gone[:, None].astype(np.float64))
        return np.concatenate(parts, axis=1)

    def natural_scales(self) -> tuple[Array, Array]:
        """(center, scale) of every input: what turns it back into the table's units."""
        center: list[float] = []
        scale: list[float] = []
        for place, column in enumerate(self.columns):
            if not column.used:
                continue
            n = len(column.levels) or 1 + int(self.has_missing[place])
            center += [0.0 if column.levels else float(self.center[place]), *[0.0] * (n - 1)]
            scale += [1.0 if column.levels else float(self.scale[place]), *[1.0] * (n - 1)]
        return np.array(center), np.array(scale)


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


def table_inputs(columns: tuple[Column, ...], values: Array) -> TableInputs:
    """Learn how columns become inputs."""
    gone = np.isnan(values)
    known = [x[~missing] for x, missing in zip(values.T, gone.T, strict=True)]
    middle = np.array([np.median(x) if len(x) else 0.0 for x in known])
    filled = np.where(gone, middle, values)
    center = filled.mean(axis=0) if len(values) else np.zeros(len(columns))
    scale = filled.std(axis=0) if len(values) else np.ones(len(columns))
    return TableInputs(columns, middle, center, np.where(scale > 0, scale, 1.0), gone.any(axis=0))


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


def table_rows(path: Path, target: str | None, seed: int, title: str | None = None) -> Rows:
    """Read a table's rows.

    Parameters
    ----------
    target : column to predict; None: the last one

    Raises
    ------
    TableError
        If it cannot be read, if there is no such column, or nothing to learn from.
    """
    frame = read_table(path)
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
    notices += [
        f"column {column.name!r} is text and is left out"
        for column in schema.columns
        if column.kind == "text"
    ]
    columns, values = _plotted(schema, read)
    if not columns:
        raise TableError("no column is left to learn from besides the target")
    labels, y = _labels(found)
    chosen = np.arange(len(y))
    if len(y) > _MOST_ROWS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(y), _MOST_ROWS, replace=False))
        notices.append(f"of {len(y):,} rows {_MOST_ROWS:,} were drawn")
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
