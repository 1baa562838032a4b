"""Forecasters to plain data and arrays, and back: what a series is, its network, its last steps."""

from dataclasses import asdict, fields, replace
from math import isfinite
from typing import Any

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.files.checks import check_keys, set_parameters, take_array, take_known
from chainrule.files.container import Tensors
from chainrule.files.estimator_file import describe_estimator, load_estimator
from chainrule.files.plain import parameter_to_plain
from chainrule.files.times_file import check_times, describe_time, load_time

__all__ = ["LAST_STEPS", "describe_forecaster", "load_forecaster"]

LAST_STEPS = ("last_targets", "last_inputs")
"""Arrays in which a number may be missing."""

_SCALING = ("mean", "scale", "inputs_mean", "inputs_scale")
_NETWORK = "network."
_KEYS = {
    "parameters",
    "series",
    "windows",
    "horizon",
    "coverage",
    "fill",
    "n_windows",
    "errors",
    "share",
    "network",
}
_BACKENDS = (None, "pandas", "polars", "pyarrow", "modin", "cudf")
_MOST_LEVELS = 64
_MOST_STEPS = 1_000_000


def describe_forecaster(model: Any) -> tuple[dict[str, Any], Tensors]:
    """(description, arrays) of a fitted forecaster.

    Raises
    ------
    ModelFileError, ParameterError
        If it is not fitted, or a parameter is no plain data, or none that there can be.
    """
    from chainrule.estimators.forecast_checks import check_forecaster

    if not hasattr(model, "learned_"):
        raise ModelFileError("the Forecaster is not fitted; call fit before saving it")
    check_forecaster(model)
    learned, last = model.learned_, model.series_
    described_network, arrays = describe_estimator(model.network_)
    described: dict[str, Any] = {
        "kind": "Forecaster",
        "parameters": {
            name: parameter_to_plain(name, value) for name, value in model.get_params(deep=False).items()
        },
        "series": _describe_series(model.form_, last),
        "windows": asdict(learned.model.windows) | {"cycles": list(learned.model.windows.cycles)},
        "horizon": model.horizon_,
        "coverage": None if model.coverage_ is None else float(model.coverage_),
        "fill": learned.fill,
        "n_windows": int(learned.n_windows),
        "errors": {name: float(error) for name, error in learned.errors.items()},
        "share": float(learned.model.share),
        "network": described_network,
    }
    tensors: Tensors = {_NETWORK + name: array for name, array in arrays.items()}
    linear = learned.model.linear
    tensors |= {"linear.W": linear.W, "linear.b": linear.b, "linear.error": np.array(linear.error)}
    tensors |= {f"scaling.{name}": getattr(learned.scaling, name) for name in _SCALING}
    tensors |= dict(zip(LAST_STEPS, (last.targets, last.inputs), strict=True))
    if learned.residuals is not None:
        tensors["residuals"] = learned.residuals
    if not all(map(isfinite, learned.errors.values())):
        raise ModelFileError("the Forecaster cannot be saved: its errors are not finite; fit it again")
    return described, tensors


def _describe_series(form: Any, last: Any) -> dict[str, Any]:
    exogenous = [asdict(column) for column in form.exogenous]
    return {
        "targets": list(form.targets),
        "exogenous": [
            column | {"levels": None if column["levels"] is None else list(column["levels"])}
            for column in exogenous
        ],
        "time": None if form.time is None else describe_time(form.time),
        "of_array": form.of_array,
        "backend": last.backend,
        "first": int(last.first),
    }


def load_forecaster(described: dict[str, Any], tensors: Tensors) -> Any:
    """The forecaster that `describe_forecaster` described; takes its arrays out.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError, LookupError
        If it is not such a description.
    """
    from chainrule.estimators.forecaster import Forecaster

    check_keys(described, _KEYS)
    network = _network(described["network"], tensors)
    model = Forecaster()
    set_parameters(model, described["parameters"])
    model.form_ = _form(described["series"])
    windows = _windows(described["windows"])
    _check_sizes(described, windows, len(model.form_.targets), network)
    model.horizon_ = described["horizon"]
    last = _last_steps(described["series"], model.form_, windows, tensors)
    found = _learned(described, model.form_, windows, network, tensors)
    model._set_learned(found, last, _coverage(described["coverage"]))
    _check_that_it_computes(model)
    return model


def _network(described: dict[str, Any], tensors: Tensors) -> Any:
    if described["kind"] != "SequenceRegressor":
        raise ValueError(f"the network of a forecaster is a {described['kind']!r:.80}")
    plain = {name: value for name, value in described.items() if name != "kind"}
    names = [name for name in tensors if name.startswith(_NETWORK)]
    arrays = {name.removeprefix(_NETWORK): tensors.pop(name) for name in names}
    network = load_estimator("SequenceRegressor", plain, arrays)
    if arrays:
        raise ValueError(f"there are arrays that no network of this kind has: {sorted(arrays)!r:.200}")
    return network


def _last_steps(series: dict[str, Any], form: Any, windows: Any, tensors: Tensors) -> Any:
    from chainrule.estimators.forecast_series import Series

    widths = len(form.targets), sum(column.width for column in form.exogenous)
    targets, inputs = (
        take_known(tensors, name, (windows.reach, n)) for name, n in zip(LAST_STEPS, widths, strict=True)
    )
    last = Series(_whole(series["first"], "first", 0), targets, inputs, series["backend"])
    _check_backend(last.backend, form)
    return last


def _learned(described: dict[str, Any], form: Any, windows: Any, network: Any, tensors: Tensors) -> Any:
    from chainrule.estimators.forecast_fit import Learned
    from chainrule.estimators.forecast_model import ForecastModel, Scaling

    k, m = len(form.targets), sum(column.width for column in form.exogenous)
    scaling = Scaling(
        *(take_array(tensors, f"scaling.{name}", (k if i < 2 else m,)) for i, name in enumerate(_SCALING))
    )
    if not ((scaling.scale > 0).all() and (scaling.inputs_scale > 0).all()):
        raise ValueError("a scale is not positive")
    residuals = None
    if described["coverage"] is not None:
        residuals = take_array(tensors, "residuals", (None, described["horizon"], k))
    if type(described["fill"]) is not bool:
        raise ValueError(f"fill is {described['fill']!r:.80}")
    return Learned(
        ForecastModel(windows, network, _linear(tensors, network.n_outputs_), _share(described["share"])),
        scaling,
        _whole(described["n_windows"], "n_windows", 1),
        described["fill"],
        _errors(described["errors"]),
        residuals,
    )


def _linear(tensors: Tensors, n_outputs: int) -> Any:
    from chainrule.estimators.forecast_linear import LinearModel

    W, b = take_array(tensors, "linear.W", (n_outputs, None)), take_array(tensors, "linear.b", (n_outputs,))
    error = float(take_array(tensors, "linear.error", ()))
    if error < 0:
        raise ValueError(f"the error of the linear part is {error!r:.80}")
    return LinearModel(W, b, error)


def _share(value: Any) -> float:
    if type(value) is not float or not 0 <= value <= 1:
        raise ValueError(f"the network's share is {value!r:.80}")
    return value


def _form(series: dict[str, Any]) -> Any:
    from chainrule.estimators.forecast_series import Exogenous, SeriesForm

    check_keys(series, {"targets", "exogenous", "time", "of_array", "backend", "first"})
    targets, of_array = _texts(series["targets"]), _whole(series["of_array"], "of_array", 0)
    columns = []
    for column in series["exogenous"]:
        check_keys(column, {"name", "levels", "known"})
        levels = None if column["levels"] is None else _texts(column["levels"])
        if type(column["known"]) is not bool or (levels is not None and len(levels) > _MOST_LEVELS):
            raise ValueError(f"the column {column['name']!r:.80} cannot be")
        columns.append(Exogenous(column["name"], levels, column["known"]))
    time = None if series["time"] is None else load_time(series["time"])
    names = _texts([*targets, *(column.name for column in columns), *([time.name] if time else [])])
    if len(set(names)) < len(names) or not targets or of_array > 2 or (of_array and (columns or time)):
        raise ValueError(f"the columns {list(names)!r:.200} are not those of a series")
    return SeriesForm(targets, tuple(columns), time, of_array)


def _windows(described: dict[str, Any]) -> Any:
    from chainrule.estimators.forecast_windows import CYCLES, DIFFERENCES, Windows

    check_keys(described, {field.name for field in fields(Windows)})
    counts = {name: _whole(described[name], name, 1) for name in ("window", "block", "season")}
    difference, cycles = described["difference"], _texts(described["cycles"])
    if difference not in DIFFERENCES or not set(cycles) <= set(CYCLES) or len(set(cycles)) < len(cycles):
        raise ValueError(f"windows of difference {difference!r:.80} and cycles {cycles!r:.80}")
    return Windows(**counts, difference=difference, cycles=cycles)


def _check_sizes(described: dict[str, Any], windows: Any, k: int, network: Any) -> None:
    """Refuse numbers of steps that the network does not have, before anything of that size is made."""
    horizon = _whole(described["horizon"], "horizon", 1)
    if windows.block not in (1, horizon) or windows.block * k != network.n_outputs_:
        raise ValueError(f"{windows.block} steps of {horizon} do not fit {network.n_outputs_} outputs")
    if max(horizon, windows.reach) > _MOST_STEPS:
        raise ValueError(f"a horizon of {horizon:,} steps")


def _check_backend(backend: Any, form: Any) -> None:
    if backend not in _BACKENDS or (backend is None) != bool(form.of_array):
        raise ValueError(f"forecasts as a frame of {backend!r:.80}")


def _errors(described: dict[str, Any]) -> dict[str, float]:
    from chainrule.estimators.forecast_windows import DIFFERENCES

    if not set(described) <= set(DIFFERENCES) or not all(
        type(error) is float and error >= 0 for error in described.values()
    ):
        raise ValueError(f"the errors of differences are {described!r:.80}")
    return dict(described)


def _coverage(value: Any) -> float | None:
    if value is not None and (type(value) is not float or not 0 < value < 1):
        raise ValueError(f"the coverage is {value!r:.80}")
    return value


def _whole(value: Any, name: str, least: int) -> int:
    if type(value) is not int or not least <= value <= _MOST_STEPS**2:
        raise ValueError(f"{name} is {value!r:.80}")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(type(value) is str for value in values):
        raise ValueError(f"names are {values!r:.80}")
    "".join(values).encode()  # half a character is no name that a frame can have
    return tuple(values)


def _check_that_it_computes(model: Any) -> None:
    """Tell the steps behind the last one, as if none were missing; series, windows and network must fit."""
    found, form, last = model.learned_, model.form_, model.series_
    if form.time is not None:
        check_times(form.time.grid, last.behind + model.horizon_)
    known = np.zeros((found.model.windows.block, int(form.are_known.sum())))
    timeline = found.timeline(last, form, known)
    if np.isinf(timeline.targets).any() or np.isinf(timeline.inputs).any():
        raise ValueError("the last steps are too large for their scale")
    whole = replace(timeline, targets=np.nan_to_num(timeline.targets), inputs=np.nan_to_num(timeline.inputs))
    told = found.model.told(whole, np.array([len(last)]), found.model.windows.block)
    bounds = model._bounds(model.horizon_, None)
    if not np.isfinite(found.scaling.unscaled(told if bounds is None else told + bounds)).all():
        raise ValueError("what it tells is not finite")
