"""Rows in JSON: {"rows": [{"age": 31, "city": "Rome"}, ...]}, or one as {"row": {...}}."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.serving.body import Body
from chainrule.serving.columns import LARGEST, InputColumn
from chainrule.serving.request_error import RequestError
from chainrule.table.cells import cells_of_array
from chainrule.table.frame import Table
from chainrule.table.names import absent_message

__all__ = ["read_json", "table_of"]

Rows = Sequence[dict[str, Any]]
Place = Callable[[int], str]

_FORM = 'send {"rows": [{column: value, ...}, ...]} or {"row": {column: value, ...}}'


def read_json(content: bytes, columns: Sequence[InputColumn], max_rows: int) -> Body:
    """Read rows; each needs all columns, and may have further ones, which are ignored.

    Raises
    ------
    RequestError
        For what is no JSON (numbers that are not finite, a name twice in an object), other forms, too many
        rows, absent columns and values of other types.
    """
    document = _parsed(content, max_rows)
    if type(document) is not dict or len(document) != 1 or not document.keys() <= {"rows", "row"}:
        raise RequestError(422, f"the body has another form than one of two: {_FORM}")
    if "row" in document:
        rows, places = [document["row"]], ["row"]
    else:
        rows, places = document["rows"], None
    if type(rows) is not list or not rows:
        raise RequestError(422, f"rows must be a list of at least one row; {_FORM}", "rows")
    if len(rows) > max_rows:
        raise _too_many_rows(max_rows)

    def place(row: int) -> str:
        return places[row] if places else f"rows[{row}]"

    for number, row in enumerate(rows):
        if type(row) is not dict:
            raise RequestError(422, f"a row must be an object; {_FORM}", place(number))
    _check_columns(rows, columns, place)
    return Body(table_of(rows, columns), place)


def table_of(rows: Rows, columns: Sequence[InputColumn]) -> Table:
    """The table of rows that have all columns, with values of the right types."""
    names = tuple(column.name for column in columns)

    def cells(place: int) -> Any:
        name = names[place]
        return cells_of_array(np.array([row[name] for row in rows], dtype=object), name)

    def part(mask: np.ndarray) -> Table:
        return table_of([rows[row] for row in np.flatnonzero(mask).tolist()], columns)

    return Table(names, len(rows), cells, part)


def _parsed(content: bytes, max_rows: int) -> Any:
    left = max_rows + 1  # one object per row, and the one around them

    def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal left
        left -= 1
        if left < 0:
            raise _too_many_rows(max_rows)
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            name = next(name for name in names if names.count(name) > 1)
            raise RequestError(400, f"an object names {name!r:.80} twice; name it once")
        return found

    try:
        return json.loads(
            content.decode("utf-8-sig"), object_pairs_hook=as_object, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise RequestError(400, f"the body is not UTF-8: {error.reason}", f"byte {error.start}") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RequestError(400, f"the body is not JSON: {error.msg}", where) from None
    except RecursionError:
        raise RequestError(400, f"the body is nested too deeply; {_FORM}") from None
    except ValueError:
        raise RequestError(400, "the body holds a number of too many digits; shorten it") from None


def _refuse_constant(name: str) -> None:
    raise RequestError(400, f"{name} is not JSON; send null where a value is missing")


def _too_many_rows(max_rows: int) -> RequestError:
    return RequestError(413, f"at most {max_rows:,} rows are answered at a time; send them in parts", "rows")


def _check_columns(rows: Rows, columns: Sequence[InputColumn], place: Place) -> None:
    for column in columns:
        try:
            values = [row[column.name] for row in rows]
        except KeyError:
            number = next(number for number, row in enumerate(rows) if column.name not in row)
            absent = [column.name for column in columns if column.name not in rows[number]]
            message = absent_message(absent, list(rows[number])).replace("the table", "the row", 1)
            raise RequestError(422, message, place(number)) from None
        found = set(map(type, values))
        if not found <= column.classes:
            number = next(number for number, value in enumerate(values) if type(value) not in column.classes)
            types = " or ".join(column.json_types)
            message = f"column {column.name!r} takes {types}, however: {_shown(values[number])}"
            raise RequestError(422, message, f"{place(number)}.{column.name}")
        if found & {int, float}:
            _check_finite(column.name, values, place)


def _check_finite(name: str, values: Sequence[Any], place: Place) -> None:
    for number, value in enumerate(values):
        if type(value) in (int, float) and not -LARGEST <= value <= LARGEST:
            message = f"column {name!r} holds a number beyond {LARGEST:.1e}; send a smaller one"
            raise RequestError(422, message, f"{place(number)}.{name}")


def _shown(value: Any) -> str:
    if isinstance(value, list | dict):
        return "an array" if isinstance(value, list) else "an object"
    return f"{json.dumps(value):.80}"
