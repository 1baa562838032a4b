"""A neuron as a page: what comes in, what flows back."""

from typing import Any

import numpy as np

from chainrule.explain.document import Document, Formula, Grid, Section, number
from chainrule.explain.traced_neuron import Neuron

__all__ = ["neuron_document"]


def neuron_document(neuron: Neuron, most: int = 20) -> Document:
    """See `Neuron`; the largest products first."""
    batch = "" if neuron.batch == 1 else f" of the batch of {neuron.batch}"
    root = " / √n" if neuron.factor != 1 else ""
    layer, unit = neuron.name.removeprefix("z_").partition("^(")[::2]
    layer, unit = unit.rstrip(")"), layer
    columns = (neuron.inputs, neuron.weights, neuron.products, neuron.dweights, neuron.update_weights)
    order = np.argsort(-np.abs(neuron.products), kind="stable")[:most]
    header = (
        "weight",
        "from",
        Formula("z", "z"),
        Formula("w", "w"),
        Formula(f"w z{root}", "w z" + (r" / \sqrt n" if root else "")),
        Formula("dL/dw", r"\partial\mathcal L/\partial w"),
        Formula("w_new - w", r"w^{\text{new}} - w"),
    )
    rows = tuple(
        (f"w_{{{unit},{i + 1}}}", neuron.input_names[i], *(float(column[i]) for column in columns))
        for i in order
    )
    comes_in = (
        Grid(header, rows, note=_left_out(len(neuron.inputs), most, "inputs, smaller products")),
        f"a = Σ w z{root} + b = {number(neuron.a)}, with b = {number(neuron.bias)}",
        f"z = φ(a) = {number(neuron.z)}",
    )
    back: list[Any] = []
    if neuron.dz is not None and len(neuron.next_names):
        parts = (neuron.next_deltas, neuron.next_weights, neuron.next_products)
        largest = np.argsort(-np.abs(neuron.next_products), kind="stable")[:most]
        head = (
            "weight",
            "to",
            Formula("δ", r"\delta"),
            Formula("w", "w"),
            Formula(f"δ w{root}", r"\delta w"),
        )
        lines = tuple(
            (f"w_{{{i + 1},{unit}}}", neuron.next_names[i], *(float(part[i]) for part in parts))
            for i in largest
        )
        back.append(Grid(head, lines, note=_left_out(len(neuron.next_names), most, "neurons")))
        back.append(f"dL/dz = Σ δ w{root} = {number(neuron.dz)}, φ'(a) = {number(neuron.slope)}")
    elif neuron.dz is not None:
        back.append(f"dL/dz = {number(neuron.dz)}, φ'(a) = {number(neuron.slope)}")
    back.append(
        f"δ = dL/da = {number(neuron.delta)}, {neuron.share:.1%} of what flows back through its layer"
    )
    back.append(f"dL/db = {number(neuron.dbias)}, b_new - b = {number(neuron.update_bias)}{batch}")
    if batch:
        back.append(f"dL/dw, dL/db and what is new are{batch}; all else is of one row")
    sections = (Section("What comes in", comes_in), Section("What flows back", tuple(back)))
    return Document(f"Neuron {neuron.name}, layer {layer}", sections)


def _left_out(n: int, shown: int, what: str) -> str:
    return f"… {n - shown} more {what}" if n > shown else ""
