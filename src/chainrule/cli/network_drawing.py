"""A network as lines of text: branches of columns, then layer after layer with its neurons."""

from typing import Any

__all__ = ["drawn"]

_MOST_BRANCHES = 6
_WIDTH = 80
_QUIET = ("dropout", "fan_out", "join", "scale", "standardize", "random_shift")
_OF_GRIDS = (
    "conv",
    "max_pool",
    "average_pool",
    "global",
    "rnn",
    "lstm",
    "gru",
    "bidirectional",
    "token",
    "layer_n",
)
"""How the kinds of layers begin whose words tell shapes."""


def drawn(layers: list[dict[str, Any]], members: int = 0) -> list[str]:
    """Lines of a drawing, from what `describe_layers` gives.

    Parameters
    ----------
    layers : list of dict
    members : int, default=0
        Networks of an ensemble, whose layers hold the neurons of all of them.
    """
    branches = [layer for layer in layers if "columns" in layer]
    chain = _chain([layer for layer in layers if "columns" not in layer], max(members, 1))
    if not branches:
        return _wrapped(f"{layers[0]['inputs'] if layers else 0} inputs ─ ", chain, "    ─ ")
    if members > 1 and chain:
        chain[-1] += f" (mean of {members})"
    rows = _by_branch(branches)
    if len(rows) > _MOST_BRANCHES:
        rest = rows[_MOST_BRANCHES - 1 :]
        rows = [*rows[: _MOST_BRANCHES - 1], (f"{len(rest)} more", sum(n for _, n in rest))]
    names = max(len(name) for name, _ in rows)
    digits = max(len(str(n)) for _, n in rows)
    inputs = str(max(branch["columns"][1] for branch in branches))
    middle = (len(rows) - 1) // 2
    lines, width = [], sum(n for _, n in rows)
    for i, (name, n) in enumerate(rows):
        start = f"{inputs if i == middle else '':>{len(inputs)}}"
        left, right = _corners(i, len(rows), middle)
        lines.append(f"{start} {left}─ {name} {'─' * (names - len(name) + 1)} {n:>{digits}} ─{right}")
    own = _wrapped(f"{lines[middle]} {width} ─ ", chain, " " * (len(lines[middle]) + 1) + "─ ")
    lines[middle] = own[0]
    return [*lines, *own[1:]]


def _by_branch(layers: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """(names of its layers, values that come out) of each branch."""
    found: dict[int, list[dict[str, Any]]] = {}
    for layer in layers:
        found.setdefault(layer["branch"], []).append(layer)
    return [(", ".join(map(_short_name, own)), own[-1]["outputs"]) for own in found.values()]


def _short_name(layer: dict[str, Any]) -> str:
    if layer["layer"].startswith(_OF_GRIDS):
        return str(layer["in_words"].partition(":")[0])
    return str(layer["layer"].replace("_", " "))


def _chain(layers: list[dict[str, Any]], members: int) -> list[str]:
    """A word for each layer of neurons, its activation function with it."""
    words: list[str] = []
    for layer in layers:
        kind = layer["layer"]
        if kind in ("dense", "member_dense"):
            words.append(f"{layer['outputs'] // members}")
        elif "activation" in kind and words:
            words[-1] += f" {layer['formula'].partition(':')[0]}"
        elif kind.startswith(_OF_GRIDS):
            words.append(layer["in_words"])
        elif kind not in _QUIET:
            words.append(f"{kind.replace('_', ' ')} {layer['outputs']}")
    return words


def _corners(i: int, n: int, middle: int) -> tuple[str, str]:
    """The signs at which a branch leaves and joins."""
    if n == 1:
        return "─", "─"
    if i == middle:
        return ("┼", "┼─") if 0 < i < n - 1 else ("┬", "┬─")
    return {0: ("┌", "┐"), n - 1: ("└", "┘")}.get(i, ("├", "┤"))


def _wrapped(start: str, words: list[str], indent: str) -> list[str]:
    """The words one behind the other, in lines that fit."""
    lines, line = [], start
    for i, word in enumerate(words):
        piece = word if i == len(words) - 1 else f"{word} ─ "
        if len(line) + len(piece) > _WIDTH and line.strip():
            lines.append(line.rstrip(" ─"))
            line = indent
        line += piece
    return [*lines, line.rstrip(" ─")]
