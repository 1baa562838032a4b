"""chainrule predict: a model and a table in, predictions out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.cli.inputs import load_table_model, naming, table_for, warn_of_unseen_levels
from chainrule.cli.outputs import check_output, guarded, write_text
from chainrule.errors import ParameterError
from chainrule.table import open_table
from chainrule.table.levels import level_text

if TYPE_CHECKING:
    import polars as pl

    from chainrule.estimators.table_model import TableModel

__all__ = ["predict"]


def predict(
    model_file: Path,
    data: Path,
    *,
    output: Path | None = None,
    probabilities: bool = False,
    with_input: bool = False,
    overwrite: bool = False,
) -> tuple[dict[str, Any], str]:
    """Predict every row of a table file.

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
    model = load_table_model(model_file)
    file = open_table(data)
    table = table_for(model, file)
    with naming(file):
        predictions = _predictions(model, table, probabilities)
        warn_of_unseen_levels(model, table)
    text = guarded(_beside(file.fields, predictions) if with_input else predictions).write_csv()
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


def _predictions(model: "TableModel", table: "pl.DataFrame", probabilities: bool) -> "pl.DataFrame":
    import polars as pl

    if probabilities and model.task == "regression":
        raise ParameterError(
            f"--proba: the model predicts the number {model.target!r}, which has no probabilities"
        )
    columns = {f"predicted_{model.target}": model.predict(table)}
    if probabilities:
        for label, p in zip(model.classes, model.predict_proba(table).T, strict=True):
            columns[f"probability_{level_text(label)}"] = p
    return pl.DataFrame(columns)


def _beside(table: "pl.DataFrame", predictions: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    taken = [name for name in predictions.columns if name in table.columns]
    if taken:
        raise ParameterError(f"--with-input: the table has a column {taken[0]!r} already; rename it")
    text = pl.selectors.string()
    return table.with_columns(text.replace("", None)).hstack(predictions)  # an empty field, and not ""
