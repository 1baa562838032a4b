"""Layers in a few words, as diagrams, lists and traces name them."""

from typing import Any

__all__ = ["layer_in_words", "name_in_words", "rates_in_words"]

_CELLS = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}


def layer_in_words(layer: Any, n_in: int) -> str:
    """What a layer is, what goes in and what comes out: "conv 3×3, 32 filters: 8×8×1 → 8×8×32".

    Parameters
    ----------
    n_in : int
        Values per row that go in.
    """
    return f"{name_in_words(layer)}: {_shape_in(layer, n_in)} → {_shape_out(layer, n_in)}"


def name_in_words(layer: Any) -> str:
    """What a layer is: "conv 3×3, 32 filters", "LSTM 64, 50 steps", "max pool 2×2", "tanh"."""
    kind = str(layer.kind)
    if kind in ("conv1d", "conv2d"):
        return ", ".join([f"conv {_times(layer.kernel)}", _count(layer.units, "filter"), *_movement(layer)])
    if kind.endswith(("_pool1d", "_pool2d")):
        stride = [] if layer.stride in (None, layer.size) else [f"stride {_times(layer.stride)}"]
        return ", ".join([f"{kind[:-2].replace('_', ' ')} {_times(layer.size)}", *stride])
    if kind in _CELLS:
        return f"{_CELLS[kind]} {layer.units}, {_count(layer.steps, 'step')}{_way(layer)}"
    if kind == "bidirectional":
        return f"{name_in_words(layer.layer)}, both ways"
    if kind == "token_embedding":
        return f"token embedding, {layer.levels} codes{', 0 is padding' * layer.masked}"
    if kind == "random_shift":
        return f"random shift, {_count(layer.pixels, 'pixel')}"
    if kind in ("activation", "parametric"):
        return str(layer.function.name)
    if kind == "dropout":
        return f"dropout {rates_in_words(layer.rate)}"
    return kind.replace("_", " ")


def rates_in_words(rate: Any) -> str:
    """A rate of dropout, or the lowest and the highest of several."""
    rates = rate if isinstance(rate, tuple) else (rate,)
    low, high = min(rates), max(rates)
    return f"{low:g}" if low == high else f"{low:g}-{high:g}"


def _movement(layer: Any) -> list[str]:
    """How a kernel moves, where it is not one place after the other over a grid that stays as large."""
    words = [
        f"{name} {_times(value)}"
        for name, value in (("stride", layer.stride), ("dilation", layer.dilation))
        if set(_pair(value)) != {1}
    ]
    if layer.padding != "same":
        words.append(f"padding {layer.padding}" if type(layer.padding) is int else layer.padding)
    return words


def _way(layer: Any) -> str:
    back = ", in reverse" if layer.reverse else ""
    return back + (f", gradients cut every {layer.truncate}" if layer.truncate else "")


def _shape_in(layer: Any, n_in: int) -> str:
    """The grid that goes in, where the layer has one."""
    if hasattr(layer, "shape"):
        return _times(layer.shape)
    steps = getattr(getattr(layer, "layer", layer), "steps", None)
    if steps:
        return str(n_in) if n_in == steps and layer.kind == "token_embedding" else f"{steps}×{n_in // steps}"
    channels = getattr(layer, "channels", None) or getattr(layer, "features", None)
    if channels:
        width = channels + getattr(layer, "masked", False)
        return f"{n_in // width}×{width}" if n_in > width else str(n_in)
    return str(n_in)


def _shape_out(layer: Any, n_in: int) -> str:
    if hasattr(layer, "out_shape"):
        return _times(layer.out_shape)
    same = layer.kind in ("standardize", "layer_normalization")
    return _shape_in(layer, n_in) if same else str(layer.n_out(n_in))


def _pair(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _times(value: Any) -> str:
    """3×3; 3 for the one axis of a sequence."""
    return "×".join(map(str, _pair(value)))


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"
