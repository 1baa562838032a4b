"""Layers that go through steps in a trace: unrolled in time for one unit, the formulas beside the numbers."""

from typing import Any

import numpy as np

from chainrule.explain.document import Formula, Grid
from chainrule.explain.layer_page import LayerPage, Shown, few, left_out, matrix
from chainrule.explain.unrolled import Unrolled, unrolled

__all__ = ["recurrent_page", "token_page"]

Array = Any
_D = r"\partial\mathcal L/\partial "

_FORWARD = {
    "rnn": (
        Formula(
            "a_t = W x_t + U h_(t-1) + b",
            r"\mathbf a_t = \mathbf W \mathbf x_t + \mathbf U \mathbf h_{t-1} + \mathbf b",
        ),
        Formula("h_t = φ(a_t)", r"\mathbf h_t = \varphi(\mathbf a_t)"),
    ),
    "lstm": (
        Formula(
            "a_t = W x_t + U h_(t-1) + b, cut into a_i, a_f, a_g, a_o",
            r"(\mathbf a_i, \mathbf a_f, \mathbf a_g, \mathbf a_o) = \mathbf a_t ="
            r" \mathbf W \mathbf x_t + \mathbf U \mathbf h_{t-1} + \mathbf b",
        ),
        Formula(
            "i = σ(a_i), f = σ(a_f), g = tanh(a_g), o = σ(a_o)",
            r"i = \sigma(a_i),\quad f = \sigma(a_f),\quad g = \tanh(a_g),\quad o = \sigma(a_o)",
        ),
        Formula(
            "c_t = f ∘ c_(t-1) + i ∘ g, h_t = o ∘ tanh(c_t)",
            r"c_t = f \circ c_{t-1} + i \circ g,\quad h_t = o \circ \tanh(c_t)",
        ),
    ),
    "gru": (
        Formula(
            "r = σ(W_r x_t + b_r + U_r h_(t-1)), z = σ(W_z x_t + b_z + U_z h_(t-1))",
            r"r = \sigma(W_r x_t + b_r + U_r h_{t-1}),\quad z = \sigma(W_z x_t + b_z + U_z h_{t-1})",
        ),
        Formula(
            "q = U_n h_(t-1) + c, n = tanh(W_n x_t + b_n + r ∘ q)",
            r"q = U_n h_{t-1} + c,\quad n = \tanh(W_n x_t + b_n + r \circ q)",
        ),
        Formula("h_t = (1 - z) ∘ n + z ∘ h_(t-1)", r"h_t = (1 - z) \circ n + z \circ h_{t-1}"),
    ),
}
_BACKWARD = {
    "rnn": (
        Formula("dL/da_t = dL/dh_t ∘ φ'(a_t)", rf"{_D}a_t = {_D}h_t \circ \varphi'(a_t)"),
        Formula("dL/dh_(t-1) = from above + Uᵀ dL/da_t", rf"{_D}h_{{t-1}} = \dots + U^\top {_D}a_t"),
    ),
    "lstm": (
        Formula(
            "dL/dc_t = what step t+1 passes on + dL/dh_t ∘ o ∘ (1 - tanh²(c_t))",
            rf"{_D}c_t = \dots + {_D}h_t \circ o \circ (1 - \tanh^2 c_t)",
        ),
        Formula(
            "dL/da_i = dL/dc_t ∘ g ∘ i (1 - i), dL/da_f = dL/dc_t ∘ c_(t-1) ∘ f (1 - f)",
            rf"{_D}a_i = {_D}c_t \circ g \circ i(1 - i),\quad"
            rf" {_D}a_f = {_D}c_t \circ c_{{t-1}} \circ f(1 - f)",
        ),
        Formula(
            "dL/da_g = dL/dc_t ∘ i (1 - g²), dL/da_o = dL/dh_t ∘ tanh(c_t) ∘ o (1 - o)",
            rf"{_D}a_g = {_D}c_t \circ i(1 - g^2),\quad"
            rf" {_D}a_o = {_D}h_t \circ \tanh(c_t) \circ o(1 - o)",
        ),
        Formula(
            "passed on: dL/dh_(t-1) = from above + Uᵀ dL/da_t, and f ∘ dL/dc_t to c_(t-1)",
            rf"{_D}h_{{t-1}} = \dots + U^\top {_D}a_t,\quad {_D}c_{{t-1}} = \dots + f \circ {_D}c_t",
        ),
    ),
    "gru": (
        Formula(
            "dL/da_n = dL/dh_t ∘ (1 - z) (1 - n²), dL/da_z = dL/dh_t ∘ (h_(t-1) - n) ∘ z (1 - z)",
            rf"{_D}a_n = {_D}h_t \circ (1 - z)(1 - n^2),\quad"
            rf" {_D}a_z = {_D}h_t \circ (h_{{t-1}} - n) \circ z(1 - z)",
        ),
        Formula(
            "dL/da_r = dL/da_n ∘ q ∘ r (1 - r), dL/dq = dL/da_n ∘ r",
            rf"{_D}a_r = {_D}a_n \circ q \circ r(1 - r),\quad {_D}q = {_D}a_n \circ r",
        ),
        Formula(
            "dL/dh_(t-1) = from above + z ∘ dL/dh_t + Uᵀ (dL/da_r, dL/da_z, dL/dq)",
            rf"{_D}h_{{t-1}} = \dots + z \circ {_D}h_t + U^\top ({_D}a_r, {_D}a_z, {_D}q)",
        ),
    ),
}
_SUMS = Formula(
    "dL/dW = Σ_t dL/da_t x_tᵀ, dL/dU = Σ_t dL/da_t h_(t-1)ᵀ, dL/db = Σ_t dL/da_t",
    rf"{_D}W = \sum_t {_D}a_t\, x_t^\top,\quad {_D}U = \sum_t {_D}a_t\, h_{{t-1}}^\top,\quad"
    rf" {_D}b = \sum_t {_D}a_t",
)
_SUMS_OF_GRU = Formula(
    "dL/dW = Σ_t dL/da_t x_tᵀ, dL/dU = Σ_t (dL/da_r, dL/da_z, dL/dq) h_(t-1)ᵀ, dL/dc = Σ_t dL/dq",
    rf"{_D}W = \sum_t {_D}a_t\, x_t^\top,\quad"
    rf" {_D}U = \sum_t ({_D}a_r, {_D}a_z, {_D}q)\, h_{{t-1}}^\top,\quad {_D}c = \sum_t {_D}q",
)
_VALUES = {"rnn": ("a", "h"), "lstm": tuple("ifgoch"), "gru": ("r", "z", "q", "n", "h")}
_SLOPES = {
    "rnn": ("h", "a"),
    "lstm": ("h", "c", "a_i", "a_f", "a_g", "a_o"),
    "gru": ("h", "a_r", "a_z", "a_n", "q"),
}


def recurrent_page(step: Any, shown: Shown) -> LayerPage:
    """An RNN, LSTM, GRU or both directions of one."""
    forward: list[Any] = []
    backward: list[Any] = []
    update: list[Any] = []
    for start, found in unrolled(step.layer, step.p, step.z_in, step.dout).items():
        unit = shown.chosen(np.abs(found.backward["h"][:, shown.row]).sum(0))
        which = {"forward.": ", forward in time", "reverse.": ", in reverse"}.get(start, "")
        first = not forward
        forward += [*(_formulas(found) if first else []), *_forward(found, step.p, start, unit, which, shown)]
        backward += [*(_rules(found) if first else []), *_backward(found, step.dp, start, unit, which, shown)]
        for name in ("W", "U"):
            caption = f"{start}{name}_new - {start}{name}, the rows of unit {unit + 1}"
            update.append(_rows_of_unit(found, step.update[start + name], caption, unit, shown))
    return LayerPage(tuple(forward), tuple(backward), tuple(update))


def _formulas(found: Unrolled) -> list[Formula]:
    layer: Any = found.layer
    if layer.kind != "rnn":
        return list(_FORWARD[layer.kind])
    first, second = _FORWARD["rnn"]
    name = layer.activation.name
    named = Formula(
        f"{second.text}, φ = {name}",
        rf"{second.latex},\quad \varphi = \text{{{name.replace('_', ' ')}}}",
    )
    return [first, named]


def _forward(found: Unrolled, p: Any, start: str, unit: int, which: str, shown: Shown) -> list[Any]:
    parts: list[Any] = []
    taken = found.taken(shown.row)
    symbols = _VALUES[found.layer.kind]
    head = ("t", *_inputs(found), *(Formula(name, name) for name in map(_at_step, symbols)))
    columns = [found.x[:, shown.row, k] for k in range(len(_inputs(found)))]
    columns += [found.forward[symbol][:, shown.row, unit] for symbol in symbols]
    title = f"Unit {unit + 1} of {found.layer.units} over time{which}, from h = 0"
    parts.append(_over_time(found, columns, head, title, shown))
    if found.layer.kind != "gru" and taken:
        parts.append(_sums_in_full(found, p, start, unit, taken[-1], shown))
    for name in ("W", "U"):
        caption = f"{start}{name}, the rows of unit {unit + 1}"
        parts.append(_rows_of_unit(found, p[start + name], caption, unit, shown))
    return parts


def _inputs(found: Unrolled) -> list[Formula]:
    """Heads of the inputs, where there are few."""
    n = found.x.shape[2]
    names = ["x_t"] if n == 1 else ["x_t1", "x_t2"] if n == 2 else []
    return [Formula(name, f"x_{{{name[2:]}}}") for name in names]


def _at_step(symbol: str) -> str:
    """h_t, c_t; other symbols as they are."""
    return f"{symbol}_t" if symbol in ("a", "c", "h") else symbol


def _over_time(found: Unrolled, columns: list[Array], head: Any, title: str, shown: Shown) -> Grid:
    """A line per step of the row, in the order in which they are taken; of many the first and the last."""
    taken = found.taken(shown.row)
    places = few(len(taken), 2 * shown.units)
    rows = [
        ("…", *("" for _ in columns)) if k is None else (taken[k] + 1, *(float(c[taken[k]]) for c in columns))
        for k in places
    ]
    padding = _padding(found.layer.steps - len(taken))
    notes = [left_out(len(taken), sum(k is not None for k in places), "steps")]
    notes += [f"{padding}, where the state stays as it is"] * bool(padding)
    return Grid(tuple(head), tuple(rows), title, ", ".join(filter(None, notes)))


def _padding(n_steps: int) -> str:
    return f"{n_steps} step{'s' * (n_steps != 1)} of padding" if n_steps else ""


def _sums_in_full(found: Unrolled, p: Any, start: str, unit: int, t: int, shown: Shown) -> Grid:
    """The sums of the unit's gates at a step: inputs' share, states' share, bias."""
    units, kind = found.layer.units, found.layer.kind
    lines = []
    for k, gate in enumerate(found.gates):
        place = k * units + unit
        of_inputs = float(p[f"{start}W"][place] @ found.x[t, shown.row])
        of_states = float(p[f"{start}U"][place] @ found.before[t, shown.row])
        symbol = "a" if kind == "rnn" else f"a_{gate}"
        total = float(found.forward[symbol][t, shown.row, unit])
        value = found.forward["h" if kind == "rnn" else gate][t, shown.row, unit]
        lines.append((symbol, of_inputs, of_states, float(p[f"{start}b"][place]), total, float(value)))
    head = ("sum", "Σ w x_t", "Σ u h_(t-1)", "b", "a", "φ(a)")
    formulas = [Formula(text, _HEADS.get(text, text)) for text in head[1:]]
    return Grid(
        ("sum", *formulas), tuple(lines), f"The sums of unit {unit + 1} at the last step taken, t = {t + 1}"
    )


_HEADS = {
    "Σ w x_t": r"\sum w x_t",
    "Σ u h_(t-1)": r"\sum u h_{t-1}",
    "φ(a)": r"\varphi(a)",
}


def _rows_of_unit(found: Unrolled, array: Array, caption: str, unit: int, shown: Shown) -> Grid:
    """The rows of W or U that belong to a unit, one for each gate."""
    rows = array.reshape(len(found.gates), found.layer.units, -1)[:, unit]
    most = shown.units
    header = ("to / from", *(str(j + 1) for j in range(min(most, rows.shape[1]))))
    names = found.gates if len(found.gates) > 1 else (unit + 1,)
    lines = tuple((name, *map(float, line[:most])) for name, line in zip(names, rows, strict=True))
    return Grid(header, lines, caption, left_out(rows.shape[1], most, "columns"))


def _rules(found: Unrolled) -> list[Any]:
    kind, cut = found.layer.kind, found.layer.truncate
    told = [f"Gradients do not flow out of blocks of {cut} steps (truncate)."] if cut else []
    sums = _SUMS_OF_GRU if kind == "gru" else _SUMS
    return ["Through time, from the last step taken to the first:", *_BACKWARD[kind], sums, *told]


def _backward(found: Unrolled, dp: Any, start: str, unit: int, which: str, shown: Shown) -> list[Any]:
    kind, row = found.layer.kind, shown.row
    parts: list[Any] = []
    symbols = _SLOPES[kind]
    head: list[Any] = ["t"]
    head += [Formula(f"dL/d{name}", f"{_D}{name}") for name in map(_at_step, symbols)]
    head.append(Formula("‖dL/dh_t‖", rf"\lVert {_D}h_t \rVert"))
    columns = [found.backward[symbol][:, row, unit] for symbol in symbols]
    columns.append(found.flow()[:, row])
    title = f"Unit {unit + 1} of {found.layer.units} over time{which}, and what arrives at all units"
    parts.append(_over_time(found, columns, head, title, shown))
    for name in ("W", "U"):
        caption = f"dL/d{start}{name}{shown.of_batch}, the rows of unit {unit + 1}"
        parts.append(_rows_of_unit(found, dp[start + name], caption, unit, shown))
    return parts


def token_page(step: Any, shown: Shown) -> LayerPage:
    """Codes and their rows of E."""
    layer = step.layer
    codes = step.z_in[shown.row].astype(int)
    x = step.out[shown.row].reshape(layer.steps, -1)
    taken = np.flatnonzero(codes) if layer.masked else np.arange(len(codes))
    places = few(len(taken), 2 * shown.units)
    header = ("t", "code", *(str(j + 1) for j in range(min(shown.units, layer.units))))
    rows = tuple(
        ("…", *[""] * (len(header) - 1))
        if k is None
        else (int(taken[k]) + 1, int(codes[taken[k]]), *map(float, x[taken[k], : len(header) - 2]))
        for k in places
    )
    notes = [left_out(len(taken), 2 * shown.units, "steps"), _padding(layer.steps - len(taken))]
    note = ", ".join(filter(None, notes))
    formula = Formula("x_t = E[code_t]", r"\mathbf x_t = \mathbf E_{\text{code}_t}")
    used = list(dict.fromkeys(codes[taken].tolist()))
    slope = Formula(
        "dL/dE[k] = Σ dL/dx_t over all steps with code_t = k",
        rf"{_D}\mathbf E_k = \sum_{{t:\,\text{{code}}_t = k}} {_D}\mathbf x_t",
    )
    few_used = used[: shown.units]
    gradient = matrix(
        step.dp["E"][few_used], f"dL/dE{shown.of_batch}, of codes in the row", few_used, "code", shown.units
    )
    moved = matrix(
        step.update["E"][few_used], "E_new - E, of codes in the row", few_used, "code", shown.units
    )
    return LayerPage((formula, Grid(header, rows, note=note)), (slope, gradient), (moved,))
