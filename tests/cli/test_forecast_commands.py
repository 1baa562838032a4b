"""train --task forecast, and predict, inspect and doctor with what it has made."""

import io
import json
import signal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import chainrule
from chainrule.cli.train_forecast import train_forecast
from chainrule.errors import TableError

TRAIN = ("train", "visits.csv", "--target", "visits", "--task", "forecast", "--time", "time")
QUICK = ("--horizon", 4, "--cell", "dense", "--epochs", 3, "--engine", "numpy", "--model", "m.safetensors")


@pytest.fixture
def visits(folder):
    """Nine days by the hour, with a column that is known ahead and one that is not."""
    rng = np.random.default_rng(0)
    times = pl.datetime_range(pl.datetime(2024, 3, 1), pl.datetime(2024, 3, 9, 23), "1h", eager=True)
    t = np.arange(len(times))
    table = pl.DataFrame(
        {
            "time": times.dt.strftime("%Y-%m-%d %H:%M"),
            "visits": (10 + 5 * np.sin(2 * np.pi * t / 24) + 0.3 * rng.normal(size=len(t))).round(3),
            "open": (t % 24 >= 8) & (t % 24 < 20),
            "weather": rng.choice(["sun", "rain"], len(t)),
        }
    )
    table.write_csv("visits.csv")
    return table


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("forecasters")


@pytest.fixture
def forecaster(run, visits, kept):
    """`m.safetensors`, trained once; knows `open` ahead and bounds, but not the weather."""
    path = kept / "m.safetensors"
    if not path.exists():
        result = run(*TRAIN, *QUICK, "--known", "open", "--interval", 0.8, "--test-fraction", 0)
        assert result.exit_code == 0, result.stderr
        path.write_bytes(Path("m.safetensors").read_bytes())
    Path("m.safetensors").write_bytes(path.read_bytes())
    return chainrule.load(path)


def plan(rows=8):
    """The known column of the hours to come, as `plan.csv`."""
    times = [f"2024-03-10 {hour:02}:00" for hour in range(rows)]
    pl.DataFrame({"time": times, "open": [hour > 5 for hour in range(rows)]}).write_csv("plan.csv")
    return ("--future", "plan.csv")


def read(text):
    return pl.read_csv(io.StringIO(text))


def test_train_scores_the_last_steps_beside_the_last_season(report, visits):
    found = report(*TRAIN, *QUICK, "--ignore", "weather", "--known", "open", "--interval", "0.8", "--seed", 3)
    assert (found["task"], found["target"]) == ("forecast", "visits")
    told = {
        "targets": ["visits"],
        "horizon": 4,
        "time": "time",
        "times": "time, every 1:00:00 from 2024-03-01 00:00:00 on",
        "known": ["open"],
        "others": [],
        "window": 24,
        "season": 24,
        "coverage": 0.8,
    }
    assert found["forecast"] | told == found["forecast"]
    scores, columns = found["scores"], visits.drop("weather")
    assert scores["steps"] == 44  # eleven horizons: a fifth of 216 rows
    model = chainrule.load("m.safetensors")
    assert model.random_state == 3
    tested = model.backtest(
        columns.with_columns(pl.col("time").str.to_datetime()),
        "visits",
        time="time",
        known=["open"],
        splits=1,
        test_steps=44,
    )
    assert {name: scores[name] for name in tested.totals} == pytest.approx(tested.totals)
    assert [step["step"] for step in scores["by_step"]] == [1, 2, 3, 4]


def test_train_for_people(run, visits):
    result = run(*TRAIN, *QUICK)
    assert result.exit_code == 0, result.stderr
    for text in (
        "Target    visits, 4 steps ahead",
        "Reads     open, weather of the past",
        "The last 44 steps, told by what was learned before them",
        "last season",
        "steps ahead",
        "learned from all steps",
    ):
        assert text in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_predict_goes_on_from_the_end_of_training(run, report, forecaster):
    told = read(run("predict", "m.safetensors", *plan()).stdout)
    assert told.columns == ["time", "predicted_visits", "lower_visits", "upper_visits"]
    assert told["time"].to_list() == [f"2024-03-10T0{hour}:00:00" for hour in range(4)]
    future = pl.read_csv("plan.csv", try_parse_dates=True)
    expected = forecaster.predict(future=future)
    np.testing.assert_array_equal(told[:, 1:].to_numpy(), expected[:, 1:].to_numpy())
    narrow = report("predict", "m.safetensors", *plan(), "--interval", 0.5, "--steps", 2)
    assert narrow["predictions"]["time"] == ["2024-03-10T00:00:00", "2024-03-10T01:00:00"]
    assert narrow["predictions"]["lower_visits"][0] > told["lower_visits"][0]


def test_predict_goes_on_from_another_series(run, report, visits, forecaster):
    whole = run("predict", "m.safetensors", *plan()).stdout
    assert run("predict", "m.safetensors", "visits.csv", *plan()).stdout == whole
    visits[:100].write_parquet("earlier.parquet")
    visits[100:110].write_csv("plan.csv")
    found = report("predict", "m.safetensors", "earlier.parquet", "--future", "plan.csv", "--output", "p.csv")
    assert found["output"] == "p.csv"
    assert read(Path("p.csv").read_text())["time"][0] == "2024-03-05T04:00:00"


def test_dates_are_written_as_dates_and_read_as_training_did(run, folder):
    days = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 3, 30), eager=True)
    table = pl.DataFrame({"day": days.dt.strftime("%d/%m/%Y"), "y": np.arange(90) % 7})
    table.write_csv("days.csv")
    words = ("--target", "y", "--task", "forecast", "--time", "day", "--test-fraction", 0, *QUICK)
    assert run("train", "days.csv", *words).exit_code == 0
    assert read(run("predict", "m.safetensors").stdout)["day"].to_list()[:2] == ["2024-03-31", "2024-04-01"]
    table[:12].write_csv("early.csv")  # on their own, days or months may come first
    told = run("predict", "m.safetensors", "early.csv")
    assert told.stderr == ""
    assert read(told.stdout)["day"][0] == "2024-01-13"


def test_rows_without_times(run, folder):
    pl.DataFrame({"y": np.arange(60) % 6}).write_csv("rows.csv")
    words = ("--target", "y", "--task", "forecast", "--season", 6, "--missing", "fill", *QUICK)
    assert run("train", "rows.csv", *words).exit_code == 0
    told = read(run("predict", "m.safetensors", "--steps", 3).stdout)
    np.testing.assert_allclose(told["predicted_y"], [0, 1, 2], atol=0.1)


def test_inspect_and_doctor(run, report, forecaster, visits):
    found = report("inspect", "m.safetensors")
    assert found["model"] == "Forecaster"
    assert found["forecast"]["known"] == ["open"]
    assert found["parameters"]["horizon"] == 4
    text = run("inspect", "m.safetensors").stdout
    assert "Known     open of the steps to tell" in text
    assert "on 216 rows of visits.csv" in text
    found = report("doctor", "m.safetensors", "visits.csv")
    assert found["task"] == "forecast"
    assert found["n_rows"] == len(
        forecaster.windows(visits.with_columns(pl.col("time").str.to_datetime()))[0]
    )
    assert "Held-out" in run("inspect", _trained_with_scores(run)).stdout


def _trained_with_scores(run):
    assert run(*TRAIN, *QUICK, "--overwrite").exit_code == 0
    return "m.safetensors"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--horizon", 4, "--task", "auto"), "--time goes with --task forecast"),
        ((), "--task forecast needs --horizon N"),
        (("--horizon", 4, "--preset", "fast"), "--preset does not go with --task forecast"),
        (("--horizon", 4, "--kind", "open=category"), "--kind does not go with --task forecast"),
        (("--horizon", 4, "--stream"), "--stream does not go with --task forecast"),
        (("--horizon", 4, "--time", "tim"), "no column 'tim'; did you mean 'time'?"),
        (("--horizon", 4, "--ignore", "sun"), "no column 'sun'"),
        (("--horizon", 4, "--target", "visit"), "no column 'visit'; did you mean 'visits'?"),
        (("--horizon", 4, "--known", "time"), "'time' is named 2 times"),
        (("--horizon", 250), "cannot be spared to test the model; add rows, or use --test-fraction 0"),
        (("--horizon", 100), "with --test-fraction 0 it learns from all at once"),
        (
            ("--horizon", 4, "--interval", 0.999, "--test-fraction", 0),
            "--interval 0.999 needs 1999 held-out windows",
        ),
        (("--horizon", 4, "--model", "no/m"), "the folder no does not exist"),
    ],
)
def test_what_train_refuses(run, visits, words, message):
    result = run(*TRAIN, "--cell", "dense", "--epochs", 1, "--test-fraction", 0.5, *words)
    assert result.exit_code == 2, result.stdout
    assert message in result.stderr
    assert not list(Path().glob("*.safetensors"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--future: the model needs a table with ['open'] of the steps to come"),
        (("--future", "plan.csv", "--proba"), "--proba does not go with this model"),
        (("--future", "plan.csv", "--with-input"), "--with-input does not go with this model"),
        (("--future", "plan.csv", "--steps", 9), "--steps must be up to --horizon 4"),
        (("--future", "visits.csv"), "--future must have a row without missing numbers for each of the"),
        (("--future", "visits.csv"), "not for step 1, 2024-03-10T00:00:00"),
        (("--future", "none.csv"), "none.csv does not exist"),
        (
            ("words.csv", "--future", "plan.csv"),
            "words.csv: column 'time' holds in line 3 'soon', which is no",
        ),
        (("gaps.csv", "--future", "plan.csv"), "gaps.csv: column 'time' lacks the time of line 3"),
    ],
)
def test_what_predict_refuses(run, forecaster, words, message):
    plan()
    for name, text in (("words", "soon"), ("gaps", "")):
        rows = f"2024-03-01 00:00,1,true,sun\n{text},1,true,sun\n"
        Path(f"{name}.csv").write_text(f"time,visits,open,weather\n{rows}")
    result = run("predict", "m.safetensors", *words)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize("verb", ["explain", "report", "predict --stream --output p.csv"])
def test_other_verbs_say_what_to_use(run, forecaster, verb):
    verb, *options = verb.split()
    result = run(verb, "m.safetensors", "visits.csv", *options)
    assert result.exit_code == 2
    assert (
        "a Forecaster, which predict (without --stream), evaluate, inspect and doctor take" in result.stderr
    )


def later(visits, n=14):
    """The series of `visits.csv`, gone on with for n hours on another level, as `later.csv`; what comes."""
    times = pl.Series([f"2024-03-10 {hour:02}:00" for hour in range(n)])
    new = visits[:n].with_columns(time=times, visits=pl.col("visits") + 100)
    pl.concat([visits, new]).write_csv("later.csv")
    return new["visits"].to_numpy()


def test_evaluate_tells_the_steps_behind_training(report, run, visits, forecaster):
    actual = later(visits)[2:]  # three horizons: the last 12 of 14 steps
    found = report("evaluate", "m.safetensors", "later.csv")
    assert (found["data"]["used_for_training"], found["task"]) == (False, "forecast")
    table = pl.read_csv("later.csv").with_columns(pl.col("time").str.to_datetime())
    told = [
        forecaster.predict(history=table[:cut], future=table[cut : cut + 4])["visits"]
        for cut in (len(table) - 12, len(table) - 8, len(table) - 4)
    ]
    errors = np.abs(actual - np.concatenate(told))
    assert found["scores"]["steps"] == 12
    assert found["scores"]["mae"] == pytest.approx(errors.mean())
    by_step = [step["mae"] for step in found["scores"]["by_step"]]
    np.testing.assert_allclose(by_step, errors.reshape(3, 4).mean(axis=0))
    text = run("evaluate", "m.safetensors", "later.csv")
    assert "The last 12 steps, which training has not seen" in text.stdout


def test_evaluate_says_of_a_series_that_training_has_seen_it(run, visits, forecaster):
    later(visits, 3)  # less than a horizon
    for name in ("visits.csv", "later.csv"):
        result = run("evaluate", "m.safetensors", name)
        assert "The last 192 steps, which training has seen" in result.stdout
        assert "note: these steps were used for training" in result.stderr


def test_what_evaluate_refuses_of_a_series(run, visits, forecaster):
    visits[:27].write_csv("short.csv")
    result = run("evaluate", "m.safetensors", "short.csv")
    assert (result.exit_code, "short.csv has 27 steps" in result.stderr) == (2, True)
    visits.drop("visits").write_csv("without.csv")
    result = run("evaluate", "m.safetensors", "without.csv")
    assert (result.exit_code, "no column 'visits'" in result.stderr) == (2, True)


def test_evaluate_knows_the_rows_of_training_without_times_too(report, folder):
    table = pl.DataFrame({"y": np.arange(76) % 6 + 0.001 * np.arange(76)})
    for name, rows in (("rows", table[:60]), ("longer", table), ("other", table[20:])):
        rows.write_csv(f"{name}.csv")
    report("train", "rows.csv", "--target", "y", "--task", "forecast", "--season", 6, *QUICK)
    found = {name: report("evaluate", "m.safetensors", f"{name}.csv") for name in ("rows", "longer", "other")}
    assert [one["data"]["used_for_training"] for one in found.values()] == [True, False, False]
    assert found["longer"]["scores"]["steps"] == 16


def test_what_a_forecaster_says_is_said_of_options(run, visits):
    gap = pl.when(pl.int_range(pl.len()) == 200).then(None).otherwise(pl.col("visits"))
    visits.with_columns(visits=gap).write_csv("gap.csv")
    result = run("train", "gap.csv", *TRAIN[2:], *QUICK, "--test-fraction", 0)
    assert "; --missing fill would read past gaps" in result.stderr
    assert (
        "ask for fewer --steps, or train with --known" in run("predict", "m.safetensors", "--steps", 9).stderr
    )
    visits[:205].with_columns(visits=gap).write_csv("gap.csv")
    result = run("predict", "m.safetensors", "gap.csv")
    assert "fill in what is missing, or train with --missing fill" in result.stderr
    long = ("--horizon", 4, "--cell", "dense", "--test-fraction", 0, "--season", 300)
    assert "a shorter --season or --horizon" in run(*TRAIN, *long).stderr


def test_models_of_tables_have_no_future(run, table, models):
    result = run("predict", "risk.safetensors", "data.csv", "--steps", 3)
    assert (result.exit_code, "--steps does not go with this model" in result.stderr) == (2, True)
    result = run("predict", "risk.safetensors")
    assert (result.exit_code, "DATA: name the table" in result.stderr) == (2, True)


def test_a_model_of_an_array_is_for_python(run, folder):
    chainrule.Forecaster(4, 4, cell="dense", max_iter=1, season=1).fit(np.arange(30.0)).save("a.safetensors")
    result = run("predict", "a.safetensors")
    assert (result.exit_code, "holds a Forecaster of an array; use it from Python" in result.stderr) == (
        2,
        True,
    )


def test_the_same_training_makes_the_same_file(run, visits):
    for name in ("1", "2"):
        assert run(*TRAIN, *QUICK[:-1], name).exit_code == 0
    assert Path("1").read_bytes() == Path("2").read_bytes()


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_saves_nothing(run, visits, monkeypatch):
    from chainrule.estimators import fitting

    monkeypatch.setattr(fitting, "log_epoch", lambda *_: signal.raise_signal(signal.SIGINT))
    result = run(*TRAIN, *QUICK)
    assert result.exit_code == 130
    assert "interrupted; nothing was saved" in result.stderr
    assert not Path("m.safetensors").exists()


def test_no_better_than_the_last_season_is_said(run, folder):
    rng = np.random.default_rng(0)
    repeated = np.tile(rng.normal(size=12), 3) + 1e-3 * rng.normal(size=36)
    pl.DataFrame({"y": np.concatenate([rng.normal(size=60), repeated])}).write_csv("rows.csv")
    words = ("--target", "y", "--task", "forecast", "--season", 12, *QUICK)
    result = run("train", "rows.csv", *words)
    assert result.exit_code == 0, result.stderr
    assert "no better than the last season once more" in result.stderr
    assert json.loads(run("inspect", "m.safetensors", "--json").stdout)["record"]["held_out"] == 20


def test_a_table_that_is_too_short_is_named(visits):
    visits[:6].write_csv("few.csv")
    with pytest.raises(TableError, match="of 6 rows 8 cannot be spared"):
        train_forecast(Path("few.csv"), "visits", Path("m"), settings={"horizon": 8})
