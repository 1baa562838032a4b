"""A recurrent layer unrolled in time: what its cell computed at every step, forward and back.

The layer itself computes once more, to the bit; a subclass listens to what goes into its cell and comes out.
"""

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from chainrule.network import Bidirectional
from chainrule.network.bidirectional import of_direction
from chainrule.network.recurrent import Recurrent

__all__ = ["Unrolled", "unrolled"]

Array = Any
Arrays = tuple[Array, ...]


@dataclass(frozen=True)
class Unrolled:
    """All steps of a recurrent layer, by the symbols of its formulas.

    Attributes
    ----------
    layer : RNN, LSTM or GRU
    order : the steps' places, in the order in which they are taken
    exists : array (steps, n), False at padding
    x : array (steps, n, features)
    before : h_{t-1}, array (steps, n, units)
    gates : names of the rows of W and U, units of them each, such as ("i", "f", "g", "o")
    forward : by symbol, arrays (steps, n, units): the sums "a_i", ... and what the cell makes of them, "h"
    backward : the same of dL/d(symbol): "h" (all that arrives), "c", the sums "a_i", ...
    """

    layer: Recurrent
    order: tuple[int, ...]
    exists: Array
    x: Array
    before: Array
    gates: tuple[str, ...]
    forward: dict[str, Array]
    backward: dict[str, Array]

    def taken(self, row: int) -> list[int]:
        """Places of the steps that a row has, in the order in which they are taken."""
        return [t for t in self.order if self.exists[t, row]]

    def flow(self) -> Array:
        """‖dL/dh_t‖ over units: array (steps, n); how much of the gradient reaches a step."""
        return np.sqrt((self.backward["h"] ** 2).sum(2))


def unrolled(layer: Any, p: dict[str, Array], z: Array, dout: Array) -> dict[str, Unrolled]:
    """What a layer's cell computes, by what stands in front of its parameters' names: "" or "reverse.", ...

    Of a layer that has no cell nothing.

    Parameters
    ----------
    p, z, dout : as the layer's `forward` and `backward` get them
    """
    if isinstance(layer, Recurrent):
        return {"": _unrolled(layer, p, z, dout)}
    if not isinstance(layer, Bidirectional):
        return {}
    found = {}
    for (name, own), share in zip(layer.directions.items(), layer.shares(dout), strict=True):
        found[f"{name}."] = _unrolled(own, of_direction(p, name), z, share)
    return found


def _unrolled(layer: Recurrent, p: dict[str, Array], z: Array, dout: Array) -> Unrolled:
    ahead, back = _heard(layer, p, z, dout)
    order = tuple(reversed(range(layer.steps))) if layer.reverse else tuple(range(layer.steps))
    heard = _Heard(
        *(_by_step(values, order) for values in zip(*ahead, strict=True)),
        *(_by_step(values, order[::-1]) for values in zip(*back, strict=True)),
    )
    x, exists = layer.by_step(z)
    gates, forward, backward = _NAMED[layer.kind](heard, _cut(heard.before[0] @ p["U"].T, layer.units))
    is_there = np.ones(x.shape[:2], bool) if exists is None else exists[:, :, 0]
    return Unrolled(layer, order, is_there, x, heard.before[0], gates, forward, backward)


class _Heard(NamedTuple):
    """What a cell got and gave, each of it arrays (steps, n, ...)."""

    before: Arrays
    a: Arrays
    kept: Arrays
    after: Arrays
    slopes: Arrays
    dstate: Arrays


def _heard(layer: Recurrent, p: dict[str, Array], z: Array, dout: Array) -> tuple[list[Any], list[Any]]:
    """What the cell got and gave, call by call: (state, (a,), kept, state behind), (slopes, dstate)."""
    ahead: list[Any] = []
    back: list[Any] = []

    class Listening(type(layer)):  # type: ignore[misc]  # the layer's class is known at run time only
        def _advance(self, p: dict[str, Array], state: Arrays, a: Array) -> tuple[Arrays, Arrays]:
            after, kept = super()._advance(p, state, a)
            ahead.append((state, (a,), kept, after))
            return after, kept

        def _go_back(self, before: Arrays, kept: Arrays, dstate: Arrays) -> tuple[Arrays, Arrays]:
            slopes, passed = super()._go_back(before, kept, dstate)
            back.append((slopes, dstate))
            return slopes, passed

    listening = Listening(**{field.name: getattr(layer, field.name) for field in fields(layer)})
    saved = listening.forward(p, z, None)[1]
    listening.backward(p, saved, dout)
    return ahead, back


def _by_step(values: Any, order: tuple[int, ...]) -> Arrays:
    """Arrays (steps, n, ...) from what was heard in that order."""
    places = np.argsort(order)
    return tuple(np.stack(parts)[places] for parts in zip(*values, strict=True))


def _cut(array: Array, units: int) -> list[Array]:
    return [array[..., k : k + units] for k in range(0, array.shape[-1], units)]


def _of_rnn(heard: _Heard, _: list[Array]) -> Any:
    forward = {"a": heard.kept[0], "h": heard.after[0]}
    return ("a",), forward, {"h": heard.dstate[0], "a": heard.slopes[-1]}


def _of_lstm(heard: _Heard, u: list[Array]) -> Any:
    gates, units = tuple("ifgo"), u[0].shape[-1]
    i, f, g, o = _cut(heard.kept[0], units)
    (h, c), (dh, dc) = heard.after, heard.dstate
    q = np.tanh(c)
    sums = (a + own for a, own in zip(_cut(heard.a[0], units), u, strict=True))
    names = [f"a_{gate}" for gate in gates]
    forward = dict(zip(names, sums, strict=True)) | {"i": i, "f": f, "g": g, "o": o, "c": c, "h": h}
    da = dict(zip(names, _cut(heard.slopes[-1], units), strict=True))
    return gates, forward, {"h": dh, "c": dc + dh * o * (1 - q * q)} | da


def _of_gru(heard: _Heard, u: list[Array]) -> Any:
    units = u[0].shape[-1]
    both, q, n = heard.kept
    r, z = _cut(both, units)
    a = _cut(heard.a[0], units)
    forward = {"a_r": a[0] + u[0], "a_z": a[1] + u[1], "a_n": a[2] + r * q}
    forward |= {"r": r, "z": z, "q": q, "n": n, "h": heard.after[0]}
    du, da = (_cut(part, units) for part in heard.slopes)
    backward = {"h": heard.dstate[0], "a_r": da[0], "a_z": da[1], "a_n": da[2], "q": du[2]}
    return tuple("rzn"), forward, backward


_NAMED: dict[str, Any] = {"rnn": _of_rnn, "lstm": _of_lstm, "gru": _of_gru}
