"""Ensembles: several members side by side in one network, each with weights of its own.

    FanOut()            z_m = [z_shared, z_m]         (n, width) → (members, n, width of each)
    Scale()             z = s ∘ z                    (n, width) → (n, width), or → (members, n, width)
    MemberDense()       a_m = W_m z_m / √n_in + b_m     for every member m at once
    Join()              (members, n, outputs) → (n, members · outputs)

Up to `Join` arrays have an axis of members in front; activations and dropout do not mind. The members train
on the same batches as one compiled program, and `EnsembleLoss` gives each its own loss: Gorishniy et al.
2024, arXiv 2410.24210 ("TabM-packed"); with `shared=True` they share the weights and differ by their scales
("TabM-mini"; the idea is Wen et al. 2020, arXiv 2002.06715).
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any, ClassVar

from chainrule.errors import ParameterError
from chainrule.network.settings import check_positive
from chainrule.network.special import as_rows, namespace

__all__ = ["FanOut", "Join", "MemberDense", "Scale", "per_member"]

Array = Any


def per_member(n_in: int, members: int) -> int:
    """Values per row of each member, where all of them together have `n_in`."""
    if n_in % members:
        raise ParameterError(f"{n_in} values cannot be shared out to {members} members")
    return n_in // members


@dataclass(frozen=True)
class Scale:
    """z = s ∘ z: a learned factor per input, so that inputs compete by their lengths.

    Backward, with dout of the result: ds = Σ_n dout ∘ z,  dz = dout ∘ s; for several members dz is the sum of
    theirs. Its learning rate is 6 times that of weights: Holzmüller et al. 2024, arXiv 2407.04491, section 3.

    Parameters
    ----------
    members : int, default=1
        Several have factors of their own each, and the result an axis of members in front.
    spread : bool, default=False
        Start at N(0, 1) per input and member, which tells members with shared weights apart; otherwise at 1.
    """

    kind: ClassVar[str] = "scale"
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False
    rates: ClassVar[dict[str, float]] = {"s": 6.0}
    members: int = 1
    spread: bool = False

    def __post_init__(self) -> None:
        check_positive(members=self.members)

    def n_out(self, n_in: int) -> int:
        return self.members * n_in

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return {"s": (self.members, n_in)}

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        return {"s": rng.normal(0, 1, shapes["s"]) if self.spread else 1.0}

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        return z * (p["s"] if self.members == 1 else p["s"][:, None]), z

    def backward(self, p: dict[str, Array], z: Array, dout: Array) -> tuple[dict[str, Array], Array]:
        if self.members == 1:
            return {"s": (dout * z).sum(0)[None]}, dout * p["s"]
        return {"s": (dout * z).sum(1)}, (dout * p["s"][:, None]).sum(0)

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind, "members": self.members, "spread": self.spread}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Scale":
        return cls(description["members"], description["spread"])


@dataclass(frozen=True)
class MemberDense:
    """a_m = W_m z_m / √n_in + b_m        W[member, to, from]; every member its own.

    The factor 1/√n_in ("neural tangent" form: Jacot, Gabriel, Hongler 2018, arXiv 1806.07572) leaves weights
    of order 1 in layers of any width, so that one learning rate suits all of them; biases learn at a tenth of
    it (Holzmüller et al. 2024, RealMLP-TD).

    Backward:  dW_m = da_mᵀ z_m / √n_in,  db_m = Σ_n da_m,  dz_m = da_m W_m / √n_in.

    Parameters
    ----------
    units, members : int
    fan_out : bool, default=False
        The first of an ensemble's layers: rows (n, n_in) go in, and every member sees all of them; what they
        pull back is added up. A single member takes rows without being told.
    shared : bool, default=False
        One W for all members; biases remain their own.
    """

    kind: ClassVar[str] = "member_dense"
    decayed: ClassVar[tuple[str, ...]] = ("W",)
    is_random: ClassVar[bool] = False
    rates: ClassVar[dict[str, float]] = {"b": 0.1}
    units: int
    members: int = 1
    fan_out: bool = False
    shared: bool = False

    def __post_init__(self) -> None:
        check_positive(members=self.members)
        if self.fan_out and self.shared:
            raise ParameterError("fan_out and shared weights would make every member the same")
        check_positive(units=self.units)

    def n_out(self, n_in: int) -> int:
        if not self.fan_out:
            per_member(n_in, self.members)
        return self.members * self.units

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        matrices = 1 if self.shared else self.members
        n_from = n_in if self.fan_out else per_member(n_in, self.members)
        return {"W": (matrices, self.units, n_from), "b": (self.members, self.units)}

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        return {"W": rng.normal(0, 1, shapes["W"])}

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        xp = namespace(z)
        W = p["W"] * (1 / sqrt(p["W"].shape[2]))
        if z.ndim == 3:
            return xp.matmul(z, _turned(W)) + p["b"][:, None], z
        a = z @ W.reshape(-1, W.shape[2]).T + p["b"].reshape(-1)
        return xp.permute_dims(a.reshape(len(z), self.members, self.units), (1, 0, 2)), z

    def backward(self, p: dict[str, Array], z: Array, da: Array) -> tuple[dict[str, Array], Array]:
        xp = namespace(da)
        factor = 1 / sqrt(p["W"].shape[2])
        if z.ndim == 2:
            da = as_rows(xp.permute_dims(da, (1, 0, 2)))
            W = p["W"].reshape(da.shape[1], -1)
            dW, db = (da.T @ z) * factor, da.sum(0)
            return {"W": dW.reshape(p["W"].shape), "b": db.reshape(p["b"].shape)}, da @ (W * factor)
        dW = xp.matmul(_turned(da), z) * factor
        if self.shared:
            dW = dW.sum(0)[None]
        return {"W": dW, "b": da.sum(1)}, xp.matmul(da, p["W"] * factor)

    def describe(self) -> dict[str, Any]:
        return {
            "layer": self.kind,
            "units": self.units,
            "members": self.members,
            "fan_out": self.fan_out,
            "shared": self.shared,
        }

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "MemberDense":
        names = ("units", "members", "fan_out", "shared")
        return cls(*(description[name] for name in names))


@dataclass(frozen=True)
class FanOut:
    """z_m = [z_shared, z_m]: every member gets what all share, and what is its own.

    (n, shared + members · own) → (members, n, shared + own). What is the members' own comes behind, in groups
    of `units` for member after member, as `PiecewiseLinear(units · members)` leaves it. Backward: what the
    members pull back from the shared inputs is added up.

    Parameters
    ----------
    members : int
    own : int
        Inputs that each member has for itself; a multiple of `units`.
    units : int, default=1
    """

    kind: ClassVar[str] = "fan_out"
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False
    members: int
    own: int
    units: int = 1

    def __post_init__(self) -> None:
        check_positive(members=self.members)
        if self.units < 1 or self.own < 0 or self.own % self.units:
            raise ParameterError(f"own must be a multiple of units, however: {self.own!r} of {self.units!r}")

    def n_out(self, n_in: int) -> int:
        return self.members * (self._shared(n_in) + self.own)

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        self._shared(n_in)
        return {}

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        xp = namespace(z)
        n, shared = z.shape[0], self._shared(z.shape[1])
        of_all = xp.broadcast_to(z[:, :shared], (self.members, n, shared))
        own = z[:, shared:].reshape(n, self.own // self.units, self.members, self.units)
        own = xp.permute_dims(own, (2, 0, 1, 3)).reshape(self.members, n, self.own)
        return xp.concat([of_all, own], axis=2), shared

    def backward(self, p: dict[str, Array], shared: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        xp = namespace(dout)
        n = dout.shape[1]
        own = dout[:, :, shared:].reshape(self.members, n, self.own // self.units, self.units)
        own = as_rows(xp.permute_dims(own, (1, 2, 0, 3)))
        return {}, xp.concat([dout[:, :, :shared].sum(0), own], axis=1)

    def _shared(self, n_in: int) -> int:
        shared = n_in - self.members * self.own
        if shared < 0:
            raise ParameterError(f"{self.members} members with {self.own} inputs each do not fit into {n_in}")
        return shared

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind, "members": self.members, "own": self.own, "units": self.units}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "FanOut":
        return cls(description["members"], description["own"], description["units"])


@dataclass(frozen=True)
class Join:
    """(members, n, outputs) → (n, members · outputs): a row's outputs, member after member."""

    kind: ClassVar[str] = "join"
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False

    def n_out(self, n_in: int) -> int:
        return n_in

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return {}

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        return as_rows(namespace(z).permute_dims(z, (1, 0, 2))), z.shape

    def backward(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        members, n, outputs = saved
        return {}, namespace(dout).permute_dims(dout.reshape(n, members, outputs), (1, 0, 2))

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Join":
        return cls(**{name: value for name, value in description.items() if name != "layer"})


def _turned(matrices: Array) -> Array:
    return namespace(matrices).permute_dims(matrices, (0, 2, 1))
