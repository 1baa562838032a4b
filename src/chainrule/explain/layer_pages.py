"""Which page a layer of a network has in a trace, and what the layers within branches computed."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from chainrule.explain.layer_page import LayerPage, Shown
from chainrule.explain.pages_of_grids import (
    convolution_page,
    global_pool_page,
    normalization_page,
    pool_page,
    shift_page,
    standardize_page,
)
from chainrule.explain.pages_of_steps import recurrent_page, token_page
from chainrule.explain.traced_layer import Step
from chainrule.network import Activation, Columns

__all__ = ["has_page", "opened", "page_of"]

_PAGES: dict[str, Any] = {
    "conv1d": convolution_page,
    "conv2d": convolution_page,
    **dict.fromkeys(("max_pool1d", "max_pool2d", "average_pool1d", "average_pool2d"), pool_page),
    **dict.fromkeys(("global_average_pool", "global_max_pool"), global_pool_page),
    **dict.fromkeys(("rnn", "lstm", "gru", "bidirectional"), recurrent_page),
    "token_embedding": token_page,
    "layer_normalization": normalization_page,
    "standardize": standardize_page,
    "random_shift": shift_page,
}


def has_page(layer: Any) -> bool:
    """Whether a layer has a page of its own, and is not told as a layer of neurons."""
    return getattr(layer, "kind", "") in _PAGES


def page_of(step: Any, behind: Any, shown: Shown) -> LayerPage:
    """The page of a step whose layer has one; `behind` is the step that follows, or None."""
    make: Callable[..., LayerPage] = _PAGES[step.layer.kind]
    if make is convolution_page and behind is not None and isinstance(behind.layer, Activation):
        return convolution_page(step, shown, behind)
    return make(step, shown)


def opened(steps: Sequence[Any]) -> list[Any]:
    """The steps, and in place of branches with layers that have pages the steps within these branches."""
    found: list[Any] = []
    for step in steps:
        inner = _within(step) if isinstance(step.layer, Columns) else []
        found += inner if any(has_page(one.layer) for one in inner) else [step]
    return found


def _within(step: Any) -> list[Any]:
    """The steps within the branches of columns, from what their layers have kept."""
    found: list[Any] = []
    layer, start = step.layer, 0
    for i, ((first, behind, network), own) in enumerate(
        zip(layer.branches, layer.by_branch(step.p), strict=True)
    ):
        z = step.z_in[:, first:behind]
        dout = step.dout[:, start : start + network.n_outputs]
        start += network.n_outputs
        p, kept = network.by_layer(own), step.saved[0][i]
        drawn = step.draw.fold(i) if step.draw is not None and network.is_random else None
        ins = [z]
        for k, (inner, named) in enumerate(zip(network.layers, p, strict=True)):
            draw = drawn.fold(k) if drawn is not None and getattr(inner, "is_random", True) else None
            ins.append(inner.forward(named, ins[-1], draw)[0])
        passed: list[Any] = []
        for k, (inner, named, (z_in, out)) in reversed(
            list(enumerate(zip(network.layers, p, pairwise(ins), strict=True)))
        ):
            dp, dz = inner.backward(named, kept[k], dout)
            place = f"{step.name}.{i}.{k}"
            moved = {name: step.update[f"{i}.{k}.{name}"] for name in named}
            passed.insert(0, Step(place, inner, named, z_in, out, dout, dz, dp, moved, kept[k]))
            dout = dz
        found += passed
    return found
