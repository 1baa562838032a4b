"""Forecasters in files: the same to the last bit, frames as they were; refused where anything is changed."""

import pickle
import random
import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule
from chainrule import Forecaster
from chainrule.errors import ChainruleError, DegradedWarning, ModelFileError
from chainrule.files.container import read_container, write_container

QUICK = {
    "horizon": 3,
    "window": 4,
    "cell": "dense",
    "units": 3,
    "hidden_layer_sizes": 3,
    "difference": "last",
    "max_iter": 2,
    "random_state": 0,
    "engine": "numpy",
}


def series(n=120, **columns):
    rng = np.random.default_rng(0)
    times = pd.date_range("2024-03-01", periods=n, freq="h")
    return pd.DataFrame({"time": times, "y": 100 + np.cumsum(rng.normal(size=n)), **columns})


def fitted(data=None, *, target="y", time="time", known=(), **parameters):
    data = series() if data is None else data
    columns = {} if isinstance(data, np.ndarray) else {"target": target, "time": time, "known": known}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegradedWarning)
        return Forecaster(**QUICK | parameters).fit(data, **columns)


def loaded(model, folder):
    chainrule.save(model, folder / "model.safetensors")
    return chainrule.load(folder / "model.safetensors")


def with_gap(n=120, at=60):
    data = series(n)
    return data.assign(y=data["y"].mask(data.index == at))


def monthly(freq):
    return series(60).assign(time=pd.date_range("2000-01-31", periods=60, freq=freq))


MODELS = {
    "hours": lambda: fitted(coverage=0.8),
    "recursive": lambda: fitted(strategy="recursive"),
    "recurrent": lambda: fitted(cell="lstm"),
    "season": lambda: fitted(difference="season", season=24),
    "auto": lambda: fitted(difference="auto"),
    "filled": lambda: fitted(with_gap(at=118), missing="fill"),
    "months": lambda: fitted(monthly("ME")),
    "weekdays": lambda: fitted(monthly("B")),
    "zone": lambda: fitted(series().assign(time=lambda f: f["time"].dt.tz_localize("Europe/Zurich"))),
    "fixed zone": lambda: fitted(series().assign(time=lambda f: f["time"].dt.tz_localize("UTC+01:00"))),
    "numbers": lambda: fitted(series().assign(time=np.arange(120) * 0.5)),
    "whole numbers": lambda: fitted(series().assign(time=np.arange(120) + 1_700_000_000_000_000_000)),
    "without times": lambda: fitted(series().drop(columns="time"), time=None),
    "several targets": lambda: fitted(series(z=np.arange(120) % 7), target=["z", "y"], coverage=0.5),
    "row of numbers": lambda: fitted(series()["y"].to_numpy()),
    "matrix": lambda: fitted(np.random.default_rng(1).normal(size=(90, 2)), coverage=0.5),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_forecaster_is_the_saved_one(name, tmp_path):
    model = MODELS[name]()
    again = loaded(model, tmp_path)
    assert again.get_params() == model.get_params()
    np.testing.assert_array_equal(np.asarray(again.predict(2)), np.asarray(model.predict(2)))
    np.testing.assert_array_equal(np.asarray(again.predict()), np.asarray(model.predict()))
    assert type(again.predict()) is type(model.predict())
    assert {name for name in vars(again) if name.endswith("_")} == {n for n in vars(model) if n.endswith("_")}
    for attribute in ("form_", "horizon_", "window_", "season_", "difference_", "n_windows_", "differences_"):
        assert getattr(again, attribute) == getattr(model, attribute)
    chainrule.save(again, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()


@pytest.mark.parametrize("make", [lambda f: f, pl.from_pandas, pa.Table.from_pandas])
def test_columns_and_frames_come_back_as_they_were(make, tmp_path):
    rng = np.random.default_rng(1)
    weather = rng.choice(["sun", "rain", "snow"], 120)
    data = series(weather=weather, wind=rng.normal(size=120), open=rng.random(120) > 0.5)
    model = fitted(make(data[:-3]), known=["open", "weather"])
    again = loaded(model, tmp_path)
    future = make(data[-3:][["time", "open", "weather"]].reset_index(drop=True))
    told, expected = again.predict(future=future), model.predict(future=future)
    assert type(told) is type(expected)
    assert told.equals(expected)
    history = make(data[30:80])
    future = make(data[80:83][["time", "open", "weather"]].reset_index(drop=True))
    both = [m.predict(future=future, history=history) for m in (model, again)]
    assert both[0].equals(both[1])


def test_only_what_a_forecast_reads_is_kept(tmp_path):
    model = fitted(window=7, season=1)
    assert len(model.series_) == 7
    assert len(loaded(model, tmp_path).series_) == 7
    assert (tmp_path / "model.safetensors").stat().st_size < 20_000


def test_a_gap_at_the_end_is_still_one(tmp_path):
    again = loaded(fitted(with_gap(at=119), season=1), tmp_path)
    with pytest.raises(ValueError, match="1 of them lack some"):
        again.predict()
    assert len(again.predict(history=series())) == 3


def test_intervals_of_other_levels_are_told_from_the_same_residuals(tmp_path):
    model = fitted(coverage=0.8)
    again = loaded(model, tmp_path)
    narrow, wide = again.predict(coverage=0.5), again.predict()
    assert ((wide["y_high"] - wide["y_low"]) > (narrow["y_high"] - narrow["y_low"])).all()
    model.set_params(coverage=0.5)  # is for the next fit
    assert loaded(model, tmp_path).predict().equals(wide)


@pytest.mark.parametrize("name", ["hours", "zone", "matrix"])
def test_pickle_and_joblib(name, tmp_path):
    model = MODELS[name]()
    joblib.dump(model, tmp_path / "model.joblib")
    for again in (pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "model.joblib")):
        np.testing.assert_array_equal(np.asarray(again.predict()), np.asarray(model.predict()))


def test_what_cannot_be_saved_is_said(tmp_path):
    path = tmp_path / "model.safetensors"
    with pytest.raises(ModelFileError, match="the Forecaster is not fitted"):
        Forecaster().save(path)
    model = fitted().set_params(horizon=0)
    with pytest.raises(ModelFileError, match="horizon must be a positive integer"):
        model.save(path)
    late = fitted(series().assign(time=pd.date_range("8500-01-01", periods=120, freq="D", unit="s")))
    with pytest.raises(ModelFileError, match=r"cannot be saved: times from '8500-01-01"):
        late.save(path)
    model = fitted().set_params(verbose=print)
    with pytest.raises(ModelFileError, match="a model file holds no code"):
        model.save(path)
    assert not path.exists()


def test_a_library_that_is_absent_is_named(tmp_path, monkeypatch):
    again = loaded(fitted(pl.from_pandas(series())), tmp_path)
    monkeypatch.setattr("chainrule.estimators.forecast_table.find_spec", lambda _: None)
    with pytest.raises(ImportError, match="a frame of polars, as the series did, which is not installed"):
        again.predict()


# -- hostile files -----------------------------------------------------------------------------------------

CHANGES = {
    "horizon": lambda d: d.update(horizon=10**12),
    "block": lambda d: d["windows"].update(block=2),
    "window": lambda d: d["windows"].update(window=5),
    "season": lambda d: d["windows"].update(season=10**9),
    "difference": lambda d: d["windows"].update(difference="first"),
    "cycles": lambda d: d["windows"].update(cycles=["hour", "hour"]),
    "further cycle": lambda d: d["windows"]["cycles"].append("year"),
    "no targets": lambda d: d["series"].update(targets=[]),
    "two targets": lambda d: d["series"].update(targets=["y", "z"]),
    "time as target": lambda d: d["series"].update(targets=["time"]),
    "array": lambda d: d["series"].update(of_array=1),
    "backend": lambda d: d["series"].update(backend="os"),
    "no backend": lambda d: d["series"].update(backend=None),
    "before the start": lambda d: d["series"].update(first=-1),
    "far away": lambda d: d["series"].update(first=10**11),
    "column": lambda d: d["series"]["exogenous"].append({"name": "x", "levels": None, "known": False}),
    "levels": lambda d: d["series"]["exogenous"].append({"name": "x", "levels": ["a"] * 65, "known": True}),
    "type of times": lambda d: d["series"]["time"].update(dtype="Object"),
    "times as numbers": lambda d: d["series"]["time"].update(dtype="Int64"),
    "zone": lambda d: d["series"]["time"].update(zone="../../etc/passwd", in_utc=True),
    "no zone": lambda d: d["series"]["time"].update(in_utc=True),
    "now": lambda d: d["series"]["time"]["grid"].update(start="now"),
    "not a time": lambda d: d["series"]["time"]["grid"].update(start="NaT"),
    "later than all": lambda d: d["series"]["time"]["grid"].update(start="9000-01-01T00:00:00.000000"),
    "no step": lambda d: d["series"]["time"]["grid"].update(step=0),
    "long step": lambda d: d["series"]["time"]["grid"].update(step=10**18),
    "offset": lambda d: d["series"]["time"]["grid"].update(offset=1),
    "kind of grid": lambda d: d["series"]["time"]["grid"].update(kind="weekdays"),
    "coverage": lambda d: d.update(coverage=0.999),
    "no coverage": lambda d: d.update(coverage=None),
    "errors": lambda d: d.update(errors={"last": -1.0}),
    "fill": lambda d: d.update(fill=1),
    "windows": lambda d: d.update(n_windows=0),
    "network": lambda d: d["network"].update(kind="MLPRegressor"),
    "parameter": lambda d: d["parameters"].update(cell="cnn"),
    "parameter of the network": lambda d: d["network"]["parameters"].update(cells=1),
    "more": lambda d: d.update(more=1),
}


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("forecaster") / "model.safetensors"
    fitted(coverage=0.8).save(path)
    return path


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_description_is_refused_in_words(change, content, tmp_path):
    described, tensors = read_container(content)
    CHANGES[change](described)
    write_container(tmp_path / "changed", described, tensors)
    with pytest.raises(ModelFileError, match="is damaged: ") as refused:
        chainrule.load(tmp_path / "changed")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("scaling.scale", lambda a: 0 * a),
        ("scaling.scale", lambda a: a * 1e-320),
        ("scaling.mean", lambda a: a * np.nan),
        ("last_targets", lambda a: a[1:]),
        ("last_targets", lambda a: a * np.inf),
        ("residuals", lambda a: a[:, 1:]),
        ("residuals", lambda a: a[:2]),
        ("linear.W", lambda a: a[:, 1:]),
        ("linear.b", lambda a: a * np.nan),
        ("linear.error", lambda a: a - 1e6),
        ("network.target_scale_", lambda a: -a),
        ("network.0.m", lambda a: a * np.nan),
        ("network.more", lambda a: np.zeros(1)),
    ],
)
def test_changed_arrays_are_refused_in_words(name, change, content, tmp_path):
    described, tensors = read_container(content)
    with np.errstate(all="ignore"):
        tensors[name] = change(tensors.get(name, 0))
    write_container(tmp_path / "changed", described, tensors)
    with pytest.raises(ModelFileError, match="is damaged: "):
        chainrule.load(tmp_path / "changed")


def test_parameters_that_a_later_release_adds_have_their_defaults(content, tmp_path):
    described, tensors = read_container(content)
    del described["parameters"]["stride"], described["network"]["parameters"]["truncate"]
    write_container(tmp_path / "earlier", described, tensors)
    assert chainrule.load(tmp_path / "earlier").stride == 1


@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**62))
def test_whatever_is_changed_is_refused_or_tells_numbers(seed, content, tmp_path):
    """A value of the description replaced by another one, or by what is none."""
    rng = random.Random(seed)
    described, tensors = read_container(content)
    places, containers = [], [{name: described[name] for name in described if name != "network"}]
    while containers:
        container = containers.pop()
        for key in container if isinstance(container, dict) else range(len(container)):
            if isinstance(container[key], dict | list):
                containers.append(container[key])
                if isinstance(container[key], list):
                    places.append((container[key], None))
            if container is not described:
                places.append((container, key))
    values = [
        None,
        True,
        0,
        1,
        -1,
        3,
        2**63,
        10**30,
        0.5,
        1e300,
        "",
        "y",
        "time",
        "UTC",
        "\ud800",
        [],
        {},
        ["a"],
    ]
    container, key = rng.choice(places)
    if key is None:
        container.append(rng.choice(values))
    else:
        container[key] = rng.choice(values)
    path = tmp_path / "changed.safetensors"
    write_container(path, described, tensors)
    try:
        model = chainrule.load(path)
    except ModelFileError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    try:
        told = model.predict(1)
    except (ChainruleError, ImportError):
        return  # such as a file whose frames are of a library that is not installed
    assert np.isfinite(np.asarray(told.iloc[:, 1:], dtype=float)).all()
