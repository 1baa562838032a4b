"""How good are forecasts by networks beside the seasonal naive one, linear autoregression and boosted trees?

    python benchmarks/forecasting.py [--data FOLDER] [--sets bike,traffic,eeg] [--results [FILE]]

Rolling origin: each of the splits is told by what was learned from all that lies before it, `horizon` steps
at a time, the values before each origin known. Splits and origins are the same for all systems.

  bike      UCI bike sharing by the hour, 2011 and 2012: FOLDER/bike_hour/data.csv.gz. 165 hours are missing:
            filled in from the past to be read, never an answer. Working day and holiday are known ahead,
            weather is not. 24 hours ahead; the last 3 · 28 days
  traffic   UCI Metro interstate traffic volume: FOLDER/traffic_volume/data.csv.gz. This copy has lost its
            times; its rows are in their order, but hours are missing or double, so that 24 rows are about a
            day. 24 rows ahead; the last 3 · 672 of the last 20,000
  eeg       four channels of an electroencephalogram, 800 samples, which come with matplotlib. 8 samples
            ahead; the last 3 · 64

  naive     the value a season before (168 hours, 24 rows); of the EEG the last value
  ridge     linear autoregression: all steps at once from the last `lags` values, further columns at the
            last step, the calendar, and what is known; its penalty chosen by leave-one-out
  trees     HistGradientBoosting: one model for all steps, from the last 48 values, further columns at the
            last step, the value a season before the step, the step, its calendar, and what is known of it
  dense, lstm   Forecaster with its defaults but for what is in NETWORKS and in each set
"""

import argparse
import json
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import chainrule
from chainrule import Forecaster

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "shared" / "data"
RESULTS = HERE / "results" / "forecasting.json"
MOST_TREE_ROWS = 100_000

NETWORKS: dict[str, dict[str, Any]] = {
    "dense": {"cell": "dense"},
    "lstm": {"cell": "lstm", "units": 32},
}


class Set(NamedTuple):
    """A series, and how it is told."""

    frame: pd.DataFrame
    targets: list[str]
    time: str | None
    known: list[str]
    horizon: int
    season: int
    lags: int
    test_steps: int
    forecaster: dict[str, Any]
    splits: int = 3


def bike(folder: Path) -> Set | None:
    path = folder / "bike_hour" / "data.csv.gz"
    if not is_there("bike", path):
        return None
    table = pd.read_csv(path)
    days = pd.to_datetime(table["dteday"], format="%m/%d/%Y")
    table["time"] = days + pd.to_timedelta(table["hr"], unit="h")
    known = ["workingday", "holiday"]
    frame = table[["time", "cnt", "temp", "hum", "windspeed", *known]]
    options = {"missing": "fill"}
    return Set(frame, ["cnt"], "time", known, 24, 168, 168, 28 * 24, options)


def traffic(folder: Path) -> Set | None:
    path = folder / "traffic_volume" / "data.csv.gz"
    if not is_there("traffic", path):
        return None
    table = pd.read_csv(path).rename(columns={"Rush Hour": "rush_hour"})[-20_000:]
    frame = table[["traffic_volume", "temp", "clouds_all", "rush_hour"]].reset_index(drop=True)
    return Set(frame, ["traffic_volume"], None, [], 24, 24, 72, 28 * 24, {"season": 24, "window": 72})


def eeg(folder: Path) -> Set | None:  # noqa: ARG001
    from matplotlib import get_data_path

    path = Path(get_data_path()) / "sample_data" / "eeg.dat"
    if not is_there("eeg", path):
        return None
    frame = pd.DataFrame(np.fromfile(path).reshape(800, 4), columns=["a", "b", "c", "d"])
    return Set(frame, [*frame], None, [], 8, 1, 16, 64, {"window": 16})


SETS: dict[str, Callable[[Path], Set | None]] = {"bike": bike, "traffic": traffic, "eeg": eeg}


def is_there(name: str, path: Path) -> bool:
    if not path.exists():
        print(f"{name} left out: {path} is missing; give its folder with --data")
    return path.exists()


# -- what is compared with ---------------------------------------------------------------------------------


class Grid(NamedTuple):
    """The series on its regular times, what is missing filled in from the past; `actual` is not."""

    actual: np.ndarray
    targets: np.ndarray
    inputs: np.ndarray
    known: np.ndarray
    calendar: np.ndarray


def grid_of(chosen: Set) -> Grid:
    frame = chosen.frame
    calendar = np.empty((len(frame), 0))
    if chosen.time is not None:
        frame = frame.set_index(chosen.time).asfreq("h")
        hours, days = frame.index.hour, frame.index.day_of_week
        calendar = np.concatenate([np.eye(24)[hours], np.eye(7)[days]], axis=1)
    targets = frame[chosen.targets]
    read = targets.fillna(targets.shift(chosen.season)).ffill()
    others = frame.drop(columns=chosen.targets).ffill()
    return Grid(*(np.asarray(x, float) for x in (targets, read, others, others[chosen.known])), calendar)


def rows_at(values: np.ndarray, starts: np.ndarray, n: int) -> np.ndarray:
    return values[starts[:, None] + np.arange(n)]


def learnable(grid: Grid, chosen: Set, end: int) -> np.ndarray:
    """Origins whose answers lie before `end`, none of them missing."""
    origins = np.arange(max(chosen.lags, chosen.season), end - chosen.horizon + 1)
    return origins[~np.isnan(rows_at(grid.actual, origins, chosen.horizon)).any(axis=(1, 2))]


def flat_inputs(grid: Grid, chosen: Set, origins: np.ndarray) -> np.ndarray:
    n = len(origins)
    parts = [
        rows_at(grid.targets, origins - chosen.lags, chosen.lags).reshape(n, -1),
        grid.inputs[origins - 1],
        rows_at(grid.known, origins, chosen.horizon).reshape(n, -1),
        grid.calendar[origins],
    ]
    return np.concatenate(parts, axis=1)


def naive(grid: Grid, chosen: Set, end: int, origins: np.ndarray) -> np.ndarray:  # noqa: ARG001
    steps = np.arange(chosen.horizon) % chosen.season
    return grid.targets[origins[:, None] - chosen.season + steps]


def ridge(grid: Grid, chosen: Set, end: int, origins: np.ndarray) -> np.ndarray:
    past = learnable(grid, chosen, end)
    answers = rows_at(grid.actual, past, chosen.horizon)
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 4, 13)))
    model.fit(flat_inputs(grid, chosen, past), answers.reshape(len(past), -1))
    return model.predict(flat_inputs(grid, chosen, origins)).reshape(len(origins), *answers.shape[1:])


def trees(grid: Grid, chosen: Set, end: int, origins: np.ndarray) -> np.ndarray:
    past = learnable(grid, chosen, end)
    rng = np.random.default_rng(0)
    n = min(MOST_TREE_ROWS, len(past) * chosen.horizon)
    pairs = rng.choice(len(past) * chosen.horizon, n, replace=False)
    starts, steps = past[pairs // chosen.horizon], pairs % chosen.horizon
    every = np.repeat(origins, chosen.horizon), np.tile(np.arange(chosen.horizon), len(origins))
    X, X_test = (tree_inputs(grid, chosen, *which) for which in ((starts, steps), every))
    told = []
    for k in range(len(chosen.targets)):
        model = HistGradientBoostingRegressor(random_state=0)
        with threadpool_limits(1):  # on a busy machine, more take longer
            model.fit(X, grid.actual[starts + steps, k])
        told.append(model.predict(X_test).reshape(len(origins), chosen.horizon))
    return np.stack(told, axis=2)


def tree_inputs(grid: Grid, chosen: Set, origins: np.ndarray, steps: np.ndarray) -> np.ndarray:
    n = len(origins)
    there = origins + steps
    parts = [
        rows_at(grid.targets, origins - min(48, chosen.lags), min(48, chosen.lags)).reshape(n, -1),
        grid.inputs[origins - 1],
        grid.targets[origins - chosen.season + steps % chosen.season],
        steps[:, None],
        grid.known[there],
    ]
    if grid.calendar.shape[1]:
        parts += [grid.calendar[there, :24].argmax(1)[:, None], grid.calendar[there, 24:].argmax(1)[:, None]]
    return np.concatenate(parts, axis=1)


OTHERS = {"naive": naive, "ridge": ridge, "trees": trees}


# -- the comparison ----------------------------------------------------------------------------------------


def compare(name: str, chosen: Set) -> dict[str, Any]:
    grid = grid_of(chosen)
    cuts = [len(grid.actual) - (chosen.splits - i) * chosen.test_steps for i in range(chosen.splits)]
    found: dict[str, Any] = {}
    for system, tell in OTHERS.items():
        begun, errors = time.perf_counter(), []
        for cut in cuts:
            origins = np.arange(cut, cut + chosen.test_steps - chosen.horizon + 1, chosen.horizon)
            errors.append(rows_at(grid.actual, origins, chosen.horizon) - tell(grid, chosen, cut, origins))
        found[system] = scores(errors, begun)
        show(name, system, found[system])
    for system, settings in NETWORKS.items():
        begun = time.perf_counter()
        model = Forecaster(chosen.horizon, random_state=0, **chosen.forecaster | settings)
        target = chosen.targets if len(chosen.targets) > 1 else chosen.targets[0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", chainrule.errors.DegradedWarning)  # windows at gaps left out
            tested = model.backtest(
                chosen.frame,
                target,
                time=chosen.time,
                known=chosen.known,
                splits=chosen.splits,
                test_steps=chosen.test_steps,
            )
        told = tested.forecasts
        errors = [(part["actual"] - part["forecast"]).to_numpy() for _, part in told.groupby("split")]
        found[system] = scores(errors, begun)
        show(name, system, found[system])
    return found


def scores(errors: list[np.ndarray], begun: float) -> dict[str, Any]:
    """MAE and RMSE over all splits, and the MAE of each."""
    whole = np.concatenate([error.ravel() for error in errors])
    return {
        "mae": float(np.nanmean(np.abs(whole))),
        "rmse": float(np.sqrt(np.nanmean(whole**2))),
        "mae_by_split": [float(np.nanmean(np.abs(error))) for error in errors],
        "seconds": time.perf_counter() - begun,
    }


def show(name: str, system: str, found: dict[str, Any]) -> None:
    by_split = " ".join(f"{value:.4g}" for value in found["mae_by_split"])
    print(
        f"{name:8} {system:6} MAE {found['mae']:8.4g}  RMSE {found['rmse']:8.4g}  "
        f"by split {by_split}  {found['seconds']:.0f} s",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data sets")
    parser.add_argument("--sets", default=",".join(SETS), help=",".join(SETS))
    parser.add_argument(
        "--results",
        type=Path,
        nargs="?",
        const=RESULTS,
        help=f"write a file; by default {RESULTS.name} in results/",
    )
    arguments = parser.parse_args()
    names = arguments.sets.split(",")
    if unknown := set(names) - set(SETS):
        print(f"{', '.join(sorted(unknown))}: known are {', '.join(SETS)}", file=sys.stderr)
        return 2
    measured = {name: compare(name, chosen) for name in names if (chosen := SETS[name](arguments.data))}
    if arguments.results is not None and measured:
        about = {
            "date": date.today().isoformat(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "chainrule": chainrule.__version__,
        }
        arguments.results.write_text(json.dumps(about | {"sets": measured}, indent=1) + "\n")
        print(f"written to {arguments.results}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
