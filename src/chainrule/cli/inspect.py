"""chainrule inspect: what is in a model file or a table file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

import numpy as np

from chainrule.cli.outputs import describe_file
from chainrule.errors import TableError
from chainrule.table import DEFAULT_LIMITS, TableLimits, read_table
from chainrule.table.cells import Cells
from chainrule.table.frame import as_table
from chainrule.table.ignored import Ignored
from chainrule.table.kinds import typed_column
from chainrule.table.levels import level_text
from chainrule.table.readers import EXTENSIONS, extension_of

if TYPE_CHECKING:
    from chainrule.cli.inputs import TrainedModel

__all__ = ["inspect"]

_MOST_LEVELS_LISTED = 20


def inspect(path: Path, limits: TableLimits = DEFAULT_LIMITS) -> dict[str, Any]:
    """Describe a table file (by its extension) or a model file, as plain data.

    Raises
    ------
    ChainruleError
        If the file is neither.
    """
    return _inspect_table(path, limits) if extension_of(path) in EXTENSIONS else _inspect_model(path)


# -- tables ------------------------------------------------------------------------------------------------


def _inspect_table(path: Path, limits: TableLimits) -> dict[str, Any]:
    frame = read_table(path, limits=limits)
    table = as_table(frame)
    return {
        "command": "inspect",
        "kind": "table",
        "file": str(path),
        "bytes": path.stat().st_size,
        "rows": table.n_rows,
        "columns": [
            {"name": name, "type": str(frame[name].dtype), "missing": int(frame[name].null_count())}
            | _describe_column(table, place)
            for place, name in enumerate(table.names)
        ],
    }


def _describe_column(table: Any, place: int) -> dict[str, Any]:
    """Say what a column would be taken for; of one that would be ignored, why."""
    try:
        cells = table.cells(place)
        with catch_warnings():
            simplefilter("ignore")  # what they say is the kind
            column = typed_column(cells)
    except TableError as error:
        return {"kind": "unsupported", "reason": str(error)}
    kind = column.reason if isinstance(column, Ignored) else column.kind
    described = {"kind": kind, "missing": int(cells.missing.sum())}
    if kind == "empty":
        return described
    if kind == "number" or (kind == "constant" and cells.type == "number"):
        return described | _describe_numbers(cells.numbers())
    if kind in ("date", "mixed", "text"):
        return described | {"different": len(cells.factors[0]), "extent": column.extent}
    return described | _describe_levels(cells)


def _describe_numbers(x: np.ndarray) -> dict[str, Any]:
    present = x[~np.isnan(x)]
    return {
        "different": len(np.unique(present)),
        "min": float(present.min()),
        "median": float(np.median(present)),
        "max": float(present.max()),
    }


def _describe_levels(cells: Cells) -> dict[str, Any]:
    texts = cells.factors[0]
    frequent = sorted(zip((-cells.counts).tolist(), texts, strict=True))[:_MOST_LEVELS_LISTED]
    return {
        "different": len(texts),
        "levels": {text: -n for n, text in frequent},
        "levels_cut": len(texts) > len(frequent),
    }


# -- models ------------------------------------------------------------------------------------------------


def _inspect_model(path: Path) -> dict[str, Any]:
    # Here, because importing scikit-learn takes longer than describing a table.
    from chainrule.cli.describe import (
        describe_columns,
        describe_forecaster,
        describe_layers,
        describe_network,
        describe_training,
    )
    from chainrule.cli.inputs import TrainedModel
    from chainrule.estimators import Forecaster
    from chainrule.files.container import VERSION
    from chainrule.files.model_file import load_with_record

    model, record = load_with_record(path)
    report: dict[str, Any] = {
        "command": "inspect",
        "kind": "model",
        **describe_file(path),
        "format_version": VERSION,
        "model": "Network" if isinstance(model, tuple) else type(model).__name__,
    }
    if isinstance(model, tuple):
        return report | {"layers": describe_layers(model[0])}
    if record:
        report["record"] = record
    if hasattr(model, "encoder_"):
        report["columns"] = describe_columns(model.encoder_.schema)
        if isinstance(record.get("target"), str):
            trained = TrainedModel(model, record)
            report |= {"target": trained.target, "task": trained.task}
            report["record"] = record | _named_baseline(trained)
    if hasattr(model, "classes_"):
        report["classes"] = [level_text(label) for label in model.classes_]
    estimator = model
    if isinstance(model, Forecaster):
        report["forecast"] = describe_forecaster(model)
        estimator = model.network_
    return report | {
        "network": describe_network(estimator),
        "layers": describe_layers(estimator.network_),
        "training": describe_training(estimator),
        "parameters": {name: _shown(value) for name, value in model.get_params(deep=False).items()},
    }


def _named_baseline(model: "TrainedModel") -> dict[str, str]:
    """Name the class that the record of a training has by its place."""
    place = model.baseline
    if model.task == "classification" and type(place) is int:
        return {"baseline": level_text(model.classes[place])}
    return {}


def _shown(value: Any) -> Any:
    """Leave a number, text or None, a sequence as a list, and spell out everything else."""
    if value is None or isinstance(value, bool | int | float | str):
        return value if not isinstance(value, float) or np.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {str(key): _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list | tuple) else str(value)
