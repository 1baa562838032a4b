"""Fitted models of every kind that can be saved, small and trained once."""

import datetime as dt
import warnings

import numpy as np
import polars as pl
import pytest

from chainrule import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor


@pytest.fixture(scope="session")
def rows():
    return np.random.default_rng(0).normal(size=(60, 3))


@pytest.fixture(scope="session")
def models(rows):
    """Name -> fitted model."""
    X, place = rows, np.digitize(rows[:, 0], [-0.5, 0.5])
    small = {"hidden_layer_sizes": (4,), "max_iter": 6, "random_state": 0, "engine": "numpy"}
    quick = {"preset": "fast", "members": 2, "hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
    quick |= {"engine": "numpy"}
    thrice = np.tile(X, (3, 1))  # enough rows for a level to occur twice
    table, x, third = _table(thrice), thrice[:, 0], np.tile(place, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "two classes of text": MLPClassifier(**small).fit(X, np.array(["no", "yes"])[place // 2]),
            "three classes of numbers": MLPClassifier(**small, dtype="float32").fit(X, place * 10),
            "classes of floats": MLPClassifier(**small).fit(X, place * 1.0),
            "classes of booleans": MLPClassifier(**small).fit(X, place > 1),
            "large integers": MLPClassifier(**small).fit(X, np.array([-5, 2**62])[place // 2]),
            "object labels": MLPClassifier(**small).fit(X, np.array(["ä", "b"], dtype=object)[place // 2]),
            "several labels": MLPClassifier(**small).fit(
                X, np.stack([place > 0, place > 1], axis=1).astype(int)
            ),
            "early stopping": MLPClassifier(**small, early_stopping=True, dropout=0.2).fit(X, place),
            "no hidden layer": MLPClassifier(**small | {"hidden_layer_sizes": ()}).fit(X, place),
            "one number": MLPRegressor(**small, loss={"loss": "huber", "delta": 2.0}).fit(X, X[:, 0]),
            "two numbers": MLPRegressor(**small, activation={"name": "elu", "alpha": 0.5}).fit(X, X[:, :2]),
            "poisson": MLPRegressor(**small, loss="poisson").fit(X, np.exp(X[:, 0])),
            "frame": MLPRegressor(**small).fit(_named(X), X[:, 0]),
            "table of classes": TabularClassifier(**quick).fit(
                table, np.array(["low", "high"])[(x > 0).astype(int)]
            ),
            "table of several labels": TabularClassifier(**quick).fit(
                table, np.stack([third > 0, third > 1], axis=1).astype(int)
            ),
            "table of three classes": TabularClassifier(
                **quick, class_weight={0: 2.0}, column_kinds={"zip": "category"}, embedding="none"
            ).fit(table, third),
            "table of numbers": TabularRegressor(**quick).fit(table, x * 1000),
            "matrix of numbers": TabularRegressor(**quick, activation={"name": "elu", "alpha": 0.5}).fit(
                X, X[:, :2]
            ),
            "quantiles": TabularRegressor(**quick, quantiles=(0.1, 0.9)).fit(table, x),
            "folds": TabularRegressor(**quick | {"members": 2}, folds=2).fit(table, x),
            "few rows": TabularRegressor(**quick, loss="poisson").fit(table[:12], np.exp(x[:12])),
            "learned in parts": TabularRegressor(**quick).partial_fit(table, x).partial_fit(table, x),
        }


def _named(X):
    import pandas as pd

    return pd.DataFrame(X, columns=["first", "second", "näme"])


def _table(X):
    """A table with a column of every kind, one of them with more levels than get a flag each."""
    n = len(X)
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=int(d)) for d in 30 * X[:, 1]]
    return pl.DataFrame(
        {
            "x": X[:, 0] * 1000,
            "gaps": [None if i % 7 == 0 else x for i, x in enumerate(X[:, 1].tolist())],
            "color": (["red", None, "blue"] * n)[:n],
            "member": X[:, 2] > 0,
            "zip": [str(100 + i % 30) for i in range(n)],
            "since": days,
            "lab": ([*map(str, range(25)), "> 90", "?"] * n)[:n],
            "note": [f"a rather long remark, number {i}" for i in range(n)],
            "constant": 1,
            "town": pl.Series([f"town {i % 70}" for i in range(n)], dtype=pl.Categorical),
        }
    )


@pytest.fixture(scope="session")
def outputs(rows):
    """A function: what a model says of the rows, as one array."""

    def say(model):
        if hasattr(model, "encoder_"):
            X = _table(rows) if hasattr(model, "feature_names_in_") else rows
            if getattr(model, "_residuals", None) is None:
                return model.predict_proba(X) if hasattr(model, "classes_") else model.predict(X)
            bounds = model.predict_interval(X, 0.6).reshape(len(rows), -1)
            return np.column_stack([model.predict(X), bounds])
        X = _named(rows) if hasattr(model, "feature_names_in_") else rows
        return model.predict_proba(X) if hasattr(model, "classes_") else model.predict(X)

    return say
