"""What reaches the terminal: results on standard output, everything else on standard error."""

import io
import json
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any

from rich.console import Console

__all__ = ["is_watched", "print_json", "results", "say", "warnings_as_lines"]


def results() -> Console:
    """Make the console for results, on standard output; colors on a terminal only."""
    _spell_out_what_cannot_be_encoded()
    return Console(highlight=False)


def say(kind: str, message: str) -> None:
    """Write one line on standard error: ``chainrule: error: ...``."""
    line = " ".join(message.split())
    console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    style = {"error": "bold red", "warning": "yellow"}.get(kind, "")
    console.print(f"chainrule: {kind}:", style=style, end=" ")
    console.print(line)


def print_json(value: dict[str, Any]) -> None:
    """Write one JSON object on standard output, and nothing else; what is not finite becomes null."""
    _spell_out_what_cannot_be_encoded()
    sys.stdout.write(json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _spell_out_what_cannot_be_encoded() -> None:
    """Half a character in a level of a model, or one that the terminal lacks, is written by its number."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def is_watched() -> bool:
    """Whether somebody looks at standard error: progress belongs on a terminal only."""
    return sys.stderr.isatty()


@contextmanager
def warnings_as_lines() -> Iterator[None]:
    """Show the warnings meant for users as lines on standard error, each once; keep the others quiet."""
    from sklearn.exceptions import ConvergenceWarning

    from chainrule.errors import ChainruleWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for category in (ChainruleWarning, ConvergenceWarning):
            warnings.simplefilter("once", category)
        # The report says how many epochs were done, and that more may help.
        warnings.filterwarnings("ignore", "Stochastic Optimizer: Maximum iterations", ConvergenceWarning)
        warnings.showwarning = lambda message, *_args, **_more: say("warning", str(message))
        yield
