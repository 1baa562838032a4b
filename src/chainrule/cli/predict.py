"""chainrule predict: a model and a table in, predictions out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.cli.inputs import TrainedModel, naming, table_for, trained, warn_of_unseen_levels
from chainrule.cli.outputs import check_output, guarded, write_text
from chainrule.cli.predict_forecast import predict_forecast
from chainrule.errors import ParameterError
from chainrule.estimators import Forecaster
from chainrule.files.model_file import load_with_record
from chainrule.table import DEFAULT_LIMITS, TableLimits, open_table
from chainrule.table.levels import level_text

if TYPE_CHECKING:
    import polars as pl

__all__ = ["beside", "predict", "predictions_of"]


def predict(
    model_file: Path,
    data: Path | None,
    *,
    future: Path | None = None,
    steps: int | None = None,
    output: Path | None = None,
    probabilities: bool = False,
    coverage: float | None = None,
    with_input: bool = False,
    overwrite: bool = False,
    limits: TableLimits = DEFAULT_LIMITS,
) -> tuple[dict[str, Any], str]:
    """Predict every row of a table file, or what follows a series.

    Parameters
    ----------
    data : Path, optional
        Not needed by a forecaster: see `predict_forecast`.
    future, steps : of forecasts
    probabilities : bool, default=False
        Add the probability of each class.
    coverage : float, optional
        Add bounds between which the number lies with this probability.

    Returns
    -------
    report : dict
        As plain data; the predictions are in it unless they went to a file.
    text : str
        The predictions as CSV.

    Raises
    ------
    ChainruleError
        If the model file, the table or the place for the output cannot be used.
    """
    if output is not None:
        tables = {"table": data, "table of the future": future}
        read = {what: path for what, path in tables.items() if path is not None}
        check_output("--output", output, overwrite, {"model": model_file, **read})
    loaded = load_with_record(model_file)
    is_forecast = isinstance(loaded[0], Forecaster)
    of_rows = {"--proba": probabilities, "--with-input": with_input}
    _check_options(is_forecast, of_rows if is_forecast else {"--future": future, "--steps": steps})
    if is_forecast:
        return predict_forecast(
            model_file,
            *loaded,
            data,
            future=future,
            steps=steps,
            coverage=coverage,
            output=output,
            limits=limits,
        )
    model = trained(model_file, *loaded)
    if data is None:
        raise ParameterError(f"DATA: name the table whose rows {model_file} is to predict")
    file = open_table(data, limits)
    table = table_for(model, file)
    with naming(file):
        predictions = predictions_of(model, table, probabilities, coverage)
        warn_of_unseen_levels(model, table)
    text = guarded(beside(file.fields, predictions) if with_input else predictions).write_csv()
    report: dict[str, Any] = {
        "command": "predict",
        "model": str(model_file),
        "data": {"file": str(data), "rows": table.height},
        "target": model.target,
        "task": model.task,
    }
    if output is None:
        report["predictions"] = predictions.to_dict(as_series=False)
    else:
        write_text("--output", output, text)
        report["output"] = str(output)
    return report, text


def _check_options(is_forecast: bool, wrong: dict[str, Any]) -> None:
    for option, value in wrong.items():
        if value:
            what = "tells what follows a series" if is_forecast else "predicts rows of a table"
            raise ParameterError(f"{option} does not go with this model, which {what}; leave it out")


def predictions_of(
    model: TrainedModel, table: "pl.DataFrame", probabilities: bool, coverage: float | None
) -> "pl.DataFrame":
    """Predictions for the rows of a table, a column each; probabilities or bounds beside them.

    Raises
    ------
    ParameterError
        If what is asked for beside them does not go with the model.
    """
    import polars as pl

    if probabilities and model.task == "regression":
        raise ParameterError(
            f"--proba: the model predicts the number {model.target!r}, which has no probabilities; "
            "--interval gives bounds"
        )
    if coverage is not None and model.task == "classification":
        raise ParameterError(
            f"--interval: the model predicts the class {model.target!r}, which has no bounds; "
            "--proba gives probabilities"
        )
    columns = {f"predicted_{model.target}": model.estimator.predict(table)}
    if probabilities:
        for label, p in zip(model.classes, model.estimator.predict_proba(table).T, strict=True):
            columns[f"probability_{level_text(label)}"] = p
    if coverage is not None:
        try:
            low, high = model.estimator.predict_interval(table, coverage).T
        except ParameterError as error:
            reason = str(error).partition(";")[0]
            raise ParameterError(
                f"--interval: {reason}; ask for a smaller share, or train on more rows"
            ) from None
        columns |= {f"lower_{model.target}": low, f"upper_{model.target}": high}
    return pl.DataFrame(columns)


def beside(table: "pl.DataFrame", predictions: "pl.DataFrame") -> "pl.DataFrame":
    """The table with the predictions behind its own columns."""
    import polars as pl

    taken = [name for name in predictions.columns if name in table.columns]
    if taken:
        raise ParameterError(f"--with-input: the table has a column {taken[0]!r} already; rename it")
    text = pl.selectors.string()
    return table.with_columns(text.replace("", None)).hstack(predictions)  # an empty field, and not ""
