"""Forecasts of what is known in closed form; what holds for every series, grid and strategy."""

import signal
from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainrule import Forecaster, check_gradients, doctor, trace
from chainrule.errors import ParameterError
from chainrule.estimators.forecast_column import TimeColumn, zone_of
from chainrule.estimators.forecast_times import Grid
from chainrule.estimators.forecast_windows import Windows, best_season, calendar_values, seasonal_naive

QUICK = {
    "horizon": 3,
    "window": 6,
    "cell": "dense",
    "units": 4,
    "hidden_layer_sizes": 4,
    "difference": "last",
    "max_iter": 3,
    "random_state": 0,
    "engine": "numpy",
}

tried = settings(max_examples=10, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


def quick(**changes):
    return Forecaster(**QUICK | changes)


def hours(y, **columns):
    return pd.DataFrame({"time": pd.date_range("2024-03-01", periods=len(y), freq="h"), "y": y, **columns})


# -- closed forms ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_an_autoregression_without_noise_is_told(strategy):
    y = np.zeros(160)
    y[:2] = 1, 0.5
    for t in range(2, 160):  # a wave that neither grows nor fades
        y[t] = 1.8 * y[t - 1] - y[t - 2]
    model = quick(strategy=strategy).fit(y[:150])
    np.testing.assert_allclose(model.predict(), y[150:153], atol=0.05 * y.std())


def test_a_season_that_repeats_is_told():
    rng = np.random.default_rng(0)
    y = np.tile(rng.normal(size=12), 15)
    told = quick(season=12, horizon=12, window=12, difference="season").fit(y).predict()
    np.testing.assert_allclose(told, y[:12], atol=0.05)


@pytest.mark.parametrize(
    ("strategy", "difference"),
    [
        *(("direct", difference) for difference in ("last", "scaled", "season", "none")),
        ("recursive", "last"),
        pytest.param("recursive", "scaled", marks=pytest.mark.thorough),
        pytest.param("recursive", "season", marks=pytest.mark.thorough),
        pytest.param("recursive", "none", marks=pytest.mark.thorough),
    ],
)
def test_a_constant_goes_on(strategy, difference):
    model = quick(strategy=strategy, difference=difference, season=4, coverage=0.5)
    tested = model.backtest(np.full(80, 7.0), splits=2)
    assert tested.totals["mae"] == pytest.approx(0, abs=1e-9)
    assert np.isnan(tested.totals["mase"])  # a season before errs by nothing: there is no unit
    np.testing.assert_allclose(model.fit(np.full(80, 7.0)).predict(), 7.0)


@pytest.mark.parametrize("cell", ["dense", "lstm"])
def test_direct_and_recursive_are_the_same_for_one_step(cell):
    y = np.cumsum(np.random.default_rng(0).normal(size=90))
    one, other = (quick(horizon=1, cell=cell, strategy=s).fit(y) for s in ("direct", "recursive"))
    np.testing.assert_array_equal(one.predict(), other.predict())
    np.testing.assert_array_equal(one.predict(4), other.predict(4))


def test_whole_numbers_and_truths_are_numbers():
    y = np.tile([0, 1, 1, 0, 1], 20)
    tell = [quick().fit(hours(v), "y", time="time").predict()["y"] for v in (y, y.astype(float), y == 1)]
    assert tell[0].dtype == np.float64
    for other in tell[1:]:
        np.testing.assert_array_equal(other, tell[0])


# -- what holds for every series ---------------------------------------------------------------------------


@tried
@given(
    n=st.integers(1, 40),
    horizon=st.integers(1, 12),
    window=st.integers(1, 12),
    season=st.integers(1, 12),
    strategy=st.sampled_from(["direct", "recursive"]),
    difference=st.sampled_from(["last", "scaled", "none"]),
    gaps=st.lists(st.integers(0, 39), max_size=2),
)
@pytest.mark.filterwarnings("ignore::chainrule.errors.DegradedWarning")
def test_short_series_are_told_or_refused_in_words(n, horizon, window, season, strategy, difference, gaps):
    y = np.random.default_rng(n).normal(size=n).round(1)
    y[[gap for gap in gaps if gap < n]] = np.nan
    model = quick(
        horizon=horizon,
        window=window,
        season=season,
        strategy=strategy,
        difference=difference,
        missing="fill",
        max_iter=1,
    )
    reach, block = max(window, season), horizon if strategy == "direct" else 1
    try:
        model.fit(y)
    except ParameterError as error:
        assert "steps in a row without missing values" in str(error)  # noqa: PT017
        assert n < reach + block or gaps
        return
    assert n >= reach + block
    assert model.series_.targets.shape == (reach, 1)
    assert np.isfinite(model.predict()).all()


@tried
@given(
    seed=st.integers(0, 1000),
    strategy=st.sampled_from(["direct", "recursive"]),
    difference=st.sampled_from(["last", "scaled", "season", "none"]),
    known=st.booleans(),
)
def test_no_window_sees_what_comes_after_it(seed, strategy, difference, known):
    """Other values from a step on leave all windows that end before it as they were."""
    rng = np.random.default_rng(seed)
    n, changed = 60, int(rng.integers(20, 60))
    x, y = rng.normal(size=n), rng.normal(size=n)
    data = hours(y, x=x) if known or strategy == "direct" else hours(y)
    model = quick(strategy=strategy, difference=difference, season=4, max_iter=1)
    model.fit(data, "y", time="time", known=["x"] if known else [])
    other = data.copy()
    other.loc[changed:, "y"] += 5
    if "x" in other and not known:
        other.loc[changed:, "x"] -= 5
    (X, answers), (X_other, answers_other) = model.windows(data), model.windows(other)
    reach, block = 6, model.window_ and (3 if strategy == "direct" else 1)
    n_same = max(0, changed - reach + 1)
    np.testing.assert_array_equal(X[:n_same], X_other[:n_same])
    n_answered = max(0, changed - reach - block + 1)
    np.testing.assert_array_equal(answers[:n_answered], answers_other[:n_answered])
    assert len(X) == n - reach - block + 1
    assert not np.array_equal(X, X_other) or changed == n - block


@tried
@given(past=st.integers(1, 30), season=st.integers(1, 30), steps=st.integers(1, 40))
def test_the_naive_forecast_repeats_the_last_season(past, season, steps):
    season = min(season, past)
    y = np.arange(float(past))
    told = seasonal_naive(y[None, :, None], season, steps)[0, :, 0]
    goes_on = list(y)
    for _ in range(steps):
        goes_on.append(goes_on[-season])
    np.testing.assert_array_equal(told, goes_on[past:])


def test_a_row_is_as_wide_as_it_says():
    windows = Windows(window=5, block=2, season=3, difference="none", cycles=())
    rng = np.random.default_rng(0)
    past, inputs = rng.normal(size=(4, 5, 2)), rng.normal(size=(4, 5, 3))
    rows = windows.rows(past, inputs, rng.normal(size=(4, 2, 1)), rng.normal(size=(4, 6)))[0]
    assert rows.shape == (4, 5 * (2 + 3) + 2 * 1 + 6 + 2 * 2)
    np.testing.assert_allclose(rows[:, :2], past[:, 0], rtol=1e-6)


# -- times -------------------------------------------------------------------------------------------------

STEPS = ["7min", "h", "5h", "D", "3D", "7D", "MS", "ME", "QS", "YS", "B"]


@tried
@given(
    freq=st.sampled_from(STEPS),
    start=st.dates(date(1950, 1, 1), date(2050, 1, 1)),
    n=st.integers(16, 60),
    left_out=st.sets(st.integers(1, 14), max_size=5),
)
def test_grids_go_on_as_pandas_does(freq, start, n, left_out):
    times = pd.date_range(pd.Timestamp(start), periods=n + 20, freq=freq)
    there = [i for i in range(n) if i not in left_out]
    grid = Grid.of(times[there].to_numpy().astype("M8[us]"))
    places = grid.positions(times.to_numpy().astype("M8[us]"))
    np.testing.assert_array_equal(places, places[0] + np.arange(n + 20))
    np.testing.assert_array_equal(grid.times(places), times.to_numpy())


@pytest.mark.parametrize("make", [lambda f: f, pl.from_pandas, pa.Table.from_pandas])
@pytest.mark.parametrize("clock", ["02:30", "00:00"])
def test_days_of_winter_go_on_by_the_clock_in_summer(make, clock):
    # all days are of winter: in UTC they are regular too, and would be an hour later from 31 March on
    days = pd.date_range(f"2024-01-01 {clock}", periods=88, freq="D").tz_localize("Europe/Zurich")
    y = np.random.default_rng(0).normal(size=88)
    told = quick(horizon=6).fit(make(pd.DataFrame({"time": days.as_unit("us"), "y": y})), "y", time="time")
    told = told.predict()
    told = told if isinstance(told, pd.DataFrame) else told.to_pandas()
    found = [f"{t:%d %H:%M%z}" for t in told["time"]]
    first = "31 03:30+0200" if clock == "02:30" else "31 00:00+0100"  # 02:30 is not, that day
    assert found[1:4] == [f"30 {clock}+0100", first, f"01 {clock}+0200"]


def test_fixed_zones_are_zones():
    y = np.random.default_rng(0).normal(size=96)
    for zone in ("UTC+01:00", "UTC"):
        data = hours(y).assign(time=lambda f, zone=zone: f["time"].dt.tz_localize(zone))
        told = quick().fit(data, "y", time="time").predict()
        assert told["time"].dtype == data["time"].dtype
        assert told["time"][0] == data["time"].iloc[-1] + pd.Timedelta("1h")
    with pytest.raises(ParameterError, match=r"time zone 'Mars/Base' is not known here"):
        zone_of("Mars/Base")


def test_the_hour_of_the_calendar_is_that_of_clocks():
    times = pd.date_range("2024-03-30", periods=72, freq="h", tz="UTC").tz_convert("Europe/Zurich")
    grid = Grid.of(times.tz_convert(None).to_numpy().astype("M8[us]"))
    column = TimeColumn("time", grid, "Datetime(us)", "Europe/Zurich", in_utc=True)
    seen = calendar_values(column, ("hour",), np.arange(72))
    angle = 2 * np.pi * times.hour.to_numpy() / 24
    np.testing.assert_allclose(seen[:, 0], np.sin(angle), atol=1e-9)


def test_dates_of_python_come_back_as_times():
    days = [date(2024, 1, 1 + i) for i in range(28)]
    frame = pd.DataFrame({"day": days, "y": np.arange(28.0)})
    told = quick(season=1).fit(frame, "y", time="day").predict(1)
    assert told["day"][0] == pd.Timestamp("2024-01-29")


def test_seasons_are_looked_for_where_there_are_numbers():
    time = TimeColumn("t", Grid.of(np.arange("2024-01", "2024-03", dtype="M8[h]").astype("M8[us]")), "Date")
    nothing = np.full((1440, 1), np.nan)
    assert best_season(time, nothing, 24) == 1
    weekly = np.tile(np.random.default_rng(0).normal(size=168), 9)[:1440, None]
    assert best_season(time, weekly, 24) == 168


def test_a_history_that_is_nearly_all_gaps_is_refused():
    data = hours(np.random.default_rng(0).normal(size=60))
    model = quick().fit(data, "y", time="time")
    far = pd.concat([data, data[-1:].assign(time=pd.Timestamp("2124-01-01"))])
    with pytest.raises(ParameterError, match=r"of 875,137 steps only 61 are there"):
        model.predict(history=far)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"y": 1e200}, "the target 'y' must be missing or numbers up to 1e.150, however not so in row 0"),
        ({"x": -1e200}, "the columns .'x'. must be missing or numbers up to 1e.150"),
        ({"x": None}, "60 steps, 0 without a target, 60 lack another column; .* or missing='fill'"),
        ({"x": pd.Timedelta("1h")}, "column 'x' must hold numbers, true and false, or categories"),
        ({"time": [*range(59), np.inf]}, "the time column 'time' must be finite"),
    ],
)
def test_values_that_cannot_be_are_named(column, message):
    data = hours(np.random.default_rng(0).normal(size=60))
    with pytest.raises(ParameterError, match=message):
        quick().fit(data.assign(**column), "y", time="time")
    if message.startswith("the target"):
        with pytest.raises(ParameterError, match="data must be missing or numbers up to"):
            quick().fit(np.full(60, 1e200))


def test_small_types_of_times_do_not_begin_anew():
    data = hours(np.arange(60.0)).assign(time=np.arange(196, 256).astype(np.uint8))
    assert quick().fit(data, "y", time="time").predict()["time"].to_list() == [256, 257, 258]


def test_windows_that_are_left_out_are_told_to_whom_called():
    from chainrule.errors import DegradedWarning

    y = np.arange(60.0)
    y[30] = np.nan
    with pytest.warns(DegradedWarning, match="1 of 60 steps have no target") as told:
        quick().fit(y)
    assert told[0].filename == __file__


# -- columns and frames ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"target": 3}, "target must be the name of a column, or several, however: 3"),
        ({"target": None}, "target must name a column of the frame"),
        ({"target": ["y", "y"]}, "'y' is named 2 times"),
        ({"known": ["time"]}, "'time' is named 2 times"),
        ({"known": 1.5}, "known must be the name of a column, or several, however: 1.5"),
    ],
)
def test_columns_that_cannot_be_are_named(given, message):
    with pytest.raises(ParameterError, match=message):
        quick().fit(hours(np.arange(40.0)), **{"target": "y", "time": "time"} | given)


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
def test_backtests_of_other_frames_are_the_same(make):
    data = hours(np.random.default_rng(0).normal(size=80))
    ours, theirs = (quick().backtest(d, "y", time="time", splits=1) for d in (data, make(data)))
    assert theirs.totals == ours.totals
    for name in ("by_split", "by_step", "forecasts"):
        table = getattr(theirs, name).to_pandas()
        pd.testing.assert_frame_equal(table, getattr(ours, name), check_dtype=False)


def test_a_backtest_counts_places_as_the_whole_series_does():
    # the first rows are of working days only, and could be every day of the week with a gap
    days = pd.bdate_range("2024-01-01", periods=60)
    data = pd.DataFrame({"time": days, "y": np.arange(60.0)})
    tested = quick(window=3, season=1).backtest(data, "y", time="time", splits=16)
    np.testing.assert_array_equal(tested.forecasts["actual"], np.arange(12.0, 60.0))
    np.testing.assert_array_equal(tested.forecasts["time"], days[12:])


def test_levels_that_come_later_are_unknown_to_a_backtest():
    level = np.where(np.arange(80) < 70, "early", "late")
    y = np.random.default_rng(0).normal(size=80)
    other = np.where(level == "late", "never", level)
    told = [quick().backtest(hours(y, level=v), "y", time="time", splits=1).forecasts for v in (level, other)]
    np.testing.assert_array_equal(told[0]["forecast"], told[1]["forecast"])


# -- intervals, networks, interruptions --------------------------------------------------------------------


def test_other_levels_of_intervals_and_what_they_need():
    y = np.cumsum(np.random.default_rng(0).normal(size=200))
    model = quick(coverage=0.8).fit(y)
    np.testing.assert_array_equal(model.predict(coverage=0.8), model.predict())
    narrow, wide = (np.diff(model.predict(coverage=c)[:, 1:]) for c in (0.5, 0.9))
    assert (narrow < wide).all()
    assert model.predict(2, coverage=0.5).shape == (2, 3)
    with pytest.raises(ParameterError, match="coverage must be a number between 0 and 1, however: 2"):
        model.predict(coverage=2)
    with pytest.raises(ParameterError, match=r"coverage=0\.99 needs 199 held-out windows"):
        model.predict(coverage=0.99)
    with pytest.raises(ParameterError, match="fit kept none; fit with coverage= too"):
        quick().fit(y).predict(coverage=0.5)


@pytest.mark.thorough
def test_the_gradients_of_its_network_are_right_and_its_doctor_has_rows():
    data = hours(np.random.default_rng(0).normal(size=80))
    model = quick(cell="lstm").fit(data, "y", time="time")
    X, y = model.windows(data)
    assert check_gradients(model.network_, X[:2], y[:2], max_entries=20).ok
    diagnosis = doctor(model.network_, X, y)
    assert diagnosis.n_rows == len(X)
    assert not {"dead units", "gradients"} & diagnosis.not_examined.keys()


def test_its_network_is_a_network_as_any_other():
    data = hours(np.random.default_rng(0).normal(size=80))
    model = quick(cell="lstm").fit(data, "y", time="time")
    X, y = model.windows(data)
    network = model.network_
    found = trace(network, X[:1], y[:1]).prediction * network.target_scale_ + network.target_mean_
    np.testing.assert_allclose(found, network.predict(X[:1]), rtol=1e-5)
    for look in (trace, check_gradients, doctor):
        with pytest.raises(ParameterError, match=r"X, y = model.windows\(data\)"):
            look(model, data, data["y"])
    with pytest.raises(ParameterError, match=r"the series must have 24 \+ 3 steps in a row .* there are 20"):
        model.windows(data[:20])


@pytest.mark.usefixtures("interruptible")
def test_half_a_training_is_none(monkeypatch):
    from chainrule.estimators import fitting

    data = hours(np.random.default_rng(0).normal(size=80))
    model = quick().fit(data, "y", time="time")
    before = model.predict()
    monkeypatch.setattr(fitting, "log_epoch", lambda *_: signal.raise_signal(signal.SIGINT))
    with pytest.warns(UserWarning, match="interrupted by user"), pytest.raises(KeyboardInterrupt):
        model.fit(data, "y", time="time")
    pd.testing.assert_frame_equal(model.predict(), before)
