"""The program of a user: load a table, fit, score. The part "fit" takes its time from start to end.

Run as `python -m speed.fit_once scikit-learn|auto|numpy|xla TABLE`.
"""

import json
import sys
import warnings
from typing import Any

import numpy as np

EPOCHS = 100


def table(name: str) -> tuple[Any, Any]:
    """(X, y), float32, standardized."""
    if name == "synthetic":
        rng = np.random.default_rng(0)
        X = rng.standard_normal((20_000, 30), np.float32)
        z = np.tanh(X @ rng.standard_normal((30, 16), np.float32) / 5)
        return X, (z @ rng.standard_normal((16, 5), np.float32)).argmax(1)
    from sklearn import datasets

    load = {
        "iris": datasets.load_iris,
        "breast cancer": datasets.load_breast_cancer,
        "digits": datasets.load_digits,
    }[name]
    X, y = load(return_X_y=True)
    X = (X - X.mean(0)) / np.maximum(X.std(0), 1e-6)
    return X.astype(np.float32), y


def main(choice: str, name: str) -> None:
    warnings.simplefilter("ignore")
    settings: dict[str, Any] = {"max_iter": EPOCHS, "tol": 0.0, "n_iter_no_change": np.inf, "random_state": 0}
    if choice == "scikit-learn":
        from sklearn.neural_network import MLPClassifier
    else:
        from chainrule import MLPClassifier

        settings["engine"] = choice
    X, y = table(name)
    held_out = np.arange(len(y)) % 5 == 0
    model = MLPClassifier(**settings).fit(X[~held_out], y[~held_out])
    result = {
        "score": model.score(X[held_out], y[held_out]),
        "epochs": model.n_iter_,
        "dtype": str(model.coefs_[0].dtype),
        "engine": getattr(model, "engine_", ""),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
