"""chainrule train --task forecast: a series in, a saved forecaster and how good it was out."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from chainrule.cli.describe import describe_forecaster, describe_network, describe_training
from chainrule.cli.forecast_scores import scores_of, warn_if_trivial
from chainrule.cli.forecast_tables import read_series_table
from chainrule.cli.forecast_words import in_options
from chainrule.cli.inputs import content_digest
from chainrule.cli.outputs import check_output, describe_file
from chainrule.cli.progress import epochs_shown
from chainrule.errors import ParameterError, TableError
from chainrule.estimators import Forecaster
from chainrule.files import save
from chainrule.table import DEFAULT_LIMITS, TableLimits

if TYPE_CHECKING:
    import polars as pl

__all__ = ["train_forecast"]


@in_options()
def train_forecast(
    data: Path,
    target: str,
    model_file: Path,
    *,
    time: str | None = None,
    known: Sequence[str] = (),
    ignored: Sequence[str] = (),
    test_fraction: float = 0.2,
    seed: int = 0,
    overwrite: bool = False,
    limits: TableLimits = DEFAULT_LIMITS,
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Tell the last steps of a series by what lies before, learn from all of it, save; return the report.

    Parameters
    ----------
    time : str, optional
        Column of times; default: rows are in their order.
    known : sequence of str
        Columns whose future is known.
    settings : dict
        Parameters of `Forecaster`.

    Raises
    ------
    ChainruleError
        If the table, its columns or the place for the model cannot be used.
    KeyboardInterrupt
        If Ctrl-C came before the end: half a forecaster is none.
    """
    check_output("--model", model_file, overwrite, {"table": data})
    table, day_first = read_series_table(data, time, limits, ignored=tuple(ignored))
    columns: dict[str, Any] = {"target": target, "time": time, "known": tuple(known)}
    model = Forecaster(random_state=seed, **settings)
    started = perf_counter()
    with epochs_shown(model, keeps_best=False):
        scores = _held_out_scores(model, table, columns, test_fraction)
        model.fit(table, **columns)
    seconds = perf_counter() - started
    if scores is not None:
        warn_if_trivial(scores, "they may need more rows, more --epochs, or another --season")
    record = _record(data, table, target, seed, scores, day_first)
    save(model, model_file, record=record)
    return {
        "command": "train",
        "task": "forecast",
        "data": {"file": str(data), "rows": table.height},
        "target": target,
        "forecast": describe_forecaster(model),
        "network": describe_network(model.network_),
        "training": describe_training(model.network_) | {"seconds": seconds, "interrupted": False},
        "scores": scores,
        "model": describe_file(model_file),
    }


def _held_out_scores(
    model: Forecaster, table: "pl.DataFrame", columns: dict[str, Any], fraction: float
) -> dict[str, Any] | None:
    """Scores of a copy that learns from what lies before the last steps, and tells these."""
    if not fraction:
        return None
    horizon = model.horizon
    steps = max(1, round(fraction * table.height / horizon)) * horizon
    if steps >= table.height:
        raise TableError(
            f"of {table.height:,} rows {steps:,} cannot be spared to test the model; add rows, or use "
            "--test-fraction 0"
        )
    try:
        tested = model.backtest(table, **columns, splits=1, test_steps=steps)
    except ParameterError as error:
        raise ParameterError(
            f"{error} (this is of what lies before the last {steps:,} steps, which test the model; with "
            "--test-fraction 0 it learns from all at once)"
        ) from None
    return scores_of(tested, steps)


def _record(
    data: Path, table: "pl.DataFrame", target: str, seed: int, scores: Any, day_first: bool | None
) -> dict[str, Any]:
    """Collect what is kept with the model; no times, so that the same training makes the same file."""
    from chainrule import __version__

    kept = {} if scores is None else {key: x for key, x in scores.items() if type(x) is float and x == x}
    return {
        "version": __version__,
        "data": data.name,
        "table_sha256": content_digest(table, table.columns),
        "target": target,
        "rows": table.height,
        "held_out": 0 if scores is None else scores["steps"],
        "seed": seed,
        "day_first": day_first,
        "scores": kept,
    }
