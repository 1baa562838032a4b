"""Forecaster: times found and continued, nothing of the future seen, better than the naive forecast."""

import pickle
from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone

from chainrule import Forecaster
from chainrule.errors import DegradedWarning, ParameterError
from chainrule.estimators.forecast_fit import margins
from chainrule.estimators.forecast_series import Series
from chainrule.estimators.forecast_times import Grid
from chainrule.estimators.forecast_windows import filled, seasonal_naive

QUICK = {
    "horizon": 4,
    "window": 8,
    "cell": "dense",
    "units": 8,
    "hidden_layer_sizes": 8,
    "difference": "last",
    "max_iter": 8,
    "random_state": 0,
    "engine": "numpy",
}


def quick(**changes):
    return Forecaster(**QUICK | changes)


@pytest.fixture
def hourly(rng):
    """Two weeks by the hour: a day's wave, a trend, noise."""
    n = 24 * 14
    y = 5 * np.sin(np.arange(n) * 2 * np.pi / 24) + 0.01 * np.arange(n) + 0.3 * rng.normal(size=n)
    return pd.DataFrame({"time": pd.date_range("2024-03-01", periods=n, freq="h"), "y": y})


# -- times -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "kind", "following"),
    [
        (pd.date_range("2024-01-01", periods=30, freq="h"), "moments", "2024-01-02T06"),
        (pd.date_range("2024-01-01", periods=30, freq="D"), "moments", "2024-01-31"),
        (pd.date_range("2024-01-01", periods=30, freq="28D"), "moments", "2026-04-20"),
        (pd.date_range("2024-01-01", periods=30, freq="MS"), "months", "2026-07-01"),
        (pd.date_range("2024-01-31", periods=30, freq="ME"), "months", "2026-07-31"),
        (pd.date_range("2023-12-31", periods=3, freq="QE"), "months", "2024-09-30"),
        (pd.date_range("2000-01-01", periods=9, freq="YS"), "months", "2009-01-01"),
        (pd.date_range("2024-01-01 16:30", periods=12, freq="B"), "weekdays", "2024-01-17T16:30"),
    ],
)
def test_the_step_is_found_and_goes_on(times, kind, following):
    grid = Grid.of(times.to_numpy().astype("M8[us]"))
    assert grid.kind == kind
    np.testing.assert_array_equal(grid.times(np.arange(len(times))), times.to_numpy())
    np.testing.assert_array_equal(grid.positions(times.to_numpy().astype("M8[us]")), np.arange(len(times)))
    assert grid.times(np.array([len(times)]))[0] == np.datetime64(following)


def test_gaps_are_places_and_numbers_are_times():
    grid = Grid.of(np.array([3, 5, 11, 13]))
    np.testing.assert_array_equal(grid.positions(np.array([3, 5, 11, 13])), [0, 1, 4, 5])
    tenths = np.array([0.1, 0.2, 0.30000000000000004, 0.7])
    np.testing.assert_array_equal(Grid.of(tenths).positions(tenths), [0, 1, 2, 6])


def test_a_time_that_is_off_the_grid_is_named():
    times = np.arange("2024-01-01", "2024-01-05", dtype="M8[h]").astype("M8[us]")
    times[50] += np.timedelta64(20, "m")
    with pytest.raises(ParameterError, match=r"most steps are 1:00:00 and 2024-01-03 02:20:00 follows"):
        Grid.of(times)
    wrong = np.append(np.datetime64("1970-01-01", "us"), times[:20])
    with pytest.raises(ParameterError, match=r"of 473,372 steps of 1:00:00 from 1970-01-01 .* only 21"):
        Grid.of(wrong)


def test_frames_of_three_libraries_in_any_order_give_the_same(hourly, rng):
    shuffled = hourly.sample(frac=1, random_state=1)
    frames = [
        hourly,
        shuffled,
        pl.from_pandas(shuffled),
        pa.Table.from_pandas(shuffled, preserve_index=False),
    ]
    told = [quick().fit(frame, "y", time="time").predict() for frame in frames]
    assert isinstance(told[2], pl.DataFrame)
    assert isinstance(told[3], pa.Table)
    first = told[0]
    assert list(first["time"]) == list(pd.date_range("2024-03-15", periods=4, freq="h"))
    for other in told[1:]:
        other = other.to_pandas() if not isinstance(other, pd.DataFrame) else other
        assert (other["time"] == first["time"]).all()
        np.testing.assert_allclose(other["y"], first["y"], rtol=1e-6)


@pytest.mark.parametrize("make", [lambda f: f, pl.from_pandas, pa.Table.from_pandas])
def test_a_time_zone_goes_on_over_the_change_of_clocks(hourly, make):
    # the last hour is 31 March 2024, 00:00 in Zurich; at 02:00 the clock goes to 03:00
    times = pd.date_range(end=pd.Timestamp("2024-03-31", tz="Europe/Zurich"), periods=len(hourly), freq="h")
    frame = make(hourly.assign(time=times.as_unit("us")))
    told = quick().fit(frame, "y", time="time").predict()
    told = told if isinstance(told, pd.DataFrame) else told.to_pandas()
    assert [str(t) for t in told["time"]] == [
        "2024-03-31 01:00:00+01:00",
        "2024-03-31 03:00:00+02:00",
        "2024-03-31 04:00:00+02:00",
        "2024-03-31 05:00:00+02:00",
    ]


def test_days_of_a_time_zone_are_days_of_its_clock(hourly):
    times = pd.date_range("2024-03-01", periods=60, freq="D", tz="Europe/Zurich")
    model = quick().fit(hourly[:60].assign(time=times), "y", time="time")
    assert [str(t) for t in model.predict(1)["time"]] == ["2024-04-30 00:00:00+02:00"]


def test_dates_stay_dates(rng):
    days = pl.date_range(date(2024, 1, 1), date(2024, 3, 30), eager=True)
    told = quick().fit(pl.DataFrame({"day": days, "y": rng.normal(size=90)}), "y", time="day").predict(2)
    assert told["day"].to_list() == [date(2024, 3, 31), date(2024, 4, 1)]


def test_what_is_wrong_with_times_is_said(hourly):
    def refused(frame, message, **given):
        with pytest.raises(ParameterError, match=message):
            quick().fit(frame, "y", **{"time": "time"} | given)

    refused(pd.concat([hourly, hourly[5:6]]), r"2 rows are of 2024-03-01T05:00:00")
    refused(hourly.assign(time=hourly["time"].astype(str)), "holds text values; convert it first")
    refused(hourly.assign(time=hourly["time"].mask(hourly.index == 3)), "row 3 has one")
    refused(hourly, "'time' must hold numbers, true and false, or categories.*name it as time=", time=None)
    refused(hourly.rename(columns={"y": "z"}), "the table has no column 'y'")
    refused(hourly[:1], "two rows at least")


# -- what is seen ------------------------------------------------------------------------------------------


def test_the_seasonal_naive_forecast():
    past = np.arange(10.0).reshape(1, 10, 1)
    np.testing.assert_array_equal(seasonal_naive(past, 4, 6)[0, :, 0], [6, 7, 8, 9, 6, 7])


def test_gaps_are_filled_from_the_past():
    y = np.array([np.nan, 1, 2, 3, np.nan, np.nan, 6, np.nan, np.nan])[:, None]
    got = filled(Series(0, y, y), 3)
    np.testing.assert_array_equal(got.targets[:, 0], [np.nan, 1, 2, 3, 1, 2, 6, 1, 2])
    np.testing.assert_array_equal(got.inputs[:, 0], [np.nan, 1, 2, 3, 3, 3, 6, 6, 6])


def test_windows_that_touch_a_gap_are_left_out_and_told(hourly):
    with pytest.warns(DegradedWarning, match=r"6 of 309 windows are left out .* 1 of 336 steps"):
        left_out = quick(season=24).fit(hourly.drop(index=330), "y", time="time")
    assert left_out.n_windows_ == 309 - 6
    with_gap = hourly.drop(index=100)
    with pytest.warns(DegradedWarning, match="of 309 windows"):
        model = quick(season=24).fit(with_gap, "y", time="time")
    assert model.n_windows_ == 309 - (24 + 4)
    with pytest.warns(DegradedWarning, match="4 of 309 windows"):
        filled_in = quick(season=24, missing="fill").fit(with_gap, "y", time="time")
    assert filled_in.n_windows_ == 309 - 4
    assert quick(season=24, stride=3).fit(hourly, "y", time="time").n_windows_ == 103


def test_a_gap_at_the_end_is_refused_unless_it_is_filled(hourly):
    late = hourly.assign(y=hourly["y"].mask(hourly.index == 333))
    with pytest.warns(DegradedWarning):
        model = quick(season=1).fit(late, "y", time="time")
    with pytest.raises(
        ParameterError, match=r"the last 8 steps must be there .* however 1 of them lack some"
    ):
        model.predict()
    with pytest.warns(DegradedWarning):
        assert quick(season=1, missing="fill").fit(late, "y", time="time").predict()["y"].notna().all()


def test_the_future_of_known_columns_is_used(rng):
    n = 400
    sale = rng.random(n) < 0.3
    frame = pd.DataFrame({"y": 3.0 * sale + 0.1 * rng.normal(size=n), "sale": sale})
    model = quick(max_iter=40, loss="squared_error", learning_rate_init=0.01, weight_decay=0.01)
    model.fit(frame[:396], "y", known=["sale"])
    for future in ([True, False, True, True], [False, True, False, False]):
        told = model.predict(future=pd.DataFrame({"sale": future}))["y"]
        assert (told[future] > 2).all()
        assert (told[~np.array(future)] < 1).all()
    with pytest.raises(ParameterError, match=r"columns \['sale'\], known ahead"):
        model.predict()
    with pytest.raises(ParameterError, match="each of the 4 steps, however not for step 3"):
        model.predict(future=frame[:2][["sale"]])


def test_the_future_is_found_by_its_times(hourly):
    hot = hourly.assign(hot=hourly["y"] > 0)
    model = quick().fit(hot[:-4], "y", time="time", known="hot")
    future = hot[-10:][["time", "hot"]]
    pd.testing.assert_frame_equal(model.predict(future=future), model.predict(future=future[::-1]))
    with pytest.raises(ParameterError, match="not for step 4, 2024-03-14T23:00:00"):
        model.predict(future=future[:-1])


def test_further_columns_are_numbers_flags_and_categories(hourly, rng):
    frame = hourly.assign(
        weather=pd.Categorical(rng.choice(["rain", "sun"], len(hourly))),
        wind=rng.random(len(hourly)),
        open=True,
    )
    model = quick().fit(frame, "y", time="time")
    assert [column.levels for column in model.form_.exogenous] == [("rain", "sun"), None, None]
    snow = frame.assign(weather="snow")  # a level that fit did not see
    assert model.predict(history=snow)["y"].notna().all()
    with pytest.raises(ParameterError, match=r"up to 64 categories, however: 336"):
        quick().fit(hourly.assign(name=[f"n{i}" for i in range(336)]), "y", time="time")


# -- forecasts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["dense", "lstm", *(pytest.param(cell, marks=pytest.mark.thorough) for cell in ("gru", "rnn"))]
)
def test_every_cell_learns_what_the_seasonal_naive_forecast_cannot_tell(cell, rng):
    y = np.zeros(500)
    for t in range(
        2, 500
    ):  # an oscillation of changing phase: its own past tells it, its last value does not
        y[t] = 1.6 * y[t - 1] - 0.95 * y[t - 2] + 0.1 * rng.normal()
    model = quick(cell=cell, max_iter=12, learning_rate_init=0.01)
    totals = model.backtest(y, splits=1, test_steps=60).totals
    assert totals["mae"] < 0.6 * totals["naive_mae"]


def test_recursive_forecasts_are_fed_back(hourly):
    model = quick(strategy="recursive").fit(hourly, "y", time="time")
    whole = model.predict(6)
    history = hourly
    for i in range(6):
        one = model.predict(1, history=history)
        np.testing.assert_allclose(one["y"], whole["y"][i : i + 1], rtol=1e-5)
        history = pd.concat([history, one])


def test_more_than_the_horizon_goes_on_from_forecasts(hourly):
    model = quick().fit(hourly, "y", time="time")
    whole = model.predict(6)
    behind = model.predict(2, history=pd.concat([hourly, whole[:4]]))
    np.testing.assert_allclose(whole["y"][4:], behind["y"], rtol=1e-5)
    blind = quick().fit(hourly.assign(wind=1.0), "y", time="time")
    with pytest.raises(ParameterError, match=r"that of \['wind'\] is not known"):
        blind.predict(6)


def test_history_goes_on_elsewhere_and_must_lie_on_the_grid(hourly):
    model = quick().fit(hourly[:200], "y", time="time")
    later = model.predict(1, history=hourly)
    assert later["time"][0] == pd.Timestamp("2024-03-15")
    with pytest.raises(ParameterError, match=r"every 1:00:00 from 2024-03-01 00:00:00 on"):
        model.predict(history=hourly.assign(time=hourly["time"] + pd.Timedelta("30min")))


def test_several_targets_and_arrays(rng):
    y = np.cumsum(rng.normal(size=(200, 2)), axis=0)
    table = quick(coverage=0.8).fit(y).predict()
    assert table.shape == (4, 6)  # y0, its bounds, y1, its bounds
    assert (table[:, 1] < table[:, 0]).all()
    assert (table[:, 5] > table[:, 3]).all()
    frame = pl.DataFrame(y, schema=["a", "b"])
    told = quick(coverage=0.8).fit(frame, ["a", "b"]).predict()
    assert told.columns == ["a", "a_low", "a_high", "b", "b_low", "b_high"]
    np.testing.assert_allclose(told.to_numpy(), table)
    assert quick().fit(y[:, 0]).predict(3).shape == (3,)
    with pytest.raises(ParameterError, match="the columns of an array have no names"):
        quick().fit(y, "y")


@pytest.mark.parametrize("difference", ["last", "scaled", "season"])
def test_differences_follow_a_level_that_was_never_seen(difference, rng):
    t = np.arange(240)
    y = np.sin(t * 2 * np.pi / 12) + 0.01 * rng.normal(size=240)
    model = quick(difference=difference, season=12, window=12, max_iter=30).fit(y)
    np.testing.assert_allclose(model.predict(history=y + 1000) - 1000, model.predict(), atol=1e-2)


def test_auto_tries_every_difference_on_held_out_windows(hourly):
    model = quick(difference="auto").fit(hourly, "y", time="time")
    assert set(model.differences_) == {"last", "scaled", "season", "none"}
    assert model.season_ == 24
    assert model.differences_[model.difference_] <= min(model.differences_.values()) / 0.95


# -- intervals ---------------------------------------------------------------------------------------------


def test_margins_are_ranks_of_residuals():
    residuals = np.arange(19.0).reshape(19, 1, 1)
    low, high = margins(residuals, 0.9)
    assert (low.item(), high.item()) == (0, 18)
    low, high = margins(residuals, 0.8)
    assert (low.item(), high.item()) == (1, 17)
    with pytest.raises(ParameterError, match="needs 39 held-out windows at least, however there are 19"):
        margins(residuals, 0.95)


@pytest.mark.thorough
def test_intervals_cover_about_as_much_as_they_say(rng):
    y = np.zeros(3000)
    for t in range(1, 3000):
        y[t] = 0.8 * y[t - 1] + rng.normal()
    tested = quick(coverage=0.8, max_iter=15, validation_fraction=0.3).backtest(y, splits=1, test_steps=1000)
    table = tested.forecasts
    inside = (table["low"] <= table["actual"]) & (table["actual"] <= table["high"])
    assert tested.totals["coverage"] == inside.mean()
    assert 0.75 < inside.mean() < 0.85
    model = quick(coverage=0.8).fit(y[:300])
    with pytest.raises(ParameterError, match="steps must be up to horizon=4"):
        model.predict(5)


# -- backtests ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refit", [True, False])
def test_a_backtest_sees_nothing_of_the_future(hourly, refit):
    options = {"time": "time", "splits": 3, "test_steps": 8, "refit": refit}
    before = quick().backtest(hourly, "y", **options).forecasts
    changed = hourly.assign(y=hourly["y"].where(hourly.index < 328, 100.0))
    after = quick().backtest(changed, "y", **options).forecasts
    pd.testing.assert_frame_equal(before[:16].drop(columns="actual"), after[:16].drop(columns="actual"))
    assert not np.allclose(before["forecast"][20:], after["forecast"][20:])


def test_the_figures_of_a_backtest(hourly):
    model = quick(season=24)
    tested = model.backtest(hourly, "y", time="time", splits=2, test_steps=8)
    assert not hasattr(model, "form_")
    y, told = hourly["y"].to_numpy(), tested.forecasts
    np.testing.assert_array_equal(told["actual"], y[320:])
    np.testing.assert_array_equal(told["naive"].round(9), y[296:312].round(9))
    np.testing.assert_array_equal(told["time"], hourly["time"][320:])
    errors = (told["actual"] - told["forecast"]).to_numpy()
    np.testing.assert_allclose(tested.by_split["mae"], np.abs(errors).reshape(2, 8).mean(axis=1))
    np.testing.assert_allclose(
        tested.by_step["rmse"], np.sqrt((errors**2).reshape(4, 4).mean(axis=0))
    )  # 4 origins, 4 steps
    unit = [np.abs(y[24:end] - y[: end - 24]).mean() for end in (320, 328)]
    np.testing.assert_allclose(tested.by_split["mase"], tested.by_split["mae"] / unit)
    naive = np.abs(y[320:] - y[296:312])
    np.testing.assert_allclose(tested.totals["naive_mae"], naive.mean())


def test_a_backtest_of_a_fitted_forecaster_knows_its_columns(hourly):
    data = hourly.assign(open=hourly["time"].dt.hour > 8)
    columns = {"time": "time", "known": ["open"]}
    model = quick().fit(data, "y", **columns)
    expected = quick().backtest(data, "y", **columns, splits=2).totals
    assert model.backtest(data, splits=2).totals == expected
    assert model.backtest(data, known=[], splits=2).totals != expected


def test_a_backtest_of_an_array_is_columns(rng):
    tested = quick().backtest(rng.normal(size=100), splits=2)
    assert list(tested.by_step["step"]) == [1, 2, 3, 4]
    assert len(tested.forecasts["time"]) == 8
    with pytest.raises(ParameterError, match="must be fewer than the series has"):
        quick().backtest(rng.normal(size=100), splits=30)


# -- an estimator ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"horizon": 0}, "horizon must be a positive integer, however: 0"),
        ({"window": 2.5}, "window must be a positive integer or None"),
        ({"cell": "cnn"}, "cell must be one of"),
        ({"strategy": "both"}, "strategy must be one of"),
        ({"difference": "first"}, "difference must be one of"),
        ({"missing": "drop"}, "missing must be one of"),
        ({"coverage": 1}, "coverage must be a number between 0 and 1"),
        ({"difference": "season", "season": 1}, "needs a season"),
        ({"window": 400}, r"400 \+ 4 steps in a row .* 336 steps"),
        ({"max_iter": 0}, "max_iter must be a positive integer"),
        ({"dropout": 2}, "dropout"),
        ({"units": 0}, "positive integers"),
    ],
)
def test_a_failed_fit_says_why_and_changes_nothing(hourly, change, message):
    model = quick().fit(hourly, "y", time="time")
    before = model.predict()
    model.set_params(**change)
    with pytest.raises(ParameterError, match=message):
        model.fit(hourly, "y", time="time")
    pd.testing.assert_frame_equal(model.predict(), before)


def test_it_is_cloned_and_pickled_and_repeats_itself(hourly):
    model = quick().fit(hourly, "y", time="time")
    again = clone(model).fit(hourly, "y", time="time")
    assert again.get_params() == model.get_params()
    pd.testing.assert_frame_equal(again.predict(), model.predict())
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(model)).predict(), model.predict())
