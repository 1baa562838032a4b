"""Reading a time series: frames of any library, and arrays, as numbers on a regular grid."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.forecast_column import TimeColumn
from chainrule.estimators.forecast_series import Exogenous, Series, SeriesForm
from chainrule.estimators.forecast_times import Grid, check_density
from chainrule.estimators.rows import not_masked
from chainrule.table.cells import cells_of_series
from chainrule.table.names import absent_message, wrapped_frame

__all__ = ["columns_or_those_of", "places_and_rows", "read_form", "read_future", "read_series"]

Array = Any

_DAY = np.timedelta64(1, "D")
_LARGEST = 1e150


def read_form(data: Any, target: Any, time: str | None, known: Sequence[str]) -> SeriesForm:
    """Find out what a series consists of.

    Raises
    ------
    ParameterError, TableError
    """
    if not _is_frame(data):
        given = {"target": target, "time": time, "known": known or None}
        if named := {name: value for name, value in given.items() if value is not None}:
            raise ParameterError(
                f"the columns of an array have no names, however: {named!r:.200}; give a frame, or leave "
                "that out"
            )
        values = _array(data)
        return SeriesForm(tuple(f"y{i}" for i in range(values.shape[1])), of_array=np.ndim(data))
    frame = _frame(data)
    targets, known = _names("target", target), _names("known", known)
    if not targets:
        raise ParameterError(f"target must name a column of the frame, or several, however: {target!r:.200}")
    _check_there(frame, (*targets, *known, *([] if time is None else [time])))
    counts = Counter((*targets, *known, time))
    if twice := [name for name, count in counts.items() if count > 1]:
        raise ParameterError(
            f"a column is one of target, time and known, and named once, however {twice[0]!r:.80} is named "
            f"{counts[twice[0]]} times"
        )
    others = [name for name in frame.columns if name not in targets and name != time]
    exogenous = tuple(Exogenous.of(cells_of_series(frame.get_column(n), n), n in known) for n in others)
    column = None if time is None else _time_column(frame, time)
    return SeriesForm(targets, exogenous, column)


def columns_or_those_of(
    form: SeriesForm | None, data: Any, target: Any, time: str | None, known: Sequence[str] | None
) -> tuple[Any, str | None, Sequence[str]]:
    """(target, time, known): of a frame what is not given is that of a form there is already."""
    if form is not None and not form.of_array and _is_frame(data):
        target = list(form.targets) if target is None else target
        time = form.time.name if time is None and form.time is not None else time
        known = form.known if known is None else known
    return target, time, known or ()


def read_series(data: Any, form: SeriesForm) -> Series:
    """The numbers of a series of that form, in the order of time; times that are left out are missing.

    Raises
    ------
    ParameterError, TableError
    """
    if form.of_array:
        values = _array(data)
        if _is_frame(data) or values.shape[1] != len(form.targets):
            raise ParameterError(f"the series must be an array of {len(form.targets)} columns as in fit")
        return Series(0, values, np.empty((len(values), 0)))
    frame = _frame(data)
    columns = (*form.targets, *(c.name for c in form.exogenous))
    targets = np.column_stack([_numbers(frame, name) for name in form.targets])
    _check_size(targets, f"the target{'s' * (len(form.targets) > 1)} {', '.join(form.targets)!r:.80}")
    first, positions = _positions(frame, form, columns)
    inputs = _inputs(frame, form.exogenous)
    n = int(positions.max()) + 1
    check_density(n, len(frame))
    whole = [np.full((n, values.shape[1]), np.nan) for values in (targets, inputs)]
    for grid, values in zip(whole, (targets, inputs), strict=True):
        grid[positions] = values
    return Series(first, whole[0], whole[1], frame.implementation.value)


def read_future(future: Any, form: SeriesForm, first: int, steps: int) -> Array:
    """The known columns (steps, their numbers) from a place of the grid on.

    Raises
    ------
    ParameterError, TableError
    """
    if not form.known:
        if future is not None:
            raise ParameterError("future must be left out, as no columns were named as known in fit")
        return np.empty((steps, 0))
    if future is None:
        raise ParameterError(
            f"future must be a frame with the columns {list(form.known)!r:.200}, known ahead, however: None"
        )
    frame = _frame(future)
    begin, positions = _positions(frame, form, form.known)
    values = _inputs(frame, [column for column in form.exogenous if column.known])
    whole = np.full((steps, values.shape[1]), np.nan)
    places = positions + (begin - first if form.time else 0)
    inside = (places >= 0) & (places < steps)
    whole[places[inside]] = values[inside]
    missing = np.isnan(whole).any(axis=1) | ~np.isin(np.arange(steps), places)
    if missing.any():
        step = int(np.flatnonzero(missing)[0])
        when = f"step {step + 1}"
        if form.time is not None:
            when += f", {form.time.grid.times(np.array([first + step]))[0]!s}"
        raise ParameterError(
            f"future must have a row without missing numbers for each of the {steps} steps, however not for "
            f"{when}"
        )
    return whole


def places_and_rows(data: Any, form: SeriesForm) -> tuple[Array, Callable[[Array], Any]]:
    """(each row's place, counted from the first; a function that takes the rows of a mask)."""
    if form.of_array:
        values = np.asarray(data)
        return np.arange(len(values)), lambda mask: values[mask]
    frame = _frame(data)
    places = _positions(frame, form, form.targets)[1]
    return places, lambda mask: frame[np.flatnonzero(mask).tolist()]


def _is_frame(data: Any) -> bool:
    import narwhals as nw

    return nw.dependencies.is_into_dataframe(data) or isinstance(data, nw.DataFrame)


def _frame(data: Any) -> Any:
    if not _is_frame(data):
        raise ParameterError(
            "a pandas, polars or pyarrow frame is needed, as fit was given one, however: "
            f"{type(data).__name__}"
        )
    frame = wrapped_frame(data)
    if not len(frame):
        raise ParameterError("the frame must have rows, however it is empty")
    return frame


def _array(data: Any) -> Array:
    try:
        values = np.asarray(not_masked(data, "data"), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"data must be a pandas, polars or pyarrow frame, or an array of numbers: {error}"
        ) from None
    if values.ndim not in (1, 2) or not values.size:
        raise ParameterError(
            "data must be a frame, or an array (n,) or (n, targets) with rows, however its shape: "
            f"{values.shape}"
        )
    values = values.reshape(len(values), -1)
    _check_size(values, "data")
    return values


def _names(what: str, given: Any) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else given
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        if given is None:
            return ()
        raise ParameterError(f"{what} must be the name of a column, or several, however: {given!r:.200}")
    return tuple(names)


def _check_there(frame: Any, names: Sequence[str]) -> None:
    if absent := [name for name in names if name not in frame.columns]:
        raise ParameterError(absent_message(absent, frame.columns))


def _numbers(frame: Any, name: str) -> Array:
    _check_there(frame, [name])
    cells = cells_of_series(frame.get_column(name), name)
    if cells.type not in ("number", "boolean", "empty"):
        raise ParameterError(
            f"the target {name!r:.80} must hold numbers, however it holds {cells.type} values"
        )
    return cells.numbers()


def _inputs(frame: Any, columns: Sequence[Exogenous]) -> Array:
    _check_there(frame, [column.name for column in columns])
    found = [column.values(cells_of_series(frame.get_column(column.name), column.name)) for column in columns]
    values = np.concatenate([np.empty((len(frame), 0)), *found], axis=1)
    _check_size(values, f"the columns {[column.name for column in columns]!r:.200}")
    return values


def _check_size(values: Array, what: str) -> None:
    """Refuse numbers whose squares are none."""
    large = (np.abs(values) > _LARGEST).any(axis=1)
    if large.any():
        raise ParameterError(
            f"{what} must be missing or numbers up to {_LARGEST:g}, however not so in row {large.argmax()}"
        )


def _positions(frame: Any, form: SeriesForm, columns: Sequence[str]) -> tuple[int, Array]:
    """(first place on the grid, each row's place counted from it)."""
    _check_there(frame, columns)
    if form.time is None:
        return 0, np.arange(len(frame))
    _check_there(frame, [form.time.name])
    utc, clock, _ = _moments(frame, form.time.name)
    times = utc if form.time.in_utc else clock
    positions = form.time.grid.positions(times)
    _check_different(positions, times)
    return int(positions.min()), positions - positions.min()


def _time_column(frame: Any, name: str) -> TimeColumn:
    utc, clock, zone = _moments(frame, name)
    dtype = frame.get_column(name).dtype
    if len(utc) < 2:
        raise ParameterError(f"a series must have two rows at least, however: {len(utc)}")
    choices = [(utc, zone is not None), (clock, False)]
    if zone is not None and np.diff(np.sort(clock)).min() >= _DAY:
        choices.reverse()  # a day is as long as clocks say, and an hour as it is
    refusal = None
    for times, in_utc in choices[: 1 if zone is None else 2]:
        ordered = np.sort(times)
        _check_different(ordered, ordered)
        try:
            return TimeColumn.of(name, Grid.of(ordered), dtype, zone, in_utc)
        except ParameterError as error:
            refusal = refusal or error
    raise refusal  # type: ignore[misc]


def _moments(frame: Any, name: str) -> tuple[Array, Array, str | None]:
    """(times, as clocks show them, time zone); times without a zone, and numbers, are both."""
    series = frame.get_column(name)
    cells = cells_of_series(series, name)
    if cells.type not in ("moment", "number"):
        raise ParameterError(
            f"the time column {name!r:.80} must hold datetimes, dates or numbers, however it holds "
            f"{cells.type} values; convert it first, as with pandas.to_datetime"
        )
    if cells.missing.any():
        raise ParameterError(
            f"the time column {name!r:.80} must have no missing values, however row "
            f"{int(cells.missing.argmax())} has one"
        )
    zone = getattr(series.dtype, "time_zone", None)
    if zone is None:
        times = cells.values
        if cells.type == "number":
            if not np.isfinite(times.astype(np.float64)).all():
                raise ParameterError(
                    f"the time column {name!r:.80} must be finite, however it has infinities"
                )
            times = times.astype(np.int64 if times.dtype.kind in "iu" else np.float64)
        return times, times, None
    clock = cells_of_series(series.dt.replace_time_zone(None), name)
    return cells.values, clock.values, zone


def _check_different(places: Array, times: Array) -> None:
    different, counts = np.unique(places, return_counts=True)
    if (counts > 1).any():
        twice = times[np.flatnonzero(places == different[counts.argmax()])[0]]
        raise ParameterError(
            f"every time must occur once, however {int(counts.max())} rows are of {twice!s}; keep one of "
            "them, or fit one series after the other"
        )
