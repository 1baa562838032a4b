"""One pass tells how many rows there are, draws a sample and rows to judge by, and misses nothing rare."""

import numpy as np
import polars as pl
import pytest

from chainrule.errors import TableError
from chainrule.scale.keys import Drawn, row_keys
from chainrule.scale.source import source_of
from chainrule.scale.survey import Roles, survey

ROLES = Roles(("a", "kind"), "y", "w")


def make_survey(frame, roles=ROLES, judges=0.2, seed=7):
    return survey(source_of(frame.lazy()), roles, {}, judges, seed)


def test_it_does_not_matter_in_which_pieces_the_rows_are_read(table, monkeypatch):
    found = {}
    for size in (7, 50, 1000):
        monkeypatch.setattr("chainrule.scale.parts.PIECE", size)
        found[size] = make_survey(table)
    one, *others = found.values()
    for other in others:
        drawn = one.n_drawn
        assert other.sample[:drawn].equals(one.sample[:drawn])
        assert other.judges.equals(one.judges)
        assert (other.starts, other.n_learned, other.last_judge) == (
            one.starts,
            one.n_learned,
            one.last_judge,
        )


def test_rows_without_target_or_weight_do_not_count(table):
    table = table.with_columns(y=pl.when(pl.int_range(pl.len()) % 5 > 0).then("y"))
    used = table.filter(pl.col("y").is_not_null(), pl.col("w") > 0)
    found = make_survey(table)
    assert found.n_learned + found.judges.height == used.height
    assert found.judges.height == int(0.2 * used.height)
    assert found.judges["y"].null_count() == found.sample["y"].null_count() == 0


def test_judges_are_the_rows_that_are_not_learned_from(table):
    found = make_survey(table)
    learned = table.filter(found.learned(0, table.height)).filter(pl.col("w") > 0)
    assert learned.height == found.n_learned
    both = pl.concat([learned.select(ROLES.columns), found.judges])
    assert both.sort(both.columns).equals(
        table.filter(pl.col("w") > 0).select(ROLES.columns).sort(both.columns)
    )


def test_without_judges_all_rows_are_learned_from(table):
    found = make_survey(table, judges=0)
    assert found.judges is None
    assert found.learned(0, 5).all()


@pytest.mark.usefixtures("small_pieces")
def test_what_is_rare_has_a_witness(monkeypatch):
    """A sample of 1,000 of 20,000 rows would miss them; sorted rows have new extremes in every piece."""
    monkeypatch.setattr("chainrule.scale.survey._MOST_SAMPLED_CELLS", 1)
    n = 20_000
    frame = pl.DataFrame(
        {
            "a": np.arange(n, dtype=float),
            "kind": ["usual"] * (n - 1) + ["rare"],
            "b": [None] + [1.0] * (n - 1),
            "y": ["no"] * (n - 2) + ["yes", "no"],
        }
    )
    found = make_survey(frame, Roles(("a", "kind", "b"), "y"), judges=0)
    assert found.sample.height < 1020
    assert set(found.sample["kind"]) == {"usual", "rare"}
    assert set(found.sample["y"]) == {"no", "yes"}
    assert found.sample["b"].null_count() > 0
    assert (found.sample["a"].min(), found.sample["a"].max()) == (0, n - 1)
    beside = found.weights < 1
    np.testing.assert_allclose(found.weights[beside], 1000 / n)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf, None])
def test_weights_must_be_numbers(table, bad):
    table = table.with_columns(w=pl.when(pl.col("a") == table["a"][3]).then(pl.lit(bad)).otherwise("w"))
    with pytest.raises(TableError, match=r"weights in 'w' must be numbers ≥ 0, however row 4 holds"):
        make_survey(table)
    without_target = table.with_columns(y=pl.when(pl.int_range(pl.len()) != 3).then("y"))
    assert make_survey(without_target).n_rows == 600  # nobody asks for the weight of such a row


def test_nothing_to_learn_is_said(table):
    with pytest.raises(TableError, match="no row with a target and a weight above 0"):
        make_survey(table.with_columns(w=pl.lit(0.0)))


def test_drawn_rows_are_uniform():
    """Each of 40 groups of 1,000 rows has its share of 4,000 drawn rows: χ² with 39 degrees of freedom."""
    from scipy.stats import chisquare

    drawn = Drawn(4000)
    for start in range(0, 40_000, 700):
        n = min(700, 40_000 - start)
        drawn.offer(pl.DataFrame({"row": np.arange(start, start + n)}), row_keys(start, n, 3))
    rows, keys = drawn.rows()
    assert rows.height == rows["row"].n_unique() == 4000
    assert (np.diff(keys.astype(float)) >= 0).all()
    assert chisquare(np.bincount(rows["row"].to_numpy() // 1000, minlength=40)).pvalue > 1e-3


def test_keys_of_different_seeds_have_nothing_in_common():
    one, other = row_keys(0, 10_000, 1).astype(float), row_keys(0, 10_000, 2).astype(float)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05
    assert (row_keys(100, 50, 1) == row_keys(0, 150, 1)[100:]).all()


def test_a_source_can_be_divided_into_rows_to_train_and_to_test_with(table):
    train, test = source_of(table.lazy()).divided(0.25, 3)
    found = survey(train, ROLES, {}, 0.2, 7), survey(test, ROLES, {}, 0.0, 7)
    used = table.filter(pl.col("w") > 0).select(ROLES.columns)
    n_test = found[1].n_learned
    assert found[0].n_learned + found[0].judges.height + n_test == used.height
    assert 0.15 < n_test / used.height < 0.35
    counted = train.counted(0, 600) ^ test.counted(0, 600)
    assert counted.all()


def test_a_source_can_be_without_columns(table):
    assert "kind" not in source_of(table.lazy()).without(["kind"]).names
    with pytest.raises(TableError, match="kinds"):
        source_of(table.lazy()).without(["kinds"])


@pytest.mark.parametrize("labels", [[0, 1, 2], [0.0, 1.0, 2.0], ["a", "b", "c"]])
def test_a_rare_label_has_a_witness_whatever_its_type(labels, monkeypatch):
    monkeypatch.setattr("chainrule.scale.survey._MOST_SAMPLED_CELLS", 1)
    y = pl.Series("y", [labels[0], labels[1]] * 5000)
    frame = pl.DataFrame({"a": np.arange(10_001.0)}).with_columns(pl.concat([y, pl.Series("y", labels[2:])]))
    found = make_survey(frame, Roles(("a",), "y"), judges=0)
    assert set(found.sample["y"]) == set(labels)


def test_the_digest_tells_data_from_other_data(table):
    changed = table.with_columns(y=pl.when(pl.int_range(pl.len()) == 500).then(0.0).otherwise("y"))
    digests = {make_survey(frame).digest for frame in (table, changed, table[::-1][::-1])}
    assert len(digests) == 2


def test_what_is_drawn_does_not_keep_what_is_not(monkeypatch):
    """Of 200 pieces of 1 MB of text 2 rows each are kept."""
    import tracemalloc

    drawn = Drawn(400)
    tracemalloc.start()
    for i in range(200):
        rows = pl.DataFrame({"text": [f"{i}-{j}" + "x" * 1000 for j in range(1000)]})
        drawn.offer(rows, row_keys(1000 * i, 1000, 1))
    rows, _ = drawn.rows()
    tracemalloc.stop()
    assert rows.estimated_size() < 2e6


def files_of(folder, *texts):
    """A source of text files with these fields in the column a; y counts from 0."""
    for number, fields in enumerate(texts):
        rows = "".join(f"{field},{y}\n" for y, field in enumerate(fields))
        (folder / f"{number}.csv").write_text(f"a,y\n{rows}")
    return source_of(folder)


@pytest.mark.parametrize(
    ("texts", "counts"),
    [
        ((["True", "false"], ["maybe", "false"]), {"True": 1, "false": 2, "maybe": 1}),
        ((["True", "false"], ["true", "FALSE"]), {"True": 2, "False": 2}),
        ((["1", "01"], ["x"]), {"1": 1, "01": 1, "x": 1}),
        ((["1", "0"], ["1.0", "0.0"]), {"1": 2, "0": 2}),
        ((["1", "0"], ["0.5"]), None),
    ],
)
def test_levels_of_a_target_are_counted_by_the_type_that_all_files_have(texts, counts, tmp_path):
    assert survey(files_of(tmp_path, *texts), Roles((), "a"), {}, 0, 0).classes == counts


@pytest.mark.parametrize(
    ("labels", "counts"),
    [
        ([0.0, 1.0, 1.0], {"0": 1, "1": 2}),
        ([0.0, 1.0, 0.5], None),
        ([True, False, True], {"True": 2, "False": 1}),
        ([0.0, None, float("nan")], {"0": 1}),
        (list(range(1001)), None),
    ],
)
def test_whole_numbers_are_counted_as_classes(labels, counts):
    assert make_survey(pl.DataFrame({"y": labels}), Roles((), "y"), judges=0).classes == counts


def test_a_text_that_reads_like_infinity_is_a_text_among_texts(tmp_path):
    found = survey(files_of(tmp_path, ["inf", "1"], ["abc"]), Roles(("a",), "y"), {}, 0, 0)
    assert sorted(found.sample["a"]) == ["1", "abc", "inf"]


@pytest.mark.parametrize("texts", [(["1", "inf"], ["2.5"]), (["2.5", "1e999"],)])
def test_an_infinite_number_is_refused_by_its_row(texts, tmp_path):
    with pytest.raises(TableError, match="column 'a' is infinite in row 2"):
        survey(files_of(tmp_path, *texts), Roles(("a",), "y"), {}, 0, 0)
    with pytest.raises(TableError, match="column 'a' is infinite in row 3"):
        make_survey(pl.DataFrame({"a": [1.0, 2.0, np.inf], "y": [1, 2, 3]}), Roles(("a",), "y"))
