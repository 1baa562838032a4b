"""Small fits whose bits are compared: alone, again, in threads, in other orders, in other processes.

As a program (``python fitted_bits.py numpy xla``) it prints their digests, last fit first, as JSON.
"""

import hashlib
import json
import sys
import warnings
from functools import partial

import numpy as np

from chainrule import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(220, 5))
Y = X[:, 0] + 0.1 * rng.normal(size=220)
LABELS = np.where(Y > 0, "up", "down")
FIRST = slice(60)
TABLE = [
    [*row[:3].tolist(), "abc"[i % 3], None if i % 7 == 0 else float(row[3])] for i, row in enumerate(X[FIRST])
]


def classifier(**given):
    return MLPClassifier((8,), max_iter=3, early_stopping=True, **given).fit(X, LABELS)


def dropout(**given):
    settings = {"hidden_layer_sizes": (6, 6), "dtype": "float32", "dropout": 0.3, "max_iter": 3}
    return MLPRegressor(**settings, **given).fit(X, Y)


def wide(**given):
    """With products so large that a batch is computed in pieces."""
    return MLPRegressor(hidden_layer_sizes=(260, 260), max_iter=2, **given).fit(X, Y)


def table_of_classes(**given):
    return TabularClassifier("fast", max_iter=2, **given).fit(TABLE, LABELS[FIRST])


def table_of_numbers(**given):
    return TabularRegressor("fast", max_iter=2, **given).fit(TABLE, Y[FIRST])


PROGRAMS = {
    "classifier": classifier,
    "dropout": dropout,
    "wide": wide,
    "lbfgs": partial(wide, solver="lbfgs"),
    "table of classes": table_of_classes,
    "table of numbers": table_of_numbers,
}
WITHOUT_LARGE_PRODUCTS = ("dropout", "table of numbers")
"""For the xla engine, whose large products depend on the number of threads."""


def fitted(name, engine="numpy", random_state=0):
    """One of these fits, which warns that it has not converged."""
    return PROGRAMS[name](engine=engine, random_state=random_state)


def rows_for(model):
    return TABLE if hasattr(model, "encoder_") else X


def answers(model, rows):
    """What every method says of rows: a list of arrays."""
    found = [model.predict(rows)]
    methods = [method for method in ("predict_proba", "transform") if hasattr(model, method)]
    found += [getattr(model, method)(rows) for method in methods]
    if isinstance(model, TabularRegressor):
        found += [np.asarray(model.predict_interval(rows, coverage=0.5))]
    if hasattr(model, "predictor"):
        found.append(model.predictor()(np.asarray(rows)))
    return found


def digest(model, rows=None):
    """Of the parameters, the record of the training, and the answers."""
    parameters = [model.theta_] if hasattr(model, "theta_") else [*model.coefs_, *model.intercepts_]
    parts = [*parameters, np.asarray(model.loss_curve_)]
    parts += answers(model, rows_for(model) if rows is None else rows)
    whole = hashlib.sha256()
    for part in parts:
        part = np.asarray(part)
        whole.update(f"{part.dtype if part.dtype != object else 'text'}{part.shape}".encode())
        whole.update("\n".join(part).encode() if part.dtype == object else part.tobytes())
    return whole.hexdigest()


def all_fits(engines):
    """(name, engine) of the fits that are compared."""
    return [
        (name, engine)
        for engine in engines
        for name in (WITHOUT_LARGE_PRODUCTS if engine == "xla" else PROGRAMS)
    ]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    found = {
        f"{name}, {engine}": digest(fitted(name, engine)) for name, engine in all_fits(sys.argv[1:])[::-1]
    }
    sys.stdout.write(json.dumps(found))
