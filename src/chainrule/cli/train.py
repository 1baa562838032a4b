"""chainrule train: a table in, a saved model and its held-out score out."""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.cli.describe import describe_network, describe_training
from chainrule.cli.evaluate import scores_of
from chainrule.cli.inputs import naming
from chainrule.cli.outputs import check_output, describe_file
from chainrule.cli.progress import EpochProgress
from chainrule.cli.terminal import is_watched
from chainrule.errors import ParameterError, TableError
from chainrule.estimators.table_model import TableModel, default_estimator
from chainrule.files import save
from chainrule.table import Target, prepare_target, read_table
from chainrule.table.encoder import column_of, wrapped_frame
from chainrule.table.levels import level_text
from chainrule.training import hold_out

if TYPE_CHECKING:
    import polars as pl

__all__ = ["train"]


def train(
    data: Path,
    target: str,
    model_file: Path,
    *,
    task: str = "auto",
    ignored: Sequence[str] = (),
    test_fraction: float = 0.2,
    seed: int = 0,
    overwrite: bool = False,
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Train on a table file, score on held-out rows, save the model; return the report as plain data.

    Parameters
    ----------
    ignored : sequence of str
        Columns to leave out.
    settings : dict
        Parameters of the estimator that replace the defaults of `default_estimator`.

    Raises
    ------
    ChainruleError
        If the table, the target or the place for the model cannot be used.
    """
    check_output("--model", model_file, overwrite)
    table = read_table(data)
    with naming(data):
        table = _without(table, ignored)
        goal = prepare_target(table, target, task)
        training, held_out = _split(goal, test_fraction, seed)
    estimator = default_estimator(goal.task, len(training), random_state=seed, **settings)
    if is_watched():
        estimator.set_callbacks(EpochProgress(estimator.max_iter))
    started = perf_counter()
    with _interruption_noticed() as interruption, naming(data):
        record = _record(data, held_out, seed)
        model = TableModel.fit(table[goal.rows[training]], target, goal.task, estimator, record)
    seconds = perf_counter() - started
    if not estimator.n_iter_:
        raise KeyboardInterrupt  # before the first epoch's end: there is no model to keep
    estimator.set_callbacks()
    scores = scores_of(model, table[goal.rows[held_out]]) if len(held_out) else None
    model.record["scores"] = scores and {key: scores[key] for key in scores if isinstance(scores[key], float)}
    save(model, model_file)
    return {
        "command": "train",
        "data": {
            "file": str(data),
            "rows": table.height,
            "columns": len(model.encoder.columns),
            "kinds": dict(Counter(column.kind for column in model.encoder.columns)),
            "rows_without_target": goal.n_missing,
        },
        "target": target,
        "task": goal.task,
        "classes": _class_counts(goal),
        "rows": {"training": len(training), "held_out": len(held_out)},
        "network": describe_network(estimator),
        "training": describe_training(estimator) | {"seconds": seconds, "interrupted": bool(interruption)},
        "scores": scores,
        "model": describe_file(model_file),
    }


def _without(table: "pl.DataFrame", names: Sequence[str]) -> "pl.DataFrame":
    for name in names:
        column_of(wrapped_frame(table), name)  # refuses a column that is not there
    return table.drop(names)


def _split(goal: Target, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    n_rows = len(goal.rows)
    if fraction == 0:
        return np.arange(n_rows), np.arange(0)
    classes = goal.values if goal.task == "classification" else None
    try:
        return hold_out(n_rows, fraction, np.random.default_rng(seed), classes)
    except ParameterError:
        raise TableError(
            f"of {n_rows} rows too few can be spared to test the model; add rows, or use --test-fraction 0"
        ) from None


@contextmanager
def _interruption_noticed() -> Iterator[list[str]]:
    """Notice the warning by which an estimator tells of Ctrl-C; the list is then not empty."""
    noticed: list[str] = []
    show = warnings.showwarning

    def notice(message: Any, category: Any, *rest: Any, **more: Any) -> None:
        if "interrupted by user" in str(message):
            noticed.append(str(message))
        else:
            show(message, category, *rest, **more)

    with warnings.catch_warnings():
        warnings.filterwarnings("always", "Training interrupted by user")
        warnings.showwarning = notice
        yield noticed


def _record(data: Path, held_out: np.ndarray, seed: int) -> dict[str, Any]:
    """Collect what is kept with the model; no times, so that the same training makes the same file."""
    from chainrule import __version__

    return {
        "version": __version__,
        "data": data.name,
        "held_out": len(held_out),
        "seed": seed,
    }


def _class_counts(goal: Target) -> dict[str, int] | None:
    if goal.task == "regression":
        return None
    classes, counts = np.unique(goal.values, return_counts=True)
    return {level_text(label): int(count) for label, count in zip(classes, counts, strict=True)}
