"""All that can be chosen in the playground, as the page gets it."""

from typing import Any

import numpy as np

from chainrule.network.activations import ACTIVATIONS, get_activation
from chainrule.network.initializers import INITIALIZERS
from chainrule.playground.features import FEATURES
from chainrule.playground.grid_data import GRID_DATA
from chainrule.playground.settings import (
    BUNDLED,
    CELLS,
    GRID_LIMITS,
    LIMITS,
    LOSSES,
    SCHEDULES,
    SOLVERS,
    Settings,
)
from chainrule.playground.toy_data import TOY_DATA

__all__ = ["catalog"]

_GRID = np.linspace(-4.0, 4.0, 65)
_RATES = [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]
_PENALTY_RATES = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]


def catalog(version: str) -> dict[str, Any]:
    """See `Catalog` of the page's messages."""
    toys = [
        {"name": name, "label": toy.label, "text": toy.text, "task": toy.task, "kind": "toy"}
        for name, toy in TOY_DATA.items()
    ]
    tables = [
        {"name": name, "label": label, "text": text, "task": task, "kind": "table"}
        for name, (label, task, text) in BUNDLED.items()
    ]
    grids = [
        {"name": name, "label": grid.label, "text": grid.text, "task": grid.task, "kind": grid.group}
        for name, grid in GRID_DATA.items()
    ]
    return {
        "version": version,
        "data_sets": toys + grids + tables,
        "features": [{"name": name, "label": one.label} for name, one in FEATURES.items()],
        "activations": [_activation(name) for name in ACTIVATIONS],
        "activation_grid": _GRID.tolist(),
        "solvers": _choices(SOLVERS),
        "schedules": _choices(SCHEDULES),
        "initializers": _choices({name: name.replace("_", " ") for name in ["auto", *INITIALIZERS]}),
        "losses": [
            {"name": name, "label": label, "task": task}
            for task, losses in LOSSES.items()
            for name, label in losses.items()
        ],
        "learning_rates": _RATES,
        "penalty_rates": _PENALTY_RATES,
        "cells": _choices(CELLS),
        "limits": LIMITS | GRID_LIMITS,
        "defaults": Settings().as_data(),
    }


def _choices(labels: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "label": label} for name, label in labels.items()]


def _activation(name: str) -> dict[str, Any]:
    function = get_activation(name)
    values = function.value(_GRID)
    slopes = function.slope(_GRID, values) if function.slope else np.gradient(values, _GRID)
    return {
        "name": name,
        "label": name.replace("_", " "),
        "text": function.formula,
        "values": np.round(values, 4).tolist(),
        "slopes": np.round(slopes * np.ones_like(_GRID), 4).tolist(),
    }
