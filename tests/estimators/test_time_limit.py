"""A time limit: what it leaves out and says, and that a model comes of it. No test measures how exactly."""

from time import perf_counter

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_friedman1

from chainrule import TabularClassifier, TabularRegressor
from chainrule.errors import DegradedWarning
from chainrule.estimators.tabular_time import affordable_rows, drawn_rows, rows_counted_as
from chainrule.table.values import RowError

QUICK = {"preset": "fast", "hidden_layer_sizes": (16,), "random_state": 0, "engine": "numpy"}


def test_a_training_that_would_go_on_for_long_is_ended():
    X, y = make_friedman1(300, random_state=0)
    begun = perf_counter()
    with pytest.warns(DegradedWarning, match=r"time_limit=1\.0 s ended the training"):
        model = TabularRegressor(**QUICK, max_iter=100_000, time_limit=1.0).fit(X, y)
    assert perf_counter() - begun < 10
    assert model.n_iter_ < 100_000
    assert model.score(X, y) > 0


def test_rows_are_drawn_where_time_is_short_for_all_which_is_said_once():
    X, y = make_friedman1(20_000, random_state=0)
    with pytest.warns(DegradedWarning) as said:
        model = TabularRegressor(**QUICK, time_limit=0.2).fit(X, y)
    assert len(said) == 1
    assert "was too short to learn from all 20,000 rows" in str(said[0].message)
    assert said[0].filename == __file__
    assert np.isfinite(model.predict(X[:10])).all()
    assert model.predict_interval(X[:10]).shape == (10, 2)


def test_rows_of_every_class_are_drawn():
    rng = np.random.default_rng(0)
    y = np.where(rng.random(20_000) < 0.5, "often", "also often").astype(object)
    y[[5, 7000, 19_000]] = "rare"
    X = pd.DataFrame(
        {"town": rng.choice(["Bern", "Chur", "Genf"], 20_000), "age": (y == "rare") + rng.random(20_000)}
    )
    with pytest.warns(DegradedWarning) as said:
        model = TabularClassifier(**QUICK, time_limit=0.2).fit(X, y)
    assert len(said) == 1  # nor is it said that "rare" has one row only
    assert list(model.classes_) == ["also often", "often", "rare"]
    np.testing.assert_allclose(model.predict_proba(X[:10]).sum(1), 1)


def test_own_validation_rows_are_all_judged_by():
    X, y = make_friedman1(20_000, random_state=0)
    with pytest.warns(DegradedWarning, match="from all 20,000 rows"):
        model = TabularRegressor(**QUICK, time_limit=0.3).fit(X, y, X_val=X[:300], y_val=y[:300])
    assert len(model._residuals) == 300


def test_enough_time_changes_nothing():
    X, y = make_friedman1(600, random_state=0)
    usual = TabularRegressor(**QUICK, max_iter=4).fit(X, y)
    timed = TabularRegressor(**QUICK, max_iter=4, time_limit=1000.0).fit(X, y)
    np.testing.assert_array_equal(timed.predict(X), usual.predict(X))


# -- the draw ------------------------------------------------------------------------------------------


def test_the_draw_is_of_so_many_rows_and_two_of_each_class():
    classes = np.repeat([0, 1, 2, 3], [5000, 4990, 9, 1])
    drawn = drawn_rows(10_000, 400, np.random.default_rng(0), classes)
    assert (np.diff(drawn) > 0).all()
    assert 400 <= len(drawn) <= 400 + 3
    assert (np.bincount(classes[drawn]) >= [2, 2, 2, 1]).all()
    drawn = drawn_rows(10_000, 400, np.random.default_rng(0), None)
    assert len(np.unique(drawn)) == len(drawn) == 400
    assert abs(drawn.mean() - 5000) < 500  # three and a half standard deviations


def test_affordable_rows_are_the_most_that_there_is_time_for():
    assert affordable_rows(10_000, 20.0, lambda n: n / 1000) == 10_000
    assert 4700 < affordable_rows(10_000, 5.0, lambda n: n / 1000) <= 5000
    assert affordable_rows(10_000, -1.0, lambda n: n / 1000) == 256
    assert affordable_rows(100, -1.0, lambda n: n / 1000) == 100


def test_an_error_in_a_drawn_row_names_it_as_it_was_given():
    with pytest.raises(RowError, match="bad in row 31;"), rows_counted_as(np.array([10, 20, 30])):
        raise RowError("bad in ", 2, ";")
