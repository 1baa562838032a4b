"""Which kind a column is: told by the user, or inferred from its values."""

import re
from warnings import warn

import numpy as np

from chainrule.errors import DegradedWarning, TableError
from chainrule.table.calendar import Calendar
from chainrule.table.category import Boolean, Category
from chainrule.table.cells import Cells
from chainrule.table.dates import says_date, says_time
from chainrule.table.ignored import Ignored
from chainrule.table.mixed import Mixed, number_in
from chainrule.table.number import Number
from chainrule.table.typed import TypedColumn
from chainrule.table.values import COMMAS, NUMBERS
from chainrule.table.words import Text

__all__ = ["KINDS", "infer_kind", "typed_column"]

KINDS: dict[str, type[TypedColumn]] = {
    kind.kind: kind for kind in (Number, Category, Boolean, Calendar, Text, Mixed, Ignored)
}

_NEARLY_ALL = 0.9
_MOST = 0.5
_FEW_NUMBERS = 30  # numbers written as text are codes if they are so few, quantities if more
_FEW_MIXED = 20
_FEWEST_ROWS_OF_AN_ID = 20
_WORDS_OF_A_SENTENCE = 3
_LETTERS_OF_A_SENTENCE = 40

_LEADING_ZERO = re.compile(r"[+-]?0[0-9]")
_SEPARATOR = re.compile(r"\W")


def typed_column(cells: Cells, kind: str | None = None) -> TypedColumn:
    """Learn from a column, as the kind that is told, or else inferred.

    A column without any value is ignored whatever is told: there is nothing to learn. Without being told, so
    are a column with one value in every row, and an identifier.
    """
    if cells.type == "empty":
        return Ignored.learn(cells, "empty")
    if kind is None:
        if _is_constant(cells):
            return Ignored.learn(cells, "constant")
        kind = infer_kind(cells)
        if kind == "identifier":
            _tell_identifier(cells.name)
            return Ignored.learn(cells, "identifier")
    return KINDS[kind].learn(cells)


def infer_kind(cells: Cells) -> str:
    """Infer the kind of a column that has several values; "identifier" for one that is better left out.

    Numbers, booleans, dates and the library's own categories are what their type says. Text is, the first of
    these that holds:

    - dates, if at least 90 % of the values are dates (`moment_in`), or at least 90 % times;
    - numbers, if all are, none is written with leading zeros, and there are more than 30 different ones (or
      at least 20 rows, each with another one);
    - mixed, if at least half of them are numbers and there are more than 20 different ones;
    - text, if more than half of the values are different, and they have on average at least 3 words, or more
      than 40 characters and several words;
    - an identifier, if there are at least 20 rows, each with another value;
    - otherwise categories.

    Raises
    ------
    TableError
        For numbers with commas, which could be read in two ways; names the column and shows one.
    """
    if cells.type in ("number", "boolean", "category"):
        return cells.type
    return "date" if cells.type != "text" else _kind_of_text(cells)


def _kind_of_text(cells: Cells) -> str:
    texts, n = cells.factors[0], int(cells.counts.sum())
    _refuse_commas(cells)
    if any(cells.share(map(says, texts)) >= _NEARLY_ALL for says in (says_date, says_time)):
        return "date"
    are_numbers = [number_in(text) is not None for text in texts]
    is_identifier = len(texts) == n >= _FEWEST_ROWS_OF_AN_ID
    if all(are_numbers):
        if (len(texts) > _FEW_NUMBERS or is_identifier) and not any(map(_LEADING_ZERO.match, texts)):
            return "number"
    elif len(texts) > _FEW_MIXED and cells.share(are_numbers) >= _MOST:
        return "mixed"
    if len(texts) > _MOST * n and _are_sentences(cells):
        return "text"
    return "identifier" if is_identifier else "category"


def _are_sentences(cells: Cells) -> bool:
    texts = cells.factors[0]
    words = np.average([len(text.split()) for text in texts], weights=cells.counts)
    letters = np.average([len(text) for text in texts], weights=cells.counts)
    several = cells.share([_SEPARATOR.search(text.strip()) is not None for text in texts]) >= _MOST
    return bool(words >= _WORDS_OF_A_SENTENCE or (letters > _LETTERS_OF_A_SENTENCE and several))


def _is_constant(cells: Cells) -> bool:
    if cells.missing.any():
        return False
    if cells.type == "number":
        cells.numbers()  # an infinite one is refused, not ignored
    return (
        len(cells.texts) == 1
        if cells.type in ("text", "category")
        else not (cells.values != cells.values[0]).any()
    )


def _refuse_commas(cells: Cells) -> None:
    texts = cells.factors[0]
    with_comma = [re.match(COMMAS, text) is not None for text in texts]
    if not any(with_comma):
        return
    either = [comma or bool(re.match(NUMBERS, text)) for comma, text in zip(with_comma, texts, strict=True)]
    if cells.share(either) >= _NEARLY_ALL:
        raise TableError(
            f"column {cells.name!r:.80} holds numbers with commas (such as "
            f"{texts[with_comma.index(True)]!r:.80}), which would be taken for text; "
            "write 1.5 for 1,5 and 1234.5 for 1,234.5, or leave it out"
        )


def _tell_identifier(name: str) -> None:
    warn(
        f"column {name!r:.80} has another value in every row, as an identifier has, and nothing can be "
        "learned from it; it is ignored; if it is none, tell its kind: a category, or text whose words are "
        "read",
        DegradedWarning,
        stacklevel=2,
    )
