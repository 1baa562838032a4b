"""One neuron of a trace: the sum that goes in, and the chain rule that comes back."""

from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.explain.raw_row import names_behind_embeddings
from chainrule.explain.trace import Trace
from chainrule.explain.traced_neuron import Neuron

__all__ = ["neuron_of"]

Array = Any


def neuron_of(trace: Trace, layer: int, unit: int, row: int, member: int) -> Neuron:
    """See `Trace.neuron`."""
    own = trace.layers[_place("layer", layer, len(trace.layers))]
    m, n = _place("unit", unit, own.n_units), _place("row", row, len(trace.output))
    of = _place("member", member, max(own.members, 1))
    a, z, slope, delta, z_in = (own.values_of(name, of, n) for name in ("a", "z", "slope", "delta", "z_in"))
    weights = own.weights_of("W", of)[m]
    above = trace.layers[layer] if layer < len(trace.layers) and not own.behind else None
    next_weights = next_deltas = np.zeros(0)
    if above is not None:
        next_weights = above.weights_of("W", of)[:, m]
        next_deltas = above.values_of("delta", of, n)
    flowing = float(np.abs(delta).sum())
    return Neuron(
        name=f"z_{unit}^({layer})",
        input_names=_input_names(trace, layer, len(weights), of),
        inputs=z_in,
        weights=weights,
        products=weights * z_in * own.factor,
        bias=float(own.weights_of("b", of)[m]),
        a=float(a[m]),
        z=float(z[m]),
        slope=float(slope[m, m] if slope.ndim == 2 else slope[m]),
        next_names=tuple(f"z_{k + 1}^({layer + 1})" for k in range(len(next_weights))),
        next_deltas=next_deltas,
        next_weights=next_weights,
        next_products=next_deltas * next_weights * (above.factor if above else 1.0),
        dz=None if own.dz is None else float(own.values_of("dz", of, n)[m]),
        delta=float(delta[m]),
        dweights=own.weights_of("dW", of)[m],
        dbias=float(own.weights_of("db", of)[m]),
        update_weights=own.weights_of("update_W", of)[m],
        update_bias=float(own.weights_of("update_b", of)[m]),
        share=float(abs(delta[m])) / flowing if flowing else 0.0,
        factor=own.factor,
        batch=len(trace.output),
    )


def _input_names(trace: Trace, layer: int, n: int, member: int) -> tuple[str, ...]:
    """Names of a layer's inputs: neurons of the layer below, for the first one what the table says."""
    below = trace.layers[layer - 2] if layer > 1 else None
    if below is not None and not below.behind:
        return tuple(f"z_{i + 1}^({layer - 1})" for i in range(n))
    names = names_behind_embeddings(trace.problem, trace.steps, member) if below is None else ()
    return names if len(names) == n else tuple(f"z_{i + 1}^({layer - 1})" for i in range(n))


def _place(what: str, number: int, n: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or not 1 <= number <= n:
        raise ParameterError(f"{what} must be a whole number from 1 to {n}, however: {number!r}")
    return int(number) - 1
