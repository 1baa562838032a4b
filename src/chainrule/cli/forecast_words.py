"""What a forecaster says of its parameters, in the words of the command line."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chainrule.errors import ChainruleError

__all__ = ["WORDS", "in_options"]

WORDS = {
    r"coverage=(\S+) needs": r"--interval \1 needs",
    "a larger validation_fraction or a lower coverage": "or a lower --interval",
    "a shorter window, season or horizon": "a shorter --season or --horizon",
    "steps must be up to horizon=": "--steps must be up to --horizon ",
    "fit with a longer horizon, or with coverage=None": (
        "train with a longer --horizon, or without --interval"
    ),
    "name it in known=, leave it out, or tell all steps at once with strategy='direct'": (
        "ask for fewer --steps, or train with --known or --ignore for it, or with a longer --horizon"
    ),
    "name it as time= if": "name it with --time if",
    "convert it first, as with pandas.to_datetime": "name the column of times with --time",
    "as no columns were named as known in fit": "as training was told of no --known columns",
    "future must": "--future must",
    "set missing='fill', or raise test_steps": "use --missing fill, or a larger --test-fraction",
    "fit with missing='fill'": "train with --missing fill",
    "missing='fill'": "--missing fill",
}
"""Parameters of `Forecaster`, as its messages speak of them, and the options that set them."""


@contextmanager
def in_options() -> Iterator[None]:
    """A context whose errors and warnings name options where they would name parameters."""
    show = warnings.showwarning

    def show_in_options(message: Any, *rest: Any, **more: Any) -> None:
        show(_translated(str(message)), *rest, **more)

    warnings.showwarning = show_in_options
    try:
        yield
    except ChainruleError as error:
        error.args = tuple(_translated(part) if isinstance(part, str) else part for part in error.args)
        raise
    finally:
        warnings.showwarning = show


def _translated(message: str) -> str:
    for parameter, option in WORDS.items():
        message = re.sub(parameter, option, message)
    return message
