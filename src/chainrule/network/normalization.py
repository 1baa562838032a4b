"""Normalization of a row by its own mean and standard deviation."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network.settings import check_positive
from chainrule.network.special import namespace

__all__ = ["LayerNormalization"]

Array = Any


@dataclass(frozen=True)
class LayerNormalization:
    """a = g ẑ + b with ẑ = (z - μ) / √(σ² + ε)        Ba, Kiros, Hinton 2016, arXiv 1607.06450, (3), (4).

    μ and σ² are the mean and the variance of the `features` values of a place: of every step of a sequence,
    of every pixel of an image, or, with as many features as there are values, of the whole row.

    Backward, with dẑ = g da and means over the features:
    dg = Σ ẑ da,  db = Σ da,  dz = (dẑ - mean(dẑ) - ẑ mean(ẑ dẑ)) / √(σ² + ε).

    Parameters
    ----------
    features : int
        Values per place.
    epsilon : float, default=1e-5
        ε, for places whose values are all the same.
    """

    kind: ClassVar[str] = "layer_normalization"
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False
    features: int
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        check_positive(features=self.features)
        if type(self.epsilon) is not float or not 0 < self.epsilon < 1:
            raise ParameterError(f"epsilon must be a number between 0 and 1, however: {self.epsilon!r}")

    def n_out(self, n_in: int) -> int:
        if n_in % self.features:
            raise ParameterError(
                f"LayerNormalization takes places of {self.features} values, however: {n_in} values go in, "
                "which are no whole number of places"
            )
        return n_in

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        self.n_out(n_in)
        return {"g": (self.features,), "b": (self.features,)}

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        return {"g": np.ones(shapes["g"]), "b": np.zeros(shapes["b"])}

    def multiplications(self, n_in: int) -> int:
        """Of a row's forward pass: by the gain."""
        return n_in

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        xp = namespace(z)
        places = z.reshape(z.shape[0], z.shape[1] // self.features, self.features)
        centered = places - places.mean(2, keepdims=True)
        variance = (centered * centered).mean(2, keepdims=True)
        scale = 1 / xp.sqrt(variance + self.epsilon)
        normal = centered * scale
        return (p["g"] * normal + p["b"]).reshape(z.shape), (normal, scale)

    def backward(self, p: dict[str, Array], saved: Any, da: Array) -> tuple[dict[str, Array], Array]:
        normal, scale = saved
        shape, da = da.shape, da.reshape(normal.shape)
        dp = {"g": (da * normal).sum((0, 1)), "b": da.sum((0, 1))}
        d_normal = p["g"] * da
        along = (d_normal * normal).mean(2, keepdims=True)
        dz = (d_normal - d_normal.mean(2, keepdims=True) - normal * along) * scale
        return dp, dz.reshape(shape)

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind, "features": self.features, "epsilon": self.epsilon}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "LayerNormalization":
        return cls(description["features"], description["epsilon"])
