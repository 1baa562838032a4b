"""The activation layer: z = φ(a)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from chainrule.errors import ParameterError
from chainrule.network.activations import get_activation

__all__ = ["Activation"]

Array = Any


def _differentiated(value: Callable[[Array], Array], a: Array, dz: Array) -> Array:
    """Dz · φ'(a) by `jax.vjp`, for a function without a written slope; a NumPy array for NumPy arrays."""
    import numpy as np

    try:
        import jax
    except ImportError:
        raise ParameterError(
            f"activation {value!r} comes without a slope, and JAX, which would derive it, is not installed; "
            'give (function, slope) or install "chainrule[xla]"'
        ) from None
    if isinstance(a, np.ndarray):
        with jax.enable_x64(a.dtype == np.float64):
            _, pull_back = jax.vjp(value, jax.numpy.asarray(a))
            return np.asarray(pull_back(jax.numpy.asarray(dz))[0])
    return jax.vjp(value, a)[1](dz)[0]


@dataclass(frozen=True)
class Activation:
    """z = φ(a), element by element        lecture equations (7), (20).

    Parameters
    ----------
    function : str, dict, callable, (callable, callable) or ActivationFunction
        See `get_activation`.
    """

    kind: ClassVar[str] = "activation"
    decayed: ClassVar[tuple[str, ...]] = ()
    function: Any = "relu"

    def __post_init__(self) -> None:
        object.__setattr__(self, "function", get_activation(self.function))

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
            return {}, _differentiated(self.function.value, a, dz)
        return {}, dz * self.function.slope(a, z)

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind, "function": self.function.describe()}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Activation":
        return cls(description["function"])
