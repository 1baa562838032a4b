"""How a trace is recorded: the layers' own `forward` and `backward`, one after the other."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.engine.blas import one_thread
from chainrule.errors import ParameterError
from chainrule.estimators.problem import Problem
from chainrule.explain.raw_row import raw_columns
from chainrule.explain.trace import Trace
from chainrule.explain.traced_layer import Step, TracedLayer
from chainrule.network import (
    Activation,
    Dense,
    Draw,
    Dropout,
    EnsembleLoss,
    MemberDense,
    Network,
    ParametricActivation,
)

__all__ = ["traced"]

Array = Any


@one_thread()
def traced(problem: Problem, key: Array | None) -> Trace:
    """Run the layers forward and back, the numbers kept; see `trace`."""
    network, loss = problem.network, problem.loss
    after, objective = problem.next_step(key)
    update = network.named(after - problem.theta)
    is_dropping = key is not None and network.is_random
    draw = Draw(key).fold(problem.state.step) if is_dropping and key is not None else None
    p = network.named(problem.theta)
    steps = list(_forward(network, p, problem.X, draw, ""))
    output = steps[-1][-3] if steps else problem.X
    value, da = loss.shared(output, problem.y, problem.shares)
    done: list[Step] = []
    dout = da
    for name, layer, own, z, out, saved, drawn in reversed(steps):
        dp, dz = layer.backward(own, saved, dout)
        moved = {parameter: update[f"{name}.{parameter}"] for parameter in own}
        done.insert(0, Step(name, layer, own, z, out, dout, dz, dp, moved, saved, drawn))
        dout = dz
    combined = loss.combined(output) if isinstance(loss, EnsembleLoss) else output
    return Trace(
        problem=problem,
        columns=raw_columns(problem, done, 0),
        steps=tuple(done),
        layers=_layers(done, problem),
        output=output,
        prediction=loss.link(combined),
        loss=float(value),
        penalty=float(objective) - float(value),
        theta_before=problem.theta,
        theta_after=after,
        dropped=is_dropping,
    )


def _forward(network: Network, p: dict[str, Array], z: Array, draw: Any, prefix: str) -> Iterator[Any]:
    """(name, layer, parameters, z_in, out, saved, draw) of each layer, nested networks' one by one."""
    for i, (layer, own) in enumerate(zip(network.layers, network.by_layer(p), strict=True)):
        is_random = getattr(layer, "is_random", True)
        drawn = draw.fold(i) if draw is not None and is_random else None
        if isinstance(layer, Network):
            for step in _forward(layer, own, z, drawn, f"{prefix}{i}."):
                yield step
                z = step[-3]
            continue
        out, saved = layer.forward(own, z, drawn)
        yield f"{prefix}{i}", layer, own, z, out, saved, drawn
        z = out


def _layers(steps: list[Step], problem: Problem) -> tuple[TracedLayer, ...]:
    """Steps as the lecture's layers: each with weights and what bends it, up to the next."""
    starts = [i for i, step in enumerate(steps) if isinstance(step.layer, Dense | MemberDense)]
    ends = pairwise((*starts, len(steps)))
    return tuple(
        _layer(number, steps[first:behind], behind == len(steps), problem)
        for number, (first, behind) in enumerate(ends, start=1)
    )


def _layer(number: int, steps: list[Step], is_last: bool, problem: Problem) -> TracedLayer:
    """One layer: weights first, then activations and dropout; what comes behind these is no part of it."""
    affine, others = steps[0], steps[1:]
    n_bending = next((i for i, step in enumerate(others) if not _bends(step)), len(others))
    bending, behind = others[:n_bending], [step.layer.kind for step in others[n_bending:]]
    activations = [step for step in bending if not isinstance(step.layer, Dropout)]
    masks = [step.saved for step in bending if isinstance(step.layer, Dropout) and step.saved is not None]
    at_output = is_last and not activations and set(behind) <= {"join"}
    if at_output:
        z, slope, function = _at_the_output(affine.out, problem)
        dz = affine.dout if function == "identity" else None
    else:
        z, dz = (bending[-1].out, bending[-1].dout) if bending else (affine.out, affine.dout)
        slope = np.ones_like(affine.out)
        for step in activations:
            slope = slope * step.layer.backward(step.p, step.saved, np.ones_like(step.out))[1]
        function = ", then ".join(step.layer.function.name for step in activations) or "identity"
    return TracedLayer(
        number=number,
        function=function,
        z_in=affine.z_in,
        a=affine.out,
        z=z,
        slope=slope,
        dz=dz,
        delta=affine.dout,
        W=affine.p["W"],
        b=affine.p["b"],
        dW=affine.dp["W"],
        db=affine.dp["b"],
        dz_in=affine.dz_in,
        update_W=affine.update["W"],
        update_b=affine.update["b"],
        factor=affine.p["W"].shape[-1] ** -0.5 if isinstance(affine.layer, MemberDense) else 1.0,
        mask=np.prod(masks, axis=0) if masks else None,
        at_output=at_output,
        behind=tuple(behind),
    )


def _bends(step: Step) -> bool:
    """Whether a step is an activation, or dropout: neuron by neuron."""
    return isinstance(step.layer, Activation | ParametricActivation | Dropout)


def _at_the_output(a: Array, problem: Problem) -> tuple[Array, Array, str]:
    """(z, dz/da, name) of the output activation, which belongs to the loss."""
    name = problem.loss.out_activation
    z = problem.loss.link(a.reshape(-1, a.shape[-1])).reshape(a.shape)
    if name == "softmax":
        each = np.eye(a.shape[-1], dtype=a.dtype)
        return z, z[..., :, None] * (each - z[..., None, :]), name
    slopes = {"identity": np.ones_like(a), "logistic": z * (1 - z), "exp": z}
    if name not in slopes:
        raise ParameterError(f"the trace knows no output activation {name!r}")
    return z, slopes[name], name
