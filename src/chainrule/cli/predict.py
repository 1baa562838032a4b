"""chainrule predict: a model and a table in, predictions out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.cli.inputs import TrainedModel, load_trained, naming, table_for, warn_of_unseen_levels
from chainrule.cli.outputs import check_output, guarded, write_text
from chainrule.errors import ParameterError
from chainrule.table import DEFAULT_LIMITS, TableLimits, open_table
from chainrule.table.levels import level_text

if TYPE_CHECKING:
    import polars as pl

__all__ = ["beside", "predict", "predictions_of"]


def predict(
    model_file: Path,
    data: Path,
    *,
    output: Path | None = None,
    probabilities: bool = False,
    coverage: float | None = None,
    with_input: bool = False,
    overwrite: bool = False,
    limits: TableLimits = DEFAULT_LIMITS,
) -> tuple[dict[str, Any], str]:
    """Predict every row of a table file.

    Parameters
    ----------
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
        check_output("--output", output, overwrite, {"table": data, "model": model_file})
    model = load_trained(model_file)
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
