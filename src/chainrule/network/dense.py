"""The dense (fully connected) layer: a = W z + b."""

from dataclasses import dataclass
from typing import Any, ClassVar

from chainrule.errors import ParameterError
from chainrule.network.settings import check_positive

__all__ = ["Dense"]

Array = Any


@dataclass(frozen=True)
class Dense:
    """a = W z + b        W[to, from]; for a batch A = Z Wᵀ + b        lecture equations (6), (13), (19).

    Backward, with da = dL/da (equations (21), (25), (26), (33)):
    dL/dW = daᵀ Z,  dL/db = Σ_rows da,  dL/dZ = da W.

    Parameters
    ----------
    units : int
        Number of neurons.
    initializer : str, default="auto"
        Initial weights: a name of `chainrule.network.INITIALIZERS`, or "auto": what the
        activation behind the layer usually wants.
    biases : {"zeros", "uniform"}, default="zeros"
        Initial biases: 0, or U(±√(6 / (fan_in + fan_out))), which spreads the kinks of ReLU units over the
        inputs' range, as in scikit-learn.
    """

    kind: ClassVar[str] = "dense"
    decayed: ClassVar[tuple[str, ...]] = ("W",)
    is_random: ClassVar[bool] = False
    units: int
    initializer: str = "auto"
    biases: str = "zeros"

    def __post_init__(self) -> None:
        if self.biases not in ("zeros", "uniform"):
            raise ParameterError(f"biases must be 'zeros' or 'uniform', however: {self.biases!r}")
        check_positive(units=self.units)

    def n_out(self, n_in: int) -> int:
        return self.units

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return {"W": (self.units, n_in), "b": (self.units,)}

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        return z @ p["W"].T + p["b"], z

    def backward(self, p: dict[str, Array], saved: Any, da: Array) -> tuple[dict[str, Array], Array]:
        return self.parameter_gradients(p, saved, da), da @ p["W"]

    def parameter_gradients(self, p: dict[str, Array], z: Array, da: Array) -> dict[str, Array]:
        """dL/dW and dL/db alone: all that the first layer of a network needs; `z` may be sparse."""
        return {"W": da.T @ z, "b": da.sum(0)}

    def describe(self) -> dict[str, Any]:
        return {
            "layer": self.kind,
            "units": self.units,
            "initializer": self.initializer,
            "biases": self.biases,
        }

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Dense":
        return cls(description["units"], description["initializer"], description["biases"])
