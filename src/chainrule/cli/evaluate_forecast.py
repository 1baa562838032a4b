"""chainrule evaluate with a forecaster: how well it tells a series, by what it has learned already."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.cli.forecast_scores import scores_of, warn_if_trivial
from chainrule.cli.forecast_words import in_options
from chainrule.cli.inputs import content_digest
from chainrule.cli.predict_forecast import series_for
from chainrule.cli.terminal import say
from chainrule.errors import TableError
from chainrule.estimators.forecast_backtest import told_from
from chainrule.estimators.forecast_read import read_series
from chainrule.table import TableLimits

if TYPE_CHECKING:
    import polars as pl

__all__ = ["evaluate_forecast"]


@in_options()
def evaluate_forecast(
    model_file: Path, model: Any, record: dict[str, Any], data: Path, limits: TableLimits
) -> dict[str, Any]:
    """Score a forecaster on whole horizons up to the end of a series; return the report as plain data.

    On those behind the series of training, where there are some, as the model has not seen them; otherwise on
    all that have enough of a past.

    Parameters
    ----------
    model : Forecaster
    record : dict
        What its file remembers of the training.

    Raises
    ------
    ChainruleError
        If the table cannot be used, or is too short.
    """
    table = series_for(model_file, model, record, data, limits)
    series, horizon = read_series(table, model.form_), model.horizon_
    reach = model.learned_.model.windows.reach
    if len(series) < reach + horizon:
        raise TableError(
            f"{data} has {len(series):,} steps, and the model reads {reach:,} to tell {horizon:,}; give "
            f"{reach + horizon:,} or more"
        )
    known = _steps_of_training(model, record, table, series.first)
    is_new = len(series) - max(reach, known) >= horizon
    n_told = len(series) - (max(reach, known) if is_new else reach)
    n_told -= n_told % horizon
    scores = scores_of(told_from(model, table, len(series) - n_told), n_told)
    if not is_new:
        say("note", "these steps were used for training; only steps that it has not seen show its worth")
    warn_if_trivial(scores, "perhaps this series is of another kind than that of training")
    return {
        "command": "evaluate",
        "model": str(model_file),
        "data": {"file": str(data), "rows": table.height, "used_for_training": not is_new},
        "target": ", ".join(model.form_.targets),
        "task": "forecast",
        "scores": scores,
    }


def _steps_of_training(model: Any, record: dict[str, Any], table: "pl.DataFrame", first: int) -> int:
    """How many steps a series, which begins at the place `first`, has before training's end.

    Without times this is known only where the rows of training are its first ones.
    """
    if model.form_.time is not None:
        return int(max(0, model.series_.behind - first))
    n_rows = record.get("rows")
    if type(n_rows) is not int or not 0 < n_rows <= table.height:
        return 0
    names = {*model.form_.targets, *(column.name for column in model.form_.exogenous)}
    columns = [name for name in table.columns if name in names]
    return n_rows if content_digest(table[:n_rows], columns) == record.get("table_sha256") else 0
