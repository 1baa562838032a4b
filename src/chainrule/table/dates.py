"""Dates and times written as text."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, time

from chainrule.table.cells import hours_of

__all__ = ["day_comes_first", "is_ambiguous", "moment_in", "says_date", "says_time", "time_in"]

_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r"(?: ?(?P<half>[AaPp])[Mm])?"
)
_DATE = (
    r"(?:(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})"
    r"|(?P<first>\d{1,2})[-/](?P<second_>\d{1,2})[-/](?P<year_>\d{4}|\d\d)"
    r"|(?P<day_>\d{1,2})[.](?P<month_>\d{1,2})[.](?P<year__>\d{4}))"
)
_MOMENTS = re.compile(rf"{_DATE}(?:[T ]{_TIME}(?: ?(?P<zone>Z|[+-]\d\d:?\d\d))?)?", re.ASCII)
_TIMES = re.compile(_TIME, re.ASCII)
_AMBIGUOUS = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](?:\d{4}|\d\d)(?:[T ].*)?", re.ASCII)


def moment_in(text: str, day_first: bool) -> datetime | None:
    """The date that a text says, with its time or midnight, if it says one; in UTC where it names a zone.

    Read are 2024-01-31 and 2024/1/31; 31.01.2024; 01/31/2024, 31/01/2024 and the like with hyphens, also with
    two digits for the year (69 to 99: 1969 to 1999); each alone or with a time such as 10:30, 10:30:05.25 or
    9:05 PM and a zone such as Z or +01:00; and what else of ISO 8601 begins with a year and a hyphen.

    Parameters
    ----------
    text : str
    day_first : bool
        03/04/2024 is the 3rd of April, not the 4th of March.
    """
    if text[4:5] == "-":  # by far the quickest way, where it is one
        with suppress(ValueError, OverflowError):
            return _in_utc(datetime.fromisoformat(text))
    match = _MOMENTS.fullmatch(text)
    if match is None:
        return None
    part = match.groupdict()
    first, second = (part["first"], part["second_"]) if day_first else (part["second_"], part["first"])
    year = _full_year(part["year"] or part["year_"] or part["year__"])
    try:
        clock = _clock(part) if part["hour"] else time()
        day = int(part["day"] or part["day_"] or first)
        moment = datetime.combine(datetime(year, int(part["month"] or part["month_"] or second), day), clock)
        zone = part["zone"]
        return _in_utc(datetime.fromisoformat(moment.isoformat() + zone)) if zone else moment
    except (ValueError, OverflowError):
        return None


def time_in(text: str) -> float | None:
    """The hours since midnight that a text such as 10:30, 10:30:05 or 9:05 PM says, if it says a time."""
    match = _TIMES.fullmatch(text)
    if match is None:
        return None
    with suppress(ValueError):
        return hours_of(_clock(match.groupdict()))
    return None


def says_date(text: str) -> bool:
    """Whether a text says a date, whichever number is the day."""
    if not text[:1].isdigit():  # most text is told from dates by this alone
        return False
    return moment_in(text, False) is not None or moment_in(text, True) is not None


def says_time(text: str) -> bool:
    """Whether a text says a time."""
    return time_in(text) is not None


def day_comes_first(texts: Iterable[str]) -> bool | None:
    """Which of the two is the day in dates such as 03/04/2024; None if no text settles it, or none is such.

    A number above 12 is a day. Where both places hold some, the more frequent one decides.
    """
    pairs = [match.groups() for match in map(_AMBIGUOUS.fullmatch, texts) if match]
    first, second = (sum(int(pair[place]) > 12 for pair in pairs) for place in (0, 1))
    return None if first == second else first > second


def is_ambiguous(texts: Iterable[str]) -> str | None:
    """The first text such as 03/04/2024, of which either number may be the day, and not both are the same."""
    pairs = ((text, _AMBIGUOUS.fullmatch(text)) for text in texts)
    return next((text for text, match in pairs if match and int(match[1]) != int(match[2])), None)


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _full_year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= 69 else 2000)


def _clock(part: dict[str, str | None]) -> time:
    hour = int(part["hour"] or 0)
    if part["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("the hours before and after noon go from 1 to 12")
        hour = hour % 12 + (12 if part["half"] in "Pp" else 0)
    microsecond = int((part["fraction"] or "0")[:6].ljust(6, "0"))
    return time(hour, int(part["minute"] or 0), int(part["second"] or 0), microsecond)
