"""The parametric activation: how much of φ a neuron uses is learned."""

from dataclasses import dataclass
from typing import Any, ClassVar

from chainrule.network.activations import get_activation
from chainrule.network.automatic import pulled_back
from chainrule.network.ensemble import per_member
from chainrule.network.settings import check_positive
from chainrule.network.special import namespace

__all__ = ["ParametricActivation"]

Array = Any


@dataclass(frozen=True, repr=False)
class ParametricActivation:
    """z = a + α (φ(a) - a), α per neuron, 1 at first: from the identity (α = 0) to φ and beyond.

    Holzmüller et al. 2024, arXiv 2407.04491, section 3; with φ = relu this is He et al.'s PReLU (2015, arXiv
    1502.01852) from the other side. Backward: dα = Σ_n dz (φ(a) - a),  da = dz (1 + α (φ'(a) - 1)).

    Parameters
    ----------
    function : see `get_activation`
    members : int, default=1
        For layers of an ensemble, which have an axis of members in front, see `MemberDense`.
    """

    kind: ClassVar[str] = "parametric_activation"
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False
    rates: ClassVar[dict[str, float]] = {"alpha": 0.1}
    function: Any = "relu"
    members: int = 1

    def __post_init__(self) -> None:
        check_positive(members=self.members)
        object.__setattr__(self, "function", get_activation(self.function))

    def __repr__(self) -> str:
        return f"ParametricActivation({self.function!r}, members={self.members})"

    def n_out(self, n_in: int) -> int:
        return n_in

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return {"alpha": (self.members, per_member(n_in, self.members))}

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        return {"alpha": 1.0}

    def forward(self, p: dict[str, Array], a: Array, draw: Any) -> tuple[Array, Any]:
        z = self.function.value(a)
        return a + self._alpha(p, a) * (z - a), (a, z)

    def backward(self, p: dict[str, Array], saved: Any, dz: Array) -> tuple[dict[str, Array], Array]:
        a, z = saved
        alpha = self._alpha(p, a)
        if self.function.slope is None:
            pulled = pulled_back(self.function.value, a, dz * alpha)[1]
        else:
            pulled = dz * alpha * self.function.slope(a, z)
        dalpha = (dz * (z - a)).sum(-2)
        return {"alpha": dalpha.reshape(p["alpha"].shape)}, pulled + dz * (1 - alpha)

    def _alpha(self, p: dict[str, Array], a: Array) -> Array:
        return namespace(a).expand_dims(p["alpha"], axis=1) if a.ndim == 3 else p["alpha"]

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind, "function": self.function.describe(), "members": self.members}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "ParametricActivation":
        return cls(description["function"], description["members"])
