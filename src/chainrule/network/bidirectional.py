"""Both directions: what comes before a step and what comes behind it."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any, ClassVar

from chainrule.errors import ParameterError
from chainrule.network.gru import GRU
from chainrule.network.lstm import LSTM
from chainrule.network.recurrent import RNN, Recurrent
from chainrule.network.special import as_rows, namespace

__all__ = ["Bidirectional", "of_direction"]

Array = Any
_KINDS: dict[str, Any] = {layer.kind: layer for layer in (RNN, LSTM, GRU)}


@dataclass(frozen=True)
class Bidirectional:
    """out_t = [h_t of one layer, h_t of another that goes in reverse]        Schuster and Paliwal 1997.

    Parameters are those of the two layers, ``forward.W``, ..., ``reverse.W``, ...

    Backward: each layer gets its own values' share of dout; dz is the sum of what the two give.

    Parameters
    ----------
    layer : RNN, LSTM or GRU
        With ``returns="last"`` the two last states come out, side by side: those behind the last and the
        first step.
    """

    kind: ClassVar[str] = "bidirectional"
    is_random: ClassVar[bool] = False
    layer: Recurrent

    def __post_init__(self) -> None:
        if not isinstance(self.layer, Recurrent) or self.layer.reverse:
            raise ParameterError(
                f"Bidirectional takes an RNN, LSTM or GRU, not reversed itself, however: {self.layer!r}"
            )

    @cached_property
    def directions(self) -> dict[str, Recurrent]:
        """The two layers by name."""
        return {"forward": self.layer, "reverse": replace(self.layer, reverse=True)}

    @property
    def decayed(self) -> tuple[str, ...]:
        return tuple(f"{name}.{own}" for name in self.directions for own in self.layer.decayed)

    @property
    def out_shape(self) -> tuple[int, ...]:
        """(2 units,), or (steps, features): what a row that comes out consists of."""
        *steps, features = self.layer.out_shape
        return (*steps, features + self.layer.units)

    def n_out(self, n_in: int) -> int:
        self.layer.n_out(n_in)
        return prod(self.out_shape)

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        own = self.layer.shapes(n_in)
        return {f"{name}.{inner}": shape for name in self.directions for inner, shape in own.items()}

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        return _joined(
            {name: layer.initial(of_direction(shapes, name), rng) for name, layer in self.directions.items()}
        )

    def multiplications(self, n_in: int) -> int:
        return 2 * self.layer.multiplications(n_in)

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        found = {
            name: layer.forward(of_direction(p, name), z, None) for name, layer in self.directions.items()
        }
        ahead, back = (self._per_step(out) for out, _ in found.values())
        out = namespace(z).concat([ahead[..., : self.layer.units], back], axis=-1)
        return as_rows(out), {name: saved for name, (_, saved) in found.items()}

    def backward(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        found = {
            name: layer.backward(of_direction(p, name), saved[name], share)
            for (name, layer), share in zip(self.directions.items(), self.shares(dout), strict=True)
        }
        return _joined({name: dp for name, (dp, _) in found.items()}), sum(dz for _, dz in found.values())

    def parameter_gradients(self, p: dict[str, Array], saved: Any, dout: Array) -> dict[str, Array]:
        """The gradients alone: what the first layer of a network needs."""
        return _joined(
            {
                name: layer.parameter_gradients(of_direction(p, name), saved[name], share)
                for (name, layer), share in zip(self.directions.items(), self.shares(dout), strict=True)
            }
        )

    def _per_step(self, out: Array) -> Array:
        return out.reshape(out.shape[0], *self.layer.out_shape)

    def shares(self, dout: Array) -> tuple[Array, Array]:
        """What of dout belongs to each layer; the mask, where there is one, to the reversed one."""
        n, units = dout.shape[0], self.layer.units
        xp = namespace(dout)
        dout = dout.reshape(n, *self.out_shape)
        ahead = dout[..., :units]
        if dout.ndim == 3 and self.layer.masked:
            ahead = xp.concat([ahead, xp.zeros_like(ahead[..., :1])], axis=-1)
        return as_rows(ahead), as_rows(dout[..., units:])

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind, "of": self.layer.describe()}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Bidirectional":
        kind = description["of"].get("layer")
        if kind not in _KINDS:
            raise ParameterError(f"Bidirectional takes one of {sorted(_KINDS)}, however: {kind!r}")
        return cls(_KINDS[kind].from_description(description["of"]))


def of_direction(named: dict[str, Any], direction: str) -> dict[str, Any]:
    """What belongs to one direction, by its names within it."""
    start = f"{direction}."
    return {name.removeprefix(start): value for name, value in named.items() if name.startswith(start)}


def _joined(found: dict[str, dict[str, Array]]) -> dict[str, Array]:
    return {f"{name}.{inner}": value for name, own in found.items() for inner, value in own.items()}
