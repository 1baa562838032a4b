"""Faults planted in tables: exactly the finding that belongs to each comes up, with the right numbers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.preprocessing import StandardScaler

from chainrule import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from chainrule.explain.doctor import doctor

SMALL = {"members": 2, "hidden_layer_sizes": (16,), "max_iter": 20, "engine": "numpy", "random_state": 0}


def cancer():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    frame = pd.DataFrame(StandardScaler().fit_transform(X), columns=X.columns)
    return frame.iloc[:, :8], y.to_numpy()


def fitted(X, y, **settings):
    settings = {
        "learning_rate_init": 0.01,
        "early_stopping": True,
        "scoring": "loss",
        "random_state": 0,
    } | settings
    return MLPClassifier((16,), **settings).fit(X, y)


def only(diagnosis, name):
    assert [finding.name for finding in diagnosis.findings] == [name], str(diagnosis)
    return diagnosis.findings[0]


def test_without_a_planted_fault_there_is_no_finding():
    X, y = cancer()
    assert doctor(fitted(X, y), X, y).ok
    assert doctor(TabularClassifier(**SMALL).fit(X, y), X, y).ok


def test_unscaled_inputs():
    X, y = cancer()
    model = fitted(X, y)
    X = X.assign(**{"mean area": X["mean area"] * 1000 + 50})
    model.coefs_[0][3] /= 1000  # the same function but for 50/1000
    finding = only(doctor(model, X, y), "unscaled inputs")
    assert finding.numbers["mean"] == pytest.approx({"mean area": 50})
    assert finding.numbers["standard_deviation"] == pytest.approx({"mean area": 1000})
    assert finding.where == "column 'mean area'"
    assert finding.severity == "severe"


def test_columns_much_too_small_are_unscaled_too_and_rare_flags_are_not():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    y = ((y - y.mean()) / y.std()).to_numpy()
    X["rare"] = (np.arange(len(X)) % 100 == 0).astype(float)
    model = MLPRegressor(
        hidden_layer_sizes=(32,), activation="tanh", learning_rate_init=0.02, random_state=0
    ).fit(X, y)
    finding = only(doctor(model, X, y), "unscaled inputs")
    assert set(finding.numbers["mean"]) == set(X.columns) - {"rare"}
    assert finding.severity == "notable"


def test_constant_columns():
    X, y = cancer()
    X = X.assign(same=2.0)
    finding = only(doctor(fitted(X, y), X, y), "constant columns")
    assert finding.numbers["columns"] == ["same"]
    X = X.assign(same="a", none=None)
    finding = only(doctor(TabularClassifier(**SMALL).fit(X, y), X, y), "constant columns")
    assert finding.numbers["columns"] == ["same", "none"]
    assert finding.numbers["empty"] == ["none"]
    assert finding.numbers["share_of_columns"] == 0.2


def test_a_few_columns_of_zeros_are_harmless():
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    few = np.column_stack([X, np.zeros((len(X), 4))])
    assert doctor(fitted(few, y), few, y).ok
    many = np.column_stack([X, np.zeros((len(X), 12))])
    finding = only(doctor(fitted(many, y), many, y), "constant columns")
    assert finding.numbers["columns"] == [f"x{place}" for place in range(30, 42)]


def test_copied_columns():
    X, y = cancer()
    X = X.assign(
        copy=X["mean area"],
        turned=1 - 3 * X["mean texture"].to_numpy(),
        near=X["mean radius"] + X["mean area"] / 100,
    )
    finding = only(doctor(fitted(X, y), X, y), "copied columns")
    assert finding.numbers["pairs"] == [["mean texture", "turned"], ["mean area", "copy"]]


def test_copies_of_categories_and_of_missing_values_and_what_is_none():
    X, y = cancer()
    rng = np.random.default_rng(0)
    level = rng.choice(["a", "b", "c"], len(X))
    holes = X["mean area"].where(rng.random(len(X)) < 0.9)
    flag = rng.random(len(X)) < 0.5
    X = X.assign(level=level, renamed=pd.Series(level).map({"a": "x", "b": "y", "c": "z"}), holes=holes)
    X = X.assign(negative=-holes, flag=flag.astype(int), other=(~flag).astype(int), rare=(X.index == 3) * 1.0)
    X = X.assign(as_rare=X["rare"])
    finding = only(doctor(TabularClassifier(**SMALL).fit(X, y), X, y), "copied columns")
    assert finding.numbers["pairs"] == [["level", "renamed"], ["holes", "negative"]]


def test_missing_values():
    X, y = cancer()
    X = X.assign(**{"mean area": X["mean area"].where(np.arange(len(X)) % 3 == 0)})
    X = X.assign(**{"mean radius": X["mean radius"].where(np.arange(len(X)) % 3 > 0)})
    finding = only(doctor(TabularClassifier(**SMALL).fit(X, y), X, y), "missing values")
    assert finding.numbers["share_missing"] == {"mean area": pytest.approx(X["mean area"].isna().mean())}


def test_rows_outside_the_training_range():
    X, y = cancer()
    X = X.assign(level=np.random.default_rng(0).choice(["a", "b"], len(X)))
    model = TabularClassifier(**SMALL).fit(X[::2], y[::2])
    X_val, y_val = X[1::2].copy(), y[1::2]
    assert doctor(model, X[::2], y[::2], X_val=X_val, y_val=y_val).ok
    X_val.loc[X_val.index[:40], "mean smoothness"] = X[::2]["mean smoothness"].max() + 0.1
    X_val.loc[X_val.index[:60], "level"] = "new"
    finding = only(doctor(model, X[::2], y[::2], X_val=X_val, y_val=y_val), "rows outside the training range")
    outside = (X_val["mean smoothness"] > X[::2]["mean smoothness"].max()) | (
        X_val["mean smoothness"] < X[::2]["mean smoothness"].min()
    )
    assert finding.numbers["share_outside"] == {
        "level": pytest.approx(60 / len(X_val)),
        "mean smoothness": pytest.approx(outside.mean()),
    }


def test_too_few_rows():
    X, y = cancer()
    few = np.concatenate([np.flatnonzero(y == 0)[:20], np.flatnonzero(y == 1)[:25]])
    model = fitted(X.iloc[few], y[few], early_stopping=False, scoring=None, learning_rate_init=0.05)
    finding = only(doctor(model, X.iloc[few], y[few]), "too few rows")
    assert finding.numbers["rows"] == 45
    assert finding.numbers["rows_per_column"] == 45 / 8
    rng = np.random.default_rng(0)
    wide = np.column_stack([X, rng.normal(size=(len(X), 300))])
    finding = only(doctor(fitted(wide, y, alpha=1), wide, y), "too few rows")
    assert finding.numbers["rows_per_column"] == pytest.approx(569 / 308)


def test_imbalanced_classes():
    X, y = cancer()
    kept = np.concatenate([np.flatnonzero(y == 1), np.flatnonzero(y == 0)[:8]])
    X, y = X.iloc[kept], np.where(y[kept] == 1, "benign", "malignant")
    finding = only(doctor(fitted(X, y, early_stopping=False, scoring=None), X, y), "imbalanced classes")
    assert finding.numbers["rows_by_class"] == {"malignant": 8}
    assert finding.numbers["share_of_rarest"] == pytest.approx(8 / len(y))
    assert finding.severity == "severe"


def test_a_leaking_column_of_classes():
    X, y = cancer()
    X = X.assign(diagnosis_code=y + np.random.default_rng(0).normal(size=len(y)) / 20)
    finding = only(doctor(fitted(X, y), X, y), "leaking column")
    assert finding.numbers["score_alone"] == {"diagnosis_code": 1.0}
    assert 0.85 < finding.numbers["score_of_the_others"] < 0.97
    assert finding.severity == "severe"


def test_a_leaking_category_is_found_among_few_rows():
    X, y = cancer()
    X, y = X[:100].assign(word=np.where(y[:100] == 1, "yes", "no")), y[:100]
    finding = only(doctor(TabularClassifier(**SMALL).fit(X, y), X, y), "leaking column")
    assert set(finding.numbers["score_alone"]) == {"word"}


@pytest.mark.parametrize(
    "leak", [lambda y: np.exp(y / 50), lambda y: -3 * y + 0.001, lambda y: np.round(y, -1)]
)
def test_a_leaking_column_of_numbers(leak):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    X, y = X.assign(later=leak(y)), y.to_numpy() + 1e-6 * np.arange(len(y))
    model = TabularRegressor(**SMALL).fit(X, y)
    found = {finding.name: finding for finding in doctor(model, X, y).findings}
    if leak(50.4) == 50:
        assert "leaking column" not in found  # it tells the target up to 5: near, not exact
    else:
        assert found["leaking column"].numbers["score_alone"]["later"] > 0.999


def test_easy_targets_are_not_given_away():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    X = rng.normal(size=(400, 4)) / 10 + y[:, None] * [3, 3, 3, 0]
    model = MLPClassifier((8,), learning_rate_init=0.02, random_state=0).fit(X, y)
    assert doctor(model, X, y).ok  # each of three columns tells it alone
