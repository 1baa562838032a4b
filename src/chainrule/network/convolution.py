"""Convolution: the same weights at every place of a grid, which see what lies around it.

    a[y, x, u] = b_u + Σ_ijc W[u, (i, j, c)] z[s y + d i, s x + d j, c]      LeCun et al. 1998, section II A

with stride s and dilation d, and 0 around the grid where there is padding: a = W z + b of a dense layer for
the patch z of each place. Like all libraries' convolutions it is, to be exact, a cross-correlation: W is not
turned around.

Backward, with da = dL/da:  dL/dW = Σ_places daᵀ patch,  dL/db = Σ_places da,  dL/dz = at every place the sum
of Wᵀ da over the patches that it is in.
"""

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, ClassVar

from chainrule.network.correlation import convolved, input_gradient, weight_gradient
from chainrule.network.grid_layer import GridLayer, grid_shape, pair
from chainrule.network.patches import Pair, Window, image_window, sequence_window
from chainrule.network.settings import check_positive

__all__ = ["Conv1D", "Conv2D"]

Array = Any


class _Convolution(GridLayer):
    """What both have: all but the number of axes."""

    decayed: ClassVar[tuple[str, ...]] = ("W",)
    units: int
    window: Any

    def n_out(self, n_in: int) -> int:
        self.check_width(n_in)
        return int(prod(self.window.places)) * self.units

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        self.check_width(n_in)
        return {"W": (self.units, self.window.values), "b": (self.units,)}

    @property
    def fan_out(self) -> int:
        """Values that one value of the grid goes into: every unit at all places that see it."""
        return self.units * int(prod(self.window.size))

    def multiplications(self, n_in: int) -> int:
        """Of a row's forward pass: every weight at every place."""
        return self.n_out(n_in) * int(self.window.values)

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        z = self.window.as_grid(z)
        return convolved(self.window, p["W"], p["b"], z), z

    def backward(self, p: dict[str, Array], z: Array, da: Array) -> tuple[dict[str, Array], Array]:
        return self.parameter_gradients(p, z, da), input_gradient(self.window, p["W"], self._by_place(da))

    def parameter_gradients(self, p: dict[str, Array], z: Array, da: Array) -> dict[str, Array]:
        """dL/dW and dL/db alone: all that the first layer of a network needs."""
        da = self._by_place(da)
        return {"W": weight_gradient(self.window, z, da), "b": da.reshape(-1, self.units).sum(0)}

    def _by_place(self, da: Array) -> Array:
        return da.reshape(da.shape[0], *self.window.places, self.units)


@dataclass(frozen=True)
class Conv2D(_Convolution):
    """a = W * z + b for images: rows are (height, width, channels), flattened in that order.

    W is (units, kernel height * kernel width * channels): a patch row by row, channels last.

    Parameters
    ----------
    units : int
        Values per place that come out: as many features, each with weights of its own.
    kernel : int or (int, int), default=3
        Places that a unit sees, vertically and horizontally.
    shape : (height, width, channels)
        Of the images that go in: that of the rows, or the `out_shape` of the layer in front.
    stride : int or (int, int), default=1
        Places from one patch to the next.
    padding : {"same", "valid"} or int, default="same"
        Zeros around the image: "same": as many as let ⌈height / stride⌉ × ⌈width / stride⌉ places come out;
        "valid": none; or so many on every side.
    dilation : int or (int, int), default=1
        Places from one that a unit sees to the next.
    initializer : str, default="auto"
        Initial weights, see `Dense`.
    """

    kind: ClassVar[str] = "conv2d"
    units: int
    kernel: int | Pair = 3
    shape: tuple[int, ...] = ()
    stride: int | Pair = 1
    padding: str | int = "same"
    dilation: int | Pair = 1
    initializer: str = "auto"

    def __post_init__(self) -> None:
        check_positive(units=self.units)
        object.__setattr__(self, "shape", grid_shape(self.shape, "height", "width", "channels"))
        for name in ("kernel", "stride", "dilation"):
            object.__setattr__(self, name, pair(name, getattr(self, name)))
        self.window  # noqa: B018 - refuses a kernel that does not fit

    @cached_property
    def window(self) -> Window:
        """How the kernel moves over the image."""
        kernel, stride, dilation = (pair(n, getattr(self, n)) for n in ("kernel", "stride", "dilation"))
        return image_window(self.shape, kernel, stride, self.padding, dilation)

    @property
    def out_shape(self) -> tuple[int, ...]:
        """(height, width, units) of what comes out."""
        return (*self.window.places, self.units)


@dataclass(frozen=True)
class Conv1D(_Convolution):
    """a = W * z + b for sequences: rows are (steps, channels), flattened in that order.

    W is (units, kernel * channels): a patch step by step, channels last.

    Parameters
    ----------
    units : int
        Values per step that come out.
    kernel : int, default=3
        Steps that a unit sees.
    shape : (steps, channels)
        Of the sequences that go in: that of the rows, or the `out_shape` of the layer in front.
    stride, dilation, initializer
        As of `Conv2D`.
    padding : {"same", "valid", "causal"} or int, default="same"
        As of `Conv2D`; "causal": all zeros in front, so that no step sees a later one (van den Oord et al.
        2016, arXiv 1609.03499, section 2.1).
    """

    kind: ClassVar[str] = "conv1d"
    units: int
    kernel: int = 3
    shape: tuple[int, ...] = ()
    stride: int = 1
    padding: str | int = "same"
    dilation: int = 1
    initializer: str = "auto"

    def __post_init__(self) -> None:
        check_positive(units=self.units, kernel=self.kernel, stride=self.stride, dilation=self.dilation)
        object.__setattr__(self, "shape", grid_shape(self.shape, "steps", "channels"))
        self.window  # noqa: B018 - refuses a kernel that does not fit

    @cached_property
    def window(self) -> Window:
        """How the kernel moves over the sequence: a grid of height 1."""
        return sequence_window(self.shape, self.kernel, self.stride, self.padding, self.dilation)

    @property
    def out_shape(self) -> tuple[int, ...]:
        """(steps, units) of what comes out."""
        return (self.window.places[1], self.units)
