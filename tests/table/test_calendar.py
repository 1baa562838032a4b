"""Dates, times and durations, against pandas' own calendar."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import DegradedWarning, TableError
from chainrule.table import Schema
from chainrule.table.dates import day_comes_first, moment_in, time_in


def features(schema):
    return [feature.name for feature in schema.features]


def by_pandas(moments):
    parts = moments.dt
    hour = parts.hour + parts.minute / 60 + (parts.second + parts.microsecond / 1e6) / 3600
    days = (moments - moments.min()) / pd.Timedelta(days=1)
    return np.column_stack(
        [days, parts.year, parts.month, parts.day, parts.day_of_week, parts.day_of_year, hour]
    ).astype(float)


@given(st.lists(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)), min_size=2, max_size=20))
def test_equals_pandas_calendar(moments):
    frame = pd.DataFrame({"t": pd.Series(moments, dtype="datetime64[us]")})
    schema = Schema.learn(frame)
    expected = by_pandas(frame["t"])
    parts = ["days", "year", "month", "day", "weekday", "day of year", "hour"]
    varies = [place for place in range(7) if np.ptp(expected[:, place]) > 0]
    assert features(schema) == [f"t {parts[place]}" for place in varies]
    np.testing.assert_allclose(schema.read(frame), expected[:, varies], rtol=1e-12, atol=1e-6)


def test_parts_that_do_not_vary_are_left_out():
    frame = pd.DataFrame({"t": pd.date_range("2024-03-01", periods=7)})
    schema = Schema.learn(frame)
    assert features(schema) == ["t days", "t day", "t weekday", "t day of year"]
    assert schema.columns[0].extent == "2024-03-01 to 2024-03-07"
    np.testing.assert_array_equal(
        schema.read(pd.DataFrame({"t": [None, pd.Timestamp("2024-02-28")]}))[1, 0], -2
    )


MOMENTS = [dt.datetime(2020, 1, 31, 10, 30), dt.datetime(2021, 2, 5), dt.datetime(2022, 12, 1, 23, 59, 59)]


@pytest.mark.parametrize(
    "values",
    [
        MOMENTS,
        [moment.isoformat() for moment in MOMENTS],
        ["2020/1/31 10:30", "2021-2-5", "2022-12-01 11:59:59 PM"],
        ["31.01.2020 10:30", "05.02.2021", "1.12.2022 23:59:59"],
        ["31/01/2020 10:30", "05/02/2021", "1/12/2022 23:59:59.0"],
        ["1/31/20 10:30am", "02-05-21", "12/1/22 23:59:59"],
        ["2020-01-31T10:30Z", "2021-02-05T01:00+01:00", "2022-12-01 18:59:59-0500"],
        pd.Series(MOMENTS).dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"),
        pd.Series([moment.replace(tzinfo=dt.UTC) for moment in MOMENTS], dtype=object),
        pl.Series(MOMENTS)
        .dt.cast_time_unit("ms")
        .dt.replace_time_zone("UTC")
        .dt.convert_time_zone("Europe/Rome"),
        np.array(MOMENTS, dtype="datetime64[s]"),
        pd.Categorical([moment.isoformat() for moment in MOMENTS]),
    ],
    ids=repr,
)
def test_however_dates_are_written_they_are_the_same(values):
    frame = pl.DataFrame({"t": values}) if isinstance(values, pl.Series) else pd.DataFrame({"t": values})
    expected = by_pandas(pd.Series(MOMENTS))
    schema = Schema.learn(frame, {"t": "date"})
    np.testing.assert_allclose(schema.read(frame), expected, atol=1e-9)
    trained_on_datetimes = Schema.learn(pl.DataFrame({"t": MOMENTS}))
    np.testing.assert_allclose(trained_on_datetimes.read(frame), expected, atol=1e-9)
    np.testing.assert_allclose(schema.read(pl.DataFrame({"t": MOMENTS})), expected, atol=1e-9)
    matrix = np.array(values, dtype=object)[:, None]
    np.testing.assert_allclose(trained_on_datetimes.read(matrix), expected, atol=1e-9)


def test_dates_without_time():
    days = [dt.date(2020, 1, 31), None, dt.date(2021, 2, 5)]
    for frame in (pl.DataFrame({"t": days}), pd.DataFrame({"t": days})):
        schema = Schema.learn(frame)
        assert features(schema)[-1] == "t day of year"
        np.testing.assert_array_equal(schema.read(frame)[:, 0], [0, np.nan, 371])


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["03/04/2020", "13/04/2020"], True),
        (["03/04/2020", "04/13/2020"], False),
        (["03/04/2020"], None),
        (["2020-03-04"], None),
        (["13/01/2020", "14/01/2020", "01/13/2020"], True),
    ],
)
def test_a_number_above_12_is_a_day(texts, first):
    assert day_comes_first(texts) is first


def test_undecided_dates_are_said_once():
    frame = pd.DataFrame({"t": ["03/04/2020", "05/04/2020", "03/04/2020"]})
    with pytest.warns(
        DegradedWarning, match=r"'t' does not settle .* such as '03/04/2020'; the month"
    ) as caught:
        schema = Schema.learn(frame)
    assert len(caught) == 1
    np.testing.assert_array_equal(schema.read(frame)[:, 0], [0, 61, 0])
    day_first = Schema.learn(pd.DataFrame({"t": ["03/04/2020", "13/04/2020"]}))
    np.testing.assert_array_equal(day_first.read(frame)[:, 0], [0, 2, 0])


def test_what_is_no_date_becomes_missing_and_it_is_said():
    frame = pd.DataFrame({"t": [f"2024-01-{day:02}" for day in range(1, 20)] + ["soon", None]})
    with pytest.warns(
        DegradedWarning, match="'t' holds 1 value that is no date, such as 'soon'; counted as missing"
    ):
        schema = Schema.learn(frame)
    with pytest.warns(DegradedWarning, match="holds 2 values that are no date, such as 'now'"):
        found = schema.read(pd.DataFrame({"t": ["2024-01-03", "now", "now"]}))
    np.testing.assert_array_equal(found[:, 0], [2, np.nan, np.nan])
    with pytest.raises(TableError, match="'t' held dates in training, and now number values such as '5'"):
        schema.read(pd.DataFrame({"t": [5]}))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_times_and_durations(frame):
    times, spans = [dt.time(1, 30), None, dt.time(23)], [dt.timedelta(1), dt.timedelta(seconds=-2.5), None]
    table = frame({"t": times, "d": spans})
    schema = Schema.learn(table)
    assert features(schema) == ["t hour", "d seconds"]
    expected = [[1.5, 86400], [np.nan, -2.5], [23, np.nan]]
    np.testing.assert_array_equal(schema.read(table), expected)
    np.testing.assert_array_equal(schema.read(frame({"t": ["1:30", None, "11:00 pm"], "d": spans})), expected)
    with pytest.raises(TableError, match="'d' held durations in training"):
        schema.read(frame({"t": times, "d": ["1 day"] * 3}))


def test_a_date_among_times_is_missing():
    frame = pd.DataFrame({"t": [f"10:{minute}" for minute in range(10, 20)] + ["2024-01-01"]})
    with pytest.warns(DegradedWarning, match="'t' holds 1 value that is no time, such as '2024-01-01'"):
        schema = Schema.learn(frame)
    assert features(schema) == ["t hour"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29", dt.datetime(2024, 2, 29)),
        ("2023-02-29", None),
        ("0000-01-01", None),
        ("1/1/69", dt.datetime(1969, 1, 1)),
        ("1/1/68", dt.datetime(2068, 1, 1)),
        ("1.1.24", None),
        ("2024-01-01 12:00 AM", dt.datetime(2024, 1, 1)),
        ("2024-01-01 13:00 PM", None),
        ("2024-01-01 10:30:05,25", dt.datetime(2024, 1, 1, 10, 30, 5, 250000)),
        ("0001-01-01T00:00+01:00", None),
        ("20240101", None),
        ("٢٠٢٤-٠١-٠١", None),
        ("", None),
    ],
)
def test_one_date(text, expected):
    assert moment_in(text, day_first=False) == expected


@given(st.text(alphabet="0123456789-/.: TZ+apm", max_size=25))
def test_any_text_is_a_date_or_none(text):
    for day_first in (False, True):
        moment = moment_in(text, day_first)
        assert moment is None or moment.tzinfo is None
    hours = time_in(text)
    assert hours is None or 0 <= hours < 24
