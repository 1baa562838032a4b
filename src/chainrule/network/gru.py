"""The GRU: gates as in the LSTM, without a memory of its own."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chainrule.network.recurrent import Recurrent
from chainrule.network.special import namespace

__all__ = ["GRU"]

Array = Any
Arrays = tuple[Array, ...]


@dataclass(frozen=True)
class GRU(Recurrent):
    """h_t = (1 - z) n + z h_{t-1}: the gated recurrent unit        Cho et al. 2014, arXiv 1406.1078.

    In the form that needs one product with U a step, which PyTorch and cuDNN compute too (there the reset
    gate r acts behind U, not before it), with a bias c of U's share of n; element by element:

        r = σ(W_r x_t + b_r + U_r h_{t-1}),  z = σ(W_z x_t + b_z + U_z h_{t-1})
        q = U_n h_{t-1} + c,                 n = tanh(W_n x_t + b_n + r q)

    Backward:

        da_n = dh_t (1 - z) (1 - n²),        da_z = dh_t (h_{t-1} - n) z (1 - z)
        da_r = da_n q r (1 - r),             dq = da_n r
        du = (da_r, da_z, dq),               dh_{t-1} = dh_t z + du U,  dc = Σ_t dq

    Parameters
    ----------
    units, steps, returns, reverse, masked, truncate : see `Recurrent`
    """

    kind: ClassVar[str] = "gru"
    gates: ClassVar[int] = 3

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return super().shapes(n_in) | {"c": (self.units,)}

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        return super().initial(shapes, rng) | {"c": np.zeros(self.units)}

    def _advance(self, p: dict[str, Array], state: Arrays, a: Array) -> tuple[Arrays, Arrays]:
        xp = namespace(a)
        h, two = state[0], 2 * self.units
        u = h @ p["U"].T
        gates = 0.5 + 0.5 * xp.tanh(0.5 * (a[:, :two] + u[:, :two]))  # σ
        q = u[:, two:] + p["c"]
        n = xp.tanh(a[:, two:] + gates[:, : self.units] * q)
        return (n + gates[:, self.units :] * (h - n),), (gates, q, n)

    def _go_back(self, before: Arrays, kept: Arrays, dstate: Arrays) -> tuple[Arrays, Arrays]:
        (h,), (gates, q, n), (dh,) = before, kept, dstate
        r, z = gates[:, : self.units], gates[:, self.units :]
        da_n = dh * (1 - z) * (1 - n * n)
        both = [da_n * q * r * (1 - r), dh * (h - n) * z * (1 - z)]
        concat = namespace(dh).concat
        return (concat([*both, da_n * r], axis=1), concat([*both, da_n], axis=1)), (dh * z,)

    def _biases(self, du: Array, da: Array) -> dict[str, Array]:
        return super()._biases(du, da) | {"c": du[:, 2 * self.units :].sum(0)}
