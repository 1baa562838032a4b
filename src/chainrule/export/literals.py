"""Names, labels and numbers as literals that nobody can break out of."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["javascript_literal", "python_literal", "wrapped", "written_array", "written_numbers"]

_WIDTH = 100


def python_literal(value: bool | int | float | str) -> str:
    """The value in Python, text in double quotes where that takes no backslashes."""
    text = repr(value)
    return f'"{text[1:-1]}"' if text.startswith("'") and '"' not in text else text


def javascript_literal(value: bool | int | float | str) -> str:
    """The value in JavaScript; harmless in a comment and in a page's script element too."""
    if not isinstance(value, str):
        return json.dumps(value)
    text = "".join(json.dumps(sign, ensure_ascii=not sign.isprintable())[1:-1] for sign in value)
    return '"' + text.replace("<", "\\u003c").replace("*/", "*\\/") + '"'


def written_numbers(array: np.ndarray[Any, Any]) -> list[str]:
    """The fewest digits that give exactly these numbers again, the same in Python and in JavaScript."""
    if array.dtype == np.float64:
        return list(map(repr, array.tolist()))
    return [_written_single(value) for value in array]


def _written_single(value: np.float32) -> str:
    text = str(value)
    # Read in double precision and then rounded to float32, the shortest digits may end up at the neighbor.
    return text if np.float32(float(text)) == value else repr(float(value))


def written_array(array: np.ndarray[Any, Any], begin: str, end: str, indent: str) -> str:
    """The numbers in brackets between `begin` and `end`; a matrix has a line for each row."""
    if array.ndim == 1:
        return wrapped(written_numbers(array), f"{begin}[", f"]{end}")
    rows = [wrapped(written_numbers(row), f"{indent}[", "],") for row in array]
    return "\n".join([f"{begin}[", *rows, f"]{end}"])


def wrapped(items: Iterable[str], begin: str, end: str, indent: str | None = None) -> str:
    """The items, separated by commas, between `begin` and `end` in lines of about 100 characters.

    Parameters
    ----------
    indent : str, optional
        What every further line begins with; default: blanks, up to where the first item stands.
    """
    indent = " " * len(begin) if indent is None else indent
    *others, last = items
    lines = [begin]
    is_fresh = True
    for piece in [*(f"{item}," for item in others), last + end]:
        if not is_fresh and len(lines[-1]) + 1 + len(piece) > _WIDTH:
            lines.append(indent)
            is_fresh = True
        lines[-1] += piece if is_fresh else f" {piece}"
        is_fresh = False
    return "\n".join(lines)
