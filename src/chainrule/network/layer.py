"""The layer: a frozen description and a pure forward/backward pair.

A layer says what is computed and remembers nothing: its parameters come in as a mapping, what `backward`
will need goes out of `forward`. Rows of a batch are samples. In `backward`, `dx` names dL/dx.

To add a layer: write the class below in a file of its own, give it a `kind`, and add it to `LAYERS` in
`layers.py`. The tests then hold its backward against central differences and `jax.vjp`.
"""

from typing import Any, ClassVar, Protocol, runtime_checkable

__all__ = ["Layer"]

Array = Any


@runtime_checkable
class Layer(Protocol):
    """What every layer has."""

    kind: ClassVar[str]
    """The name under which a description finds the layer again."""

    decayed: ClassVar[tuple[str, ...]]
    """Names of the parameters that penalties and weight decay shrink: weights, never biases."""

    def n_out(self, n_in: int) -> int:
        """Number of values per row that come out when `n_in` go in."""
        ...

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the parameters, in the order in which they are stored."""
        ...

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        """(out, saved): the layer's output and what its backward needs.

        `draw` is a `Draw` while training and None when predicting; always None for a layer that says
        ``is_random = False``.
        """
        ...

    def backward(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        """(dp, dz): dL/dp for every parameter and dL/dz for the layer below, from dL/dout."""
        ...

    def describe(self) -> dict[str, Any]:
        """Plain data: ``{"layer": kind, ...}``."""
        ...

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Layer":
        """The layer that `describe` described."""
        ...
