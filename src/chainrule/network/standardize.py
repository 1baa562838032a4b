"""Standardizing as a layer: the scales that were learned from the rows travel with the network."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network.settings import check_flag, check_positive
from chainrule.network.special import namespace

__all__ = ["Standardize"]

Array = Any


@dataclass(frozen=True)
class Standardize:
    """out = (z - m) s for each feature, at every place: m its mean, 1/s its standard deviation.

    m and s are parameters that no step changes (their learning rate is 0): `learned_from` gives them their
    values. Backward:  ds = Σ dout (z - m),  dm = -Σ dout s,  dz = dout s.

    Parameters
    ----------
    features : int
        Values per place; a row holds one place after the other.
    masked : bool, default=False
        The last value of every place says whether there is anything (1) or not (0); it is passed on as it is,
        and where it is 0 the others become 0.
    """

    kind: ClassVar[str] = "standardize"
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False
    rates: ClassVar[dict[str, float]] = {"m": 0.0, "s": 0.0}
    features: int
    masked: bool = False

    def __post_init__(self) -> None:
        check_positive(features=self.features)
        check_flag(masked=self.masked)

    @property
    def _width(self) -> int:
        return self.features + self.masked

    def n_out(self, n_in: int) -> int:
        if n_in % self._width:
            raise ParameterError(
                f"Standardize takes places of {self._width} values each, however: {n_in} values"
            )
        return n_in

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return {"m": (self.features,), "s": (self.features,)}

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        return {"m": np.zeros(shapes["m"]), "s": np.ones(shapes["s"])}

    def learned_from(self, z: Array) -> dict[str, Array]:
        """(m, s) from rows; a feature that never changes gets s = 1."""
        places = z.reshape(-1, self._width).astype(np.float64)
        if self.masked:
            places = places[places[:, -1] != 0, :-1]
        if not len(places):
            return self.initial(self.shapes(z.shape[1]), None)
        spread = places.std(axis=0)
        alike = spread <= 1e-12 * np.abs(places).max(axis=0)
        return {"m": places.mean(axis=0), "s": 1 / np.where(alike, 1.0, spread)}

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        grid = z.reshape(z.shape[0], z.shape[1] // self._width, self._width)
        centered = grid[..., : self.features] - p["m"]
        if not self.masked:
            return (centered * p["s"]).reshape(z.shape), (centered, None)
        mask = grid[..., self.features :]
        out = namespace(z).concat([mask * centered * p["s"], mask], axis=2)
        return out.reshape(z.shape), (centered, mask)

    def backward(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        centered, mask = saved
        grid = dout.reshape(*centered.shape[:2], self._width)
        dvalues = grid[..., : self.features]
        if mask is not None:
            dmask = (dvalues * centered * p["s"]).sum(2)[..., None] + grid[..., self.features :]
            dvalues = dvalues * mask
        dp = {"m": -(dvalues * p["s"]).sum((0, 1)), "s": (dvalues * centered).sum((0, 1))}
        dz = dvalues * p["s"]
        if mask is not None:
            dz = namespace(dout).concat([dz, dmask], axis=2)
        return dp, dz.reshape(dout.shape)

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind, "features": self.features, "masked": self.masked}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Standardize":
        return cls(description["features"], description["masked"])
