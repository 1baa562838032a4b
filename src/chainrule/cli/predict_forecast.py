"""chainrule predict with a forecaster: what follows the series."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.cli.forecast_tables import named_forecasts, read_series_table, times_as_text
from chainrule.cli.forecast_words import in_options
from chainrule.cli.outputs import guarded, write_text
from chainrule.errors import ModelFileError, ParameterError
from chainrule.table import TableLimits

if TYPE_CHECKING:
    import polars as pl

__all__ = ["predict_forecast", "series_for"]


@in_options()
def predict_forecast(
    model_file: Path,
    model: Any,
    record: dict[str, Any],
    history: Path | None,
    *,
    future: Path | None,
    steps: int | None,
    coverage: float | None,
    output: Path | None,
    limits: TableLimits,
) -> tuple[dict[str, Any], str]:
    """Forecasts from the end of the training's series, or of another one.

    Parameters
    ----------
    model : Forecaster
    record : dict
        What its file remembers of the training.
    history : Path, optional
        Table of a series to go on with instead.
    future : Path, optional
        Table of the known columns of the steps to come.
    steps : int, optional
        Default: the horizon.
    coverage : float, optional
        Level of the bounds, where the model has learned some.

    Returns
    -------
    report : dict
        As plain data; the forecasts are in it unless they went to a file.
    text : str
        The forecasts as CSV.

    Raises
    ------
    ChainruleError
        If a table cannot be used, or what is asked for does not go with the model.
    """
    form = model.form_
    if form.of_array:
        raise _of_array(model_file)
    if form.known and future is None:
        raise ParameterError(
            f"--future: the model needs a table with {list(form.known)!r:.200} of the steps to come; name one"
        )
    if coverage is not None and model.residuals_ is None:
        raise ParameterError("--interval: the model has learned no bounds; train it with --interval")
    model.series_ = replace(model.series_, backend="polars")
    given = {
        name: series_for(model_file, model, record, path, limits)
        for name, path in (("history", history), ("future", future))
        if path is not None
    }
    forecasts = named_forecasts(model.predict(steps, coverage=coverage, **given), form.targets)
    shown = times_as_text(forecasts)
    text = guarded(shown).write_csv()
    report: dict[str, Any] = {
        "command": "predict",
        "task": "forecast",
        "model": str(model_file),
        "data": {"file": None if history is None else str(history), "rows": forecasts.height},
        "target": ", ".join(form.targets),
    }
    if output is None:
        report["predictions"] = shown.to_dict(as_series=False)
    else:
        write_text("--output", output, text)
        report["output"] = str(output)
    return report, text


def series_for(
    model_file: Path, model: Any, record: dict[str, Any], path: Path, limits: TableLimits
) -> "pl.DataFrame":
    """The table of a series, as the forecaster of a file takes it.

    Raises
    ------
    ChainruleError
        If the table cannot be used, or the forecaster has learned from an array.
    """
    form = model.form_
    if form.of_array:
        raise _of_array(model_file)
    time = None if form.time is None else form.time.name
    texts = tuple(column.name for column in form.exogenous if column.levels is not None)
    known = record.get("day_first")
    return read_series_table(
        path, time, limits, text_columns=texts, day_first=known if type(known) is bool else None
    )[0]


def _of_array(model_file: Path) -> ModelFileError:
    return ModelFileError(f"{model_file} holds a Forecaster of an array; use it from Python")
