"""Rows that came in a request, and where in it each of them stands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chainrule.errors import TableError
from chainrule.serving.request_error import RequestError
from chainrule.table.frame import Table
from chainrule.table.values import RowError

__all__ = ["Body"]


@dataclass(frozen=True)
class Body:
    """Rows that have been read.

    Parameters
    ----------
    table : Table
    place : function
        Where a row, counted from 0, stands: "rows[3]", "line 5".
    """

    table: Table
    place: Callable[[int], str]

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Refuse what is wrong with the table, and name its place in the request."""
        try:
            yield
        except RowError as error:
            place = self.place(error.row)
            raise RequestError(422, f"{error.before}{place}{error.after}", place) from None
        except TableError as error:
            raise RequestError(422, str(error)) from None
