"""TabularClassifier and TabularRegressor: any table in, an answer out, and nothing silent."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_classification, make_friedman1
from sklearn.metrics import log_loss, mean_pinball_loss, mean_squared_error
from sklearn.model_selection import train_test_split

from chainrule import TabularClassifier, TabularRegressor
from chainrule.errors import DegradedWarning, ParameterError, TableError

QUICK = {"preset": "fast", "max_iter": 6, "members": 2, "hidden_layer_sizes": (16,), "random_state": 0}


@pytest.fixture(scope="module")
def people():
    """A table with a column of every kind, and a target that depends on most of them."""
    rng = np.random.default_rng(0)
    n = 240
    table = pd.DataFrame(
        {
            "age": rng.normal(40, 10, n),
            "town": rng.choice(["Bern", "Chur", "Genf"], n),
            "member": rng.random(n) < 0.5,
            "joined": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
            "visits": rng.poisson(2, n),
        }
    )
    y = table["age"] / 10 + 2 * (table["town"] == "Chur") + table["member"] + 0.1 * rng.normal(size=n)
    table.loc[rng.random(n) < 0.1, "age"] = np.nan
    table.loc[rng.random(n) < 0.1, "town"] = None
    return table, y.to_numpy()


@pytest.fixture(scope="module")
def regressor(people):
    X, y = people
    return TabularRegressor(**QUICK | {"max_iter": 60}).fit(X, y)


@pytest.fixture(scope="module")
def classifier(people):
    X, y = people
    return TabularClassifier(**QUICK | {"max_iter": 40}).fit(X, np.where(y > 5, "old", "young"))


# -- any table ---------------------------------------------------------------------------------------


def test_learns_from_a_table_with_columns_of_every_kind(people, regressor, classifier):
    X, y = people
    assert regressor.score(X, y) > 0.8
    assert classifier.score(X, np.where(y > 5, "old", "young")) > 0.85
    assert regressor.encoder_.schema_.kinds == {
        "age": "number",
        "town": "category",
        "member": "boolean",
        "joined": "date",
        "visits": "number",
    }
    assert list(regressor.feature_names_in_) == list(X.columns)


def test_frames_of_three_libraries_give_the_same_bits(people, regressor):
    X, _ = people
    expected = regressor.predict(X)
    np.testing.assert_array_equal(regressor.predict(pl.from_pandas(X)), expected)
    np.testing.assert_array_equal(regressor.predict(pl.from_pandas(X).to_arrow()), expected)


def test_columns_are_found_by_name(people, regressor):
    X, _ = people
    expected = regressor.predict(X)
    turned = X[X.columns[::-1]].assign(unknown="a", target=1.0)
    np.testing.assert_array_equal(regressor.predict(turned), expected)
    with pytest.raises(TableError, match="town"):
        regressor.predict(X.drop(columns="town"))


def test_a_column_that_changes_its_type_means_the_same():
    rng = np.random.default_rng(1)
    codes = rng.integers(1, 4, 120)
    y = codes * 10.0 + rng.normal(size=120)
    model = TabularRegressor(**QUICK).fit(pd.DataFrame({"code": codes.astype(str)}), y)
    expected = model.predict(pd.DataFrame({"code": ["1", "2", "3"]}))
    np.testing.assert_array_equal(model.predict(pd.DataFrame({"code": [1, 2, 3]})), expected)
    np.testing.assert_array_equal(model.predict(pd.DataFrame({"code": [1.0, 2.0, 3.0]})), expected)


def test_what_training_never_saw_gets_an_answer(people, regressor, classifier):
    X, _ = people
    strange = X.head(3).assign(
        age=[1e300, np.nan, -1e300],
        town=["Paris", None, "Bern"],
        joined=[pd.NaT, pd.Timestamp("2500-01-01"), pd.NaT],
    )
    assert np.isfinite(regressor.predict(strange)).all()
    np.testing.assert_allclose(classifier.predict_proba(strange).sum(1), 1)


def test_categorical_features_and_kinds_are_obeyed():
    X = np.column_stack([np.arange(60) % 5, np.linspace(0, 1, 60)])
    y = X[:, 1]
    for choice in ([0], [True, False], ["x0"]):
        model = TabularRegressor(**QUICK, categorical_features=choice).fit(X, y)
        assert model.encoder_.schema_.kinds == {"x0": "category", "x1": "number"}
    model = TabularRegressor(**QUICK, column_kinds={"x0": "ignore"}).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), model.predict(X + np.array([1, 0])))
    with pytest.raises(ParameterError, match="column 7"):
        TabularRegressor(**QUICK, categorical_features=[7]).fit(X, y)
    with pytest.raises(ParameterError, match=r"kinds are given for columns that do not exist.*'zip'"):
        TabularRegressor(**QUICK, categorical_features=["zip"]).fit(X, y)
    with pytest.raises(ParameterError, match="of a frame give the column, not its name"):
        TabularClassifier(**QUICK).fit(pd.DataFrame({"a": [1, 2], "b": [0, 1]}), "b")


def test_a_table_of_constants_predicts_the_mean():
    model = TabularRegressor(**QUICK).fit(pd.DataFrame({"a": ["x"] * 30, "b": [None] * 30}), np.arange(30.0))
    assert abs(model.predict(pd.DataFrame({"a": ["y"], "b": ["z"]}))[0] - 14.5) < 6


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_targets_of_any_magnitude(scale):
    X, y = make_friedman1(120, random_state=0)
    usual = TabularRegressor(**QUICK).fit(X, y).predict(X)
    np.testing.assert_allclose(
        TabularRegressor(**QUICK).fit(X, y * scale).predict(X) / scale, usual, rtol=1e-4
    )


# -- what is predicted -----------------------------------------------------------------------------------


def test_several_targets():
    X, y = make_friedman1(200, random_state=0)
    Y = np.column_stack([y, -100 * y])
    model = TabularRegressor(**QUICK | {"max_iter": 40}).fit(X, Y)
    assert model.predict(X).shape == (200, 2)
    assert model.predict_interval(X).shape == (200, 2, 2)
    assert model.score(X, Y) > 0.6


def test_several_labels():
    X, y = load_iris(return_X_y=True)
    Y = np.column_stack([y == 0, y > 0, np.zeros(150)]).astype(int)
    model = TabularClassifier(**QUICK | {"max_iter": 30}).fit(X, Y)
    assert model.predict_proba(X).shape == (150, 3)
    assert (model.predict(X)[:, :2] == Y[:, :2]).mean() > 0.9
    assert not model.predict(X)[:, 2].any()


def test_quantiles_cover_their_share_and_do_not_cross():
    X, y = make_friedman1(600, noise=2.0, random_state=0)
    X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    levels = (0.1, 0.5, 0.9)
    model = TabularRegressor(preset="fast", quantiles=levels, random_state=0).fit(X, y)
    predicted = model.predict(X_test)
    assert predicted.shape == (len(y_test), 3)
    assert (np.diff(predicted, axis=1) >= 0).all()
    constant = np.quantile(y, levels)
    for k, level in enumerate(levels):
        loss = mean_pinball_loss(y_test, predicted[:, k], alpha=level)
        assert loss < 0.8 * mean_pinball_loss(y_test, np.full(len(y_test), constant[k]), alpha=level)


@pytest.mark.parametrize("loss", ["absolute_error", {"loss": "huber", "delta": 2.0}, "poisson"])
def test_other_losses_learn(loss):
    X, y = make_friedman1(300, random_state=0)
    y = np.maximum(y, 0)
    model = TabularRegressor(**QUICK | {"max_iter": 60}, loss=loss).fit(X, y)
    assert model.score(X, y) > 0.6


def test_a_loss_of_ones_own_is_minimized():
    X, y = make_friedman1(200, random_state=0)

    def squared(a, y):
        return ((a - y) ** 2).sum(1), 2 * (a - y)

    own = TabularRegressor(**QUICK | {"max_iter": 20}, loss=squared, clip_predictions=False).fit(X, y)
    built_in = TabularRegressor(**QUICK | {"max_iter": 20}, clip_predictions=False).fit(X, y)
    np.testing.assert_allclose(own.predict(X), built_in.predict(X), rtol=1e-4)


def test_predictions_of_the_mean_stay_in_the_range_of_training_unless_told_otherwise():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 1))
    y = 3 * X[:, 0] + rng.normal(size=200)
    far = np.linspace(-50, 50, 101)[:, None]
    settings = QUICK | {"max_iter": 30, "validation_fraction": 0.0}  # all targets are those of training
    kept = TabularRegressor(**settings, clip_predictions=True).fit(X, y).predict(far)
    free = TabularRegressor(**settings, clip_predictions=False).fit(X, y).predict(far)
    assert free.min() < y.min()
    assert free.max() > y.max()
    np.testing.assert_array_equal(kept, np.clip(free, y.min(), y.max()))
    np.testing.assert_array_equal(TabularRegressor(**settings).fit(X, y).predict(far), kept)


def test_predictions_of_quantiles_may_leave_the_range_of_training():
    X = np.linspace(0, 1, 100)[:, None]
    settings = QUICK | {"quantiles": (0.01, 0.99)}
    kept, free = (
        TabularRegressor(**settings, clip_predictions=clips).fit(X, X[:, 0]).predict(10 * X)
        for clips in (True, False)
    )
    np.testing.assert_array_equal(kept, free)


# -- honest numbers ------------------------------------------------------------------------------------


def test_intervals_cover_what_they_promise():
    X, y = make_friedman1(1500, noise=1.0, random_state=0)
    X, X_test, y, y_test = train_test_split(X, y, test_size=600, random_state=0)
    model = TabularRegressor(**QUICK | {"max_iter": 40}).fit(X, y)
    for coverage in (0.5, 0.9):
        low, high = model.predict_interval(X_test, coverage).T
        assert abs(((low <= y_test) & (y_test <= high)).mean() - coverage) < 0.08
    with pytest.raises(ParameterError, match=r"coverage=0\.999 needs at least 999 held-out rows"):
        model.predict_interval(X_test, 0.999)


def test_the_temperature_makes_probabilities_honest():
    """Smoothed labels make every probability too timid by a known amount, which the temperature undoes."""
    X, y = make_classification(2000, class_sep=2.0, flip_y=0, random_state=0)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.4, random_state=0)
    losses = {}
    for calibrate in (False, True):
        model = TabularClassifier(**QUICK, label_smoothing=0.4, calibrate=calibrate).fit(X, y)
        losses[calibrate] = log_loss(y_test, model.predict_proba(X_test))
        assert model.temperature_ < 0.9 if calibrate else model.temperature_ == 1
    assert losses[True] < 0.9 * losses[False]


# -- weights, folds, validation rows -------------------------------------------------------------------


def test_a_weight_is_so_many_rows_and_the_order_of_rows_means_nothing():
    X, y = make_friedman1(80, random_state=0)
    weights = np.random.default_rng(0).integers(0, 4, 80)
    weighted = TabularRegressor(**QUICK).fit(X, y, sample_weight=weights)
    order = np.random.default_rng(1).permutation(weights.sum())
    repeated = TabularRegressor(**QUICK).fit(np.repeat(X, weights, 0)[order], np.repeat(y, weights)[order])
    np.testing.assert_array_equal(weighted.predict(X), repeated.predict(X))


def test_class_weights_shift_the_decision():
    X, y = load_breast_cancer(return_X_y=True)
    plain = TabularClassifier(**QUICK).fit(X, y)
    shifted = TabularClassifier(**QUICK, class_weight={0: 100.0}).fit(X, y)
    assert (shifted.predict(X) == 0).sum() > (plain.predict(X) == 0).sum()


@pytest.mark.parametrize("weights", [np.zeros(80), -np.ones(80), np.full(80, np.nan)])
def test_weights_that_mean_nothing_are_refused(weights):
    X, y = make_friedman1(80, random_state=0)
    with pytest.raises(ValueError, match="weight"):
        TabularRegressor(**QUICK).fit(X, y, sample_weight=weights)


def test_folds_judge_every_row_by_members_that_did_not_learn_it():
    X, y = make_friedman1(150, random_state=0)
    model = TabularRegressor(**QUICK | {"members": 4, "max_iter": 20}, folds=4).fit(X, y)
    assert len(model._residuals) == 150
    assert np.isfinite(model.predict(X)).all()
    with pytest.raises(ParameterError, match="folds must be 0, or at least 2"):
        TabularRegressor(**QUICK, folds=3).fit(X, y)


def test_own_validation_rows_and_metric_choose_the_epoch(people):
    X, y = people
    labels = np.where(y > 5, "old", "young")
    model = TabularClassifier(**QUICK, scoring="accuracy").fit(X, labels, X_val=X, y_val=labels)
    assert model.validation_loss_curve_ is not None
    assert 1 <= model.best_iter_ <= model.n_iter_
    with pytest.raises(ParameterError, match="X_val and y_val belong together"):
        TabularClassifier(**QUICK).fit(X, labels, X_val=X)


# -- life cycle ----------------------------------------------------------------------------------------


def test_partial_fit_goes_on_with_the_same_columns(people):
    X, y = people
    model = TabularRegressor(**QUICK | {"max_iter": None})
    scores = []
    for _ in range(40):
        model.partial_fit(X, y)
        scores.append(model.score(X, y))
    assert scores[-1] > max(0.5, scores[0])
    with pytest.raises(TableError, match="age"):
        model.partial_fit(X.drop(columns="age"), y)


def test_partial_fit_of_classes_knows_them_from_the_first_call():
    X, y = load_iris(return_X_y=True)
    model = TabularClassifier(**QUICK)
    with pytest.raises(ParameterError, match="classes must be passed"):
        model.partial_fit(X, y)
    for _ in range(30):
        model.partial_fit(X[:100], y[:100], classes=[0, 1, 2])
    assert list(model.classes_) == [0, 1, 2]
    assert model.score(X[:100], y[:100]) > 0.9


def test_the_same_seed_gives_the_same_bits_and_another_one_others():
    X, y = make_friedman1(80, random_state=0)
    before = np.random.get_state()[1].copy()  # noqa: NPY002  # the generator that we leave alone
    first, second = (TabularRegressor(**QUICK).fit(X, y).predict(X) for _ in range(2))
    other = TabularRegressor(**QUICK | {"random_state": 1}).fit(X, y).predict(X)
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_pickle_and_clone(people, regressor):
    X, _ = people
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(regressor)).predict(X), regressor.predict(X))
    assert clone(regressor).get_params() == regressor.get_params()


def test_a_fit_that_fails_leaves_the_model_as_it_was(people):
    X, y = people
    model = TabularRegressor(**QUICK).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X, np.full(len(y), np.nan))
    with pytest.raises(ValueError, match="inconsistent"):
        model.fit(X, y[:10])
    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("preset", "slow"),
        ("members", 0),
        ("embedding", "sine"),
        ("bins", 1),
        ("dropout", 1.0),
        ("time_limit", 0),
        ("batch_size", 0),
        ("max_iter", 0),
        ("hidden_layer_sizes", (0,)),
        ("validation_fraction", 1.0),
        ("learning_rate_init", -1.0),
        ("engine", "torch"),
    ],
)
def test_impossible_settings_are_named(setting, value):
    X, y = make_friedman1(40, random_state=0)
    with pytest.raises(ParameterError, match=setting):
        TabularRegressor(**QUICK | {setting: value}).fit(X, y)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("members", 3),
        ("hidden_layer_sizes", (8, 8)),
        ("activation", "tanh"),
        ("embedding", "none"),
        ("embedding", "periodic"),
        ("embedding", "piecewise_linear"),
        ("bins", 5),
        ("learning_rate_init", 0.01),
        ("weight_decay", 0.5),
        ("dropout", 0.5),
        ("validation_fraction", 0.4),
        ("batch_size", 7),
        ("max_iter", 3),
        ("loss", "absolute_error"),
    ],
)
def test_every_setting_has_an_effect(setting, value):
    X, y = make_friedman1(100, random_state=0)
    usual = TabularRegressor(**QUICK).fit(X, y).predict(X)
    assert (TabularRegressor(**QUICK | {setting: value}).fit(X, y).predict(X) != usual).any()


def test_label_smoothing_and_presets_have_an_effect():
    X, y = load_iris(return_X_y=True)
    usual = TabularClassifier(**QUICK).fit(X, y)
    smoothed = TabularClassifier(**QUICK, label_smoothing=0.3).fit(X, y)
    assert (usual.predict_proba(X) != smoothed.predict_proba(X)).any()
    sizes = {
        p: TabularClassifier(preset=p, max_iter=1).fit(X, y).network_.n_parameters
        for p in ("fast", "default", "best")
    }
    assert sizes["fast"] < sizes["default"] < sizes["best"]


def test_importance_finds_the_columns_that_matter():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = TabularRegressor(**QUICK | {"max_iter": 30}).fit(X, y)
    found = list(model.feature_importance(X, y, n_repeats=2, random_state=0))
    assert set(found[:4]) & {"bmi", "s5"}
    assert sorted(found) == sorted(X.columns)


def test_importance_is_that_of_scikit_learn_and_takes_any_table():
    from sklearn.inspection import permutation_importance

    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=300), "b": rng.choice(["x", "y"], 300), "c": rng.normal(size=300)})
    y = X["a"] + 3 * (X["b"] == "x")
    model = TabularRegressor(**QUICK | {"max_iter": 30}).fit(X, y)
    ours = model.feature_importance(X, y, n_repeats=20, random_state=0)
    theirs = permutation_importance(model, X, y, n_repeats=20, random_state=0).importances_mean
    for name, mean in zip(X.columns, theirs, strict=True):
        assert ours[name][0] == pytest.approx(mean, abs=0.05 * max(theirs) + 0.02)
    assert list(ours)[-1] == "c"
    again = model.feature_importance(pl.from_pandas(X), y, n_repeats=20, random_state=0)
    assert again == ours


def test_better_than_a_line_where_there_is_none():
    X, y = make_friedman1(600, random_state=0)
    X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    from sklearn.linear_model import LinearRegression

    ours = TabularRegressor(preset="fast", random_state=0).fit(X, y).predict(X_test)
    line = LinearRegression().fit(X, y).predict(X_test)
    assert mean_squared_error(y_test, ours) < 0.5 * mean_squared_error(y_test, line)


def test_partial_fit_goes_on_after_a_fit_with_folds():
    X, y = make_friedman1(120, random_state=0)
    model = TabularRegressor(**QUICK | {"members": 4}, folds=2).fit(X, y)
    before = model.predict(X)
    model.partial_fit(X, y + 100)
    assert (model.predict(X) != before).any()
    for _ in range(60):
        model.partial_fit(X, y + 100)
    assert model.predict(X).max() > y.max()  # the range of predictions follows the targets


def test_rare_classes_are_learned_from_and_said():
    X, y = load_iris(return_X_y=True)
    y = y.astype(str).astype(object)
    y[[0, 60]] = "rare a", "rare b"
    with pytest.warns(DegradedWarning, match="2 of 5 classes have one row only"):
        model = TabularClassifier(**QUICK, folds=0).fit(X, y)
    assert len(model.classes_) == 5
    assert len(TabularClassifier(**QUICK).fit(X, y).classes_) == 5, "in folds nothing is held out"


def test_mixture_shares_find_the_member_that_knows():
    from chainrule.estimators.calibration import mixture_shares

    rng = np.random.default_rng(0)
    p = np.column_stack([rng.uniform(0.7, 0.9, 2000), rng.uniform(0.2, 0.4, 2000)])
    shares = mixture_shares(np.log(p), np.ones(2000))
    assert shares[0] > 0.95
    np.testing.assert_allclose(shares.sum(), 1)
    np.testing.assert_allclose(mixture_shares(np.log(p[:, [0, 0]]), np.ones(2000)), [0.5, 0.5])


def test_conformal_radius_is_the_quantile_of_the_formula():
    from chainrule.estimators.calibration import conformal_radius

    residuals = np.arange(1.0, 20.0)[:, None]  # 19 rows: ⌈20 · 0.9⌉ = 18
    np.testing.assert_array_equal(conformal_radius(residuals, 0.9), [18.0])
    np.testing.assert_array_equal(conformal_radius(residuals, 0.5), [10.0])


def test_temperature_is_the_scale_that_was_taken_away():
    from chainrule.estimators.calibration import temperature
    from chainrule.network import get_loss

    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, size=(20_000, 3))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    y = (p.cumsum(1) < rng.random((20_000, 1))).sum(1).astype(float)[:, None]
    found = temperature(get_loss("softmax_cross_entropy"), 3 * logits, y, np.ones(20_000))
    assert abs(found - 3) < 0.1
