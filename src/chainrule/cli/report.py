"""chainrule report: a model and a table with the target in, one page out that a colleague can read."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.cli.describe import describe_columns, describe_layers, describe_network, describe_training
from chainrule.cli.evaluate import scores_of, warn_if_trivial, was_trained_on
from chainrule.cli.inputs import (
    TrainedModel,
    known_target,
    load_trained,
    naming,
    table_for,
)
from chainrule.cli.linear import LinearModel
from chainrule.cli.outputs import check_output, describe_file, write_text
from chainrule.cli.report_page import page_of
from chainrule.cli.terminal import say
from chainrule.estimators.silence import without_warnings
from chainrule.explain.doctor import doctor
from chainrule.plotting.canvas import matplotlib
from chainrule.table import DEFAULT_LIMITS, TableLimits, open_table

if TYPE_CHECKING:
    import polars as pl

__all__ = ["report"]

_FOLDS = 5
_MOST_ROWS = 5_000
_REPEATS = 3


def report(
    model_file: Path,
    data: Path,
    output: Path,
    *,
    overwrite: bool = False,
    limits: TableLimits = DEFAULT_LIMITS,
) -> dict[str, Any]:
    """Write a page about a model and how it does on a table; return what is in it as plain data.

    Importance, the linear model and the doctor look at 5,000 rows at the most, drawn with a fixed seed.

    Raises
    ------
    ChainruleError
        If the model file, the table, its target or the place for the output cannot be used.
    """
    matplotlib("figure")  # missing, it should be said before the work and not after
    check_output("--output", output, overwrite, {"table": data, "model": model_file})
    model = load_trained(model_file)
    file = open_table(data, limits)
    table = table_for(model, file)
    with naming(file):
        scores = scores_of(model, table)
        y, rows = known_target(model, table)
        known = table[rows]
        drawn = _drawn(len(y))
        few, few_y = known[drawn], y[drawn]
        linear = _linear_scores(model, few, few_y)
        importance = model.estimator.feature_importance(few, few_y, n_repeats=_REPEATS, random_state=0)
        diagnosis = doctor(model.estimator, few.drop(model.target), few_y)
    warn_if_trivial(scores, "perhaps these rows are of another kind than those of training")
    about: dict[str, Any] = {
        "command": "report",
        "model": describe_file(model_file),
        "data": {"file": str(data), "rows": table.height, "used_for_training": was_trained_on(model, table)},
        "date": date.today().isoformat(),
        "target": model.target,
        "task": model.task,
        "record": model.record,
        "scores": scores,
        "linear": linear,
        "importance": {name: list(drop) for name, drop in importance.items()},
        "rows_looked_at": len(few_y),
        "columns": describe_columns(model.schema),
        "network": describe_network(model.estimator),
        "layers": describe_layers(model.estimator.network_),
        "training": describe_training(model.estimator),
        "findings": diagnosis.to_dict(),
    }
    page = page_of(about, model, known, y, diagnosis)
    write_text("--output", output, page)
    return about | {"output": {"file": str(output), "bytes": output.stat().st_size}}


def _drawn(n: int) -> np.ndarray:
    if n <= _MOST_ROWS:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, _MOST_ROWS, replace=False))


def _linear_scores(model: TrainedModel, table: "pl.DataFrame", y: np.ndarray) -> dict[str, Any] | None:
    """Scores of linear models that each learned from four fifths of these rows; None if they cannot."""
    if len(y) < 2 * _FOLDS:
        return None
    fold = np.random.default_rng(0).permutation(len(y)) % _FOLDS
    width = (len(y), len(model.classes)) if len(model.classes) else (len(y),)
    answers = np.zeros(width)
    try:
        with without_warnings(), np.errstate(all="ignore"):
            for i in range(_FOLDS):
                linear = LinearModel(model.schema, model.classes)
                linear.fit(table[np.flatnonzero(fold != i)], y[fold != i])
                answers[fold == i] = _for_all_classes(linear, table[np.flatnonzero(fold == i)], width[1:])
    except (ValueError, np.linalg.LinAlgError) as error:
        say("note", f"no linear model could be trained for comparison ({str(error).splitlines()[0]})")
        return None
    return scores_of(model, table, lambda _: answers)


def _for_all_classes(linear: LinearModel, rows: Any, width: tuple[int, ...]) -> np.ndarray:
    found = linear.predict(rows)
    if width and found.shape[1:] != width:
        raise ValueError("a class is missing in a part of the rows")
    return found
