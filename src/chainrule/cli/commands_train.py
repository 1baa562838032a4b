"""The commands train and demo, and their options; the work is done in the modules of these names."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.cli import forecast_options as of_series
from chainrule.cli.data_sets import check_unlimited, is_data_set, name_of
from chainrule.cli.interrupt import nothing_saved
from chainrule.cli.options import (
    ChosenPreset,
    Data,
    EngineName,
    Json,
    Limits,
    Overwrite,
    Preset,
    Seed,
    Stream,
    Task,
)
from chainrule.cli.running import show, work_of
from chainrule.cli.terminal import print_json, warnings_as_lines
from chainrule.cli.values import column_kinds, hidden_sizes, known_activation, positive, table_limits

__all__ = ["demo", "train"]


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
    is_forecast = task is Task.forecast
    streamed = stream or dask is not None or is_data_set(data)
    series = {
        "horizon": horizon,
        "season": season,
        "cell": cell and cell.value,
        "missing": missing and missing.value,
    }
    of_series.check_task(
        is_forecast,
        {"--time": time, "--known": known, "--interval": interval}
        | {f"--{name}": value for name, value in series.items()},
        {
            "--kind": kind,
            "--preset": preset is not Preset.default,
            "--time-limit": time_limit,
            "--activation": activation,
            "--stream": stream or is_data_set(data),
            "--dask": dask,
            "--checkpoint": checkpoint,
        },
    )
    settings = {
        "engine": engine.value,
        "hidden_layer_sizes": hidden,
        "max_iter": epochs,
        "batch_size": batch_size,
        "learning_rate_init": learning_rate,
        "dropout": dropout,
    }
    if is_forecast:
        run = partial(work_of("train_forecast"), time=time, known=known or (), limits=table_limits(limit))
        settings |= {**series, "coverage": interval}
    else:
        run = _learner(streamed, dask, limit)
        run = partial(run, task=task.value, kinds=column_kinds(kind or ()), checkpoint=checkpoint)
        settings |= {"preset": preset.value, "activation": activation, "time_limit": time_limit}
    with warnings_as_lines(), nothing_saved():
        report = run(
            data,
            target,
            model or Path(f"{name_of(data)}.safetensors"),
            ignored=ignore or (),
            test_fraction=test_fraction,
            seed=seed,
            overwrite=overwrite,
            settings={name: value for name, value in settings.items() if value is not None},
        )
    show(report, json)
    if report["training"]["interrupted"]:
        raise typer.Exit(130)


def _learner(streamed: bool, scheduler: str | None, limit: list[str] | None) -> Any:
    """What trains on rows: of a table in memory, or of a data set that is read piece by piece."""
    if not streamed:
        return partial(work_of("train"), limits=table_limits(limit))
    check_unlimited(limit)
    return partial(work_of("train_streamed"), scheduler=scheduler)


def demo(
    folder: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the tables and models go.")] = Path(
        "demo"
    ),
    preset: ChosenPreset = Preset.default,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Go through train, evaluate, predict and inspect on two real tables."""
    report = work_of("demo")(folder, preset.value, seed, _run_again, json)
    if json:
        print_json(report)


def _run_again(words: Sequence[str]) -> int:
    """Run the command line from inside a command; return its exit code."""
    from chainrule.cli.app import app

    try:
        app(list(words), prog_name="chainrule")
    except SystemExit as end:
        return int(end.code or 0)
    return 0
