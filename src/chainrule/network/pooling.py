"""Pooling: what a window sees of each channel becomes one value, its largest or its mean.

    largest    a[y, x, c] = max_ij z[s y + i, s x + j, c]    Ranzato et al. 2007
    mean       a[y, x, c] = 1/k Σ_ij z[s y + i, s x + j, c]  LeCun et al. 1998, there with a weight per map

with stride s, and k the number of places that exist: padding does not count, neither for the largest nor for
the mean. Backward: dL/da goes to the first of the largest values alone, or in equal shares to all.

The global ones see the whole grid, of any shape.
"""

from dataclasses import dataclass
from functools import cached_property
from math import inf, prod
from typing import Any, ClassVar

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network.grid_layer import GridLayer, grid_shape, pair
from chainrule.network.patches import Pair, Window, image_window, sequence_window
from chainrule.network.settings import check_flag, check_positive
from chainrule.network.special import as_rows, namespace

__all__ = [
    "AveragePool1D",
    "AveragePool2D",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "MaxPool1D",
    "MaxPool2D",
]

Array = Any


class _Pool(GridLayer):
    """What all that have a window share."""

    out_shape: Any

    def n_out(self, n_in: int) -> int:
        self.check_width(n_in)
        return int(prod(self.out_shape))

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        self.check_width(n_in)
        return {}


@dataclass(frozen=True)
class _Pool1D(_Pool):
    size: int = 2
    shape: tuple[int, ...] = ()
    stride: int | None = None
    padding: str | int = "valid"

    def __post_init__(self) -> None:
        check_positive(size=self.size, stride=self.size if self.stride is None else self.stride)
        object.__setattr__(self, "shape", grid_shape(self.shape, "steps", "channels"))
        self.window  # noqa: B018 - refuses a window that does not fit

    @cached_property
    def window(self) -> Window:
        """How the window moves over the sequence."""
        stride = self.size if self.stride is None else self.stride
        return sequence_window(self.shape, self.size, stride, self.padding)

    @property
    def out_shape(self) -> tuple[int, ...]:
        """(steps, channels) of what comes out."""
        return (self.window.places[1], self.shape[1])


@dataclass(frozen=True)
class _Pool2D(_Pool):
    size: int | Pair = 2
    shape: tuple[int, ...] = ()
    stride: int | Pair | None = None
    padding: str | int = "valid"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", grid_shape(self.shape, "height", "width", "channels"))
        object.__setattr__(self, "size", pair("size", self.size))
        if self.stride is not None:
            object.__setattr__(self, "stride", pair("stride", self.stride))
        self.window  # noqa: B018 - refuses a window that does not fit

    @cached_property
    def window(self) -> Window:
        """How the window moves over the image."""
        size = pair("size", self.size)
        stride = size if self.stride is None else pair("stride", self.stride)
        return image_window(self.shape, size, stride, self.padding)

    @property
    def out_shape(self) -> tuple[int, ...]:
        """(height, width, channels) of what comes out."""
        return (*self.window.places, self.shape[2])


class _Largest:
    """max, and its derivative."""

    window: Any

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        xp = namespace(z)
        padded = self.window.padded(self.window.as_grid(z), -inf)
        largest, *others = self.window.looks(padded)
        for look in others:
            largest = xp.maximum(largest, look)
        return as_rows(largest), (padded, largest)

    def backward(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        padded, largest = saved
        xp = namespace(dout)
        dout = dout.reshape(largest.shape)
        taken = xp.zeros_like(largest, dtype=bool)
        parts = []
        for look in self.window.looks(padded):
            is_first = (look == largest) & ~taken
            taken = taken | is_first
            parts.append(xp.where(is_first, dout, xp.zeros_like(dout)))
        return {}, as_rows(self.window.put_back(iter(parts)))


class _Mean:
    """The mean of the places that exist, and its derivative."""

    window: Any

    @cached_property
    def shares(self) -> Array:
        """1 / number of the places that exist, for each place of the window."""
        height, width, _ = self.window.grid
        exists = self.window.padded(np.ones((1, height, width, 1)))
        return 1 / np.sum(list(self.window.looks(exists)), axis=0)

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        looks = self.window.looks(self.window.padded(self.window.as_grid(z)))
        total = sum(looks, start=next(looks))
        return as_rows(total * self.shares.astype(z.dtype)), None

    def backward(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        n, places, channels = dout.shape[0], self.window.places, self.window.grid[2]
        share = dout.reshape(n, *places, channels) * self.shares.astype(dout.dtype)
        looks = (share for _ in range(prod(self.window.size)))
        return {}, as_rows(self.window.put_back(looks))


@dataclass(frozen=True)
class MaxPool2D(_Largest, _Pool2D):
    """The largest value that a window sees of each channel of an image.

    Parameters
    ----------
    size : int or (int, int), default=2
        Places that the window sees, vertically and horizontally.
    shape : (height, width, channels)
        Of the images that go in: that of the rows, or the `out_shape` of the layer in front.
    stride : int or (int, int), optional
        Places from one window to the next; default: the size, so that windows do not overlap.
    padding : {"same", "valid"} or int, default="valid"
        Places around the image, which count for nothing. "valid": none; what is left of the image behind the
        last window is not seen.
    """

    kind: ClassVar[str] = "max_pool2d"


@dataclass(frozen=True)
class AveragePool2D(_Mean, _Pool2D):
    """The mean of what a window sees of each channel of an image; parameters as of `MaxPool2D`."""

    kind: ClassVar[str] = "average_pool2d"


@dataclass(frozen=True)
class MaxPool1D(_Largest, _Pool1D):
    """The largest value that a window sees of each channel of a sequence.

    Parameters
    ----------
    size : int, default=2
        Steps that the window sees.
    shape : (steps, channels)
        Of the sequences that go in: that of the rows, or the `out_shape` of the layer in front.
    stride : int, optional
        Steps from one window to the next; default: the size.
    padding : {"same", "valid", "causal"} or int, default="valid"
        Steps around the sequence, which count for nothing, as of `MaxPool2D` and `Conv1D`.
    """

    kind: ClassVar[str] = "max_pool1d"


@dataclass(frozen=True)
class AveragePool1D(_Mean, _Pool1D):
    """The mean of what a window sees of each channel of a sequence; parameters as of `MaxPool1D`."""

    kind: ClassVar[str] = "average_pool1d"


@dataclass(frozen=True)
class _GlobalPool:
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False
    kind: ClassVar[str]
    channels: int
    masked: bool = False

    def __post_init__(self) -> None:
        check_positive(channels=self.channels)
        check_flag(masked=self.masked)

    @property
    def out_shape(self) -> tuple[int, ...]:
        """(channels,)"""
        return (self.channels,)

    def n_out(self, n_in: int) -> int:
        per_place = self.channels + self.masked
        if n_in % per_place:
            mask = " and 1 of the mask" if self.masked else ""
            raise ParameterError(
                f"{type(self).__name__} takes places of {self.channels} values{mask}, however: "
                f"{n_in} values go in, which are no whole number of places"
            )
        return self.channels

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        self.n_out(n_in)
        return {}

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind, "channels": self.channels, "masked": self.masked}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> Any:
        return cls(description["channels"], description["masked"])

    def _places(self, z: Array) -> tuple[Array, Array]:
        """(values (n, places, channels), whether each place exists (n, places, 1))."""
        width = self.channels + self.masked
        z = z.reshape(z.shape[0], z.shape[1] // width, width)
        values, mask = z[:, :, : self.channels], z[:, :, self.channels :]
        return values, mask > 0 if self.masked else namespace(z).ones_like(z[:, :, :1], dtype=bool)

    def _flat(self, d_values: Array) -> Array:
        """dL/dz from that of the values; a mask has no derivative."""
        xp = namespace(d_values)
        if self.masked:
            d_values = xp.concat([d_values, xp.zeros_like(d_values[:, :, :1])], axis=2)
        return as_rows(d_values)


@dataclass(frozen=True)
class GlobalAveragePool(_GlobalPool):
    """a_c = the mean of channel c over all places (Lin, Chen, Yan 2014, arXiv 1312.4400, section 3.2).

    Parameters
    ----------
    channels : int
        Values of every place, the mask not counted.
    masked : bool, default=False
        Behind the values of every place stands one more, 1 where the place exists and 0 where it is padding,
        which does not count. Where no place exists, 0 comes out.
    """

    kind: ClassVar[str] = "global_average_pool"

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        values, exists = self._places(z)
        xp = namespace(z)
        share = exists.astype(z.dtype) / xp.maximum(exists.sum(1, keepdims=True), 1).astype(z.dtype)
        return (values * share).sum(1), share

    def backward(self, p: dict[str, Array], share: Array, dout: Array) -> tuple[dict[str, Array], Array]:
        return {}, self._flat(dout[:, None] * share)


@dataclass(frozen=True)
class GlobalMaxPool(_GlobalPool):
    """a_c = the largest value of channel c over all places; parameters as of `GlobalAveragePool`."""

    kind: ClassVar[str] = "global_max_pool"

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        values, exists = self._places(z)
        xp = namespace(z)
        values = xp.where(exists, values, xp.full_like(values, -inf))
        first = xp.argmax(values, axis=1, keepdims=True)
        some = exists.any(axis=1)
        largest = xp.take_along_axis(values, first, axis=1)[:, 0]
        is_largest = (first == xp.arange(values.shape[1])[:, None]) & some[:, None]
        return xp.where(some, largest, xp.zeros_like(largest)), is_largest

    def backward(self, p: dict[str, Array], is_largest: Array, dout: Array) -> tuple[dict[str, Array], Array]:
        dout = dout[:, None]
        return {}, self._flat(namespace(dout).where(is_largest, dout, namespace(dout).zeros_like(dout)))
