"""The calendar in arithmetic: from days since 1970-01-01 to the parts of a date.

Years are taken to begin on the first of March, so that the day of a leap year is the last one, and days are
counted in eras of 400 years, all of which are alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.export.onnx_value import where

__all__ = ["PARTS", "Moment", "moment_of"]

Array = Any

_DAYS_OF_ERA = 146_097
_FIRST_OF_MARCH_OF_YEAR_0 = -719_468  # in days since 1970-01-01


@dataclass(frozen=True)
class Moment:
    """A moment on the way to its parts.

    Attributes
    ----------
    days : Array
        Since 1970-01-01, with the time of day as a fraction.
    day : Array
        The whole ones of them.
    era : Array
        Of 400 years.
    year : Array
        Within the era, from March on.
    day_of_year : Array
        From 0, the first of March.
    month : Array
        From 0, March.
    """

    days: Array
    day: Array
    era: Array
    year: Array
    day_of_year: Array
    month: Array

    @property
    def is_before_march(self) -> Array:
        """Whether it is January or February, which belong to the year that began in March before."""
        return self.month >= 10


def moment_of(days: Array) -> Moment:
    """Split days (n, 1), NaN where missing, into the parts from which all others follow."""
    day = np.floor(days)
    since = day - _FIRST_OF_MARCH_OF_YEAR_0
    era = np.floor(since / _DAYS_OF_ERA)
    of_era = since - era * _DAYS_OF_ERA
    # The leap days of 4 years, of 100 that have none, and the last day of the era.
    leap = np.floor(of_era / 1460) - np.floor(of_era / 36_524) + np.floor(of_era / 146_096)
    year = np.floor((of_era - leap) / 365)
    day_of_year = of_era - (365 * year + np.floor(year / 4) - np.floor(year / 100))
    return Moment(days, day, era, year, day_of_year, np.floor((5 * day_of_year + 2) / 153))


def _year(m: Moment) -> Array:
    return m.year + 400 * m.era + where(m.is_before_march, 1.0, 0.0)


def _month(m: Moment) -> Array:
    return m.month + where(m.is_before_march, -9.0, 3.0)


def _day_of_month(m: Moment) -> Array:
    return m.day_of_year - np.floor((153 * m.month + 2) / 5) + 1


def _weekday(m: Moment) -> Array:
    since = m.day + 3  # day 0, 1 January 1970, was a Thursday
    return since - 7 * np.floor(since / 7)


def _day_of_year(m: Moment) -> Array:
    is_leap = _divides(m.year, 4) - _divides(m.year, 100) + _divides(m.year, 400)
    return m.day_of_year + where(m.is_before_march, -305.0, 60 + is_leap)


def _divides(year: Array, divisor: int) -> Array:
    return where(np.equal(year, divisor * np.floor(year / divisor)), 1.0, 0.0)


def _hour(m: Moment) -> Array:
    return (m.days - m.day) * 24


PARTS: dict[str, Callable[[Moment], Array]] = {
    "year": _year,
    "month": _month,
    "day": _day_of_month,
    "weekday": _weekday,
    "day of year": _day_of_year,
    "hour": _hour,
}
"""The parts that a column of dates may become, by the names they have there."""
