"""What a trace keeps of a layer: alone, and as the lecture counts layers."""

from dataclasses import dataclass
from typing import Any

from chainrule.network.wording import layer_in_words

__all__ = ["Step", "TracedLayer"]

Array = Any


@dataclass(frozen=True)
class Step:
    """One layer of the network on its own: what went in and out, forward and backward.

    Attributes
    ----------
    name : place in the network, such as "2" or, within a nested network, "2.0"
    layer : Layer
    p : its parameters by name
    z_in, out : its input and output
    dout, dz_in : dL/d(output), dL/d(input)
    dp : dL/d(parameter), without penalties
    update : w_new - w_old by parameter
    saved : what `forward` kept for `backward`
    draw : what it drew from; None where it drew nothing
    """

    name: str
    layer: Any
    p: dict[str, Array]
    z_in: Array
    out: Array
    dout: Array
    dz_in: Array
    dp: dict[str, Array]
    update: dict[str, Array]
    saved: Any = None
    draw: Any = None

    @property
    def in_words(self) -> str:
        """What it is, what goes in and what comes out; of members (members, rows, values) all of them."""
        return layer_in_words(self.layer, self.z_in.size // self.z_in.shape[-2])


@dataclass(frozen=True)
class TracedLayer:
    """A layer as the lecture counts: a = W z_in + b, z = φ(a), and back.

    Rows come first; in an ensemble an axis of members stands in front of everything.

    Attributes
    ----------
    number : l, counted from 1 for the first hidden layer
    function : name of φ
    z_in, a, z : input, weighted sums, outputs        equations (18)-(20)
    slope : φ'(a); the softmax has a matrix dz_k/da_j per row
    dz : dL/dz; None at the output, where loss and output activation are differentiated together
    delta : dL/da
    W, b : weights W[to, from] and biases before the update; None for a layer without
    dW, db : dL/dW, dL/db of the loss, without penalties
    dz_in : dL/dz of the layer below
    update_W, update_b : W_new - W, b_new - b        equation (17), the optimizer's own
    factor : on W z: 1, in an ensemble 1/√n_in
    mask : what dropout multiplies φ(a) with, where it is on
    at_output : the activation is the loss's own
    behind : kinds of the layers between this one and the next with weights
    """

    number: int
    function: str
    z_in: Array
    a: Array
    z: Array
    slope: Array
    dz: Array | None
    delta: Array
    W: Array
    b: Array
    dW: Array
    db: Array
    dz_in: Array
    update_W: Array
    update_b: Array
    factor: float = 1.0
    mask: Array | None = None
    at_output: bool = False
    behind: tuple[str, ...] = ()

    @property
    def members(self) -> int:
        """Networks in the ensemble; 0 for a single network."""
        return len(self.W) if self.W.ndim == 3 else 0

    @property
    def n_units(self) -> int:
        """Neurons (of each member)."""
        return int(self.W.shape[-2])

    def weights_of(self, name: str, member: int) -> Array:
        """W, b, dW, db, update_W or update_b of a member, counted from 0; of a single network its own."""
        array = getattr(self, name)
        return array[member] if self.members else array

    def values_of(self, name: str, member: int, row: int) -> Array:
        """z_in, a, z, slope, dz, delta or mask of a row and a member, both counted from 0."""
        array = getattr(self, name)
        has_members = self.members and (name not in ("z_in", "dz_in") or array.ndim == 3)
        return array[member, row] if has_members else array[row]
