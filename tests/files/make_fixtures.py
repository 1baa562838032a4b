"""Model files of today's format, of every kind of model, with what they answer: ``python make_fixtures.py``.

They are written once for each version of the format, into a folder of its own, and stay: later versions of
the package must read them and answer the same. A kind of model that is new is added to today's version.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import polars as pl

import chainrule
from chainrule import (
    Forecaster,
    ImageClassifier,
    MLPClassifier,
    MLPRegressor,
    SequenceClassifier,
    SequenceRegressor,
    TabularClassifier,
    TabularRegressor,
)
from chainrule.files.container import VERSION
from chainrule.network import (
    Activation,
    Columns,
    Dense,
    Dropout,
    Network,
    ParametricActivation,
    Periodic,
    PiecewiseLinear,
    Polynomial,
)
from chainrule.optimization.schedules import Cosine, WarmUp

__all__ = ["FIXTURES", "answers"]

FIXTURES = Path(__file__).parent / "fixtures"

_N = 204

_RECORD = {
    "target": "y",
    "data": "table.csv",
    "rows": _N,
    "version": "0.1",
    "seed": 0,
    "baseline": 0,
    "scores": {"accuracy": 0.5, "log_loss": 0.7, "rmse": 1.0, "r2": 0.5},
}


def answers(model, rows):
    """What a model says of rows of plain data, method by method."""
    if isinstance(model, tuple):
        network, theta = model
        return {"predict": network.predict(theta, np.array(rows, dtype=float)).tolist()}
    if isinstance(model, Forecaster):
        return {"predict": _forecast(model), "history": _forecast(model, history=_series(rows))}
    if hasattr(model, "sequence_shape_"):
        rows = [np.array(row, dtype=float) for row in rows]
    X = rows
    if not hasattr(model, "encoder_") and not hasattr(model, "sequence_shape_"):
        X = np.array(rows, dtype=float)
        if hasattr(model, "feature_names_in_"):
            X = pl.DataFrame(X, schema=model.feature_names_in_.tolist())
    said = {"predict": model.predict(X).tolist()}
    if hasattr(model, "classes_"):
        said["predict_proba"] = model.predict_proba(X).tolist()
    if getattr(model, "_residuals", None) is not None:
        said["predict_interval"] = model.predict_interval(X, 0.8).tolist()
    return said


def _series(rows):
    """A frame from rows (day, text of a flag, value)."""
    days, colors, values = zip(*rows, strict=True)
    return pl.DataFrame({"day": np.array(days, dtype="M8[D]"), "color": colors, "y": values})


def _forecast(model, **options):
    """Numbers of a forecast with its bounds, row by row."""
    return model.predict(**options).select("y", "y_low", "y_high").rows()


def _models():
    """Name -> (model, rows of plain data)."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(_N, 3))
    place = np.digitize(X[:, 0], [-0.5, 0.5])
    table, x = _table(rng, X), X[:, 0]
    yield from ((name, model, X[:6].tolist()) for name, model in _mlps(X, place))
    yield "table_two_classes", _two_classes(table, x), _rows(table)
    few = table.drop("note", "town", "at")
    yield from ((name, model, _rows(few)) for name, model in _table_models(few, x, place))
    matrix = TabularRegressor(**_quick(), activation={"name": "elu", "alpha": 0.5}).fit(X, X[:, :2])
    yield "table_matrix", matrix, [*X[:5].tolist(), [None, 1e30, -1e30]]
    network = _network()
    yield from _grid_models(rng)
    yield "network", (network, network.initialize(np.random.default_rng(1), np.float64)), X[:6].tolist()


def _mlps(X, place):
    small = {"hidden_layer_sizes": (4,), "max_iter": 6, "random_state": 0, "engine": "numpy"}
    frame = pl.DataFrame(X, schema=["first", "second", "näme"])
    several = np.stack([place > 0, place > 1], axis=1).astype(int)
    yield "mlp_two_classes", MLPClassifier(**small).fit(X, np.array(["no", "yes"])[place // 2])
    yield "mlp_three_classes", MLPClassifier(**small, dtype="float32").fit(X, place * 10)
    yield "mlp_several_labels", MLPClassifier(**small).fit(X, several)
    yield "mlp_dropout", MLPClassifier(**small, early_stopping=True, dropout=0.2).fit(X, place > 0)
    yield "mlp_linear", MLPClassifier(**small | {"hidden_layer_sizes": ()}).fit(X, place * 1.0)
    schedule = WarmUp(then=Cosine())
    yield (
        "mlp_schedule",
        MLPRegressor(
            **small | {"hidden_layer_sizes": (3, 2)},
            loss={"loss": "huber", "delta": 2.0},
            activation=["tanh", {"name": "elu", "alpha": 0.5}],
            learning_rate=schedule,
        ).fit(frame, X[:, 0]),
    )
    yield "mlp_two_numbers", MLPRegressor(**small).fit(X, X[:, :2])
    yield "mlp_poisson", MLPRegressor(**small, loss="poisson").fit(X, np.exp(X[:, 0]))


def _grid_models(rng):
    """Of images, of sequences, of a time series."""
    quick = {"max_iter": 3, "random_state": 0, "engine": "numpy"}
    images = rng.normal(size=(40, 6, 6, 2))
    image = ImageClassifier((3,), hidden_layer_sizes=4, **quick).fit(images, images[:, 0, 0, 0] > 0)
    yield "images", image, images[:3].tolist()
    lengths = rng.integers(1, 5, 40)
    steps = [rng.normal(size=(n, 2)).round(3) for n in lengths]
    both = SequenceClassifier("gru", 3, bidirectional=True, hidden_layer_sizes=3, **quick)
    yield "sequences_classes", both.fit(steps, lengths % 3), [x.tolist() for x in steps[:5]]
    sums = [x.sum() for x in steps]
    yield (
        "sequences_numbers",
        SequenceRegressor(units=3, **quick).fit(steps, sums),
        [x.tolist() for x in steps[:5]],
    )
    days = [str(day) for day in np.datetime64("2024-01-01") + np.arange(60)]
    values = (10 + rng.normal(size=60).cumsum()).round(3).tolist()
    rows = list(zip(days, ["red", "blue", None] * 20, values, strict=True))
    settings = quick | {"horizon": 2, "window": 7, "units": 3, "hidden_layer_sizes": 3, "coverage": 0.5}
    forecaster = Forecaster(**settings, difference="last").fit(_series(rows), "y", time="day")
    yield "forecaster", forecaster, rows[:30]


def _rows(table):
    """The first rows as plain data; one of nothing, and one with a level that is unknown."""
    rows = [[_plain(value) for value in row] for row in table[:6].rows()]
    unknown = ["never seen" if name == "color" else x for name, x in zip(table.columns, rows[0], strict=True)]
    return [*rows, [None] * len(table.columns), unknown]


def _plain(value):
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _quick():
    return {
        "preset": "fast",
        "members": 2,
        "hidden_layer_sizes": (3,),
        "max_iter": 2,
        "bins": 5,
        "random_state": 0,
        "engine": "numpy",
    }


def _two_classes(table, x):
    return TabularClassifier(**_quick()).fit(table, np.array(["low", "high"])[1 * (x > 0)])


def _table_models(table, x, place):
    quick = _quick()
    several = np.stack([place > 0, place > 1], axis=1).astype(int)
    yield "table_several_labels", TabularClassifier(**quick).fit(table, several)
    three = TabularClassifier(
        **quick, class_weight={0: 2.0}, column_kinds={"code": "category"}, embedding="none", folds=0
    )
    yield "table_three_classes", three.fit(table, place)
    yield "table_numbers", TabularRegressor(**quick).fit(table, x * 1000)
    yield "table_held_out", TabularRegressor(**quick, folds=0).fit(table, x)
    yield "table_quantiles", TabularRegressor(**quick, quantiles=(0.1, 0.9)).fit(table, x)
    yield "table_poisson", TabularRegressor(**quick, loss="poisson").fit(table, np.exp(x))
    yield "table_in_parts", TabularRegressor(**quick).partial_fit(table, x).partial_fit(table, x)


def _network():
    """A network with a layer of almost every kind."""
    inner = Network(2, (Periodic(2, 3), ParametricActivation("silu")))
    columns = Columns(((0, 2, inner), (2, 3, Network(1, (PiecewiseLinear(2, 3),))), (0, 3, Network(3, ()))))
    layers = (columns, Dense(3), Activation("mish"), Dropout(0.5), Polynomial(2))
    return Network(3, (*layers, Network(9, (Dense(2),))))


def _table(rng, X):
    """A table with a column of every kind, one of them with so many levels that their counts count."""
    towns = [f"town {i % (_N // 2)}" for i in range(_N)]
    days = np.datetime64("2024-01-01") + (30 * X[:, 1]).astype(int)
    return pl.DataFrame(
        {
            "x": X[:, 0] * 1000,
            "gaps": [None if i % 7 == 0 else v for i, v in enumerate(X[:, 1].tolist())],
            "color": (["red", None, "blue"] * _N)[:_N],
            "member": X[:, 2] > 0,
            "code": [str(100 + i % 9) for i in range(_N)],
            "since": days,
            "at": [f"{i % 24:02}:{i % 60:02}" for i in range(_N)],
            "lab": ([*map(str, range(25)), "> 90", "?"] * _N)[:_N],
            "note": [f"a rather long remark, number {i}" for i in range(_N)],
            "constant": [1] * _N,
            "town": pl.Series(towns, dtype=pl.Categorical),
        }
    )


def main():
    """Write those fixtures of today's version that are not there yet."""
    folder = FIXTURES / f"v{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    for name, model, rows in _models():
        path = folder / f"{name}.safetensors"
        if path.exists():
            continue
        chainrule.save(model, path, record=_RECORD)
        beside = {"rows": rows, "answers": answers(chainrule.load(path), rows)}
        path.with_suffix(".json").write_text(json.dumps(beside) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
