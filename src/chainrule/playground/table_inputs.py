"""Columns of a table as inputs of a plain network."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.playground.examples import Column

__all__ = ["TableInputs", "table_inputs"]

Array = Any


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


def table_inputs(columns: tuple[Column, ...], values: Array) -> TableInputs:
    """Learn how columns become inputs."""
    gone = np.isnan(values)
    known = [x[~missing] for x, missing in zip(values.T, gone.T, strict=True)]
    middle = np.array([np.median(x) if len(x) else 0.0 for x in known])
    filled = np.where(gone, middle, values)
    center = filled.mean(axis=0) if len(values) else np.zeros(len(columns))
    scale = filled.std(axis=0) if len(values) else np.ones(len(columns))
    return TableInputs(columns, middle, center, np.where(scale > 0, scale, 1.0), gone.any(axis=0))
