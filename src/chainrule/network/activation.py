"""The activation layer: z = φ(a)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from chainrule.network.activations import get_activation
from chainrule.network.automatic import pulled_back

__all__ = ["Activation"]

Array = Any


@dataclass(frozen=True, repr=False)
class Activation:
    """z = φ(a), element by element        lecture equations (7), (20).

    Parameters
    ----------
    function : str, dict, callable, (callable, callable) or ActivationFunction
        See `get_activation`.
    """

    kind: ClassVar[str] = "activation"
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False
    function: Any = "relu"

    def __post_init__(self) -> None:
        object.__setattr__(self, "function", get_activation(self.function))

    def __repr__(self) -> str:
        return f"Activation({self.function!r})"

    def n_out(self, n_in: int) -> int:
        return n_in

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return {}

    def forward(self, p: dict[str, Array], a: Array, draw: Any) -> tuple[Array, Any]:
        z = self.function.value(a)
        return z, (a, z)

    def backward(self, p: dict[str, Array], saved: Any, dz: Array) -> tuple[dict[str, Array], Array]:
        a, z = saved
        if self.function.slope is None:
            return {}, pulled_back(self.function.value, a, dz)[1]
        return {}, dz * self.function.slope(a, z)

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind, "function": self.function.describe()}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Activation":
        return cls(description["function"])
