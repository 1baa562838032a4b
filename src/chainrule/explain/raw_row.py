"""A table's row on its way into the network: raw value, what the encoder made of it, and its embedding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.estimators.problem import Problem
from chainrule.network import Columns, FanOut, PiecewiseLinear

__all__ = ["RawColumn", "names_behind_embeddings", "raw_columns"]


@dataclass(frozen=True)
class RawColumn:
    """One column of the table, for one row.

    Attributes
    ----------
    name, kind : of the column
    value : as it stands in the table, as text; "" where it is missing
    encoded : (what, number) for every input of the network that is made of it
    embedded : (what, numbers) for every embedding of those inputs
    """

    name: str
    kind: str
    value: str
    encoded: tuple[tuple[str, float], ...]
    embedded: tuple[tuple[str, tuple[float, ...]], ...]


def raw_columns(problem: Problem, steps: Sequence[Any], row: int) -> tuple[RawColumn, ...]:
    """The columns of a row; () for a model that takes numbers as they are."""
    encoder = problem.encoder
    if encoder is None or problem.table is None:
        return ()
    column_of = {feature.name: feature.column for feature in encoder.schema.features}
    encoded: dict[str, list[Any]] = {column.name: [] for column in encoder.schema.columns}
    embedded: dict[str, list[Any]] = {column.name: [] for column in encoder.schema.columns}
    outputs = _embeddings(steps, row)
    for i, (feature, what) in enumerate(encoder.inputs):
        name = column_of.get(feature)
        if name is None:
            continue
        label = what if feature == name else f"{feature.removeprefix(name).strip()}: {what}"
        encoded[name].append((label, float(problem.X[row, i])))
        embedded[name] += [(f"{kind} of {label}", values) for kind, values in outputs.get(i, ())]
    places = encoder.schema.places(problem.table)
    return tuple(
        RawColumn(
            column.name,
            column.kind,
            _text(problem.table, places.get(column.name), row),
            tuple(encoded[column.name]),
            tuple(embedded[column.name]),
        )
        for column in encoder.schema.columns
    )


def _embeddings(steps: Sequence[Any], row: int) -> dict[int, list[tuple[str, tuple[float, ...]]]]:
    """By input of the network: name of the embedding layer, what it gives for a row (and member 1)."""
    if not steps or not isinstance(steps[0].layer, Columns):
        return {}
    of_member = next((step.layer.units for step in steps if isinstance(step.layer, FanOut)), 0)
    found: dict[int, list[Any]] = {}
    start, out = 0, steps[0].out[row]
    for first, behind, network in steps[0].layer.branches:
        width = network.n_outputs // (behind - first)
        for i in range(first, behind):
            if network.layers:
                layer = network.layers[0]
                shown = of_member if of_member and isinstance(layer, PiecewiseLinear) else width
                values = tuple(map(float, out[start : start + shown]))
                found.setdefault(i, []).append((layer.kind.replace("_", " "), values))
            start += width
    return found


def _text(table: Any, place: int | None, row: int) -> str:
    """A cell as it reads."""
    if place is None:
        return ""
    cells = table.cells(place)
    return "" if cells.missing[row] else str(cells.value(row))


def names_behind_embeddings(problem: Problem, steps: Sequence[Any], member: int) -> tuple[str, ...]:
    """Names of what a member's first weights get: "age scaled", "age scaled, periodic 2"; () if unknown."""
    names = problem.input_names
    if not steps or not isinstance(steps[0].layer, Columns):
        return names
    found: list[str] = []
    for first, behind, network in steps[0].layer.branches:
        width = network.n_outputs // (behind - first)
        kind = network.layers[0].kind.replace("_", " ") if network.layers else ""
        for i in range(first, behind):
            own = names[i] if i < len(names) else f"x_{i + 1}"
            found += [f"{own}, {kind} {j + 1}" for j in range(width)] if kind else [own]
    fan = next((step.layer for step in steps if isinstance(step.layer, FanOut)), None)
    if fan is None:
        return tuple(found)
    shared = len(found) - fan.members * fan.own
    group = fan.members * fan.units
    places = [
        shared + start + member * fan.units + j
        for start in range(0, fan.members * fan.own, group)
        for j in range(fan.units)
    ]
    return tuple(found[i] for i in (*range(shared), *places))
