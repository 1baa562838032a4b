"""Values of options: what each may be, and what is made of its text."""

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from chainrule.table.limits import TableLimits

__all__ = [
    "column_kinds",
    "hidden_sizes",
    "known_activation",
    "layer_and_unit",
    "positive",
    "probability",
    "table_limits",
]

_BYTES_PER_WEIGHT = 4 * 16  # in 4 members or more: the weight, its slope, two averages of Adam, in float32
_MOST_BYTES = 16e9


def hidden_sizes(text: str | None) -> tuple[int, ...] | None:
    """Read "64,64" as (64, 64), and "0" as no hidden layer."""
    if text is None:
        return None
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


def layer_and_unit(text: str | None) -> tuple[int, int] | None:
    """Read "1,4" as (1, 4): the fourth neuron of the first hidden layer."""
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise typer.BadParameter(f"{text!r} is not a layer and a unit, from 1, such as 1,4")
    return int(parts[0]), int(parts[1])


def positive(value: float | None) -> float | None:
    """Refuse 0, what is below, and what is not finite."""
    if value is not None and not (isfinite(value) and value > 0):
        raise typer.BadParameter(f"{value!r} is not a positive number such as 0.02")
    return value


def probability(value: float | None) -> float | None:
    """Refuse what is not between 0 and 1."""
    if value is not None and not 0 < value < 1:
        raise typer.BadParameter(f"{value!r} is not a probability between 0 and 1 such as 0.9")
    return value


def column_kinds(texts: Sequence[str]) -> dict[str, str]:
    """Read ["age=number", "zip=category"] as a mapping."""
    from chainrule.table.kinds import KINDS

    kinds: dict[str, str] = {}
    for text in texts:
        name, sign, kind = text.rpartition("=")
        if not (sign and name) or kind not in KINDS:
            raise typer.BadParameter(
                f"{text!r} is not COLUMN=KIND with a kind of {', '.join(KINDS)}", param_hint="'--kind'"
            )
        if kinds.setdefault(name, kind) != kind:
            raise typer.BadParameter(
                f"{name!r} is called {kinds[name]} and {kind}; choose one", param_hint="'--kind'"
            )
    return kinds


def table_limits(texts: Sequence[str] | None) -> "TableLimits":
    """Read ["rows=20000000", "bytes=none"] as `TableLimits`."""
    from chainrule.errors import ParameterError
    from chainrule.table.limits import TableLimits

    try:
        return TableLimits.parse(texts or ())
    except ParameterError as error:
        raise typer.BadParameter(str(error), param_hint="'--limit'") from None


def known_activation(name: str | None) -> str | None:
    """Refuse an activation that there is not."""
    if name is None:
        return None
    from chainrule.errors import ParameterError
    from chainrule.network import get_activation

    try:
        get_activation(name)
    except ParameterError as error:
        raise typer.BadParameter(str(error)) from None
    return name
