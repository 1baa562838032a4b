"""The LSTM: a memory that gates protect, so that gradients survive many steps."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chainrule.network.recurrent import Recurrent
from chainrule.network.special import namespace

__all__ = ["LSTM"]

Array = Any
Arrays = tuple[Array, ...]


@dataclass(frozen=True)
class LSTM(Recurrent):
    """c_t = f c_{t-1} + i g,  h_t = o tanh(c_t): long short-term memory.

    Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000; all products
    below are element by element:

        a = W x_t + U h_{t-1} + b, cut into a_i, a_f, a_g, a_o
        i = σ(a_i),  f = σ(a_f),  g = tanh(a_g),  o = σ(a_o)

    Backward, with q = tanh(c_t):

        dc_t += dh_t o (1 - q²)
        da_i = dc_t g i (1 - i),       da_f = dc_t c_{t-1} f (1 - f)
        da_g = dc_t i (1 - g²),        da_o = dh_t q o (1 - o)
        dh_{t-1} = da U,               dc_{t-1} = dc_t f

    From c_t to c_{t-1} the gradient is multiplied by f alone: with f near 1 it does not vanish. Therefore the
    forget gate's biases start at 1 (Jozefowicz, Zaremba, Sutskever 2015).

    Parameters
    ----------
    units, steps, returns, reverse, masked, truncate : see `Recurrent`
    """

    kind: ClassVar[str] = "lstm"
    gates: ClassVar[int] = 4
    n_states: ClassVar[int] = 2

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        values = super().initial(shapes, rng)
        values["b"][self.units : 2 * self.units] = 1
        return values

    def _advance(self, p: dict[str, Array], state: Arrays, a: Array) -> tuple[Arrays, Arrays]:
        h, c = state
        # σ(a) = ½ tanh(½ a) + ½: one tanh over all gates at once
        scale = np.repeat(np.asarray([0.5, 0.5, 1, 0.5], a.dtype), self.units)
        xp = namespace(a)
        gates = xp.tanh((a + h @ p["U"].T) * scale) * scale + (1 - scale)
        i, f, g, o = self._cut(gates)
        c = f * c + i * g
        return (o * xp.tanh(c), c), (gates,)

    def _go_back(self, before: Arrays, kept: Arrays, dstate: Arrays) -> tuple[Arrays, Arrays]:
        c, (dh, dc) = before[1], dstate
        i, f, g, o = self._cut(kept[0])
        xp = namespace(dh)
        q = xp.tanh(f * c + i * g)
        dc = dc + dh * o * (1 - q * q)
        da = [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), dh * q * o * (1 - o)]
        return (xp.concat(da, axis=1),), (0, dc * f)

    def _cut(self, gates: Array) -> list[Array]:
        return [gates[:, k * self.units : (k + 1) * self.units] for k in range(4)]
