"""chainrule evaluate: a model and a table with the target in, scores out."""

from pathlib import Path
from typing import Any

import numpy as np

from chainrule.cli.inputs import load_table_model, naming, read_for
from chainrule.cli.scores import classification_scores, regression_scores
from chainrule.estimators.table_model import TableModel
from chainrule.table import known_labels, known_numbers
from chainrule.table.levels import level_text

__all__ = ["evaluate", "scores_of"]


def evaluate(model_file: Path, data: Path) -> dict[str, Any]:
    """Score a model on the rows of a table file that have a target; return the report as plain data.

    Raises
    ------
    ChainruleError
        If the model file, the table or its target cannot be used.
    """
    model = load_table_model(model_file)
    table = read_for(model, data)
    with naming(data):
        scores = scores_of(model, table)
    return {
        "command": "evaluate",
        "model": str(model_file),
        "data": {"file": str(data), "rows": table.height},
        "target": model.target,
        "task": model.task,
        "scores": scores,
    }


def scores_of(model: TableModel, table: Any) -> dict[str, Any]:
    """Score a model beside its baseline on the rows that have a target.

    Raises
    ------
    TableError
        If the target is absent, without a value in all rows, or of another kind than in training.
    """
    if model.task == "classification":
        places, rows = known_labels(table, model.target, model.classes)
        labels = [level_text(label) for label in model.classes]
        most_frequent = int(model.record.get("baseline", 0))
        return classification_scores(places, model.predict_proba(table[rows]), labels, most_frequent)
    truth, rows = known_numbers(table, model.target)
    baseline = float(model.record.get("baseline", model.target_mean))
    return regression_scores(truth, np.asarray(model.predict(table[rows])), baseline)
