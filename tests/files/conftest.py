"""Fitted models of every kind that can be saved, small and trained once."""

import warnings

import numpy as np
import polars as pl
import pytest

from chainrule import MLPClassifier, MLPRegressor
from chainrule.estimators.table_model import TableModel


@pytest.fixture(scope="session")
def rows():
    return np.random.default_rng(0).normal(size=(60, 3))


@pytest.fixture(scope="session")
def models(rows):
    """Name -> fitted model."""
    X, place = rows, np.digitize(rows[:, 0], [-0.5, 0.5])
    small = {"hidden_layer_sizes": (4,), "max_iter": 6, "random_state": 0, "engine": "numpy"}
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
            "table of classes": TableModel.fit(_table(X), "kind"),
            "table of numbers": TableModel.fit(_table(X), "x"),
        }


def _named(X):
    import pandas as pd

    return pd.DataFrame(X, columns=["first", "second", "näme"])


def _table(X):
    kinds = np.array(["low", "high"])[(X[:, 0] > 0).astype(int)]
    return pl.DataFrame({"x": X[:, 0] * 1000, "color": ["red", None, "blue"] * 20, "kind": kinds})


@pytest.fixture(scope="session")
def outputs(rows):
    """A function: what a model says of the rows, as one array."""

    def say(model):
        if isinstance(model, TableModel):
            table = _table(rows)
            return model.predict_proba(table) if model.task == "classification" else model.predict(table)
        X = _named(rows) if hasattr(model, "feature_names_in_") else rows
        return model.predict_proba(X) if hasattr(model, "classes_") else model.predict(X)

    return say
