"""A trace as plain data: lists, numbers and text, in the words of the lecture."""

from typing import Any

import numpy as np

from chainrule.explain.trace import Trace
from chainrule.explain.traced_layer import Step
from chainrule.explain.unrolled import unrolled

__all__ = ["as_data"]

_ARRAYS = ("z_in", "W", "b", "a", "slope", "z", "dz", "delta", "dW", "db", "dz_in", "update_W", "update_b")


def as_data(trace: Trace) -> dict[str, Any]:
    """See `Trace.to_dict`."""
    problem = trace.problem
    return {
        "loss": _plain(trace.loss),
        "penalty": _plain(trace.penalty),
        "loss_function": getattr(problem.loss, "loss", problem.loss).kind,
        "learning_rate": problem.rate,
        "optimizer": type(problem.program.optimizer).__name__,
        "step": problem.step_of,
        "inputs": {"names": list(problem.input_names), "values": _plain(problem.X)},
        "targets": _plain(problem.y),
        "shares": _plain(problem.shares),
        "columns": [
            {
                "name": column.name,
                "kind": column.kind,
                "value": column.value,
                "encoded": [{"what": what, "value": _plain(value)} for what, value in column.encoded],
                "embedded": [{"what": what, "values": _plain(values)} for what, values in column.embedded],
            }
            for column in trace.columns
        ],
        "steps": [_step(step) for step in trace.opened_steps],
        "layers": [
            {"number": layer.number, "function": layer.function}
            | {"factor": layer.factor, "mask": _plain(layer.mask)}
            | {name: _plain(getattr(layer, name)) for name in _ARRAYS}
            for layer in trace.layers
        ],
        "output": _plain(trace.output),
        "prediction": _plain(trace.prediction),
        "dropout": trace.dropped,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "layer": step.layer.kind,
        "in_words": step.in_words,
        "z_in": _plain(step.z_in),
        "out": _plain(step.out),
        "dout": _plain(step.dout),
        "dz_in": _plain(step.dz_in),
        "parameters": {name: _plain(value) for name, value in step.p.items()},
        "gradients": {name: _plain(value) for name, value in step.dp.items()},
        "updates": {name: _plain(value) for name, value in step.update.items()},
        "through_time": _through_time(step),
    }


def _through_time(step: Step) -> list[dict[str, Any]]:
    """What a recurrent layer's cell computed, [step][row][unit] by symbol, for each direction; else []."""
    return [
        {
            "of": start.rstrip("."),
            "order": list(found.order),
            "exists": found.exists.tolist(),
            "forward": {name: _plain(value) for name, value in found.forward.items()},
            "backward": {name: _plain(value) for name, value in found.backward.items()},
        }
        for start, found in unrolled(step.layer, step.p, step.z_in, step.dout).items()
    ]


def _plain(value: Any) -> Any:
    """Lists of numbers; what is not finite becomes None."""
    if value is None:
        return None
    array = np.asarray(value, dtype=np.float64)
    if np.isfinite(array).all():
        return array.tolist()
    known = array.astype(object)
    known[~np.isfinite(array)] = None
    return known.tolist()
