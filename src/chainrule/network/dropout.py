"""Dropout: while training, every value is 0 with probability `rate`."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network.special import namespace

__all__ = ["Dropout"]

Array = Any


@dataclass(frozen=True)
class Dropout:
    """out = z · m / (1 - rate), m ~ Bernoulli(1 - rate) while training; out = z when predicting.

    Scaling while training ("inverted dropout") leaves the expected output unchanged.
    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014, JMLR 15.

    Parameters
    ----------
    rate : float in [0, 1), or a tuple of one per member
        Share of the values that is dropped; for an ensemble (see `MemberDense`) each member may have its own.
    """

    kind: ClassVar[str] = "dropout"
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = True
    rate: Any = 0.5

    def __post_init__(self) -> None:
        rates = self.rate if isinstance(self.rate, tuple | list) else (self.rate,)
        if not rates or not all(0 <= rate < 1 for rate in rates):
            raise ParameterError(f"dropout rate must be in [0, 1), however: {self.rate!r}")
        if isinstance(self.rate, list):
            object.__setattr__(self, "rate", tuple(self.rate))

    def n_out(self, n_in: int) -> int:
        return n_in

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return {}

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        if draw is None or self.rate == 0:
            return z, None
        if not isinstance(self.rate, tuple) and isinstance(draw.fade, float) and draw.fade == 1:
            kept = draw.bits(z.shape) >= np.uint32(min(round(self.rate * 2**32), 2**32 - 1))
            mask = kept.astype(z.dtype) * (1 / (1 - self.rate))
        else:
            rate = draw.fade * self._rates(z)
            kept = draw.bits(z.shape).astype(z.dtype) * 2.0**-32 >= rate
            mask = kept.astype(z.dtype) * (1 / (1 - rate))
        return z * mask, mask

    def _rates(self, z: Array) -> Any:
        """The rate, or those of the members, of whom `z` has an axis in front."""
        if not isinstance(self.rate, tuple):
            return self.rate
        if z.ndim != 3 or len(self.rate) != len(z):
            raise ParameterError(
                f"{len(self.rate)} dropout rates take as many members in front, however: {z.shape}"
            )
        return namespace(z).asarray(self.rate, dtype=z.dtype).reshape(-1, 1, 1)

    def backward(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        return {}, dout if saved is None else dout * saved

    def describe(self) -> dict[str, Any]:
        rate = list(self.rate) if isinstance(self.rate, tuple) else self.rate
        return {"layer": self.kind, "rate": rate}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Dropout":
        return cls(description["rate"])
