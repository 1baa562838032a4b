"""The commands predict, evaluate and export; the work is done in the modules of these names."""

from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.cli import forecast_options as of_series
from chainrule.cli.data_sets import check_unlimited, is_data_set
from chainrule.cli.options import Data, ExportFormat, Json, Limits, Model, Overwrite, Stream
from chainrule.cli.running import show, work_of
from chainrule.cli.terminal import print_json, warnings_as_lines
from chainrule.cli.values import probability, table_limits

__all__ = ["evaluate", "export", "predict"]


def predict(
    model: Model,
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA",
            help="Table; with a forecaster the series to go on with, default: that of training.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV; default: standard output.", show_default=False),
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Add the probability of each class.")] = False,
    interval: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            callback=probability,
            help="Add bounds that hold this share of the numbers, such as 0.9.",
            show_default=False,
        ),
    ] = None,
    with_input: Annotated[
        bool, typer.Option("--with-input", help="Put the table's own columns in front of the predictions.")
    ] = False,
    future: of_series.Future = None,
    steps: of_series.Steps = None,
    stream: Stream = False,
    limit: Limits = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Predict every row of a table, or what follows a time series, as CSV.

    The table needs the columns of training, in any order; further ones, the target among them, are ignored.
    Text that begins with = + - or @ gets a ' in front, so that no spreadsheet runs it as a formula.
    """
    wanted: dict[str, Any] = {
        "probabilities": proba,
        "coverage": interval,
        "with_input": with_input,
        "overwrite": overwrite,
    }
    with warnings_as_lines():
        if data is not None and (stream or is_data_set(data)):
            check_unlimited(limit)
            report, text = work_of("predict_streamed")(model, data, output=output, **wanted), ""
        else:
            wanted |= {"future": future, "steps": steps}
            report, text = work_of("predict")(
                model, data, output=output, limits=table_limits(limit), **wanted
            )
    if json or output is not None:
        show(report, json)
    else:
        typer.echo(text, nl=False)


def evaluate(model: Model, data: Data, limit: Limits = None, json: Json = False) -> None:
    """Score a model on a table that has the target."""
    run = work_of("evaluate")
    with warnings_as_lines():
        report = run(model, data, limits=table_limits(limit))
    show(report, json)


def export(
    model: Model,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.", show_default=False)
    ],
    form: Annotated[
        ExportFormat, typer.Option("--format", metavar="NAME", help="onnx, numpy or javascript.")
    ] = ExportFormat.onnx,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Write a model for where chainrule is not installed.

    ONNX holds all that a model does to the columns of a table. NumPy and JavaScript source is written of MLPs
    only.
    """
    run = work_of("export")
    with warnings_as_lines():
        found = run(model, output, form=form.value, overwrite=overwrite)
    if json:
        print_json(found)
    else:
        typer.echo(f"Saved  {output}")
