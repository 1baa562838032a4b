"""chainrule explain: every number of one row's way through the network and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.cli.inputs import TrainedModel, load_trained, naming, table_for, warn_of_unseen_levels
from chainrule.cli.outputs import check_output, write_text
from chainrule.errors import ParameterError
from chainrule.explain.neuron_document import neuron_document
from chainrule.explain.trace import trace
from chainrule.table import DEFAULT_LIMITS, TableLimits, known_labels, known_numbers, open_table
from chainrule.table.levels import level_text

if TYPE_CHECKING:
    import polars as pl

__all__ = ["explain"]


def explain(
    model_file: Path,
    data: Path,
    *,
    row: int = 1,
    target: str | None = None,
    neuron: tuple[int, int] | None = None,
    member: int = 1,
    units: int = 6,
    form: str = "text",
    output: Path | None = None,
    overwrite: bool = False,
    limits: TableLimits = DEFAULT_LIMITS,
) -> tuple[dict[str, Any], str]:
    """Trace one row of a table file through a model.

    Parameters
    ----------
    row : int, default=1
        Counted from 1, as the rows stand in the file.
    target : str, optional
        What the row's target is taken for; default: what stands in the table.
    neuron : (layer, unit), optional
        Open this neuron, both counted from 1, instead of the whole network.
    member : int, default=1
        Which of the ensemble's members is shown.
    units : int, default=6
        Neurons of a layer, rows and columns of a matrix, that are shown; of a neuron 4 times as many inputs.
    form : {"text", "markdown", "latex", "html"}

    Returns
    -------
    report : dict
        As plain data.
    text : str
        In the form that was asked for.

    Raises
    ------
    ChainruleError
        If the model file, the table, the row or its target cannot be used.
    """
    if output is not None:
        check_output("--output", output, overwrite, {"table": data, "model": model_file})
    model = load_trained(model_file)
    file = open_table(data, limits)
    table = table_for(model, file)
    if not 1 <= row <= table.height:
        raise ParameterError(f"--row: {data} has the rows 1 to {table.height:,}, however: {row}")
    with naming(file):
        chosen = table[row - 1 : row]
        found = trace(
            model.estimator, chosen.drop(model.target, strict=False), _target(model, chosen, target)
        )
        warn_of_unseen_levels(model, chosen)
    opened = None if neuron is None else found.neuron(*neuron, member=member)
    page = found.document(units, 1, member) if opened is None else neuron_document(opened, 4 * units)
    text = str(getattr(page, f"to_{form}")())
    report: dict[str, Any] = {
        "command": "explain",
        "model": str(model_file),
        "data": {"file": str(data), "row": row},
        "target": model.target,
        "task": model.task,
        **({"trace": found.to_dict()} if opened is None else {"neuron": opened.to_dict()}),
    }
    if output is not None:
        write_text("--output", output, f"{text}\n")
        report["output"] = str(output)
    return report, text


def _target(model: TrainedModel, row: "pl.DataFrame", given: str | None) -> Any:
    """The row's target as the estimator takes it."""
    import polars as pl

    if given is not None:
        labels = [level_text(label) for label in model.classes]
        if labels and given not in labels:
            known = ", ".join(map(repr, labels))
            raise ParameterError(f"--target: {given!r} is none of the classes of training; they are {known}")
        row = row.with_columns(pl.Series(model.target, [given]))
        if model.task == "regression":
            try:
                row = row.with_columns(pl.Series(model.target, [float(given)]))
            except ValueError:
                raise ParameterError(f"--target: {model.target!r} is a number, however: {given!r}") from None
    elif model.target not in row.columns:
        raise ParameterError(
            f"the table has no column {model.target!r}; give the row's target with --target VALUE"
        )
    if row[model.target].null_count():
        raise ParameterError(f"the row has no {model.target!r}; give its target with --target VALUE")
    if model.task == "regression":
        return known_numbers(row, model.target)[0]
    places, _ = known_labels(row, model.target, model.classes)
    if not len(places):
        known = ", ".join(repr(level_text(label)) for label in model.classes)
        raise ParameterError(f"{model.target!r} is none of the classes of training; they are {known}")
    return model.classes[places]
