"""A finding about recurrent layers: how far back in time gradients reach."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.explain.diagnosis import Finding
from chainrule.explain.examined import Examined
from chainrule.explain.layers_within import layers_back
from chainrule.explain.unrolled import Unrolled, unrolled
from chainrule.network import Bidirectional
from chainrule.network.recurrent import Recurrent

__all__ = ["gradients_through_time"]

Array = Any

ARRIVES = 1e-3
"""A share of the gradient at the last step below which a step teaches next to nothing."""
FEWEST_STEPS_REACHED = 4
"""A newly drawn LSTM, whose forget gates are 0.73, reaches some 20 steps; one of 3 is a short window."""
FEWEST_STEPS = 10
"""Of shorter sequences it is no wonder that few steps are reached."""
EXPLODED = 1e3
"""Steps back multiply: a thousandfold at the first step makes it the only one that is learned from."""

_MOST_ROWS = 200


def gradients_through_time(examined: Examined) -> Finding | str | None:
    """dL/dh dies out within 3 steps from the last one, or grows a thousandfold on its way back."""
    found = [(name, one) for name, one in _recurrent(examined) if one.layer.truncate is None]
    if not found:
        return "no recurrent layer that hands out its last state"
    if max(one.layer.steps for _, one in found) < FEWEST_STEPS:
        return f"needs sequences of {FEWEST_STEPS} steps"
    for name, one in found:
        relative = _relative(one)
        if relative is None:
            continue
        grown, n_reached = float(relative.max()), int((relative >= ARRIVES).sum())
        if grown > EXPLODED:
            return _finding("exploding gradients through time", name, relative, grown > 100 * EXPLODED)
        if len(relative) >= FEWEST_STEPS and n_reached < FEWEST_STEPS_REACHED:
            return _finding("vanishing gradients through time", name, relative, n_reached < 2)
    return None


def _relative(one: Unrolled) -> Array | None:
    """‖dL/dh‖ (root mean square over rows) by steps back from each row's last, as a share of that there."""
    flow = one.flow()
    by_age: list[list[float]] = [[] for _ in one.order]
    for row in range(flow.shape[1]):
        for age, t in enumerate(reversed(one.taken(row))):
            by_age[age].append(float(flow[t, row]))
    sizes = np.array([np.sqrt(np.mean(np.square(part))) for part in by_age if part])
    return sizes / sizes[0] if np.isfinite(sizes).all() and sizes[0] else None


def _finding(name: str, layer: str, relative: Array, is_severe: bool) -> Finding:
    n_reached, n = int((relative >= ARRIVES).sum()), len(relative)
    if name.startswith("vanishing"):
        what = (
            f"Of {n} steps, only the last {n_reached} get {ARRIVES:g} or more of the gradient at the end: "
            "what happened earlier is not learned from."
        )
        cure = (
            "Take cell='lstm' or 'gru', which keep what they have read; initial values as they are; scaled "
            "inputs; a lower learning_rate_init, which does not drive states to the ends of tanh."
        )
    else:
        what = (
            f"On its way back in time the gradient grows to {relative.max():.2g} times that at the last "
            "step: a step of the optimizer follows the first steps alone."
        )
        cure = "Set max_grad_norm=1, lower learning_rate_init, take truncate=, or cell='lstm' or 'gru'."
    return Finding(
        name,
        "severe" if is_severe else "notable",
        what,
        {
            "share_by_steps_before_the_last": [float(value) for value in relative],
            "steps_reached": n_reached,
            "largest_share": float(relative.max()),
        },
        cure,
        layer,
    )


def _recurrent(examined: Examined) -> Iterator[tuple[str, Unrolled]]:
    """Recurrent layers that hand out their last state, on some rows; of both directions one by one."""
    drawn = np.random.default_rng(3).permutation(len(examined.rows))[:_MOST_ROWS]
    z, targets = examined.rows.matrix[drawn], examined.rows.targets[drawn]

    def slope(a: Array) -> Array:
        return examined.loss(a, targets, np.ones(len(targets)))[1]

    with np.errstate(all="ignore"):
        for layer, own, z_in, dout, _ in layers_back(examined.model.network_, examined.parameters, z, slope):
            inner = getattr(layer, "layer", layer)
            if isinstance(layer, Recurrent | Bidirectional) and inner.returns == "last":
                for start, one in unrolled(layer, own, z_in, dout).items():
                    way = f", {start.rstrip('.')}" if start else ""
                    yield f"{inner.kind} of {inner.units} units{way}", one
