"""Layers over grids in a trace: one place of one filter in full, maps as numbers, who won where."""

from typing import Any

import numpy as np

from chainrule.explain.document import Formula, Grid
from chainrule.explain.layer_page import LayerPage, Shown, grid_map, left_out, matrix, strongest
from chainrule.network import LayerNormalization

__all__ = [
    "convolution_page",
    "global_pool_page",
    "normalization_page",
    "pool_page",
    "shift_page",
    "standardize_page",
]

Array = Any
_D = r"\partial\mathcal L/\partial "

_CONVOLUTION = Formula(
    "a[y,x,u] = Σ_ijc W[u,ijc] z[s y + d i - p, s x + d j - p, c] + b[u]",
    r"a_{yxu} = \sum_{i,j,c} W_{u,ijc}\, z_{s y + d i - p,\; s x + d j - p,\; c} + b_u",
)
_CONVOLUTION_BACK = (
    Formula(
        "dL/dW[u,ijc] = Σ_yx dL/da[y,x,u] z[s y + d i - p, s x + d j - p, c], dL/db[u] = Σ_yx dL/da[y,x,u]",
        rf"{_D}W_{{u,ijc}} = \sum_{{y,x}} {_D}a_{{yxu}}\, z_{{s y + d i - p,\; s x + d j - p,\; c}},"
        rf"\quad {_D}b_u = \sum_{{y,x}} {_D}a_{{yxu}}",
    ),
    Formula(
        "dL/dz = at every place Σ_u Wᵀ dL/da over the patches that it is in",
        rf"{_D}\mathbf z = \sum_{{u,\,\text{{patches}}}} \mathbf W^\top {_D}\mathbf a",
    ),
)


def convolution_page(step: Any, shown: Shown, activation: Any = None) -> LayerPage:
    """A convolution: patch, weights and sum at the strongest place of a filter, and its map.

    Parameters
    ----------
    activation : Step, optional
        Of the activation behind it.
    """
    window, row = step.layer.window, shown.row
    maps, slopes = (array[row].reshape(*window.places, -1) for array in (step.out, step.dout))
    u = shown.chosen(np.abs(slopes).sum((0, 1)))
    answers = maps if activation is None else activation.out[row].reshape(maps.shape)
    place = strongest(answers[:, :, u])
    at = (place // window.places[1], place % window.places[1])
    where = _named(at, window)
    patch = _patch(window, step.z_in[row], place)
    weights = step.p["W"][u].reshape(patch.shape)
    products = patch * weights
    a, b = float(maps[at][u]), float(step.p["b"][u])
    of_channel = products.sum((0, 1))
    c = strongest(of_channel)
    channel = f", channel {c + 1}" if len(of_channel) > 1 else ""
    forward: list[Any] = [_CONVOLUTION, _movement(window)]
    forward.append(f"Filter {u + 1} of {step.layer.units} at {where}, where it answers strongest:")
    size = max(shown.units, 5)
    for values, caption in ((patch, "z"), (weights, f"W of filter {u + 1}"), (products, "W z")):
        forward.append(_kernel(values[:, :, c], f"{caption}{channel}", size))
    if channel:
        forward.append(_by_channel(of_channel, shown.units))
    forward.append(f"a = Σ W z + b = {float(products.sum()):.4g} + {b:.4g} = {a:.4g}")
    forward.append(grid_map(maps[:, :, u], f"a, the map of filter {u + 1}", at))
    if activation is not None:
        name = activation.layer.function.name
        forward.append(Formula(f"z = φ(a), φ = {name}", rf"z = \varphi(a),\quad \varphi = \text{{{name}}}"))
        forward.append(grid_map(answers[:, :, u], f"z, the map of filter {u + 1}", at))
    own = (slice(None), slice(None), c)
    of_filter = f"{shown.of_batch}, filter {u + 1}{channel}"
    backward = (
        *_CONVOLUTION_BACK,
        grid_map(slopes[:, :, u], f"dL/da, the map of filter {u + 1}", at),
        _kernel(step.dp["W"][u].reshape(patch.shape)[own], f"dL/dW{of_filter}", size),
        f"dL/db{shown.of_batch}, filter {u + 1}: {float(step.dp['b'][u]):.4g}",
    )
    moved = step.update["W"][u].reshape(patch.shape)[own]
    update = (_kernel(moved, f"W_new - W, filter {u + 1}{channel}", size),)
    return LayerPage(tuple(forward), backward, update)


def _patch(window: Any, row: Array, place: int) -> Array:
    """What the window sees there, (height, width, channels)."""
    patches = window.patches(window.padded(window.as_grid(row[None])))
    return patches[place].reshape(*window.size, window.grid[2])


def _named(at: tuple[int, int], window: Any) -> str:
    if window.grid[0] == 1:
        return f"step {at[1] + 1}"
    return f"row {at[0] + 1}, column {at[1] + 1}"


def _movement(window: Any) -> str:
    """Stride, dilation and padding in numbers."""
    (above, below), (left, right) = window.padding
    around = f"{left} in front, {right} behind" if window.grid[0] == 1 else f"{above} above, {below} below"
    around += "" if window.grid[0] == 1 else f", {left} left, {right} right"
    s, d = (
        pair[1] if pair[0] == pair[1] or window.grid[0] == 1 else pair
        for pair in (window.stride, window.dilation)
    )
    return f"stride s = {s}, dilation d = {d}, padding p: {around}"


def _kernel(values: Array, caption: str, most: int) -> Grid:
    return matrix(values, caption, [i + 1 for i in range(len(values))], "i / j", most)


def _by_channel(sums: Array, most: int) -> Grid:
    order = np.argsort(-np.abs(sums), kind="stable")[:most]
    rows = tuple((int(c) + 1, float(sums[c])) for c in order)
    return Grid(
        ("channel", Formula("Σ_ij W z", r"\sum_{ij} W z")), rows, "", left_out(len(sums), most, "channels")
    )


# -- pooling -----------------------------------------------------------------------------------------------


def pool_page(step: Any, shown: Shown) -> LayerPage:
    """The largest or the mean of what a window sees; of the largest, which place won."""
    window, row = step.layer.window, shown.row
    is_max = step.layer.kind.startswith("max")
    out, slopes = (array[row].reshape(*window.places, -1) for array in (step.out, step.dout))
    c = shown.chosen(np.abs(slopes).sum((0, 1)))
    padded = window.padded(window.as_grid(step.z_in[row : row + 1]), -np.inf)
    seen = window.patches(padded).reshape(len(out) * out.shape[1], -1, window.grid[2])[:, :, c]
    order = np.argsort(-np.abs(slopes[:, :, c]).ravel(), kind="stable")[: shown.units]
    lines, back = [], []
    for place in order.tolist():
        at = divmod(place, window.places[1])
        values = seen[place][np.isfinite(seen[place])]
        told = " ".join(f"{value:.4g}" for value in values[:6]) + " …" * (len(values) > 6)
        won = _place_in_grid(window, at, int(np.argmax(seen[place])))
        lines.append((_named(at, window), told, *([won] if is_max else []), float(out[at][c])))
        back.append((_named(at, window), *([won] if is_max else []), float(slopes[at][c])))
    name = "max" if is_max else "mean"
    head = ("place", "what the window sees", *(["won"] if is_max else []), name)
    note = left_out(seen.shape[0], shown.units, "places, with smaller gradients")
    caption = f"Channel {c + 1} of {window.grid[2]}"
    if is_max:
        formula = Formula("out = max_ij z", r"\text{out} = \max_{ij} z")
        rule = Formula(
            "dL/dz = dL/dout at the place that won, else 0",
            rf"{_D}z = {_D}\text{{out}}\ \text{{where }} z \text{{ won}}",
        )
    else:
        formula = Formula("out = Σ_ij z / k, k the places that exist", r"\text{out} = \tfrac1k \sum_{ij} z")
        rule = Formula("dL/dz = dL/dout / k", rf"{_D}z = \tfrac1k\, {_D}\text{{out}}")
    slope = Formula("dL/dout", rf"{_D}\text{{out}}")
    forward = (
        formula,
        Grid(head, tuple(lines), caption, note),
        grid_map(out[:, :, c], f"out, channel {c + 1}"),
    )
    backward = (rule, Grid(("place", *(["goes to"] if is_max else []), slope), tuple(back), caption, note))
    return LayerPage(forward, backward)


def _place_in_grid(window: Any, at: tuple[int, int], which: int) -> str:
    """Where in the grid the value of a window is."""
    within = divmod(which, window.size[1])
    place = tuple(
        a * s + i * d - p[0] + 1
        for a, s, i, d, p in zip(at, window.stride, within, window.dilation, window.padding, strict=True)
    )
    return f"step {place[1]}" if window.grid[0] == 1 else f"row {place[0]}, column {place[1]}"


def global_pool_page(step: Any, shown: Shown) -> LayerPage:
    """One value per channel of all places; of the largest, which place won."""
    layer, row = step.layer, shown.row
    width = layer.channels + layer.masked
    grid = step.z_in[row].reshape(-1, width)
    exists = grid[:, -1] > 0 if layer.masked else np.ones(len(grid), bool)
    values = np.where(exists[:, None], grid[:, : layer.channels], -np.inf)
    is_max = layer.kind == "global_max_pool"
    lines = tuple(
        (
            c + 1,
            *([int(np.argmax(values[:, c])) + 1 if exists.any() else "none"] if is_max else []),
            float(step.out[row, c]),
            float(step.dout[row, c]),
        )
        for c in range(min(shown.units, layer.channels))
    )
    slope = Formula("dL/dout", rf"{_D}\text{{out}}")
    head = ("channel", *(["place that won"] if is_max else []), "max" if is_max else "mean", slope)
    told = f"over {int(exists.sum())} place{'s' * (int(exists.sum()) != 1)}, counted row by row"
    return LayerPage((told, Grid(head, lines, note=left_out(layer.channels, shown.units, "channels"))))


# -- scales ------------------------------------------------------------------------------------------------


def normalization_page(step: Any, shown: Shown) -> LayerPage:
    """A place's values by their own mean and standard deviation."""
    layer: LayerNormalization = step.layer
    row = shown.row
    normal, scale = (array[row] for array in step.saved)
    z, out, slopes = (array[row].reshape(-1, layer.features) for array in (step.z_in, step.out, step.dout))
    place = strongest(np.abs(slopes).sum(1))
    most = min(shown.units, layer.features)
    lines = tuple(
        (
            k + 1,
            *(
                float(v)
                for v in (z[place, k], normal[place, k], step.p["g"][k], step.p["b"][k], out[place, k])
            ),
        )
        for k in range(most)
    )
    head = ("feature", "z", Formula("ẑ", r"\hat z"), "g", "b", "a")
    formula = Formula(
        "a = g ∘ ẑ + b, ẑ = (z - μ) / √(σ² + ε)",
        r"a = g \circ \hat z + b,\quad \hat z = (z - \mu) / \sqrt{\sigma^2 + \varepsilon}",
    )
    told = f"place {place + 1} of {len(z)}: μ = {float(z[place].mean()):.4g}"
    told += f", 1/√(σ² + ε) = {float(scale[place, 0]):.4g}"
    note = left_out(layer.features, most, "features")
    back = tuple(
        (k + 1, *(float(v) for v in (slopes[place, k], step.dp["g"][k], step.dp["b"][k])))
        for k in range(most)
    )
    head_back = (
        "feature",
        Formula("dL/da", rf"{_D}a"),
        Formula("dL/dg", rf"{_D}g"),
        Formula("dL/db", rf"{_D}b"),
    )
    rule = Formula(
        "dL/dz = (dẑ - mean(dẑ) - ẑ mean(ẑ dẑ)) / √(σ² + ε), dẑ = g dL/da",
        rf"{_D}z = (d\hat z - \overline{{d\hat z}} - \hat z\,\overline{{\hat z\, d\hat z}})"
        r" / \sqrt{\sigma^2 + \varepsilon},"
        rf"\quad d\hat z = g\, {_D}a",
    )
    return LayerPage((formula, told, Grid(head, lines, note=note)), (rule, Grid(head_back, back, note=note)))


def standardize_page(step: Any, shown: Shown) -> LayerPage:
    """Means and standard deviations that were learned from the rows."""
    n = step.layer.features
    lines = tuple(
        (k + 1, float(step.p["m"][k]), float(1 / step.p["s"][k])) for k in range(min(n, shown.units))
    )
    formula = Formula("out = (z - m) s, no step changes m and s", r"\text{out} = (z - m)\, s")
    head = ("feature", "mean m", Formula("standard deviation 1/s", r"\text{standard deviation } 1/s"))
    return LayerPage((formula, Grid(head, lines, note=left_out(n, shown.units, "features"))))


def shift_page(step: Any, shown: Shown) -> LayerPage:
    """By how many pixels the image was shifted; nothing where it was not."""
    if step.saved is None:
        return LayerPage(())
    down, right = step.saved[shown.row].tolist()
    return LayerPage((f"out[y, x] = z[y + Δy, x + Δx], Δy = {down}, Δx = {right}",))
