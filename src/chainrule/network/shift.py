"""Random shifts while training: an image means the same a little to the left."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network.grid_layer import GridLayer, grid_shape
from chainrule.network.special import namespace

__all__ = ["RandomShift"]

Array = Any


@dataclass(frozen=True)
class RandomShift(GridLayer):
    """out[y, x] = z[y + Δy, x + Δx], 0 beyond the border.

    Δ is drawn for each row while training, and 0 when predicting. Backward shifts dout back.

    Parameters
    ----------
    shape : (height, width, channels)
    pixels : int, default=1
        Largest shift, up and down and to both sides.

    References
    ----------
    Simard, Steinkraus, Platt 2003, Best practices for convolutional neural networks applied to visual
    document analysis.
    """

    kind: ClassVar[str] = "random_shift"
    is_random: ClassVar[bool] = True
    shape: tuple[int, ...]
    pixels: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", grid_shape(self.shape, "height", "width", "channels"))
        if type(self.pixels) is not int or not 0 <= self.pixels <= max(self.shape[:2]):
            raise ParameterError(
                f"pixels must be a whole number from 0 to the image's size {self.shape}, however: "
                f"{self.pixels!r}"
            )

    @property
    def out_shape(self) -> tuple[int, ...]:
        """(height, width, channels) of what comes out."""
        return self.shape

    def n_out(self, n_in: int) -> int:
        self.check_width(n_in)
        return n_in

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        self.check_width(n_in)
        return {}

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        if draw is None or not self.pixels:
            return z, None
        shifts = (draw.bits((z.shape[0], 2)) % np.uint32(2 * self.pixels + 1)).astype(np.int32) - self.pixels
        return self._shifted(z, shifts), shifts

    def backward(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        return {}, dout if saved is None else self._shifted(dout, -saved)

    def _shifted(self, z: Array, shifts: Array) -> Array:
        xp = namespace(z)
        height, width, _ = self.shape
        border = self.pixels
        images = xp.pad(z.reshape(-1, *self.shape), ((0, 0), (border, border), (border, border), (0, 0)))
        rows = xp.arange(height, dtype=np.int32) + shifts[:, :1] + border
        columns = xp.arange(width, dtype=np.int32) + shifts[:, 1:] + border
        which = xp.arange(z.shape[0], dtype=np.int32)[:, None, None]
        return images[which, rows[:, :, None], columns[:, None, :]].reshape(z.shape)
