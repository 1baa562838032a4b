"""What a fitted estimator is, as plain data."""

from typing import Any

import numpy as np

from chainrule.network import RNN, Activation, Columns, Network
from chainrule.network.recurrent import Recurrent
from chainrule.network.wording import layer_in_words
from chainrule.table import Schema

__all__ = [
    "describe_columns",
    "describe_forecaster",
    "describe_layers",
    "describe_network",
    "describe_training",
]


def describe_columns(schema: Schema) -> list[dict[str, Any]]:
    """What each column of a table was taken for, and what it becomes: all that training has learned of it."""
    return [
        column.describe() | {"extent": column.extent, "becomes": column.becomes} for column in schema.columns
    ]


def describe_forecaster(model: Any) -> dict[str, Any]:
    """What a fitted forecaster tells, and what it goes by, as plain data."""
    form, linear = model.form_, model.learned_.model.linear
    return {
        "targets": list(form.targets),
        "horizon": model.horizon_,
        "time": None if form.time is None else form.time.name,
        "times": None if form.time is None else f"{form.time.name}, {form.time.grid}",
        "known": list(form.known),
        "others": [column.name for column in form.exogenous if not column.known],
        "window": model.window_,
        "season": model.season_,
        "difference": model.difference_,
        "linear_parameters": linear.W.size + linear.b.size,
        "windows_learned_from": model.n_windows_,
        "coverage": model.coverage_,
    }


def describe_network(estimator: Any) -> dict[str, Any]:
    """Widths, activations and size of a fitted estimator's network, as plain data."""
    network = estimator.network_
    if not hasattr(estimator, "settings_"):
        outputs = zip(network.layers, network.widths[1:], strict=True)
        return {
            "widths": [network.n_inputs, *(n for layer, n in outputs if layer.kind in _LEARNING)],
            "activations": _bending(network),
            "n_layers": network.n_layers,
            "n_parameters": network.n_parameters,
        }
    settings = estimator.settings_
    n_outputs = network.n_outputs // settings.members
    return {
        "members": settings.members,
        "widths": [network.n_inputs, *settings.hidden_layer_sizes, n_outputs],
        "activations": [function.name for function in network.activation_functions],
        "embedding": settings.embedding,
        "n_parameters": network.n_parameters,
    }


_LEARNING = ("dense", "conv1d", "conv2d", "rnn", "lstm", "gru", "bidirectional", "columns", "token_embedding")


def _bending(network: Network) -> list[str]:
    """What layers bend sums with: names of functions, and of cells; of an RNN that of its function."""
    found: list[str] = []
    for layer in network.layers:
        if isinstance(layer, Columns):
            found += [name for *_, inner in layer.branches for name in _bending(inner)]
        layer = getattr(layer, "layer", layer)
        if isinstance(layer, Recurrent):
            found.append(layer.activation.name if isinstance(layer, RNN) else layer.kind.upper())
        elif isinstance(layer, Network):
            found += _bending(layer)
        elif isinstance(layer, Activation):
            found.append(layer.function.name)
    return found


def describe_training(estimator: Any) -> dict[str, Any]:
    """Epochs and losses of a fitted estimator's training, as plain data; of an MLP also what ended it."""
    described = {
        "epochs": estimator.n_iter_,
        "best_epoch": _best_epoch(estimator),
        "engine": estimator.engine_,
        "loss_curve": [float(loss) for loss in estimator.loss_curve_],
        "validation_loss_curve": [float(loss) for loss in estimator.validation_loss_curve_ or []],
    }
    if not hasattr(estimator, "settings_"):
        own = {"most_epochs": estimator.max_iter, "early_stopping": estimator.early_stopping}
    else:
        own = {"preset": estimator.preset, "temperature": getattr(estimator, "temperature_", None)}
    return described | own


def _best_epoch(estimator: Any) -> int | None:
    """Find the epoch whose weights were kept, from 1; None if no rows chose one."""
    if hasattr(estimator, "settings_"):
        return int(estimator.best_iter_) if estimator.validation_loss_curve_ else None
    scores = np.asarray(estimator.validation_scores_ or [np.nan])
    if not estimator.early_stopping or np.isnan(scores).all():
        return None
    return int(np.nanargmax(scores)) + 1


def describe_layers(network: Network) -> list[dict[str, Any]]:
    """Describe each layer: what goes in and out, its parameters, its formula; branches one after another."""
    rows: list[dict[str, Any]] = []
    for layer, shapes, n_in, n_out in zip(
        network.layers, network.shapes_by_layer, network.widths[:-1], network.widths[1:], strict=True
    ):
        if isinstance(layer, Columns):
            for place, (first, behind, inner) in enumerate(layer.branches):
                described = describe_layers(inner) or [
                    _row("as they are", {}, inner.n_inputs, inner.n_inputs)
                ]
                rows += [row | {"columns": [first, behind], "branch": place} for row in described]
            continue
        function = getattr(layer, "function", None)
        formula = f"{function.name}: {function.formula}" if function else _FORMULAS.get(layer.kind, "")
        rows.append(_row(layer.kind, shapes, n_in, n_out, formula, layer_in_words(layer, n_in)))
    return rows


def _row(
    kind: str, shapes: dict[str, Any], n_in: int, n_out: int, formula: str = "", words: str = ""
) -> dict[str, Any]:
    return {
        "layer": kind,
        "in_words": words,
        "inputs": n_in,
        "outputs": n_out,
        "shapes": {name: list(shape) for name, shape in shapes.items()},
        "parameters": sum(int(np.prod(shape)) for shape in shapes.values()),
        "formula": formula,
    }


_FORMULAS = {
    "dense": "a = W z + b",
    "dropout": "while training only",
    "periodic": "e = L cos 2π(w z + c) + l",
    "piecewise_linear": "e = Vᵀ q(u)",
    "category_embedding": "e = E[code]",
    "scale": "z = s ∘ z",
    "member_dense": "a = W z / √n + b",
    "join": "members side by side",
    "conv1d": "a = W * z + b",
    "conv2d": "a = W * z + b",
    "rnn": "h_t = φ(W x_t + U h_{t-1} + b)",
    "lstm": "c_t = f c_{t-1} + i g, h_t = o tanh(c_t)",
    "gru": "h_t = (1 - z) n + z h_{t-1}",
    "bidirectional": "forward and in reverse",
    "token_embedding": "x_t = E[code_t]",
    "layer_normalization": "a = g ẑ + b",
    "standardize": "z = (x - m) s",
    "random_shift": "while training only",
}
