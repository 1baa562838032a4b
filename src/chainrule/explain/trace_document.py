"""A trace as a page: the row, the forward pass, the loss, the backward pass, the update."""

from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.explain.document import Document, Formula, Grid, Section, number
from chainrule.explain.trace import Neuron, Trace, TracedLayer

__all__ = ["document_of", "neuron_document"]

Array = Any

_LOSSES = {
    "squared_error": Formula(
        "L = ½ (o - y)², the mean over rows and outputs",
        r"\mathcal L = \tfrac12 \operatorname{mean}\,(o - y)^2",
    ),
    "sum_of_squares": Formula("L = Σ (y - o)²", r"\mathcal L = \sum_n \sum_k (y_{nk} - o_{nk})^2", "14"),
    "softmax": Formula("L = - Σ_k y_k log z_k", r"\mathcal L = -\sum_k y_k \log z_k", "16"),
}
_DELTAS = {
    "softmax": Formula("δ = dL/da = s (z - y)", r"\delta = \partial\mathcal L/\partial a = s\,(z - y)", "21"),
    "sum_of_squares": Formula(
        "δ = dL/da = 2 (a - y)", r"\delta = \partial\mathcal L/\partial a = 2\,(a - y)", "25"
    ),
}
_DELTA = Formula(
    "δ = dL/da = dL/do · do/da",
    r"\delta = \frac{\partial\mathcal L}{\partial a}"
    r" = \frac{\partial\mathcal L}{\partial o}\frac{\partial o}{\partial a}",
    "25",
)
_UPDATE = Formula(
    "w_new = w_old - η dL/dw",
    r"w^{\text{new}} = w^{\text{old}} - \eta\,\frac{\partial\mathcal L}{\partial w^{\text{old}}}",
    "17",
)
_HEADS: dict[str, Formula | str] = {
    "unit": "neuron",
    "a": Formula("a", "a"),
    "z": Formula("z = φ(a)", r"z = \varphi(a)"),
    "slope": Formula("φ'(a)", r"\varphi'(a)"),
    "dz": Formula("dL/dz", r"\partial\mathcal L/\partial z"),
    "delta": Formula("δ = dL/da", r"\delta = \partial\mathcal L/\partial a"),
    "b": Formula("b", "b"),
    "db": Formula("dL/db", r"\partial\mathcal L/\partial b"),
    "update_b": Formula("b_new - b", r"b^{\text{new}} - b"),
}


def document_of(trace: Trace, units: int = 6, row: int = 1) -> Document:
    """See `Trace.to_text`."""
    n = len(trace.output)
    if not 1 <= row <= n:
        raise ParameterError(f"row must be a number from 1 to {n}, however: {row!r}")
    if units < 1:
        raise ParameterError(f"units must be at least 1, however: {units!r}")
    count = len(trace.layers)
    batch = "1 row" if n == 1 else f"row {row} of a batch of {n}"
    title = f"Trace of {batch} through {count} layer{'s' * (count != 1)}"
    sections = [_inputs(trace, units, row - 1)]
    sections += [_forward(trace, layer, units, row - 1) for layer in trace.layers]
    sections.append(_loss(trace, units, row - 1))
    sections += [_backward(trace, layer, units, row - 1) for layer in reversed(trace.layers)]
    sections.append(_update(trace, units))
    return Document(title, tuple(sections))


def _inputs(trace: Trace, units: int, row: int) -> Section:
    if trace.columns and row == 0:
        return Section(
            "The row, and what the encoder and the embeddings make of it", tuple(_columns(trace, units))
        )
    problem = trace.problem
    names = problem.input_names or tuple(f"z_{i + 1}^(0)" for i in range(problem.X.shape[1]))
    shown = 4 * units
    rows = tuple(zip(names[:shown], problem.X[row, :shown].tolist(), strict=True))
    grid = Grid(("input", Formula("z^(0)", "z^{(0)}")), rows, note=_left_out(len(names), shown, "inputs"))
    return Section("The input, z^(0) = x", (grid,))


def _columns(trace: Trace, units: int) -> list[Grid]:
    rows = []
    for column in trace.columns:
        inputs = [(what, value) for what, value in column.encoded if value or not what.startswith("is ")]
        text = ", ".join(f"{what} {number(value)}" for what, value in inputs[:units])
        rows.append((column.name, column.kind, column.value or "(missing)", text or "nothing"))
    grids = [Grid(("column", "kind", "value", "inputs of the network"), tuple(rows))]
    embedded = [
        (column.name, what, " ".join(map(number, values[:units])))
        for column in trace.columns
        for what, values in column.embedded
    ]
    if embedded:
        grids.append(Grid(("column", "embedding", "values"), tuple(embedded), "Embeddings"))
    return grids


def _forward(trace: Trace, layer: TracedLayer, units: int, row: int) -> Section:
    number_of, below = layer.number, layer.number - 1
    factor, latex_factor = (" / √n", r" / \sqrt{n}") if layer.factor != 1 else ("", "")
    sums = Formula(
        f"a^({number_of}) = W^({number_of}) z^({below}){factor} + b^({number_of})",
        rf"\mathbf a^{{({number_of})}} = \mathbf W^{{({number_of})}} \mathbf z^{{({below})}}"
        rf"{latex_factor} + \mathbf b^{{({number_of})}}",
        "19",
    )
    bent = Formula(
        f"z^({number_of}) = φ(a^({number_of})), φ = {layer.function}",
        rf"\mathbf z^{{({number_of})}} = \varphi(\mathbf a^{{({number_of})}}),"
        rf"\quad \varphi = \text{{{layer.function.replace('_', ' ')}}}",
        "20",
    )
    heads, columns = ("a", "b", "z"), (layer.a, layer.b, layer.z)
    grid = _by_unit(layer, heads, columns, units, row)
    W = layer.W[0] if layer.members else layer.W
    weights = _matrix(W, f"W^({number_of})", rf"\mathbf W^{{({number_of})}}", units)
    return Section(_title("Forward", trace, layer), (sums, bent, weights, grid))


def _title(direction: str, trace: Trace, layer: TracedLayer) -> str:
    place = "output layer" if layer.number == len(trace.layers) else f"layer {layer.number}"
    of = f", member 1 of {layer.members}" if layer.members else ""
    return f"{direction}, {place}: {layer.n_units} neuron{'s' * (layer.n_units != 1)}{of}"


def _loss(trace: Trace, units: int, row: int) -> Section:
    problem, loss = trace.problem, trace.problem.loss
    own: Any = getattr(loss, "loss", loss)
    formula = _LOSSES.get(loss.out_activation, _LOSSES.get(own.kind))
    parts: list[Any] = [] if formula is None else [formula]
    if own is not loss:
        parts.append(
            f"Each of the {trace.layers[-1].members} members has a loss of its own; L is the mean of theirs."
        )
    y, prediction = problem.y[row], np.atleast_1d(trace.prediction[row])
    if loss.out_activation == "softmax" and len(y) < len(prediction):
        y = np.eye(len(prediction))[int(y[0])]
    rows = tuple((k + 1, float(prediction[k]), float(y[k])) for k in range(min(units, len(prediction))))
    head = ("output", Formula("prediction", r"\hat y"), Formula("target y", "y"))
    parts.append(Grid(head, rows, note=_left_out(len(prediction), units, "outputs")))
    parts.append(f"L = {trace.loss:.6g}" + (f", penalties {trace.penalty:.6g}" if trace.penalty else ""))
    return Section(f"Loss: {own.kind.replace('_', ' ')}", tuple(parts))


def _backward(trace: Trace, layer: TracedLayer, units: int, row: int) -> Section:
    n, below = layer.number, layer.number - 1
    formulas: list[Any] = []
    if layer.dz is None or n == len(trace.layers):
        kind = layer.function if layer.function == "softmax" else trace.problem.loss.kind
        formulas.append(_DELTAS.get(kind, _DELTA))
        if layer.function == "softmax":
            share = float(trace.problem.shares[row])
            formulas.append(f"s = {share:.4g} is the row's share in the loss")
    else:
        formulas += [
            Formula(
                f"dL/dz^({n}) = W^({n + 1})ᵀ δ^({n + 1})",
                rf"\partial\mathcal L/\partial\mathbf z^{{({n})}} ="
                rf" {{\mathbf W^{{({n + 1})}}}}^\top \delta^{{({n + 1})}}",
                "33",
            ),
            Formula(
                f"δ^({n}) = dL/dz^({n}) ∘ φ'(a^({n}))",
                rf"\delta^{{({n})}} = \partial\mathcal L/\partial\mathbf z^{{({n})}}"
                rf" \circ \varphi'(\mathbf a^{{({n})}})",
                "35",
            ),
        ]
    formulas.append(
        Formula(
            f"dL/dW^({n}) = δ^({n}) z^({below})ᵀ, dL/db^({n}) = δ^({n})",
            rf"\partial\mathcal L/\partial\mathbf W^{{({n})}} ="
            rf" \delta^{{({n})}} {{\mathbf z^{{({below})}}}}^\top,"
            rf"\quad \partial\mathcal L/\partial\mathbf b^{{({n})}} = \delta^{{({n})}}",
            "47",
        )
    )
    names: tuple[str, ...] = ("slope", "delta", "db") if layer.dz is None else ("dz", "slope", "delta", "db")
    if layer.slope.ndim > layer.a.ndim:
        names = tuple(name for name in names if name != "slope")
    columns = tuple(getattr(layer, name) for name in names)
    dW = layer.dW[0] if layer.members else layer.dW
    batch = "" if len(trace.output) == 1 else " of the batch"
    parts = (
        *formulas,
        _by_unit(layer, names, columns, units, row),
        _matrix(dW, f"dL/dW^({n}){batch}", rf"\partial\mathcal L/\partial\mathbf W^{{({n})}}", units),
    )
    return Section(_title("Backward", trace, layer), parts)


def _update(trace: Trace, units: int) -> Section:
    problem = trace.problem
    optimizer = type(problem.program.optimizer).__name__
    parts: list[Any] = [f"{problem.step_of}; η = {number(trace.learning_rate)}, {optimizer}"]
    if not problem.program.optimizer.n_moments:
        parts.append(_UPDATE)
    if problem.program.weight_decay:
        shrinks = number(trace.learning_rate * problem.numbers["weight_decay"])
        parts.append(f"weight decay: every weight loses {shrinks} of itself first; biases do not")
    for layer in trace.layers:
        moved = layer.update_W[0] if layer.members else layer.update_W
        n = layer.number
        parts.append(_matrix(moved, f"W_new - W, layer {n}", rf"\Delta\mathbf W^{{({n})}}", units))
    return Section("Update", tuple(parts))


def _by_unit(
    layer: TracedLayer, names: tuple[str, ...], columns: tuple[Array, ...], units: int, row: int
) -> Grid:
    """A line per neuron: of one row, and of the first member."""
    values = []
    for name, column in zip(names, columns, strict=True):
        of_member = column[0] if layer.members else column
        values.append(of_member if name in ("b", "db", "update_b") else of_member[row])
    rows = tuple((m + 1, *(float(value[m]) for value in values)) for m in range(min(units, layer.n_units)))
    header = (_HEADS["unit"], *(_HEADS[name] for name in names))
    return Grid(header, rows, note=_left_out(layer.n_units, units, "neurons"))


def _matrix(W: Array, text: str, latex: str, units: int) -> Grid:
    """A matrix [to, from] with its first rows and columns."""
    n_to, n_from = W.shape
    header = ("to / from", *(str(j + 1) for j in range(min(units, n_from))))
    rows = tuple((i + 1, *map(float, W[i, :units])) for i in range(min(units, n_to)))
    cut = n_to > units or n_from > units
    note = f"the first of {n_to} × {n_from}" if cut else ""
    return Grid(header, rows, Formula(text, latex), note)


def _left_out(n: int, shown: int, what: str) -> str:
    return f"… {n - shown} more {what}" if n > shown else ""


def neuron_document(neuron: Neuron, most: int = 20) -> Document:
    """See `Neuron`: what comes in, what goes out, what flows back."""
    columns = (neuron.inputs, neuron.weights, neuron.products, neuron.dweights, neuron.update_weights)
    order = np.argsort(-np.abs(neuron.products), kind="stable")[:most]
    header = (
        "from",
        Formula("z", "z"),
        Formula("w", "w"),
        Formula("w z", "w z"),
        Formula("dL/dw", r"\partial\mathcal L/\partial w"),
        Formula("w_new - w", r"w^{\text{new}} - w"),
    )
    rows = tuple((neuron.input_names[i], *(float(column[i]) for column in columns)) for i in order)
    cut = _left_out(len(neuron.inputs), most, "inputs, smaller products")
    sums = (
        Grid(header, rows, note=cut),
        f"a = Σ w z + b = {number(neuron.a)}, with b = {number(neuron.bias)}",
        f"z = φ(a) = {number(neuron.z)}",
    )
    back: list[Any] = []
    if neuron.dz is not None and len(neuron.next_names):
        parts = (neuron.next_deltas, neuron.next_weights, neuron.next_products)
        largest = np.argsort(-np.abs(neuron.next_products), kind="stable")[:most]
        head = ("to", Formula("δ", r"\delta"), Formula("w", "w"), Formula("δ w", r"\delta w"))
        lines = tuple((neuron.next_names[i], *(float(part[i]) for part in parts)) for i in largest)
        back.append(Grid(head, lines, note=_left_out(len(neuron.next_names), most, "neurons")))
        back.append(f"dL/dz = Σ δ w = {number(neuron.dz)}, φ'(a) = {number(neuron.slope)}")
    back.append(
        f"δ = dL/da = {number(neuron.delta)}, {neuron.share:.1%} of what flows back through its layer"
    )
    back.append(f"dL/db = {number(neuron.dbias)}, b_new - b = {number(neuron.update_bias)}")
    return Document(
        f"Neuron {neuron.name}",
        (Section("What comes in", sums), Section("What flows back", tuple(back))),
    )
