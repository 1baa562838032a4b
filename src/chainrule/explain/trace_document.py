"""A trace as a page: the row, the forward pass, the loss, the backward pass, the update."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.explain import formulas
from chainrule.explain.document import Document, Formula, Grid, Section, number
from chainrule.explain.input_grids import input_grids
from chainrule.explain.layer_page import LayerPage, Shown
from chainrule.explain.layer_pages import has_page, page_of
from chainrule.explain.raw_row import raw_columns
from chainrule.explain.trace import Trace
from chainrule.explain.traced_layer import Step, TracedLayer
from chainrule.network import Dense, MemberDense
from chainrule.network.wording import name_in_words

__all__ = ["document_of"]

Array = Any


def document_of(trace: Trace, units: int, row: int, member: int, unit: int | None = None) -> Document:
    """See `Trace.document`."""
    members = max((layer.members for layer in trace.layers), default=1)
    for name, given, most in (
        ("units", units, None),
        ("row", row, len(trace.output)),
        ("member", member, max(members, 1)),
        ("unit", 1 if unit is None else unit, None),
    ):
        whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
        if not whole or given < 1 or (most is not None and given > most):
            wanted = "a whole number ≥ 1" if most is None else f"a number from 1 to {most}"
            raise ParameterError(f"{name} must be {wanted}, however: {given!r}")
    shown = Shown(int(units), int(row) - 1, None if unit is None else int(unit) - 1, len(trace.output) > 1)
    return _Page(trace, int(units), int(row) - 1, int(member) - 1, shown).document()


@dataclass(frozen=True)
class _Page:
    """What of a trace is shown: so many units, one row, one member, both counted from 0."""

    trace: Trace
    units: int
    row: int
    member: int
    shown: Shown

    @cached_property
    def pages(self) -> dict[str, tuple[Step, LayerPage]]:
        """Of the layers that have a page of their own, by their place in the network."""
        steps = self.trace.opened_steps
        pairs = zip(steps, (*steps[1:], None), strict=True)
        return {s.name: (s, page_of(s, behind, self.shown)) for s, behind in pairs if has_page(s.layer)}

    @cached_property
    def in_order(self) -> tuple[TracedLayer | str, ...]:
        """Layers of neurons, and the places of those that have a page, in the network's order."""
        neurons = iter(self.trace.layers)
        found: list[TracedLayer | str] = []
        for step in self.trace.opened_steps:
            if isinstance(step.layer, Dense | MemberDense):
                found.append(next(neurons))
            elif step.name in self.pages:
                found.append(step.name)
        return tuple(found)

    def document(self) -> Document:
        n, count = len(self.trace.output), self.trace.n_layers
        batch = "1 row" if n == 1 else f"row {self.row + 1} of a batch of {n}"
        sections = [self._inputs()]
        sections += [self._told("forward", of) for of in self.in_order]
        sections.append(self._loss())
        sections += [self._told("backward", of) for of in reversed(self.in_order)]
        sections.append(self._update())
        title = f"Trace of {batch} through {count} layer{'s' * (count != 1)}"
        return Document(title, tuple(section for section in sections if section.parts))

    def _told(self, direction: str, of: TracedLayer | str) -> Section:
        """The section of a layer; one without parts where there is nothing to tell."""
        if isinstance(of, TracedLayer):
            return self._forward(of) if direction == "forward" else self._backward(of)
        step, page = self.pages[of]
        names = [f"{step.name}.{name}" for name in step.p]
        names = names if len(names) <= 4 else [names[0], "…", names[-1]]
        parameters = f" ({', '.join(names)})" if names else ""
        return Section(f"{direction.capitalize()}, {step.in_words}{parameters}", getattr(page, direction))

    # -- in ------------------------------------------------------------------------------------------------

    def _inputs(self) -> Section:
        problem = self.trace.problem
        columns = raw_columns(problem, self.trace.steps, self.row)
        if columns:
            title = "The row, and what the encoder and the embeddings make of it"
            return Section(title, tuple(self._columns(columns)))
        if grids := input_grids(self.trace.opened_steps, problem.X[self.row], self.units):
            return Section("The input x", tuple(grids))
        front = [step.layer.kind for step in self.trace.steps[:1]]
        name = "z^(0)" if front and front[0] in ("dense", "member_dense") else "x"
        names = problem.input_names or tuple(f"x_{i + 1}" for i in range(problem.X.shape[1]))
        shown = 4 * self.units
        rows = tuple(zip(names[:shown], problem.X[self.row, :shown].tolist(), strict=True))
        head = Formula(name, name.replace("(0)", "{(0)}"))
        grid = Grid(("input", head), rows, note=_left_out(len(names), shown, "inputs"))
        return Section("The input, z^(0) = x" if name != "x" else "The input x", (grid,))

    def _columns(self, columns: Any) -> list[Grid]:
        rows = []
        for column in columns:
            quiet = ("is ", "missing", "unseen")
            inputs = [(what, value) for what, value in column.encoded if value or not what.startswith(quiet)]
            text = ", ".join(f"{what} {number(value)}" for what, value in inputs)
            rows.append((column.name, column.kind, column.value or "(missing)", text or "all 0"))
        grids = [Grid(("column", "kind", "value", "inputs of the network"), tuple(rows))]
        embedded = [
            (
                column.name,
                what,
                " ".join(map(number, values[: self.units])) + " …" * (len(values) > self.units),
            )
            for column in columns
            for what, values in column.embedded
        ]
        if embedded:
            grids.append(Grid(("column", "embedding", "values"), tuple(embedded), "Embeddings"))
        return grids

    # -- forward ---------------------------------------------------------------------------------------------

    def _forward(self, layer: TracedLayer) -> Section:
        n, dropped = layer.number, layer.mask is not None
        names = ("a", "b", "z") if not dropped else ("a", "b", "mask", "z")
        weights = self._matrix(layer, "W", Formula(f"W^({n})", rf"\mathbf W^{{({n})}}"))
        shown = (formulas.sums(n, layer.factor), formulas.activations(n, layer.function, dropped))
        given = f"z^({n - 1}) is what the layer in front gives: {layer.z_in.shape[-1]} values"
        front = (given,) if n == 1 and self.in_order[0] is not layer else ()
        return Section(self._title("Forward", layer), (*front, *shown, weights, self._by_unit(layer, names)))

    def _title(self, direction: str, layer: TracedLayer) -> str:
        place = "output layer" if layer.number == len(self.trace.layers) else f"layer {layer.number}"
        of = f", member {self.member + 1} of {layer.members}" if layer.members else ""
        return f"{direction}, {place}: {layer.n_units} neuron{'s' * (layer.n_units != 1)}{of}"

    def _loss(self) -> Section:
        problem = self.trace.problem
        own: Any = getattr(problem.loss, "loss", problem.loss)
        formula = formulas.loss_formula(own)
        parts: list[Any] = [] if formula is None else [formula]
        if own is not problem.loss:
            members = self.trace.layers[-1].members
            parts.append(f"Each of the {members} members has a loss of its own; L is the mean of theirs.")
        if not problem.loss.adds_up:
            share = number(float(problem.shares[self.row]))
            parts.append(f"L is the weighted mean over the rows; the row's share s in it is {share}.")
        prediction = np.atleast_1d(self.trace.prediction[self.row])
        y = problem.y[self.row]
        if problem.loss.out_activation == "softmax" and len(y) < len(prediction):
            y = np.eye(len(prediction))[int(y[0])]
        y = y if len(y) == len(prediction) else np.broadcast_to(y[:1], prediction.shape)
        shown = range(min(self.units, len(prediction)))
        head: tuple[Any, ...] = ("output", Formula("prediction", r"\hat y"), Formula("target y", "y"))
        lines = [(k + 1, float(prediction[k]), float(y[k])) for k in shown]
        note = _left_out(len(prediction), self.units, "outputs")
        parts.append(Grid(head, tuple(lines), note=note))
        if problem.answers is not None:
            answer = np.atleast_1d(problem.answers[self.row])
            told = ", ".join(number(x) for x in answer[: self.units])
            parts.append(f"The model answers, in the units of the target and calibrated: {told}")
        penalty = f", penalties {self.trace.penalty:.6g}" if self.trace.penalty else ""
        parts.append(f"L = {self.trace.loss:.6g}{penalty}")
        return Section(f"Loss: {own.kind.replace('_', ' ')}", tuple(parts))

    # -- backward --------------------------------------------------------------------------------------------

    def _backward(self, layer: TracedLayer) -> Section:
        n, several = layer.number, len(self.trace.output) > 1
        is_last = n == len(self.trace.layers)
        parts: list[Any] = []
        if layer.at_output:
            parts.append(formulas.delta(getattr(self.trace.problem.loss, "loss", self.trace.problem.loss)))
        else:
            above = 1.0 if is_last else self.trace.layers[n].factor
            behind = layer.behind or (("loss",) if is_last else ())
            parts += formulas.pulled_back(n, above, behind, layer.mask is not None)
        parts.append(formulas.gradients(n, layer.factor, several, is_last))
        names = ["dz"] * (layer.dz is not None) + ["slope", "mask", "delta"]
        if layer.mask is None:
            names.remove("mask")
        if layer.slope.ndim > layer.a.ndim:
            names.remove("slope")
            parts.append(self._jacobian(layer))
        parts.append(self._by_unit(layer, tuple(names)))
        of_batch = (" of the batch", r"\ \text{of the batch}") if several else ("", "")
        caption = Formula(
            f"dL/dW^({n}){of_batch[0]}",
            rf"\partial\mathcal L/\partial\mathbf W^{{({n})}}{of_batch[1]}",
        )
        parts.append(self._matrix(layer, "dW", caption, "db"))
        return Section(self._title("Backward", layer), tuple(parts))

    def _jacobian(self, layer: TracedLayer) -> Grid:
        slopes = layer.values_of("slope", self.member, self.row)[: self.units, : self.units]
        rows = tuple((k + 1, *map(float, line)) for k, line in enumerate(slopes))
        caption = Formula("dz_k/da_j = z_k (1 if k = j, else 0) - z_k z_j", r"\partial z_k/\partial a_j")
        return Grid(("k / j", *(str(j + 1) for j in range(len(rows)))), rows, caption)

    def _update(self) -> Section:
        trace, problem = self.trace, self.trace.problem
        program, numbers = problem.program, problem.numbers
        parts: list[Any] = [f"{problem.step_of}, η = {number(trace.learning_rate)}"]
        if program.network.is_random and not trace.dropped:
            parts.append("dropout is off here; a training step would drop values")
        formula = formulas.update(program.optimizer)
        parts += [] if formula is None else [formula]
        if program.optimizer.n_moments:
            step = problem.state.step + 1
            correction = float(program.optimizer.correction(numbers, np.asarray([float(step)]))[0])
            names = [name for name in ("momentum", "beta_1", "beta_2", "epsilon") if _matters(program, name)]
            told = ", ".join(f"{name} {number(numbers[name])}" for name in names)
            parts.append(f"step {step}, c = {number(correction)}, {told}")
        own = {name.rsplit(".", 1)[-1]: rate for name, rate in program.network.rates.items() if rate != 1}
        if own:
            told = ", ".join(f"{name} {number(rate)}" for name, rate in sorted(own.items()))
            parts.append(f"rates of their own, times η: {told}")
        for name, what in (("l2", "L2 adds s λ w to the gradient of weights"), ("l1", "L1 adds s λ sign w")):
            if numbers[name] > 0 and (name == "l2" or program.l1):
                parts.append(f"{what}, λ = {number(numbers[name])}")
        if program.clip:
            parts.append(f"the gradient is cut to the norm {number(numbers['clip'])} first")
        if program.weight_decay:
            shrinks = number(trace.learning_rate * numbers["weight_decay"])
            parts.append(f"weight decay: every weight loses {shrinks} of itself first; biases do not")
        for of in self.in_order:
            if not isinstance(of, TracedLayer):
                step, page = self.pages[of]
                parts += [f"{name_in_words(step.layer)}:"] * bool(page.update) + list(page.update)
                continue
            n = of.number
            caption = Formula(f"W_new - W, layer {n}", rf"\Delta\mathbf W^{{({n})}}")
            parts.append(self._matrix(of, "update_W", caption, "update_b"))
        return Section("Update", tuple(parts))

    # -- tables ----------------------------------------------------------------------------------------------

    def _by_unit(self, layer: TracedLayer, names: tuple[str, ...]) -> Grid:
        """A line per neuron, of the row and the member."""
        values = [
            layer.weights_of(name, self.member)
            if name == "b"
            else layer.values_of(name, self.member, self.row)
            for name in names
        ]
        shown = range(min(self.units, layer.n_units))
        rows = tuple((m + 1, *(float(value[m]) for value in values)) for m in shown)
        header = (formulas.HEADS["unit"], *(formulas.HEADS[name] for name in names))
        return Grid(header, rows, note=_left_out(layer.n_units, self.units, "neurons"))

    def _matrix(self, layer: TracedLayer, name: str, caption: Formula, bias: str = "") -> Grid:
        """A matrix [to, from] with its first rows and columns, and what belongs to the biases behind."""
        W = layer.weights_of(name, self.member)
        n_to, n_from = W.shape
        header = ("to / from", *(str(j + 1) for j in range(min(self.units, n_from))))
        rows = [(i + 1, *map(float, W[i, : self.units])) for i in range(min(self.units, n_to))]
        if bias:
            header = (*header, formulas.HEADS[bias])  # type: ignore[arg-type]
            b = layer.weights_of(bias, self.member)
            rows = [(*row, float(b[i])) for i, row in enumerate(rows)]
        cut = n_to > self.units or n_from > self.units
        return Grid(header, tuple(rows), caption, f"the first of {n_to} × {n_from}" if cut else "")


def _matters(program: Any, name: str) -> bool:
    is_momentum = type(program.optimizer).__name__ == "SGD"
    return (name == "momentum") == is_momentum


def _left_out(n: int, shown: int, what: str) -> str:
    return f"… {n - shown} more {what}" if n > shown else ""
