"""chainrule inspect: what is in a model file or a table file."""

from pathlib import Path
from typing import Any

import numpy as np

from chainrule.cli.describe import describe_layers, describe_network, describe_training
from chainrule.cli.outputs import describe_file
from chainrule.errors import TableError
from chainrule.table import read_table
from chainrule.table.encoder import wrapped_frame
from chainrule.table.levels import level_text
from chainrule.table.readers import EXTENSIONS
from chainrule.table.values import kind_of, numbers_of, texts_of

__all__ = ["inspect"]

_MOST_LEVELS_LISTED = 20


def inspect(path: Path) -> dict[str, Any]:
    """Describe a table file (by its extension) or a model file, as plain data.

    Raises
    ------
    ChainruleError
        If the file is neither.
    """
    return _inspect_table(path) if path.suffix.lower() in EXTENSIONS else _inspect_model(path)


# -- tables ------------------------------------------------------------------------------------------------


def _inspect_table(path: Path) -> dict[str, Any]:
    table = wrapped_frame(read_table(path))
    return {
        "command": "inspect",
        "kind": "table",
        "file": str(path),
        "bytes": path.stat().st_size,
        "rows": len(table),
        "columns": [_describe_column(table[name]) for name in table.columns],
    }


def _describe_column(series: Any) -> dict[str, Any]:
    described = {"name": series.name, "type": str(series.dtype), "missing": int(series.is_null().sum())}
    try:
        kind = kind_of(series)
        if kind == "number":
            return described | {"kind": kind} | _describe_numbers(numbers_of(series))
        if kind == "empty":
            return described | {"kind": kind}
        return described | {"kind": kind} | _describe_levels(texts_of(series))
    except TableError as error:
        return described | {"kind": "unsupported", "reason": str(error)}


def _describe_numbers(x: np.ndarray) -> dict[str, Any]:
    present = x[~np.isnan(x)]
    return {
        "missing": int(np.isnan(x).sum()),
        "different": len(np.unique(present)),
        "min": float(present.min()),
        "median": float(np.median(present)),
        "max": float(present.max()),
    }


def _describe_levels(texts: list[str | None]) -> dict[str, Any]:
    levels, counts = np.unique([text for text in texts if text is not None], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_MOST_LEVELS_LISTED]
    return {
        "different": len(levels),
        "levels": {str(levels[place]): int(counts[place]) for place in order},
        "levels_cut": len(levels) > len(order),
    }


# -- models ------------------------------------------------------------------------------------------------


def _inspect_model(path: Path) -> dict[str, Any]:
    # Here, because importing scikit-learn takes longer than describing a table.
    from chainrule.estimators.table_model import TableModel
    from chainrule.files import load
    from chainrule.files.container import VERSION

    model = load(path)
    report: dict[str, Any] = {
        "command": "inspect",
        "kind": "model",
        **describe_file(path),
        "format_version": VERSION,
        "model": "Network" if isinstance(model, tuple) else type(model).__name__,
    }
    if isinstance(model, tuple):
        return report | {"layers": describe_layers(model[0])}
    if isinstance(model, TableModel):
        report |= {
            "target": model.target,
            "task": model.task,
            "columns": [column.describe() for column in model.encoder.columns],
            "record": model.record | _named_baseline(model),
        }
        model = model.estimator
    if hasattr(model, "classes_"):
        report["classes"] = [level_text(label) for label in model.classes_]
    return report | {
        "network": describe_network(model),
        "layers": describe_layers(model.network_),
        "training": describe_training(model),
        "parameters": {name: _shown(value) for name, value in model.get_params(deep=False).items()},
    }


def _named_baseline(model: Any) -> dict[str, str]:
    """Name the class that the record of a training has by its place."""
    place = model.record.get("baseline")
    if model.task == "classification" and type(place) is int and 0 <= place < len(model.classes):
        return {"baseline": level_text(model.classes[place])}
    return {}


def _shown(value: Any) -> Any:
    """Leave a number, text or None, a sequence as a list, and spell out everything else."""
    if value is None or isinstance(value, bool | int | float | str):
        return value if not isinstance(value, float) or np.isfinite(value) else str(value)
    return [_shown(item) for item in value] if isinstance(value, list | tuple) else str(value)
