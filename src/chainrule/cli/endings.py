"""How every command ends: exit codes, and one sentence instead of a traceback."""

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from chainrule.cli.terminal import say
from chainrule.errors import ChainruleError, DivergenceError

__all__ = ["EXIT_CODES", "Commands"]

EXIT_CODES = """Exit codes: 0 all is well, 1 training failed or something unexpected happened, \
2 bad input or usage, 130 interrupted (a training keeps and saves its best model first)."""

_UsageError: Any = typer.BadParameter.__base__


class Commands(TyperGroup):
    """A group of commands that ends in a documented exit code, whatever happens."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command, and end well where Ctrl-C or a reader that has gone ends it."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt as interruption:
            say("error", str(interruption) or "interrupted")
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # Whoever read the output has gone, as `head` does; Python must not complain when it flushes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        return result

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, report what went wrong, exit."""
        extra["standalone_mode"] = False
        sys.exit(_exit_code(lambda: super(Commands, self).main(*args, **extra)))


def _exit_code(run: Any) -> int:
    try:
        return int(run() or 0)
    except _UsageError as error:
        message = error.format_message().replace("Value error, ", "").rstrip(".")
        hint = f"; see {error.ctx.command_path} --help" if error.ctx else ""
        if message:  # without a command the help has been shown, and there is nothing to add
            say("error", message + hint)
        return 2
    except DivergenceError as error:
        say("error", str(error))
        return 1
    except (ChainruleError, ImportError) as error:
        say("error", str(error))
        return 2
    except MemoryError:
        say("error", "the memory does not suffice for this table; use fewer rows, columns or neurons")
        return 1
    except Exception as error:
        if os.environ.get("CHAINRULE_TRACEBACK"):
            raise
        say(
            "error",
            f"unexpected {type(error).__name__}: {error}; this is a fault in chainrule, and with "
            "CHAINRULE_TRACEBACK=1 in the environment it shows where",
        )
        return 1
