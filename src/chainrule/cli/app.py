"""The commands and their options; the work is done in the module of the command's name."""

import glob
from enum import StrEnum
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.cli import forecast_options as of_series
from chainrule.cli.commands import EXIT_CODES, Commands
from chainrule.cli.interrupt import ending_at_once, nothing_saved
from chainrule.cli.options import (
    column_kinds,
    hidden_sizes,
    known_activation,
    layer_and_unit,
    positive,
    probability,
    table_limits,
)
from chainrule.cli.terminal import print_json, warnings_as_lines
from chainrule.errors import ParameterError

__all__ = ["app"]

app = typer.Typer(
    cls=Commands,
    help=f"Neural networks for tables, that show their work.\n\n{EXIT_CODES}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Task(StrEnum):
    """What is predicted."""

    auto = "auto"
    classification = "classification"
    regression = "regression"
    forecast = "forecast"


class Preset(StrEnum):
    """How much work to spend."""

    fast = "fast"
    default = "default"
    best = "best"


class EngineName(StrEnum):
    """Who computes."""

    auto = "auto"
    numpy = "numpy"
    xla = "xla"


class Form(StrEnum):
    """How a page is written."""

    text = "text"
    markdown = "markdown"
    latex = "latex"
    html = "html"


class ExportFormat(StrEnum):
    """What a model is written as."""

    onnx = "onnx"
    numpy = "numpy"
    javascript = "javascript"


Data = Annotated[
    Path,
    typer.Argument(metavar="DATA", help="Table: .csv, .tsv (or .gz of them), .parquet.", show_default=False),
]
Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="File that train has written.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="The same seed, the same result.")]
ChosenPreset = Annotated[Preset, typer.Option(metavar="NAME", help="Work to spend: fast, default or best.")]
Limits = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=N",
        help="Read larger tables, or refuse smaller ones: bytes, rows, columns, field (its characters) or "
        "levels (texts of a column); none lifts it; may be repeated.",
        rich_help_panel="Limits",
        show_default=False,
    ),
]
Stream = Annotated[
    bool, typer.Option("--stream", help="Read the table piece by piece; folders and patterns always are.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]


def _is_data_set(data: Path) -> bool:
    """Whether a folder or a pattern such as data/*.parquet is named, rather than a file."""
    return data.is_dir() or (not data.exists() and glob.has_magic(str(data)))


def _name_of(data: Path) -> str:
    """What to call what is made of a table: by its file, its folder, or the folder of its pattern."""
    while glob.has_magic(data.name):
        data = data.parent
    return data.stem or data.resolve().stem


def _check_unlimited(limits: list[str] | None) -> None:
    """Refuse limits where none are kept."""
    if limits:
        raise ParameterError(
            f"--limit {limits[0]!r:.80} does not go with a data set that is read piece by piece; leave "
            "the option out: a data set may be of any size"
        )


def _print_version(wanted: bool) -> None:
    if wanted:
        from chainrule import __version__

        typer.echo(f"chainrule {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """See the group's help."""


@app.command(epilog=EXIT_CODES)
def train(
    data: Data,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="Column to predict.", show_default=False)],
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Default: name of DATA with .safetensors, here.", show_default=False
        ),
    ] = None,
    task: Annotated[
        Task, typer.Option(metavar="TASK", help="auto, classification, regression or forecast.")
    ] = Task.auto,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Column to leave out; may be repeated.")
    ] = None,
    test_fraction: Annotated[
        float, typer.Option(metavar="SHARE", min=0, max=0.5, help="Rows held out to score the model.")
    ] = 0.2,
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=KIND", help="What a column is, if not what it looks like."),
    ] = None,
    preset: ChosenPreset = Preset.default,
    time_limit: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", callback=positive, help="For training; the best so far is kept."),
    ] = None,
    hidden: Annotated[
        str | None,
        typer.Option(metavar="N,N", callback=hidden_sizes, help="Neurons of each hidden layer; 0: none."),
    ] = None,
    activation: Annotated[
        str | None,
        typer.Option(metavar="NAME", callback=known_activation, help="Such as relu, tanh, silu."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(metavar="N", min=1, help="Instead of the preset's.")] = None,
    batch_size: Annotated[int | None, typer.Option(metavar="N", min=1, help="Rows of a step.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(metavar="RATE", callback=positive, help="The highest, of Adam.")
    ] = None,
    dropout: Annotated[
        float | None,
        typer.Option(metavar="SHARE", min=0, max=0.95, help="Neurons dropped while training."),
    ] = None,
    stream: Stream = False,
    dask: Annotated[
        str | None,
        typer.Option(
            metavar="SCHEDULER",
            help="Address of a dask cluster whose workers read and learn from DATA, Parquet.",
            show_default=False,
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Keep how far it is; the same command then goes on after a crash.",
            show_default=False,
        ),
    ] = None,
    engine: Annotated[EngineName, typer.Option(metavar="NAME", help="auto, numpy or xla.")] = EngineName.auto,
    seed: Seed = 0,
    time: of_series.TimeColumn = None,
    horizon: of_series.Horizon = None,
    known: of_series.Known = None,
    season: of_series.Season = None,
    cell: of_series.ChosenCell = None,
    missing: of_series.Missing = None,
    interval: of_series.Interval = None,
    limit: Limits = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Train networks on a table, score them on held-out rows beside a linear model, save them.

    Columns may be numbers, categories, booleans, dates, times and sentences, with missing values. The model
    that is saved is the one whose score is shown: it has not seen the held-out rows.

    With --task forecast the table is a time series. A copy of the model tells its last steps for the score;
    the model that is saved has learned from all steps.
    """
    given: dict[str, Any] = {
        "hidden_layer_sizes": hidden,
        "activation": activation,
        "max_iter": epochs,
        "batch_size": batch_size,
        "learning_rate_init": learning_rate,
        "dropout": dropout,
        "time_limit": time_limit,
    }
    is_forecast = task is Task.forecast
    series: dict[str, Any] = {
        "horizon": horizon,
        "season": season,
        "cell": cell and cell.value,
        "missing": missing and missing.value,
        "coverage": interval,
    }
    of_series.check_task(
        is_forecast,
        {"--time": time, "--known": known, "--interval": interval}
        | {f"--{name}": value for name, value in series.items() if name != "coverage"},
        {
            "--kind": kind,
            "--preset": preset is not Preset.default,
            "--time-limit": time_limit,
            "--activation": activation,
            "--stream": stream or _is_data_set(data),
            "--dask": dask,
            "--checkpoint": checkpoint,
        },
    )
    settings = {
        name: value for name, value in (given | series if is_forecast else given).items() if value is not None
    }
    file = model or Path(f"{_name_of(data)}.safetensors")
    streamed = stream or dask is not None or _is_data_set(data)
    if streamed:
        _check_unlimited(limit)
    run = (
        partial(_work_of("train_streamed"), scheduler=dask)
        if streamed
        else partial(_work_of("train"), limits=table_limits(limit))
    )
    if is_forecast:
        run = partial(
            _work_of("train_forecast"),
            time=time,
            known=known or (),
            limits=table_limits(limit),
            settings={"engine": engine.value, **settings},
        )
    else:
        run = partial(
            run,
            task=task.value,
            kinds=column_kinds(kind or ()),
            checkpoint=checkpoint,
            settings={"preset": preset.value, "engine": engine.value, **settings},
        )
    with warnings_as_lines(), nothing_saved():
        report = run(
            data,
            target,
            file,
            ignored=ignore or (),
            test_fraction=test_fraction,
            seed=seed,
            overwrite=overwrite,
        )
    _show(report, json)
    if report["training"]["interrupted"]:
        raise typer.Exit(130)


@app.command(epilog=EXIT_CODES)
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
        if data is not None and (stream or _is_data_set(data)):
            _check_unlimited(limit)
            report, text = _work_of("predict_streamed")(model, data, output=output, **wanted), ""
        else:
            wanted |= {"future": future, "steps": steps}
            report, text = _work_of("predict")(
                model, data, output=output, limits=table_limits(limit), **wanted
            )
    if json or output is not None:
        _show(report, json)
    else:
        typer.echo(text, nl=False)


@app.command(epilog=EXIT_CODES)
def evaluate(model: Model, data: Data, limit: Limits = None, json: Json = False) -> None:
    """Score a model on a table that has the target."""
    run = _work_of("evaluate")
    with warnings_as_lines():
        report = run(model, data, limits=table_limits(limit))
    _show(report, json)


@app.command(epilog=EXIT_CODES)
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Model file or table.", show_default=False)],
    limit: Limits = None,
    json: Json = False,
) -> None:
    """Show what is in a model file or a table."""
    _show(_work_of("inspect")(file, table_limits(limit)), json)


@app.command(epilog=EXIT_CODES)
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
    run = _work_of("explain")
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


@app.command(epilog=EXIT_CODES)
def doctor(model: Model, data: Data, limit: Limits = None, json: Json = False) -> None:
    """Say in plain words what is wrong with a model, with the numbers and the cure.

    The table needs the target. Give the one that the model was trained on, or rows like those.
    """
    run = _work_of("doctor")
    with warnings_as_lines():
        report = run(model, data, limits=table_limits(limit))
    _show(report, json)


@app.command(epilog=EXIT_CODES)
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
    run = _work_of("report")
    with warnings_as_lines():
        found = run(model, data, output, overwrite=overwrite, limits=table_limits(limit))
    _show(found, json)


@app.command(epilog=EXIT_CODES)
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
    run = _work_of("export")
    with warnings_as_lines():
        found = run(model, output, form=form.value, overwrite=overwrite)
    if json:
        print_json(found)
    else:
        typer.echo(f"Saved  {output}")


@app.command(epilog=EXIT_CODES)
def playground(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DATA|MODEL",
            help="Table (.csv, .tsv, .parquet), model file (.safetensors), or both.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Column to predict; default: the last.", show_default=False),
    ] = None,
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="0: one that is free.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
    limit: Limits = None,
) -> None:
    """Watch a network train in the browser, and change it while it does.

    The page comes from this machine and can be reached from this machine only. Without a table it begins with
    points in a plane. Ctrl-C ends it.
    """
    _work_of("playground")(
        files or (),
        target=target,
        port=port,
        open_browser=not no_browser,
        limits=table_limits(limit) if limit else None,
    )


@app.command(epilog=EXIT_CODES)
def serve(
    model: Model,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="To listen on; another than this machine's needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="0: one that is free.")] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            envvar="CHAINRULE_TOKEN",
            help="Clients must send it; better in the environment, as others see a command's words.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="Further name by which clients call it; may be repeated."),
    ] = None,
    max_bytes: Annotated[int, typer.Option(metavar="N", min=1, help="Of a request.")] = 16_000_000,
    max_rows: Annotated[int, typer.Option(metavar="N", min=1, help="Of a request.")] = 100_000,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", callback=positive, help="Until a request is answered.")
    ] = 30.0,
    concurrent: Annotated[
        int, typer.Option(metavar="N", min=1, help="Requests at a time; further ones are told to come again.")
    ] = 64,
) -> None:
    """Answer rows over HTTP: JSON or CSV in, predictions out.

    POST /predict takes rows, GET /model says which columns they need, GET /openapi.json describes all. It can
    be reached from this machine only, unless told otherwise. Ctrl-C ends it.
    """
    _work_of("serve")(
        model,
        host=host,
        port=port,
        token=token,
        names=name or (),
        max_bytes=max_bytes,
        max_rows=max_rows,
        timeout=timeout,
        concurrent=concurrent,
    )


@app.command(epilog=EXIT_CODES)
def demo(
    folder: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the tables and models go.")] = Path(
        "demo"
    ),
    preset: ChosenPreset = Preset.default,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Go through train, evaluate, predict and inspect on two real tables."""
    report = _work_of("demo")(folder, preset.value, seed, _run_again, json)
    if json:
        print_json(report)


def _work_of(command: str) -> Any:
    """Import the module of a command when it is used, and take the function of its name."""
    with ending_at_once():
        return getattr(import_module(f"chainrule.cli.{command}"), command)


def _run_again(words: Any) -> int:
    """Run the command line from inside a command; return its exit code."""
    try:
        app(list(words), prog_name="chainrule")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _show(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    from chainrule.cli.terminal_report import show

    show(report)
