"""A fixed basis expansion φ(x) in front of a network: lecture equation (2), f(x) = W φ(x) + b."""

from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb
from typing import Any, ClassVar

from chainrule.errors import ParameterError
from chainrule.network.settings import check_positive
from chainrule.network.special import namespace

__all__ = ["Polynomial"]

Array = Any

_MOST = 64


@dataclass(frozen=True)
class Polynomial:
    """φ(x) = all products of at most `degree` of the inputs (without the constant 1, which is the bias).

    For x = (x₁, x₂) and degree 2: (x₁, x₂, x₁², x₁x₂, x₂²), the order of scikit-learn's `PolynomialFeatures`.
    It has no parameters. Any other fixed expansion is a scikit-learn transformer in front of the estimator:
    ``make_pipeline(SplineTransformer(), MLPRegressor(hidden_layer_sizes=()))``.

    Parameters
    ----------
    degree : int, default=2
    """

    kind: ClassVar[str] = "polynomial"
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False
    degree: int = 2

    def __post_init__(self) -> None:
        check_positive(degree=self.degree)

    def _products(self, n_in: int) -> list[tuple[int, ...]]:
        """The factors of every product, e.g. (0, 0, 1) for x₁² x₂."""
        return [
            factors
            for degree in range(1, self.degree + 1)
            for factors in combinations_with_replacement(range(n_in), degree)
        ]

    def n_out(self, n_in: int) -> int:
        if min(n_in, self.degree) > _MOST:  # so many that even to count them takes too long
            raise ParameterError(f"degree={self.degree} makes too many products of {n_in} inputs; lower it")
        return comb(n_in + self.degree, self.degree) - 1

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return {}

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        columns = [_product(z, factors) for factors in self._products(z.shape[1])]
        return namespace(z).stack(columns, axis=1), z

    def backward(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        z = saved
        xp = namespace(z)
        dz = [xp.zeros_like(z[:, 0]) for _ in range(z.shape[1])]
        for k, factors in enumerate(self._products(z.shape[1])):
            for place, i in enumerate(factors):
                others = factors[:place] + factors[place + 1 :]
                dz[i] = dz[i] + dout[:, k] * _product(z, others)
        return {}, xp.stack(dz, axis=1)

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind, "degree": self.degree}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Polynomial":
        return cls(description["degree"])


def _product(z: Array, factors: tuple[int, ...]) -> Array:
    result = namespace(z).ones_like(z[:, 0])
    for i in factors:
        result = result * z[:, i]
    return result
