"""From a declared command to its work and its report: what is heavy is imported when it is used."""

from importlib import import_module
from typing import Any

from chainrule.cli.interrupt import ending_at_once
from chainrule.cli.terminal import print_json

__all__ = ["show", "work_of"]


def work_of(command: str) -> Any:
    """Import the module of a command, and take the function of its name."""
    with ending_at_once():
        return getattr(import_module(f"chainrule.cli.{command}"), command)


def show(report: dict[str, Any], as_json: bool) -> None:
    """Print a report, for people or as JSON."""
    if as_json:
        print_json(report)
        return
    from chainrule.cli import terminal_report

    terminal_report.show(report)
