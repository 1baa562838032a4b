"""Forecasts and their scores as a table of the library in which the series came."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from chainrule.estimators.forecast_series import SeriesForm

__all__ = ["forecast_table", "table_of"]

Array = Any


def forecast_table(form: SeriesForm, places: Array, values: Array, backend: Any) -> Any:
    """Forecasts (1 or 3, steps, targets), the lower and upper bounds behind them, as the series was given.

    A frame with times, targets and bounds; or an array with their columns in this order, (steps,) where the
    series was one and there are no bounds.

    Raises
    ------
    ImportError
        If the library of the frame is not installed.
    """
    columns = {}
    for k, name in enumerate(form.targets):
        for ending, column in zip(("", "_low", "_high"), values[:, :, k], strict=False):
            columns[name + ending] = column
    if form.of_array:
        table = np.column_stack(list(columns.values()))
        return table[:, 0] if form.of_array == 1 and len(columns) == 1 else table
    if backend is None or form.time is None:
        return table_of(columns, backend)
    import narwhals as nw

    _check_library(backend)

    # added to the frame of times: from_dict would drop their zone
    added = [nw.new_series(name, column, backend=backend) for name, column in columns.items()]
    return form.time.column(places, backend).to_frame().with_columns(*added).to_native()


def table_of(columns: Mapping[str, Any], backend: Any) -> Any:
    """A frame of a library; a dict of columns where there is none."""
    if backend is None:
        return dict(columns)
    import narwhals as nw

    _check_library(backend)
    return nw.from_dict(dict(columns), backend=backend).to_native()


def _check_library(backend: str) -> None:
    if find_spec(backend) is None:
        raise ImportError(
            f"forecasts come as a frame of {backend}, as the series did, which is not installed: pip install "
            f"{backend}; or give history= as a frame of another library"
        )
