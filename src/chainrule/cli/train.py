"""chainrule train: a table in, a saved model and its held-out score out."""

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.cli.describe import describe_columns, describe_network, describe_training
from chainrule.cli.evaluate import scores_of, warn_if_trivial
from chainrule.cli.inputs import TrainedModel, content_digest, naming
from chainrule.cli.linear import compare_linear_model
from chainrule.cli.outputs import check_output, describe_file
from chainrule.cli.progress import epochs_shown
from chainrule.cli.scores import mean_of
from chainrule.errors import ParameterError, TableError
from chainrule.estimators import TabularClassifier, TabularRegressor
from chainrule.estimators.presets import settings_of
from chainrule.estimators.silence import without_warnings
from chainrule.files import Checkpoint, save
from chainrule.table import (
    DEFAULT_LIMITS,
    Schema,
    TableFile,
    TableLimits,
    Target,
    open_table,
    prepare_target,
)
from chainrule.table.levels import level_text
from chainrule.table.names import column_of, wrapped_frame
from chainrule.training import hold_out

if TYPE_CHECKING:
    import polars as pl

__all__ = ["cure_of", "fitted", "kinds_counted", "train"]

_FEW_EPOCHS = 30
_INTERRUPTED, _OUT_OF_TIME = "interrupted by user", "ended the training after"


def train(
    data: Path,
    target: str,
    model_file: Path,
    *,
    task: str = "auto",
    ignored: Sequence[str] = (),
    kinds: Mapping[str, str] | None = None,
    test_fraction: float = 0.2,
    seed: int = 0,
    checkpoint: Path | None = None,
    overwrite: bool = False,
    limits: TableLimits = DEFAULT_LIMITS,
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Train on a table file, score on held-out rows, save the model; return the report as plain data.

    Parameters
    ----------
    ignored : sequence of str
        Columns to leave out.
    kinds : mapping from column to kind, optional
        For columns that are something else than what they look like: see `Schema.learn`.
    checkpoint : Path, optional
        Folder that keeps how far the training is: see `Checkpoint`.
    settings : dict
        Parameters of `TabularClassifier` or `TabularRegressor`.

    Raises
    ------
    ChainruleError
        If the table, the target or the place for the model cannot be used.
    """
    check_output("--model", model_file, overwrite, {"table": data})
    for option, names in (("--ignore", ignored), ("--kind", kinds or {})):
        if target in names:
            raise ParameterError(f"{option}: {target!r} is the target; name other columns only")
    file = open_table(data, limits)
    with naming(file):
        table = _without(file.table(), ignored)
        goal = prepare_target(table, target, task)
        columns = table.drop(target)
        chosen = _chosen_kinds(columns, kinds or {})
        training, held_out = _split(goal, test_fraction, seed)
    kind = TabularClassifier if goal.task == "classification" else TabularRegressor
    estimator = kind(column_kinds=chosen or None, random_state=seed, **settings)
    rows, y = goal.rows[training], goal.values[training]
    with naming(file, rows):
        training_report, endings = fitted(estimator, columns[rows], y, checkpoint)
    model = TrainedModel(estimator, _record(data, table, goal, (training, held_out), seed))
    scores = _held_out_scores(model, file, table, goal.rows[held_out])
    if scores is not None:
        warn_if_trivial(scores, cure_of(estimator, endings))
        model.record["scores"] = {key: x for key, x in scores.items() if type(x) is float and isfinite(x)}
    save(estimator, model_file, record=model.record)
    linear = None
    if scores is not None and _INTERRUPTED not in endings:
        linear = _linear_scores(model, table, rows, y, goal.rows[held_out])
    return {
        "command": "train",
        "data": {
            "file": str(data),
            "rows": table.height,
            "columns": len(model.schema.columns),
            "kinds": kinds_counted(model.schema),
            "rows_without_target": goal.n_missing,
        },
        "target": target,
        "task": goal.task,
        "classes": _class_counts(goal),
        "columns": describe_columns(model.schema),
        "rows": {"training": len(training), "held_out": len(held_out)},
        "network": describe_network(estimator),
        "training": training_report,
        "scores": scores,
        "linear": linear,
        "model": describe_file(model_file),
    }


def fitted(estimator: Any, columns: Any, y: Any, checkpoint: Path | None) -> tuple[dict[str, Any], set[str]]:
    """Fit; (what the report says of it, what ended it).

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C came before the first epoch's end: there is no model to keep.
    """
    started = perf_counter()
    kept = None if checkpoint is None else Checkpoint(checkpoint)
    with _endings_noticed() as endings, epochs_shown(estimator):
        estimator.fit(columns, y, checkpoint=kept)
    seconds = perf_counter() - started
    if not estimator.n_iter_:
        raise KeyboardInterrupt
    return describe_training(estimator) | {
        "seconds": seconds,
        "time_limit": estimator.time_limit,
        "out_of_time": _OUT_OF_TIME in endings,
        "interrupted": _INTERRUPTED in endings,
        "resumed_from": None if kept is None else kept.resumed_from,
    }, endings


def kinds_counted(schema: Schema) -> dict[str, int]:
    """How many columns there are of each kind."""
    return dict(Counter(column.kind for column in schema.columns))


def _chosen_kinds(columns: "pl.DataFrame", told: Mapping[str, str]) -> dict[str, str]:
    """The kinds that are told, and what columns of text are in the whole table, held-out rows included.

    What cannot be used is refused while the rows still have the places that they have in the file.
    """
    import polars as pl

    for name in told:
        column_of(wrapped_frame(columns), name)  # refuses a column that is not there
    with without_warnings():  # the fit will say it again
        schema = Schema.learn(columns, told)
    if not schema.features:
        raise TableError(
            "no column holds anything to learn from; add at least one besides the target, with several values"
        )
    of_text = {
        column.name: column.kind
        for column in schema.columns
        if column.features and columns[column.name].dtype == pl.String
    }
    return of_text | dict(told)


def _held_out_scores(
    model: TrainedModel, file: TableFile, table: "pl.DataFrame", rows: np.ndarray
) -> dict[str, Any] | None:
    if not len(rows):
        return None
    with naming(file, rows):
        return scores_of(model, table[rows])


def _linear_scores(
    model: TrainedModel, table: "pl.DataFrame", rows: np.ndarray, y: np.ndarray, held_out: np.ndarray
) -> dict[str, Any] | None:
    """Scores, rows and seconds of a linear model on the same rows; None if it cannot be or is interrupted."""

    def scores(answers_to: Any) -> dict[str, Any]:
        found = scores_of(model, table[held_out], answers_to)
        return {key: score for key, score in found.items() if type(score) is float and "baseline" not in key}

    learned, seed = (table[rows], y), model.record["seed"]
    try:
        return compare_linear_model(model.schema, model.classes, learned, scores, seed)
    except KeyboardInterrupt:
        return None  # the network is saved


def _without(table: "pl.DataFrame", names: Sequence[str]) -> "pl.DataFrame":
    for name in names:
        column_of(wrapped_frame(table), name)  # refuses a column that is not there
    return table.drop(names)


def cure_of(estimator: Any, endings: set[str]) -> str:
    """Guess what would make a training succeed that did not."""
    rate = estimator.learning_rate_init
    if _OUT_OF_TIME in endings:
        return f"try a longer --time-limit than {estimator.time_limit:g}"
    if rate is not None and rate > _usual_rate(estimator):
        return f"try a --learning-rate below {rate:g}"
    if estimator.max_iter is not None and estimator.max_iter < _FEW_EPOCHS:
        return f"try more --epochs than {estimator.max_iter:,}"
    return "it may need more rows, or columns that say more about the target"


def _usual_rate(estimator: Any) -> float:
    task = "classification" if isinstance(estimator, TabularClassifier) else "regression"
    return settings_of(estimator.preset, task, {}).learning_rate_init


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
def _endings_noticed() -> Iterator[set[str]]:
    """Notice the warnings by which an estimator tells of Ctrl-C and of its time limit: the report says it."""
    noticed: set[str] = set()
    show = warnings.showwarning

    def notice(message: Any, category: Any, *rest: Any, **more: Any) -> None:
        found = [ending for ending in (_INTERRUPTED, _OUT_OF_TIME) if ending in str(message)]
        if found:
            noticed.update(found)
        else:
            show(message, category, *rest, **more)

    with warnings.catch_warnings():
        warnings.filterwarnings("always", "Training interrupted by user")
        warnings.showwarning = notice
        yield noticed


def _record(
    data: Path, table: "pl.DataFrame", goal: Target, split: tuple[np.ndarray, np.ndarray], seed: int
) -> dict[str, Any]:
    """Collect what is kept with the model; no times, so that the same training makes the same file."""
    from chainrule import __version__

    training, held_out = split
    names = [*(name for name in table.columns if name != goal.name), goal.name]
    return {
        "version": __version__,
        "data": data.name,
        "table_sha256": content_digest(table, names),
        "target": goal.name,
        "rows": len(training),
        "held_out": len(held_out),
        "seed": seed,
        "baseline": _baseline(goal.task, goal.values[training]),
    }


def _baseline(task: str, values: np.ndarray) -> int | float:
    """Answer without a model: the place of the most frequent class, or the mean."""
    if task == "classification":
        return int(np.argmax(np.unique(values, return_counts=True)[1]))
    return mean_of(values)


def _class_counts(goal: Target) -> dict[str, int] | None:
    if goal.task == "regression":
        return None
    classes, counts = np.unique(goal.values, return_counts=True)
    return {level_text(label): int(count) for label, count in zip(classes, counts, strict=True)}
