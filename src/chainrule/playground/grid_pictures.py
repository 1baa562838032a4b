"""Inside a network that reads pictures or sequences: what one row becomes in it, and what flows back."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from chainrule.engine.numpy import quiet
from chainrule.playground.examples import Examples
from chainrule.playground.run import Run

__all__ = ["inside", "specimens"]

Array = Any

_MOST_SPECIMENS = 12


def specimens(examples: Examples) -> Array:
    """Numbers of the rows that can be looked at: test rows first, each class in its turn."""
    rows = np.argsort(~examples.is_test, kind="stable")
    if not examples.rows.labels:
        return rows[:_MOST_SPECIMENS]
    y = examples.y[rows]
    turn = np.zeros(len(y))
    for label in range(len(examples.rows.labels)):
        turn[y == label] = np.arange((y == label).sum())
    return np.sort(rows[np.argsort(turn, kind="stable")[:_MOST_SPECIMENS]])


def inside(run: Run, row: int) -> dict[str, Array]:
    """What the network makes of a row, as the training step computes it: float32 arrays by name."""
    setup, examples = run.now.setup, run.examples
    network, loss = setup.network, setup.program.loss
    p = network.views(run.theta)
    z, y = examples.X[row][None], examples.y[row].reshape(1, 1)
    with quiet():
        passed = []
        for layer, own in zip(network.layers, p, strict=True):
            z, saved = layer.forward(own, z, None)
            passed.append((z, saved))
        _, dz = loss(z, y, np.ones(1))
        _, dz = network.layers[-1].backward(p[-1], passed[-1][1], dz)
        answers = loss.link(z)[0]
        if len(examples.rows.labels) == 2:
            answers = np.asarray([1 - answers[0], answers[0]])
        found = {"x": examples.X[row], "answers": answers, "target": y[0]}
        found |= {name: p[0][name] for name in ("W", "U", "b") if name in p[0]}
        if len(examples.rows.grid) == 2:
            found |= _recurrence(network.layers, p, examples.X[row][None], dz)
        else:
            found |= _convolution(network.layers, p, passed, dz)
    return {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in found.items()}


def _convolution(layers: Any, p: Any, passed: Any, dz: Array) -> dict[str, Array]:
    """`sums`, `maps`, `pooled` (units, height, width) of convolution, ReLU, pooling; dL/dW of the filters."""
    found = {}
    convolution, pool = layers[0], layers[2]
    shapes = (convolution.out_shape, convolution.out_shape, pool.out_shape)
    for name, shape, (z, _) in zip(("sums", "maps", "pooled"), shapes, passed, strict=False):
        found[name] = np.moveaxis(z.reshape(shape), -1, 0)
    for place in (2, 1):
        _, dz = layers[place].backward(p[place], passed[place][1], dz)
    dp, _ = convolution.backward(p[0], passed[0][1], dz)
    return found | {"dW": dp["W"]}


def _recurrence(layers: Any, p: Any, z: Array, dh: Array) -> dict[str, Array]:
    """`h` and `dh` = dL/dh (units, steps), `da` = dL/d(U h + ...) (gates * units, steps).

    Of an LSTM and a GRU `gates` (gates * units, steps) too; of the one the memory `c`, of the other `q` and
    its bias `b_q`.
    """
    from chainrule.explain.unrolled import unrolled  # imports more than the first picture should wait for

    steps = unrolled(layers[0], p[0], z, dh)[""]
    forward, backward = steps.forward, steps.backward
    sums = ("a_r", "a_z", "q") if "q" in backward else [name for name in backward if name.startswith("a")]
    found = {"h": forward["h"], "dh": backward["h"], "da": _side_by_side(backward, sums)}
    if len(steps.gates) > 1:
        found |= {"gates": _side_by_side(forward, steps.gates)}
    found |= {name: forward[name] for name in ("c", "q") if name in forward}
    of_row = {name: values[:, 0].T for name, values in found.items()}
    return of_row | {"b_q": p[0]["c"]} if "q" in forward else of_row


def _side_by_side(values: dict[str, Array], names: Iterable[str]) -> Array:
    return np.concatenate([values[name] for name in names], axis=2)
