"""The commands and their options; the work is done in the module of the command's name."""

from enum import StrEnum
from importlib import import_module
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.cli.commands import EXIT_CODES, Commands
from chainrule.cli.interrupt import ending_at_once, nothing_saved
from chainrule.cli.terminal import print_json, warnings_as_lines

__all__ = ["app"]

_BYTES_PER_WEIGHT = 16  # the weight, its slope and two averages of Adam, in float32
_MOST_BYTES = 16e9

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


class EngineName(StrEnum):
    """Who computes."""

    auto = "auto"
    numpy = "numpy"
    xla = "xla"


Data = Annotated[
    Path, typer.Argument(metavar="DATA", help="Table: .csv, .tsv or .parquet.", show_default=False)
]
Model = Annotated[
    Path, typer.Argument(metavar="MODEL", help="File that train has written.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="The same seed, the same result.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        from chainrule import __version__

        typer.echo(f"chainrule {__version__}")
        raise typer.Exit


def _sizes(text: str) -> tuple[int, ...]:
    """Read "64,64" as (64, 64), and "0" as no hidden layer."""
    try:
        sizes = tuple(int(size) for size in text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a list of numbers such as 64,64; 0 means no hidden layer"
        ) from None
    if sizes == (0,):
        return ()
    if any(size < 1 for size in sizes):
        raise typer.BadParameter(f"{text!r} has a layer without neurons; 0 alone means no hidden layer")
    n_bytes = _BYTES_PER_WEIGHT * sum(n_in * n_out for n_in, n_out in pairwise((1, *sizes, 1)))
    if n_bytes > _MOST_BYTES:
        raise typer.BadParameter(
            f"training {text!r} takes {n_bytes:,} bytes of memory or more, and at most {_MOST_BYTES:,.0f} "
            "are allowed; choose fewer neurons"
        )
    return sizes


def _positive(value: float) -> float:
    if not (isfinite(value) and value > 0):
        raise typer.BadParameter(f"{value!r} is not a positive number such as 0.002")
    return value


def _known_activation(name: str) -> str:
    from chainrule.errors import ParameterError
    from chainrule.network import get_activation

    try:
        get_activation(name)
    except ParameterError as error:
        raise typer.BadParameter(str(error)) from None
    return name


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
        Task, typer.Option(metavar="TASK", help="auto, classification or regression.")
    ] = Task.auto,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Column to leave out; may be repeated.")
    ] = None,
    test_fraction: Annotated[
        float, typer.Option(metavar="SHARE", min=0, max=0.5, help="Rows held out to score the model.")
    ] = 0.2,
    hidden: Annotated[
        str, typer.Option(metavar="N,N", callback=_sizes, help="Neurons of each hidden layer; 0: none.")
    ] = "64,64",
    activation: Annotated[
        str, typer.Option(metavar="NAME", callback=_known_activation, help="Such as relu, tanh, silu.")
    ] = "relu",
    epochs: Annotated[int, typer.Option(metavar="N", min=1, help="At most; it stops by itself.")] = 500,
    learning_rate: Annotated[
        float, typer.Option(metavar="RATE", callback=_positive, help="Initial, of Adam.")
    ] = 0.002,
    dropout: Annotated[
        float, typer.Option(metavar="SHARE", min=0, max=0.95, help="Neurons dropped while training.")
    ] = 0.0,
    engine: Annotated[EngineName, typer.Option(metavar="NAME", help="auto, numpy or xla.")] = EngineName.auto,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Train a network on a table, score it on held-out rows, save it.

    Numbers are standardized, categories one-hot; missing values are imputed and marked. The model that is
    saved is the one whose score is shown: it has not seen the held-out rows.
    """
    run = _work_of("train")
    settings = {
        "hidden_layer_sizes": hidden,
        "activation": activation,
        "max_iter": epochs,
        "learning_rate_init": learning_rate,
        "dropout": dropout,
        "engine": engine.value,
    }
    file = model or Path(f"{data.stem}.safetensors")
    with warnings_as_lines(), nothing_saved():
        report = run(
            data,
            target,
            file,
            task=task.value,
            ignored=ignore or (),
            test_fraction=test_fraction,
            seed=seed,
            overwrite=overwrite,
            settings=settings,
        )
    _show(report, json)
    if report["training"]["interrupted"]:
        raise typer.Exit(130)


@app.command(epilog=EXIT_CODES)
def predict(
    model: Model,
    data: Data,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV; default: standard output.", show_default=False),
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Add the probability of each class.")] = False,
    with_input: Annotated[
        bool, typer.Option("--with-input", help="Put the table's own columns in front of the predictions.")
    ] = False,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Predict every row of a table, as CSV.

    The table needs the columns of training, in any order; further ones, the target among them, are ignored.
    Text that begins with = + - or @ gets a ' in front, so that no spreadsheet runs it as a formula.
    """
    run = _work_of("predict")
    with warnings_as_lines():
        report, text = run(
            model,
            data,
            output=output,
            probabilities=proba,
            with_input=with_input,
            overwrite=overwrite,
        )
    if json or output is not None:
        _show(report, json)
    else:
        typer.echo(text, nl=False)


@app.command(epilog=EXIT_CODES)
def evaluate(model: Model, data: Data, json: Json = False) -> None:
    """Score a model on a table that has the target."""
    run = _work_of("evaluate")
    with warnings_as_lines():
        report = run(model, data)
    _show(report, json)


@app.command(epilog=EXIT_CODES)
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Model file or table.", show_default=False)],
    json: Json = False,
) -> None:
    """Show what is in a model file or a table."""
    _show(_work_of("inspect")(file), json)


@app.command(epilog=EXIT_CODES)
def demo(
    folder: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the tables and models go.")] = Path(
        "demo"
    ),
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Go through train, evaluate, predict and inspect on two real tables."""
    report = _work_of("demo")(folder, seed, _run_again, json)
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
    from chainrule.cli.report import show

    show(report)
