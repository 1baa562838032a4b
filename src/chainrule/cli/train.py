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
from chainrule.cli.evaluate import scores_of, warn_if_trivial
from chainrule.cli.inputs import content_digest, naming
from chainrule.cli.outputs import check_output, describe_file
from chainrule.cli.progress import EpochProgress
from chainrule.cli.terminal import is_watched
from chainrule.errors import ParameterError, TableError
from chainrule.estimators.table_model import TableModel, default_estimator
from chainrule.files import save
from chainrule.table import Target, open_table, prepare_target
from chainrule.table.encoder import column_of, wrapped_frame
from chainrule.table.levels import level_text
from chainrule.table.values import kind_of
from chainrule.training import hold_out

if TYPE_CHECKING:
    import polars as pl

__all__ = ["train"]

_HIGH_LEARNING_RATE = 0.1
_FEW_EPOCHS = 100


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
    check_output("--model", model_file, overwrite, {"table": data})
    if target in ignored:
        raise ParameterError(f"--ignore: {target!r} is the target; ignore other columns only")
    file = open_table(data)
    with naming(file):
        table = _without(file.table(), ignored)
        goal = prepare_target(table, target, task)
        _check_columns(table)
        training, held_out = _split(goal, test_fraction, seed)
    estimator = default_estimator(goal.task, len(training), random_state=seed, **settings)
    if is_watched():
        estimator.set_callbacks(EpochProgress(estimator.max_iter))
    started = perf_counter()
    with _interruption_noticed() as interruption, naming(file, goal.rows[training]):
        record = _record(data, table, target, held_out, seed)
        model = TableModel.fit(table[goal.rows[training]], target, goal.task, estimator, record)
    seconds = perf_counter() - started
    if not estimator.n_iter_:
        raise KeyboardInterrupt  # before the first epoch's end: there is no model to keep
    estimator.set_callbacks()
    scores = None
    if len(held_out):
        with naming(file, goal.rows[held_out]):
            scores = scores_of(model, table[goal.rows[held_out]])
        warn_if_trivial(scores, _cure(estimator))
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


def _check_columns(table: "pl.DataFrame") -> None:
    """Refuse what cannot be trained on while the rows still have the places that they have in the file."""
    frame = wrapped_frame(table)
    for name in frame.columns:
        kind_of(frame[name])


def _cure(estimator: Any) -> str:
    """Guess what would make a training succeed that did not."""
    rate, losses = estimator.learning_rate_init, estimator.loss_curve_
    if rate > _HIGH_LEARNING_RATE or (len(losses) > 1 and not losses[-1] < losses[0]):
        return f"try a --learning-rate below {rate:g}"
    if estimator.n_iter_ == estimator.max_iter < _FEW_EPOCHS:
        return f"try more --epochs than {estimator.max_iter:,}"
    return "it may need more rows, or columns that say more about the target"


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


def _record(
    data: Path, table: "pl.DataFrame", target: str, held_out: np.ndarray, seed: int
) -> dict[str, Any]:
    """Collect what is kept with the model; no times, so that the same training makes the same file."""
    from chainrule import __version__

    return {
        "version": __version__,
        "data": data.name,
        "table_sha256": content_digest(table, [*(name for name in table.columns if name != target), target]),
        "held_out": len(held_out),
        "seed": seed,
    }


def _class_counts(goal: Target) -> dict[str, int] | None:
    if goal.task == "regression":
        return None
    classes, counts = np.unique(goal.values, return_counts=True)
    return {level_text(label): int(count) for label, count in zip(classes, counts, strict=True)}
