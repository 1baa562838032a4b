"""What a trace tells of one neuron."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

__all__ = ["Neuron"]

Array = Any


@dataclass(frozen=True)
class Neuron:
    """z_m^(l), one neuron for one row: where its value comes from, and what flows back through it.

    Attributes
    ----------
    name : z_4^(1)
    input_names, inputs, weights, products : what comes in: z, w_{m,from}, w z (in an ensemble w z / √n)
    bias, a, z, slope : the weighted sum with its bias, φ(a), φ'(a)
    next_names, next_deltas, next_weights, next_products : δ of the layer above, w_{to,m}, and δ w: dL/dz is
        their sum
    dz, delta : dL/dz (None at the output), dL/da
    dweights, dbias, update_weights, update_bias : of the batch
    share : |δ_m| / Σ|δ|, the neuron's share of what flows back through its layer
    factor : on w z: 1, in an ensemble 1/√n
    batch : rows that dweights, dbias and the updates are of
    """

    name: str
    input_names: tuple[str, ...]
    inputs: Array
    weights: Array
    products: Array
    bias: float
    a: float
    z: float
    slope: float
    next_names: tuple[str, ...]
    next_deltas: Array
    next_weights: Array
    next_products: Array
    dz: float | None
    delta: float
    dweights: Array
    dbias: float
    update_weights: Array
    update_bias: float
    share: float
    factor: float = 1.0
    batch: int = 1

    @cached_property
    def document(self) -> Any:
        """As a page, with `to_text`, `to_markdown`, `to_latex` and `to_html`."""
        from chainrule.explain.neuron_document import neuron_document

        return neuron_document(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers."""
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in self.__dict__.items()
            if name != "document"
        }

    def __str__(self) -> str:
        return str(self.document.to_text())

    def __rich__(self) -> Any:
        return self.document.to_rich()

    def _repr_html_(self) -> str:
        return str(self.document.to_html())
