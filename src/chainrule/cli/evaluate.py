"""chainrule evaluate: a model and a table with the target in, scores out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from warnings import warn

import numpy as np

from chainrule.cli.evaluate_forecast import evaluate_forecast
from chainrule.cli.inputs import (
    TrainedModel,
    content_digest,
    naming,
    table_for,
    trained,
    warn_of_unseen_levels,
)
from chainrule.cli.scores import classification_scores, regression_scores
from chainrule.cli.terminal import say
from chainrule.errors import DegradedWarning
from chainrule.estimators import Forecaster
from chainrule.files.model_file import load_with_record
from chainrule.table import DEFAULT_LIMITS, TableLimits, known_labels, known_numbers, open_table
from chainrule.table.levels import level_text

__all__ = ["evaluate", "scores_of", "warn_if_trivial", "was_trained_on"]


def evaluate(model_file: Path, data: Path, *, limits: TableLimits = DEFAULT_LIMITS) -> dict[str, Any]:
    """Score a model on the rows of a table file that have a target; return the report as plain data.

    Of a forecaster on the steps of a series: see `evaluate_forecast`.

    Raises
    ------
    ChainruleError
        If the model file, the table or its target cannot be used.
    """
    loaded, record = load_with_record(model_file)
    if isinstance(loaded, Forecaster):
        return evaluate_forecast(model_file, loaded, record, data, limits)
    model = trained(model_file, loaded, record)
    file = open_table(data, limits)
    table = table_for(model, file)
    with naming(file):
        scores = scores_of(model, table)
        warn_of_unseen_levels(model, table)
    warn_if_trivial(scores, "perhaps these rows are of another kind than those of training")
    return {
        "command": "evaluate",
        "model": str(model_file),
        "data": {"file": str(data), "rows": table.height, "used_for_training": was_trained_on(model, table)},
        "target": model.target,
        "task": model.task,
        "scores": scores,
    }


def scores_of(
    model: TrainedModel, table: Any, answers_to: Callable[[Any], np.ndarray] | None = None
) -> dict[str, Any]:
    """Score answers beside the model's baseline on the rows that have a target.

    Parameters
    ----------
    answers_to : callable, optional
        Gives probabilities (n, n_classes), or numbers (n,), for a table; default: what the model predicts.

    Raises
    ------
    TableError
        If the target is absent, without a value in all rows, or of another kind than in training.
    """
    estimator, baseline = model.estimator, model.baseline
    if model.task == "classification":
        places, rows = known_labels(table, model.target, model.classes)
        labels = [level_text(label) for label in model.classes]
        probabilities = (answers_to or estimator.predict_proba)(table)[rows]
        return classification_scores(
            places, probabilities, labels, baseline if type(baseline) is int else None
        )
    truth, rows = known_numbers(table, model.target)
    return regression_scores(truth, (answers_to or estimator.predict)(table)[rows], float(baseline or 0.0))


def was_trained_on(model: TrainedModel, table: Any) -> bool:
    """Whether a table is that of training, which is said then."""
    columns = [*(column.name for column in model.schema.columns), model.target]
    digest = content_digest(table, columns)
    seen = digest is not None and model.record.get("table_sha256") == digest
    if seen:
        say("note", "these rows were used for training; only rows that it has not seen show its worth")
    return seen


def warn_if_trivial(scores: dict[str, Any], cure: str) -> None:
    """Warn if always giving the same answer is as good; `cure` ends the sentence."""
    if "accuracy" in scores:
        ours, trivial = scores["accuracy"], scores["baseline_accuracy"]
        if trivial is None:
            return
        is_better = ours > trivial or ours == 1
        compared = f"accuracy {ours:.3f}, and always {scores['baseline']!r} {trivial:.3f}"
    else:
        ours, trivial = scores["rmse"], scores["baseline_rmse"]
        is_better = ours < trivial or ours == 0
        compared = f"RMSE {ours:.4g}, and always the mean {trivial:.4g}"
    if not is_better:
        warn(
            f"the model is no better than a constant answer ({compared}); {cure}",
            DegradedWarning,
            stacklevel=2,
        )
