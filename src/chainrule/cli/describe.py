"""What a fitted estimator is, as plain data."""

from typing import Any

import numpy as np

__all__ = ["describe_layers", "describe_network", "describe_training"]


def describe_network(estimator: Any) -> dict[str, Any]:
    """Widths, activations and size of a fitted estimator's network, as plain data."""
    network = estimator.network_
    return {
        "widths": [network.n_inputs, *(layer.units for layer in network.dense_layers)],
        "activations": [function.name for function in network.activation_functions],
        "n_layers": network.n_layers,
        "n_parameters": network.n_parameters,
    }


def describe_training(estimator: Any) -> dict[str, Any]:
    """Epochs, losses and what ended the training of a fitted estimator, as plain data."""
    return {
        "epochs": estimator.n_iter_,
        "most_epochs": estimator.max_iter,
        "early_stopping": estimator.early_stopping,
        "best_epoch": _best_epoch(estimator),
        "loss_curve": [float(loss) for loss in estimator.loss_curve_],
        "validation_loss_curve": [float(loss) for loss in estimator.validation_loss_curve_ or []],
    }


def _best_epoch(estimator: Any) -> int | None:
    """Find the epoch whose weights were kept, from 1; None without early stopping."""
    if not estimator.early_stopping:
        return None
    return int(np.nanargmax(estimator.validation_scores_)) + 1


def describe_layers(network: Any) -> list[dict[str, Any]]:
    """Describe each layer: what goes in and out, its parameters, its formula."""
    rows = []
    for layer, shapes, n_in, n_out in zip(
        network.layers, network.shapes_by_layer, network.widths[:-1], network.widths[1:], strict=True
    ):
        function = getattr(layer, "function", None)
        rows.append(
            {
                "layer": layer.kind,
                "inputs": n_in,
                "outputs": n_out,
                "shapes": {name: list(shape) for name, shape in shapes.items()},
                "parameters": sum(int(np.prod(shape)) for shape in shapes.values()),
                "formula": f"{function.name}: {function.formula}"
                if function
                else _FORMULAS.get(layer.kind, ""),
            }
        )
    return rows


_FORMULAS = {"dense": "a = W z + b", "dropout": "while training only"}
