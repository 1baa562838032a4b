"""How much of a table file is read: what is larger is refused before it fills the memory."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields

from chainrule.errors import ParameterError, TableError

__all__ = ["DEFAULT_LIMITS", "TableLimits", "TooLargeError"]

_UNITS = {
    "bytes": "bytes",
    "rows": "rows",
    "columns": "columns",
    "field": "characters in a field",
    "levels": "different texts in a column",
}


class TooLargeError(TableError):
    """More than a limit allows; whoever cannot raise the limit is told what was `found` only."""

    def __init__(self, found: str, cure: str) -> None:
        super().__init__(found, cure)
        self.found, self.cure = found, cure

    def __str__(self) -> str:
        return f"{self.found}; {self.cure}"


@dataclass(frozen=True)
class TableLimits:
    """What of a table file is refused because it is too much; None lifts a limit.

    Parameters
    ----------
    bytes : int or None
        Of the file, unpacked; of Parquet of its columns, unpacked and as numbers of 8 bytes.
    rows : int or None
        Blank lines included.
    columns : int or None
    field : int or None
        Characters of one field of a text file. A line is read up to 16 MiB, or to 4 bytes for each of these
        characters where that is more.
    levels : int or None
        Different texts of one column.

    Raises
    ------
    ParameterError
        If a limit is neither None nor an integer above 0.
    """

    bytes: int | None = 1_000_000_000
    rows: int | None = 10_000_000
    columns: int | None = 10_000
    field: int | None = 131_072
    levels: int | None = 1_000_000

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and (type(value) is not int or value < 1):
                raise ParameterError(
                    f"the limit of {field.name} must be an integer above 0, or None to lift it, however: "
                    f"{value!r}"
                )

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "TableLimits":
        """Read ["rows=20000000", "bytes=none"]; what is not named stays as it is by default.

        Raises
        ------
        ParameterError
            For an unknown name, or another value than a number above 0 or "none".
        """
        chosen: dict[str, int | None] = {}
        for text in texts:
            name, _, value = text.partition("=")
            if name not in _UNITS or not re.fullmatch("none|[1-9][0-9]{0,17}", value):
                raise ParameterError(
                    f"{text!r:.80} is not NAME=N with a name of {', '.join(_UNITS)} and a number above 0, "
                    "or none to lift the limit"
                )
            chosen[name] = None if value == "none" else int(value)
        return cls(**chosen)

    def check(self, where: str, **found: int) -> None:
        """Refuse what is more than its limit.

        Parameters
        ----------
        where : str
            The file, and the line where it is known.
        found : int
            By the limit's name.

        Raises
        ------
        TooLargeError
        """
        for name, number in found.items():
            limit = getattr(self, name)
            if limit is not None and number > limit:
                raise self.refusal(where, name, f"{number:,}", number)

    def refusal(self, where: str, name: str, found: str, enough: int | None = None) -> TooLargeError:
        """The error for what is too much."""
        said = f"{where}: {found} {_UNITS[name]}, and at most {getattr(self, name):,} are read"
        return TooLargeError(said, _cure(name, enough))

    def too_long(self, what: str) -> TooLargeError:
        """The error for a field, or a line, without an end in sight."""
        return TooLargeError(what, _cure("field", None))


def _cure(name: str, enough: int | None) -> str:
    return (
        f"if that is meant, allow it with --limit {name}={enough or 'none'} "
        f"(in Python: limits=TableLimits({name}={enough}))"
    )


DEFAULT_LIMITS = TableLimits()
