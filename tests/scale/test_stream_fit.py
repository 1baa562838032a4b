"""A table model learns from a data set piece by piece what it learns from the same table in memory."""

from dataclasses import replace

import numpy as np
import polars as pl
import pyarrow.dataset
import pytest

from chainrule import Checkpoint, TabularClassifier, TabularRegressor, load
from chainrule.errors import DegradedWarning, ParameterError, TableError
from chainrule.estimators.tabular_fitted import FittedTabular
from chainrule.scale.feed import Feed
from chainrule.scale.survey import survey

SETTINGS = {"preset": "fast", "random_state": 0, "max_iter": 6, "engine": "numpy", "batch_size": 64}
FEATURES = ["a", "b", "c", "kind", "some", "flag"]
pytestmark = pytest.mark.usefixtures("small_pieces")


def regressor(**given):
    return TabularRegressor(**SETTINGS | given)


@pytest.fixture
def features(table, tmp_path):
    """The table without its weights, as a file."""
    path = tmp_path / "features.parquet"
    table.drop("w").write_parquet(path, row_group_size=64)
    return path


@pytest.mark.thorough
def test_scores_are_those_of_the_table_in_memory(make_table, tmp_path):
    """Mean of three seeds each, held-out rows: the difference is within the spread of the seeds."""
    table, held_out = make_table(4000).drop("w"), make_table(2000, seed=1)
    table.write_parquet(tmp_path / "t.parquet", row_group_size=512)
    X, y = table.drop("y"), table["y"]
    memory, stream = [], []
    for seed in range(3):
        given = {"random_state": seed, "validation_fraction": 0.15, "max_iter": 12}
        memory.append(regressor(**given).fit(X, y).score(held_out, held_out["y"]))
        stream.append(regressor(**given).fit(tmp_path / "t.parquet", "y").score(held_out, held_out["y"]))
    assert min(memory) > 0.9
    spread = max(np.ptp(memory), np.ptp(stream))
    assert abs(np.mean(memory) - np.mean(stream)) < 2 * spread + 0.005


def test_every_form_of_a_data_set_gives_a_model(features, table):
    forms = [str(features), features, pyarrow.dataset.dataset(features), pl.scan_parquet(features)]
    models = [regressor(max_iter=2).fit(form, "y") for form in forms]
    answers = [model.predict(table) for model in models]
    for answer in answers[1:3]:
        np.testing.assert_array_equal(answer, answers[0])  # the same parts in the same order
    assert np.isfinite(answers[3]).all()
    assert list(models[0].feature_names_in_) == FEATURES


def test_the_same_seed_gives_the_same_bits(features, table):
    one, again = (regressor().fit(features, "y") for _ in range(2))
    other = regressor(random_state=1).fit(features, "y")
    np.testing.assert_array_equal(one.predict(table), again.predict(table))
    assert one.loss_curve_ == again.loss_curve_
    assert (one.predict(table) != other.predict(table)).any()


def test_predictions_for_a_data_set_are_those_for_the_table(features, table, csv):
    model = regressor(max_iter=2).fit(features, "y")
    expected = model.predict(table)
    for form in (features, str(csv), pl.scan_parquet(features)):
        np.testing.assert_allclose(model.predict(form), expected, rtol=1e-12, atol=1e-12)
    low, high = model.predict_interval(str(csv)).T
    assert (low <= high).all()


def test_text_files_teach_what_a_table_teaches(csv, table):
    """Columns of text become the same kinds, and the same rows the same encoder."""
    model = regressor(max_iter=2).fit(csv, "y", "w")
    memory = regressor(max_iter=2).fit(table.select(FEATURES), table["y"], table["w"])
    assert model.encoder_.schema.kinds == memory.encoder_.schema.kinds
    assert np.isfinite(model.predict(table)).all()


def test_rows_of_weight_zero_are_absent(table, tmp_path):
    """Their targets would be seen from afar."""
    spoiled = table.with_columns(y=pl.when(pl.col("w") == 0).then(1e6).otherwise("y"))
    spoiled.write_parquet(tmp_path / "t.parquet")
    model = regressor().fit(tmp_path / "t.parquet", "y", "w")
    assert abs(model.predict(table)).max() < 10


def test_classes_weights_and_rare_labels(table, tmp_path):
    labels = np.where(table["y"].to_numpy() > 0.5, "high", "low").astype(object)
    labels[599] = "once"
    frame = table.select(FEATURES).with_columns(label=pl.Series(labels.tolist()))
    frame.write_csv(tmp_path / "t.csv")
    model = TabularClassifier(**SETTINGS, class_weight={"once": 0.5}).fit(tmp_path / "t.csv", "label")
    assert list(model.classes_) == ["high", "low", "once"]
    p = model.predict_proba(tmp_path / "t.csv")
    np.testing.assert_allclose(p.sum(1), 1)
    assert (model.predict(table)[:500] == labels[:500]).mean() > 0.75


@pytest.mark.parametrize("chosen", ["balanced", {"rare": 20.0, "usual": 0.5}, {"usual": 0.0}])
def test_weights_of_classes_do_not_depend_on_the_pieces(chosen, table, monkeypatch):
    """Rows sorted by class: most pieces have one class only, and all of a piece's rows may have no weight."""
    frame = table.select("a", "b").with_columns(
        label=pl.when(pl.col("a") > 1).then(pl.lit("rare")).otherwise(pl.lit("usual"))
    )
    frame = frame.sort("label")
    n_rare = int((frame["label"] == "rare").sum())
    seen = {}
    encoded = Feed.encoded

    def noticed(self, rng):
        for rows in encoded(self, rng):
            seen.update(zip(rows[:, -2].tolist(), rows[:, -1].tolist(), strict=True))
            yield rows

    monkeypatch.setattr(Feed, "encoded", noticed)
    TabularClassifier(**SETTINGS | {"max_iter": 1, "class_weight": chosen}).fit(frame.lazy(), "label")
    expected = {"balanced": (600 - n_rare) / n_rare}.get(chosen if isinstance(chosen, str) else "")
    if isinstance(chosen, dict):
        expected = chosen.get("rare", 1.0) / chosen["usual"] if chosen["usual"] else np.inf
    found = seen[0.0] / seen[1.0] if seen[1.0] else np.inf
    assert found == pytest.approx(expected)


def test_whole_numbers_and_truth_are_labels_too(table):
    for label in (table["flag"], (table["a"] > 0).cast(pl.Int64)):
        frame = table.select("a", "b").with_columns(label=label)
        model = TabularClassifier(**SETTINGS).fit(frame.lazy(), "label")
        assert sorted(model.classes_) == [0, 1]
        assert model.classes_.dtype == label.to_numpy().dtype


def test_own_rows_to_judge_by(features, table):
    model = regressor().fit(features, "y", X_val=table[:100].select(FEATURES), y_val=table["y"][:100])
    assert len(model.validation_loss_curve_) == 6
    held_out = regressor(validation_fraction=0.0).fit(features, "y")
    assert held_out.validation_loss_curve_ is None


def test_a_fit_that_crashes_goes_on_to_the_same_bits(features, table, tmp_path):
    class Crashes(Checkpoint):
        def keep(self, progress, at_once=False):
            super().keep(progress, at_once)
            if len(progress.records) == 3:
                raise ZeroDivisionError

    whole = regressor().fit(features, "y")
    with pytest.raises(ZeroDivisionError):
        regressor().fit(features, "y", checkpoint=Crashes(tmp_path / "run", every=0))
    again = Checkpoint(tmp_path / "run")
    model = regressor().fit(features, "y", checkpoint=again)
    assert again.resumed_from == 3
    np.testing.assert_array_equal(model.predict(table), whole.predict(table))


def test_a_model_of_a_data_set_is_saved_like_any_other(features, table, tmp_path):
    model = regressor(max_iter=2).fit(features, "y")
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(load(tmp_path / "m.safetensors").predict(features), model.predict(features))


def test_without_room_on_disk_rows_are_encoded_anew_with_a_warning(features, table, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 1000}))
    with pytest.warns(DegradedWarning, match="read and encoded anew in every epoch; set TMPDIR"):
        model = regressor(max_iter=3).fit(features, "y")
    assert np.isfinite(model.predict(table)).all()


def test_a_row_that_cannot_be_read_is_named_by_its_place(table, tmp_path):
    values = table["a"].to_list()
    values[437] = np.inf
    table.with_columns(a=pl.Series(values)).write_parquet(tmp_path / "t.parquet", row_group_size=64)
    with pytest.raises(TableError, match=r"t\.parquet: column 'a' is infinite in row 438"):
        regressor().fit(tmp_path / "t.parquet", "y")
    model = regressor(max_iter=1).fit(table.lazy(), "y", "w")
    for answer in (model.predict, model.predict_interval, lambda X: model.score(X, "y", "w")):
        with pytest.raises(TableError, match=r"t\.parquet: column 'a' is infinite in row 438"):
            answer(tmp_path / "t.parquet")


def test_rows_to_judge_by_have_no_place_that_could_be_named(table, monkeypatch):
    """They come from everywhere; here they hold a text among numbers that the sample does not."""
    frame = table.select(
        "y", a=pl.when(pl.int_range(pl.len()) % 10 == 0).then(pl.lit("bad")).otherwise(pl.lit("1"))
    )

    def without_bad(*given):
        known = survey(*given)
        good = known.sample["a"] != "bad"
        return replace(known, sample=known.sample.filter(good), weights=known.weights[good.to_numpy()])

    monkeypatch.setattr("chainrule.scale.fit.survey", without_bad)
    said = "the lazy frame: column 'a' must hold numbers, however some row holds 'bad'"
    with pytest.raises(TableError, match=said):
        regressor(column_kinds={"a": "number"}).fit(frame.lazy(), "y")


def test_answers_are_made_piece_by_piece(features, table, monkeypatch):
    """Never more raw outputs than those of a piece; and the answers are those for the table."""
    model = regressor(max_iter=1).fit(features, "y")
    labels = table.select("a", "b").with_columns(label=(pl.col("a") > 0).cast(pl.Int64))
    classifier = TabularClassifier(**SETTINGS | {"max_iter": 1}).fit(labels.lazy(), "label")
    answers = {
        "predict_interval": model,
        "predict": regressor(max_iter=1, quantiles=(0.1, 0.9)).fit(features, "y"),
        "predict_proba": classifier,
        "predict_log_proba": classifier,
    }
    expected = {method: getattr(fitted, method)(table) for method, fitted in answers.items()}
    sizes, combined = [], FittedTabular._combined
    monkeypatch.setattr(
        FittedTabular, "_combined", lambda self, raw: sizes.append(len(raw)) or combined(self, raw)
    )
    for method, fitted in answers.items():
        found = getattr(fitted, method)(X=features)
        np.testing.assert_allclose(found, expected[method], rtol=1e-9, atol=1e-12)
    assert max(sizes) <= 50


def test_a_data_set_without_rows_has_no_answers(features, table, tmp_path):
    model = regressor(max_iter=1).fit(features, "y")
    table[:0].write_csv(tmp_path / "none.csv")
    with pytest.raises(TableError, match=r"none\.csv has no rows; there is nothing to predict"):
        model.predict(tmp_path / "none.csv")
    with pytest.raises(TableError, match=r"none\.csv has no row with a target"):
        model.score(tmp_path / "none.csv", "y")


def test_a_model_of_constants_answers_every_row(table):
    constant = table.select("y", a=pl.lit(1.0)).lazy()
    model = regressor(max_iter=1).fit(constant, "y")
    assert model.predict(constant).shape == (600,)


@pytest.mark.parametrize("weight", [None, "w"])
def test_scores_are_those_of_scikit_learn(features, table, csv, weight):
    spoiled = table.with_columns(y=pl.when(pl.int_range(pl.len()) % 7 > 0).then("y"))
    known = spoiled.drop_nulls("y")
    weights = None if weight is None else known[weight]
    model = regressor(max_iter=3).fit(features, "y")
    expected = model.score(known, known["y"], weights)
    assert model.score(spoiled.lazy(), "y", weight) == pytest.approx(expected, rel=1e-12)
    labels = pl.when(pl.col("y") > 0.3).then(1).otherwise(0).alias("label")
    classifier = TabularClassifier(**SETTINGS).fit(table.select(*FEATURES, labels).lazy(), "label")
    truth = table.select(labels)["label"]
    weights = None if weight is None else table[weight]
    expected = classifier.score(table, truth, weights)
    assert 0.5 < expected < 1
    for label in (labels, labels.cast(pl.Float64), labels.cast(pl.String), labels.cast(pl.Boolean)):
        found = classifier.score(table.with_columns(label).lazy(), "label", weight)
        assert found == pytest.approx(expected, rel=1e-12)
    unseen = table.with_columns(label=pl.lit("never seen"))
    assert classifier.score(unseen.lazy(), "label") == 0
    assert model.score(csv, "y") == pytest.approx(model.score(table, table["y"]), rel=1e-12)


def test_scores_of_equal_targets_are_those_of_scikit_learn(features, table):
    model = regressor(max_iter=1).fit(features, "y")
    assert (
        model.score(table.with_columns(y=pl.lit(3.0)).lazy(), "y")
        == 0
        == model.score(table, np.full(600, 3.0))
    )


def test_what_cannot_be_scored_is_refused(features, table):
    model = regressor(max_iter=1).fit(features, "y")
    with pytest.raises(ParameterError, match="y must be the name of a column, however: Series"):
        model.score(features, table["y"])
    with pytest.raises(TableError, match="'why'"):
        model.score(features, "why")
    with pytest.raises(TableError, match=r"column 'kind' must hold numbers, however row 1 holds"):
        model.score(features, "kind")
    quantiles = regressor(max_iter=1, quantiles=(0.1, 0.5, 0.9)).fit(features, "y")
    with pytest.raises(ParameterError, match="a model of one value per row, however this one predicts 3"):
        quantiles.score(features, "y")


def test_rows_to_judge_by_are_not_read_piece_by_piece(features):
    with pytest.raises(ParameterError, match=r"X_val must be rows in memory, however: '/"):
        regressor().fit(features, "y", X_val=str(features), y_val="y")


@pytest.mark.parametrize(
    ("target", "weight", "given", "error", "said"),
    [
        (np.ones(600), None, {}, ParameterError, "y must be the name of a column, however: ndarray"),
        ("y", np.ones(600), {}, ParameterError, "sample_weight must be the name of a column"),
        ("why", None, {}, TableError, "'why'"),
        ("y", "ww", {}, TableError, "'ww'"),
        ("y", None, {"time_limit": 5}, ParameterError, "time_limit=5 does not go with a data set"),
        ("y", None, {"folds": 2, "members": 4}, ParameterError, "folds=2 does not go with a data set"),
    ],
)
def test_what_a_data_set_cannot_do_is_refused(target, weight, given, error, said, features):
    model = regressor(**given)
    with pytest.raises(error, match=said):
        model.fit(features, target, weight)
    assert not hasattr(model, "encoder_")


def test_a_column_that_the_model_wants_must_be_there(features, table, tmp_path):
    model = regressor(max_iter=2).fit(features, "y")
    table.drop("kind").write_parquet(tmp_path / "other.parquet")
    with pytest.raises(TableError, match="kind"):
        model.predict(tmp_path / "other.parquet")


def test_a_column_is_target_or_weight(features):
    with pytest.raises(ParameterError, match="sample_weight must be another column than y"):
        regressor().fit(features, "y", "y")
