"""What a small window sees of a grid, place by place: the geometry of convolution and pooling.

Rows of a batch are grids (height, width, channels); a sequence is a grid of height 1. Along each axis a
window of k places, d apart, moves by the stride s over a grid with p places of padding:

    places = ⌊(grid + p - d (k - 1) - 1) / s⌋ + 1      Dumoulin and Visin 2016, arXiv 1603.07285, (14)

"same" padding is such that places = ⌈grid / s⌉, one more behind than in front where it is odd.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network.special import namespace

__all__ = ["Pair", "Window", "image_window", "sequence_window"]

Array = Any
Pair = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """A window that moves over a grid, both of them with two axes.

    Parameters
    ----------
    grid : (height, width, channels)
    size, stride, dilation : (vertical, horizontal)
    padding : ((above, below), (left, right))
    """

    grid: tuple[int, int, int]
    size: Pair
    stride: Pair
    dilation: Pair
    padding: tuple[Pair, Pair]

    @cached_property
    def places(self) -> Pair:
        """Places where the window stops, along each axis."""
        axes = zip(self.padded_grid, self.reach, self.stride, strict=True)
        vertical, horizontal = ((n - reach) // step + 1 for n, reach, step in axes)
        return vertical, horizontal

    @property
    def reach(self) -> Pair:
        """Places from the window's first to its last, these included."""
        vertical, horizontal = (d * (k - 1) + 1 for k, d in zip(self.size, self.dilation, strict=True))
        return vertical, horizontal

    @property
    def padded_grid(self) -> Pair:
        """Height and width of the grid with its padding."""
        height, width = (n + sum(p) for n, p in zip(self.grid[:2], self.padding, strict=True))
        return height, width

    @property
    def values(self) -> int:
        """Values that the window sees at one place."""
        return prod(self.size) * self.grid[2]

    def as_grid(self, z: Array) -> Array:
        """Flat rows as grids (n, height, width, channels)."""
        return z.reshape(z.shape[0], *self.grid)

    def padded(self, z: Array, value: float = 0.0) -> Array:
        """Grids with `value` at all places of the padding."""
        if not any(map(any, self.padding)):
            return z
        widths = ((0, 0), *self.padding, (0, 0))
        return namespace(z).pad(z, widths, constant_values=value)

    def looks(self, padded: Array) -> Iterator[Array]:
        """For each value of the window, row by row: what it sees at all places (n, *places, channels)."""
        for corner in self._corners():
            yield padded[(slice(None), *self._seen_from(corner))]

    def put_back(self, looks: Iterator[Array]) -> Array:
        """The grids whose derivatives these are: of every place, the sum of what was seen of it.

        The transpose of `looks` and `padded`.
        """
        first, *others = looks
        corners = self._corners()
        if not isinstance(first, np.ndarray):
            parts = (self._spread(look, at) for look, at in zip((first, *others), corners, strict=True))
            return sum(parts, start=next(parts))
        out = np.zeros((len(first), *self.padded_grid, self.grid[2]), first.dtype)
        for look, corner in zip((first, *others), corners, strict=True):
            out[(slice(None), *self._seen_from(corner))] += look
        (above, _), (left, _) = self.padding
        return out[:, above : above + self.grid[0], left : left + self.grid[1]]

    def patches(self, padded: Array) -> Array:
        """A row for every place of every grid: the values that the window sees there, channels last."""
        if not isinstance(padded, np.ndarray):
            return namespace(padded).concat(list(self.looks(padded)), axis=3).reshape(-1, self.values)
        views = np.lib.stride_tricks.sliding_window_view(padded, self.reach, axis=(1, 2))
        (s, t), (d, e) = self.stride, self.dilation
        views = views[:, ::s, ::t, :, ::d, ::e]
        return views.transpose(0, 1, 2, 4, 5, 3).reshape(-1, self.values)

    def _corners(self) -> Iterator[Pair]:
        """Where in the padded grid each value of the window is at the first place."""
        vertical, horizontal = (range(0, k * d, d) for k, d in zip(self.size, self.dilation, strict=True))
        return product(vertical, horizontal)

    def _seen_from(self, corner: Pair) -> tuple[slice, ...]:
        axes = zip(corner, self.places, self.stride, strict=True)
        return tuple(slice(first, first + (n - 1) * step + 1, step) for first, n, step in axes)

    def _spread(self, look: Array, corner: Pair) -> Array:
        """What one value of the window saw, at its places of the grid; 0 elsewhere; for JAX."""
        from jax import lax

        axes = zip(corner, self.padding, self.places, self.stride, self.grid, strict=False)
        widths = [
            (start - before, n - 1 - (start - before + (seen - 1) * step), step - 1)
            for start, (before, _), seen, step, n in axes
        ]
        return lax.pad(look, np.zeros((), look.dtype), [(0, 0, 0), *widths, (0, 0, 0)])


def image_window(
    shape: tuple[int, ...], size: Pair, stride: Pair, padding: Any, dilation: Pair = (1, 1)
) -> Window:
    """The window of a layer over images of shape (height, width, channels).

    Parameters
    ----------
    padding : {"same", "valid"} or int

    Raises
    ------
    ParameterError
        For a padding that is none of these, or so large that a window would see nothing else; and for a
        window larger than the grid.
    """
    height, width, channels = shape
    axes = zip((height, width), size, stride, dilation, strict=True)
    vertical, horizontal = (_sides(*axis, padding, ("same", "valid")) for axis in axes)
    return _fitting(Window((height, width, channels), size, stride, dilation, (vertical, horizontal)))


def sequence_window(
    shape: tuple[int, ...], size: int, stride: int, padding: Any, dilation: int = 1
) -> Window:
    """The window of a layer over sequences of shape (steps, channels), which are grids of height 1.

    Parameters
    ----------
    padding : {"same", "valid", "causal"} or int
        "causal": as much in front as lets no step see a later one.

    Raises
    ------
    ParameterError
        As `image_window`.
    """
    steps, channels = shape
    sides = _sides(steps, size, stride, dilation, padding, ("same", "valid", "causal"))
    return _fitting(Window((1, steps, channels), (1, size), (1, stride), (1, dilation), ((0, 0), sides)))


def _sides(n: int, size: int, step: int, dilation: int, padding: Any, known: tuple[str, ...]) -> Pair:
    """Padding in front and behind along an axis of n places."""
    reach = dilation * (size - 1) + 1
    if type(padding) is int and 0 <= padding < reach:
        return padding, padding
    if type(padding) is not str or padding not in known:
        names = ", ".join(map(repr, known))
        raise ParameterError(
            f"padding must be {names} or an integer from 0 to {reach - 1}, of which the window sees more, "
            f"however: {padding!r}"
        )
    if padding == "same":
        missing = max((-(-n // step) - 1) * step + reach - n, 0)
        return missing // 2, missing - missing // 2
    return (reach - 1, 0) if padding == "causal" else (0, 0)


def _fitting(window: Window) -> Window:
    if any(reach > n for reach, n in zip(window.reach, window.padded_grid, strict=True)):
        raise ParameterError(
            f"the window must fit into the grid with its padding, {window.padded_grid}, however it reaches "
            f"over {window.reach}; take a smaller one, or padding='same'"
        )
    return window
