"""The summary of `benchmarks/accuracy.py` on records made up so that the answers are known."""

from importlib import import_module
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def module(name):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        return import_module(f"accuracy.{name}")


scores, goals, report = module("scores"), module("goals"), module("report")


def record(data, method, rmse=None, fit_s=1.0, split=0, **more):
    found = {"rmse": rmse, "fit_s": fit_s} if rmse is not None else {"failed": "ValueError: no"}
    about = {"data": data, "split": split, "method": method, "task": "reg", "n": 80, "d": 3}
    return about | found | more


PEERS = [
    record("a", "hgb", 2.0, fit_s=1.0),
    record("a", "catboost", 1.0, fit_s=4.0),
    record("b", "hgb"),
    record("b", "catboost", 4.0, fit_s=1.0),
    record("b", "hgb", 3.0, split=1),
]
OURS = [
    record("a", "default", 0.5, fit_s=8.0, coverage=0.9, width=1.0, sd=2.0),
    record("b", "default", 8.0, fit_s=8.0, coverage=0.8, width=4.0, sd=2.0),
    record("a", "best", 0.25, fit_s=16.0),
    record("a", "hgb", 2.0, fit_s=2.0),
]


def test_ranks_share_draws_and_put_failures_last():
    cell = {
        name: record("a", name, rmse) for name, rmse in zip("pqrst", [2.0, 1.0, 2.0, None, None], strict=True)
    }
    assert scores.ranks(cell) == {"q": 1.0, "p": 2.5, "r": 2.5, "s": 5.0, "t": 5.0}


def test_a_board_holds_the_peers_and_one_of_ours_where_it_has_a_record():
    board = scores.board_of(PEERS, OURS, "default")
    assert {key: set(cell) for key, cell in board.items()} == {
        ("a", 0): {"hgb", "catboost", "default"},
        ("b", 0): {"hgb", "catboost", "default"},
    }
    assert board["a", 0]["hgb"]["fit_s"] == 1.0  # that of the file: a rerun only anchors the times
    assert len(scores.board_of(PEERS, OURS)) == 3
    assert scores.board_of(PEERS, OURS, "default", "class") == {}


def test_mean_ranks_ratios_and_wins():
    board = scores.board_of(PEERS, OURS, "default")
    assert scores.mean_ranks(board) == {"default": 1.5, "catboost": 1.5, "hgb": 3.0}
    assert scores.ratios(board, "default", "default") == {("a", 0): 0.5, ("b", 0): 2.0}
    assert scores.share_better(board, "default", "catboost") == (0.5, 2)
    assert scores.share_better(board, "default", "hgb") == (1.0, 2)


def test_times_are_compared_on_the_sets_that_both_have():
    board = scores.board_of(PEERS, OURS, "default")
    assert scores.time_ratio(board, "default", "catboost") == pytest.approx(4.0)  # sqrt(2 · 8)
    assert scores.time_ratio(board, "default", "hgb") == pytest.approx(8.0)
    assert scores.anchors(PEERS, OURS) == {"hgb": (pytest.approx(2.0), 1)}
    assert scores.anchor_of("catboost", {"hgb": (2.0, 1), "xgb": (8.0, 1)}) == pytest.approx(4.0)
    assert scores.anchor_of("catboost", {}) == 1.0


def test_goals_say_what_is_reached_and_what_was_not_measured():
    found = {goal.what: goal for goal in goals.goals(PEERS, OURS)}
    assert found["better than catboost"].measured == "50% of 2"
    assert found["better than catboost"].verdict == "not reached"
    assert found["time of default over catboost's, regression"].measured == "2 (anchored; 4 by the file)"
    assert found["score over the best peer's, regression"].reached
    assert found["best better than default"].reached
    assert found["better than realmlp"].verdict == "not measured"
    assert found["expected calibration error, mean"].verdict == "not measured"


def test_the_report_has_every_table_also_of_few_records():
    text = report.report(PEERS, [record("a", "default"), *OURS[1:]])
    assert (
        "| a   | 0     | 80 x 3         | rmse   | catboost 1 | failed  | 0.250 | 3 of 3          |" in text
    )
    assert "- default on a 0: ValueError: no" in text
    assert "Time of the rerun over that of the file, and of how many fits: hgb 2.00 (1)" in text
