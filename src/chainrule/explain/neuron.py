"""One neuron of a trace: the sum that goes in, and the chain rule that comes back."""

from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.explain.trace import Neuron, Trace, TracedLayer

__all__ = ["neuron_of"]

Array = Any


def neuron_of(trace: Trace, layer: int, unit: int, row: int, member: int) -> Neuron:
    """See `Trace.neuron`."""
    own = trace.layers[_place("layer", layer, len(trace.layers))]
    m, n = _place("unit", unit, own.n_units), _place("row", row, len(trace.output))
    of = _place("member", member, max(own.members, 1))
    W, b, dW, db, update_W, update_b = (
        part[of] if own.members else part
        for part in (own.W, own.b, own.dW, own.db, own.update_W, own.update_b)
    )
    a, z, slope, delta, z_in = (
        _of_row(part, own, of, n) for part in (own.a, own.z, own.slope, own.delta, own.z_in)
    )
    weights = W[m]
    above = trace.layers[layer] if layer < len(trace.layers) else None
    next_weights = next_deltas = np.zeros(0)
    if above is not None:
        next_weights = (above.W[of] if above.members else above.W)[:, m]
        next_deltas = _of_row(above.delta, above, of, n)
    flowing = float(np.abs(delta).sum())
    return Neuron(
        name=f"z_{unit}^({layer})",
        input_names=_input_names(trace, layer, len(weights)),
        inputs=z_in,
        weights=weights,
        products=weights * z_in * own.factor,
        bias=float(b[m]),
        a=float(a[m]),
        z=float(z[m]),
        slope=float(slope[m, m] if slope.ndim == 2 else slope[m]),
        next_names=tuple(f"z_{k + 1}^({layer + 1})" for k in range(len(next_weights))),
        next_deltas=next_deltas,
        next_weights=next_weights,
        next_products=next_deltas * next_weights * (above.factor if above else 1.0),
        dz=None if own.dz is None else float(_of_row(own.dz, own, of, n)[m]),
        delta=float(delta[m]),
        dweights=dW[m],
        dbias=float(db[m]),
        update_weights=update_W[m],
        update_bias=float(update_b[m]),
        share=float(abs(delta[m])) / flowing if flowing else 0.0,
    )


def _of_row(part: Array, layer: TracedLayer, member: int, row: int) -> Array:
    """The values of one row, of one member; the first layer of an ensemble has one input for all members."""
    has_members = layer.members and part.ndim - (part is layer.slope and layer.function == "softmax") == 3
    return part[member, row] if has_members else part[row]


def _input_names(trace: Trace, layer: int, n: int) -> tuple[str, ...]:
    if layer > 1:
        return tuple(f"z_{i + 1}^({layer - 1})" for i in range(n))
    names = trace.problem.input_names
    return names if len(names) == n else tuple(f"z_{i + 1}^(0)" for i in range(n))


def _place(what: str, number: int, n: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or not 1 <= number <= n:
        raise ParameterError(f"{what} must be a whole number from 1 to {n}, however: {number!r}")
    return int(number) - 1
