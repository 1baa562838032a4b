"""chainrule doctor: what is wrong with a model, in plain words."""

from pathlib import Path
from typing import Any

from chainrule.cli.inputs import known_target, load_trained, naming, table_for
from chainrule.explain.doctor import doctor as examine
from chainrule.table import DEFAULT_LIMITS, TableLimits, open_table

__all__ = ["doctor"]


def doctor(model_file: Path, data: Path, *, limits: TableLimits = DEFAULT_LIMITS) -> dict[str, Any]:
    """Examine a model on the rows of a table file that have a target; return the report as plain data.

    Raises
    ------
    ChainruleError
        If the model file, the table or its target cannot be used.
    """
    model = load_trained(model_file)
    file = open_table(data, limits)
    table = table_for(model, file)
    with naming(file):
        y, rows = known_target(model, table)
        found = examine(model.estimator, table[rows].drop(model.target), y)
    return {
        "command": "doctor",
        "model": str(model_file),
        "data": {"file": str(data), "rows": table.height},
        "target": model.target,
        "task": model.task,
        **found.to_dict(),
        "text": str(found),
    }
