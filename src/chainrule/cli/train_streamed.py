"""chainrule train for a data set that is larger than the memory."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

from chainrule.cli.describe import describe_columns, describe_network
from chainrule.cli.evaluate import scores_of, warn_if_trivial
from chainrule.cli.inputs import TrainedModel
from chainrule.cli.outputs import check_output, describe_file, inputs_of
from chainrule.cli.train import cure_of, fitted, kinds_counted
from chainrule.errors import DegradedWarning
from chainrule.estimators import TabularClassifier, TabularRegressor
from chainrule.files import save
from chainrule.scale.source import Source, source_of
from chainrule.scale.survey import NothingToLearnError, Roles, Survey, survey
from chainrule.table import prepare_target
from chainrule.table.levels import Levels, level_text

if TYPE_CHECKING:
    import polars as pl

__all__ = ["train_streamed"]

_MOST_ROWS_TO_SCORE = 100_000


def train_streamed(
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
    scheduler: str | None = None,
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Train on a data set that is read piece by piece; the report as plain data, as `train` gives it.

    A share of the rows is held out; 100,000 of them at the most score the model. There is no linear model
    beside it.

    Parameters
    ----------
    scheduler : str, optional
        Address of a dask cluster that learns; the other parameters are those of `train`.

    Raises
    ------
    ChainruleError
        If the data set, the target or the place for the model cannot be used.
    """
    source = source_of(str(data)).without(ignored)
    check_output("--model", model_file, overwrite, inputs_of(source))
    kinds = kinds or {}
    goal, counted = _goal(source, target, task, kinds, seed)
    of_task = TabularClassifier if goal == "classification" else TabularRegressor
    training, held_out = source.divided(test_fraction, seed) if test_fraction else (source, None)
    if scheduler is not None:
        of_task, settings = _on_cluster(of_task), settings | {"client": scheduler}
    estimator = of_task(column_kinds=dict(kinds) or None, random_state=seed, **settings)
    tested, n_tested = (None, 0) if held_out is None else _drawn(held_out, target, kinds, seed)
    training_report, endings = fitted(estimator, training, target, checkpoint)
    if scheduler is not None:
        estimator = estimator.to_local()
    model = TrainedModel(estimator, _record(data, target, counted, n_tested, seed, estimator))
    save(estimator, model_file, record=model.record)
    scores = None if tested is None else _scores(model, tested)
    if scores is not None:
        warn_if_trivial(scores, cure_of(estimator, endings))
    return {
        "command": "train",
        "data": {
            "file": str(data),
            "rows": counted.n_rows,
            "columns": len(model.schema.columns),
            "kinds": kinds_counted(model.schema),
            "rows_without_target": counted.n_rows - counted.n_learned,
        },
        "target": target,
        "task": goal,
        "classes": counted.classes if goal == "classification" else None,
        "columns": describe_columns(model.schema),
        "rows": {"training": counted.n_learned - n_tested, "held_out": n_tested},
        "network": describe_network(estimator),
        "training": training_report,
        "scores": scores,
        "linear": None,
        "model": describe_file(model_file),
    }


def _on_cluster(of_task: Any) -> Any:
    """The estimator that learns on a dask cluster, for one that learns alone."""
    from chainrule.scale import dask

    return getattr(dask, f"Dask{of_task.__name__}")


def _goal(source: Source, target: str, task: str, kinds: Mapping[str, str], seed: int) -> tuple[str, Survey]:
    """(classification or regression, what is known of the target): by a pass over that column alone."""
    counted = survey(source, Roles((), target), kinds, 0.0, seed)
    return prepare_target(counted.sample, target, task).task, counted


def _drawn(
    held_out: Source, target: str, kinds: Mapping[str, str], seed: int
) -> tuple["pl.DataFrame | None", int]:
    """(rows to score, drawn at random, without the witnesses, how many could have been drawn)."""
    features = tuple(name for name in held_out.names if name != target)
    try:
        found = survey(held_out, Roles(features, target), kinds, 0.0, seed)
    except NothingToLearnError:
        return None, 0
    return found.sample[: min(found.n_drawn, _MOST_ROWS_TO_SCORE)], found.n_learned


def _scores(model: TrainedModel, tested: "pl.DataFrame") -> dict[str, Any] | None:
    """Scores on held-out rows, those aside whose class is in no row of training; None if no row is left."""
    if model.task == "classification":
        labels = tested[model.target]
        is_known = Levels(map(level_text, model.classes)).places(labels.to_list()) >= 0
        unknown = labels.filter(~is_known)
        if len(unknown):
            warn(
                f"{len(unknown):,} of {len(labels):,} held-out rows have a class that training never saw, "
                f"such as {unknown[0]!r:.80}; they are left out of the scores",
                DegradedWarning,
                stacklevel=2,
            )
        tested = tested.filter(is_known)
    try:
        return scores_of(model, tested) if tested.height else None
    except KeyboardInterrupt:
        return None  # the model is saved


def _record(
    data: Path, target: str, counted: Survey, n_tested: int, seed: int, estimator: Any
) -> dict[str, Any]:
    """Collect what is kept with the model; no times, so that the same training makes the same file."""
    from chainrule import __version__

    known = counted.classes or {}
    if isinstance(estimator, TabularClassifier):
        counts = [known.get(level_text(label), 0) for label in estimator.classes_]
        baseline: int | float = counts.index(max(counts))
    else:
        baseline = float(estimator.target_mean_[0])
    return {
        "version": __version__,
        "data": data.name,
        "target": target,
        "rows": counted.n_learned - n_tested,
        "held_out": n_tested,
        "seed": seed,
        "baseline": baseline,
    }
