"""The row of a network that sees a grid or goes through steps: as a map, or a line per step."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.explain.document import Formula, Grid
from chainrule.explain.layer_page import few, grid_map, left_out

__all__ = ["input_grids"]

Array = Any


def input_grids(steps: Sequence[Any], row: Array, units: int) -> list[Grid | str]:
    """Tables of the values that go in; none for a network that takes them as a plain row.

    Parameters
    ----------
    steps : those of a trace, branches opened
    row : array (n_inputs,)
    units : int
        Columns that are shown.
    """
    width = steps[0].z_in.shape[-1] if steps else 0
    shape, masked = _shape(steps, width)
    if not shape:
        return []
    inner, rest = row[:width], row[width:]
    grids: list[Grid | str] = []
    if len(shape) == 3:
        image = inner.reshape(shape)
        middle = (shape[0] // 2, shape[1] // 2)
        one = shape[2] == 1
        grids.append(grid_map(image[:, :, 0], "the image" if one else f"channel 1 of {shape[2]}", middle))
    else:
        grids.append(_by_step(inner.reshape(shape), masked, units))
    if len(rest):
        lines = tuple((i + 1, float(value)) for i, value in enumerate(rest[: 4 * units]))
        grids.append(Grid(("static input", "x"), lines, note=left_out(len(rest), 4 * units, "inputs")))
    return grids


def _shape(steps: Sequence[Any], width: int) -> tuple[tuple[int, ...], bool]:
    """(grid of the first layer that knows it, whether the last value of a place is a mask)."""
    masked = False
    for step in steps:
        layer = getattr(step.layer, "layer", step.layer)
        if layer.kind in ("dense", "member_dense", "columns") or step.z_in.shape[-1] != width:
            break
        masked |= layer.kind != "token_embedding" and bool(getattr(layer, "masked", False))
        if hasattr(layer, "shape"):
            return tuple(layer.shape), masked
        if hasattr(layer, "steps"):
            return (layer.steps, width // layer.steps), masked
    return (), False


def _by_step(x: Array, masked: bool, units: int) -> Grid:
    n_steps, width = x.shape
    exists = x[:, -1] > 0 if masked else np.ones(n_steps, bool)
    shown = min(width - masked, units)
    taken = np.flatnonzero(exists)
    rows = tuple(
        ("…", *[""] * shown) if k is None else (int(taken[k]) + 1, *map(float, x[taken[k], :shown]))
        for k in few(len(taken), 2 * units)
    )
    places = [f"t{k + 1}" for k in range(shown)] if width - masked > 1 else ["t"]
    header: tuple[Formula | str, ...] = ("t", *(Formula(f"x_{place}", f"x_{{{place}}}") for place in places))
    n_padded = n_steps - len(taken)
    notes = [left_out(len(taken), 2 * units, "steps"), left_out(width - masked, shown, "features")]
    notes.append(f"{n_padded} steps of padding behind" if n_padded else "")
    return Grid(header, rows, note=", ".join(filter(None, notes)))
