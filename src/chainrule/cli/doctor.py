"""chainrule doctor: what is wrong with a model, in plain words."""

from pathlib import Path
from typing import Any

from chainrule.cli.forecast_words import in_options
from chainrule.cli.inputs import known_target, naming, table_for, trained
from chainrule.cli.predict_forecast import series_for
from chainrule.estimators import Forecaster
from chainrule.explain.doctor import doctor as examine
from chainrule.files.model_file import load_with_record
from chainrule.table import DEFAULT_LIMITS, TableLimits, open_table

__all__ = ["doctor"]


def doctor(model_file: Path, data: Path, *, limits: TableLimits = DEFAULT_LIMITS) -> dict[str, Any]:
    """Examine a model on the rows of a table file that have a target; return the report as plain data.

    Of a forecaster the rows are the windows of the series.

    Raises
    ------
    ChainruleError
        If the model file, the table or its target cannot be used.
    """
    loaded, record = load_with_record(model_file)
    if isinstance(loaded, Forecaster):
        table = series_for(model_file, loaded, record, data, limits)
        target, task = ", ".join(loaded.form_.targets), "forecast"
        with in_options():
            found = examine(loaded.network_, *loaded.windows(table))
    else:
        model = trained(model_file, loaded, record)
        target, task = model.target, model.task
        file = open_table(data, limits)
        table = table_for(model, file)
        with naming(file):
            y, rows = known_target(model, table)
            found = examine(model.estimator, table[rows].drop(model.target), y)
    return {
        "command": "doctor",
        "model": str(model_file),
        "data": {"file": str(data), "rows": table.height},
        "target": target,
        "task": task,
        **found.to_dict(),
        "text": str(found),
    }
