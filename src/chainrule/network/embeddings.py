"""Embeddings: several values for one number or category, so that a first layer can bend at any place.

    Periodic            e = L cos 2π(w z + c) + l    Gorishniy et al. 2022, arXiv 2203.05556; in the form
                                                     "PBLD" of Holzmüller et al. 2024, arXiv 2407.04491
    PiecewiseLinear     e = Vᵀ q(u)                  Gorishniy et al. 2022, section 3.1
    CategoryEmbedding   e = row of E                 Guo and Berkhahn 2016, arXiv 1604.06737

Every column has parameters of its own. Values leave column by column: all of the first, all of the second.
"""

from dataclasses import dataclass
from math import pi
from typing import Any, ClassVar

from chainrule.errors import ParameterError
from chainrule.network.settings import check_positive
from chainrule.network.special import as_rows, cos_turns, namespace, sin_turns

__all__ = ["CategoryEmbedding", "Periodic", "PiecewiseLinear"]

Array = Any


def _by_column(array: Array) -> Array:
    """(n, columns, values) ↔ (columns, n, values): a product per column is one batched product."""
    return namespace(array).permute_dims(array, (1, 0, 2))


@dataclass(frozen=True)
class Periodic:
    """e_j = L_j cos(2π (w_j z_j + c_j)) + l_j for every column j.

    Backward, with v = w z + c in turns:  dL = Σ_n cos(2πv) deᵀ,  dl = Σ_n de,  dv = -2π sin(2πv) (L de),
    dw = Σ_n dv z,  dc = Σ_n dv,  dz = Σ_f dv w.

    Parameters
    ----------
    units : int, default=3
        Values that come out per column.
    frequencies : int, default=16
        Waves per column.
    sigma : float, default=0.1
        Standard deviation of the initial frequencies w: 1/σ is about the length of the shortest waves.
    """

    kind: ClassVar[str] = "periodic"
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False
    rates: ClassVar[dict[str, float]] = {"w": 0.1, "c": 0.1 / (2 * pi), "L": 0.1, "l": 0.1}
    units: int = 3
    frequencies: int = 16
    sigma: float = 0.1

    def __post_init__(self) -> None:
        check_positive(units=self.units, frequencies=self.frequencies)
        if not self.sigma > 0:
            raise ParameterError(f"sigma must be positive, however: {self.sigma!r}")

    def n_out(self, n_in: int) -> int:
        return n_in * self.units

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        waves = (n_in, self.frequencies)
        return {"w": waves, "c": waves, "L": (*waves, self.units), "l": (n_in, self.units)}

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        bound = self.frequencies**-0.5
        return {
            "w": rng.normal(0, self.sigma, shapes["w"]),
            "c": rng.uniform(-0.5, 0.5, shapes["c"]),
            "L": rng.uniform(-bound, bound, shapes["L"]),
            "l": rng.uniform(-bound, bound, shapes["l"]),
        }

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        xp = namespace(z)
        v = z.T[:, :, None] * p["w"][:, None] + p["c"][:, None]
        waves = cos_turns(v)
        out = xp.matmul(waves, p["L"]) + p["l"][:, None]
        return as_rows(_by_column(out)), (z, v, waves)

    def backward(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        z, v, waves = saved
        xp = namespace(z)
        de = _by_column(dout.reshape(*z.shape, self.units))
        dv = -2 * pi * sin_turns(v) * xp.matmul(de, xp.permute_dims(p["L"], (0, 2, 1)))
        dz = (dv * p["w"][:, None]).sum(2).T
        dp = {
            "w": (dv * z.T[:, :, None]).sum(1),
            "c": dv.sum(1),
            "L": xp.matmul(xp.permute_dims(waves, (0, 2, 1)), de),
            "l": de.sum(1),
        }
        return dp, dz

    def describe(self) -> dict[str, Any]:
        return {
            "layer": self.kind,
            "units": self.units,
            "frequencies": self.frequencies,
            "sigma": self.sigma,
        }

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Periodic":
        return cls(description["units"], description["frequencies"], description["sigma"])


@dataclass(frozen=True)
class PiecewiseLinear:
    """e_j = V_jᵀ q(u_j),  q_i(u) = u - i cut to [0, 1]: a broken line with a slope of its own in every bin.

    The position u of a number counts the bins below it, and within its bin the share of the way: 2.5 is the
    middle of the third. The table's encoder computes it, so that the layer does not depend on the bins'
    edges. Outside of the bins the line is flat.

    Backward:  dV = Σ_n q deᵀ,  du = Σ_i (V de)_i where 0 < u - i < 1.

    Parameters
    ----------
    units : int, default=4
        Values that come out per column.
    bins : int, default=24
        Bins per column at the most.
    """

    kind: ClassVar[str] = "piecewise_linear"
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False
    rates: ClassVar[dict[str, float]] = {"V": 0.1}
    units: int = 4
    bins: int = 24

    def __post_init__(self) -> None:
        check_positive(units=self.units, bins=self.bins)

    def n_out(self, n_in: int) -> int:
        return n_in * self.units

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return {"V": (n_in, self.bins, self.units)}

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        return {"V": rng.normal(0, self.bins**-0.5, shapes["V"])}

    def forward(self, p: dict[str, Array], u: Array, draw: Any) -> tuple[Array, Any]:
        xp = namespace(u)
        t = u.T[:, :, None] - xp.arange(self.bins, dtype=u.dtype)
        q = xp.minimum(xp.maximum(t, 0), 1)
        return as_rows(_by_column(xp.matmul(q, p["V"]))), (t, q)

    def backward(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        t, q = saved
        xp = namespace(q)
        de = _by_column(dout.reshape(q.shape[1], q.shape[0], self.units))
        dq = xp.matmul(de, xp.permute_dims(p["V"], (0, 2, 1)))
        du = xp.where((t > 0) & (t < 1), dq, 0).sum(2).T
        return {"V": xp.matmul(xp.permute_dims(q, (0, 2, 1)), de)}, du

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind, "units": self.units, "bins": self.bins}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "PiecewiseLinear":
        return cls(description["units"], description["bins"])


@dataclass(frozen=True)
class CategoryEmbedding:
    """e = E[code]: a learned row per level; the same as W z + 0 for the one-hot z of the code.

    One column of codes 0, 1, ..., levels - 1 goes in. Backward: dE = Σ_n onehot(code) deᵀ; a code has no
    derivative, its dz is 0.

    Parameters
    ----------
    levels : int
        Codes there are, those for "missing" and "unseen" included.
    units : int, default=8
        Values that come out.
    """

    kind: ClassVar[str] = "category_embedding"
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False
    levels: int
    units: int = 8

    def __post_init__(self) -> None:
        check_positive(levels=self.levels, units=self.units)

    def n_out(self, n_in: int) -> int:
        if n_in != 1:
            raise ParameterError(f"CategoryEmbedding takes one column of codes, however: {n_in}")
        return self.units

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        self.n_out(n_in)
        return {"E": (self.levels, self.units)}

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        return {"E": rng.normal(0, 1, shapes["E"])}

    def forward(self, p: dict[str, Array], code: Array, draw: Any) -> tuple[Array, Any]:
        xp = namespace(code)
        return xp.take(p["E"], code[:, 0].astype(xp.int32), axis=0), code

    def backward(self, p: dict[str, Array], code: Array, dout: Array) -> tuple[dict[str, Array], Array]:
        xp = namespace(code)
        onehot = (code == xp.arange(self.levels, dtype=code.dtype)).astype(dout.dtype)
        return {"E": onehot.T @ dout}, xp.zeros_like(code)

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind, "levels": self.levels, "units": self.units}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "CategoryEmbedding":
        return cls(description["levels"], description["units"])
