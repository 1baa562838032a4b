"""The application: the commands in the order of its help."""

from typing import Annotated

import typer

from chainrule.cli.commands_look import doctor, explain, inspect, report
from chainrule.cli.commands_predict import evaluate, export, predict
from chainrule.cli.commands_serve import playground, serve
from chainrule.cli.commands_train import demo, train
from chainrule.cli.endings import EXIT_CODES, Commands

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

for command in (
    train,
    predict,
    evaluate,
    inspect,
    explain,
    doctor,
    report,
    export,
    playground,
    serve,
    demo,
):
    app.command(epilog=EXIT_CODES)(command)


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
