"""The commands inspect, explain, doctor and report; the work is done in the modules of these names."""

from pathlib import Path
from typing import Annotated

import typer

from chainrule.cli.options import Data, Form, Json, Limits, Model, Overwrite
from chainrule.cli.running import show, work_of
from chainrule.cli.terminal import print_json, warnings_as_lines
from chainrule.cli.values import layer_and_unit, table_limits

__all__ = ["doctor", "explain", "inspect", "report"]


def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Model file or table.", show_default=False)],
    limit: Limits = None,
    json: Json = False,
) -> None:
    """Show what is in a model file or a table."""
    show(work_of("inspect")(file, table_limits(limit)), json)


def explain(
    model: Model,
    data: Data,
    row: Annotated[int, typer.Option(metavar="N", min=1, help="Row of the table, from 1.")] = 1,
    target: Annotated[
        str | None,
        typer.Option(metavar="VALUE", help="The row's target, if not as in the table.", show_default=False),
    ] = None,
    neuron: Annotated[
        str | None,
        typer.Option(
            metavar="L,M",
            callback=layer_and_unit,
            help="Open one neuron: layer and unit, from 1.",
            show_default=False,
        ),
    ] = None,
    member: Annotated[int, typer.Option(metavar="N", min=1, help="Of the ensemble.")] = 1,
    units: Annotated[int, typer.Option(metavar="N", min=1, help="Neurons of a layer that are shown.")] = 6,
    form: Annotated[
        Form, typer.Option("--format", metavar="NAME", help="text, markdown, latex or html.")
    ] = Form.text,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Default: standard output.", show_default=False),
    ] = None,
    limit: Limits = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Show every number of one row: forward pass, loss, backward pass, update.

    The row goes through the network as in training: what the encoder makes of each column, weighted sums,
    activations, the loss, and the chain rule back to every weight.
    """
    run = work_of("explain")
    with warnings_as_lines():
        report, text = run(
            model,
            data,
            row=row,
            target=target,
            neuron=neuron,
            member=member,
            units=units,
            form=form.value,
            output=output,
            overwrite=overwrite,
            limits=table_limits(limit),
        )
    if json:
        print_json(report)
    else:
        typer.echo(text if output is None else f"Saved  {output}")


def doctor(model: Model, data: Data, limit: Limits = None, json: Json = False) -> None:
    """Say in plain words what is wrong with a model, with the numbers and the cure.

    The table needs the target. Give the one that the model was trained on, or rows like those.
    """
    run = work_of("doctor")
    with warnings_as_lines():
        report = run(model, data, limits=table_limits(limit))
    show(report, json)


def report(
    model: Model,
    data: Data,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Page to write.")] = Path(
        "report.html"
    ),
    limit: Limits = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Write one page that a colleague can read: scores, mistakes, importance, training, findings.

    The page holds its pictures and needs nothing beside it. The table needs the target; give rows that the
    model has not seen.
    """
    run = work_of("report")
    with warnings_as_lines():
        found = run(model, data, output, overwrite=overwrite, limits=table_limits(limit))
    show(found, json)
