"""The command line: chainrule COMMAND; see `chainrule --help`.

`app` makes the application of the commands that stand in `commands_*`: their options, and what they print.
The work of each is done in the module of its name, which is imported when the command is used.
"""

import sys
from importlib.util import find_spec
from typing import Any

from chainrule.cli.interrupt import ending_at_once

__all__ = ["main"]


def main() -> None:
    """Run the command line; ends the process with its exit code.

    It needs the extra "cli"; without it, one sentence says so, with exit code 2.
    """
    with ending_at_once():
        app = _app()
    app(prog_name="chainrule")


def _app() -> Any:
    missing = [name for name in ("narwhals", "polars", "rich", "typer") if find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f"chainrule: error: the command line needs {', '.join(missing)}; "
            'install it with: pip install "chainrule[cli]"\n'
        )
        sys.exit(2)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")  # whatever the locale says: reports have arrows and bars
    from chainrule.cli.app import app

    return app
