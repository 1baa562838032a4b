"""The goals, what was measured, and whether each is reached: pure functions of records."""

import math
from dataclasses import dataclass
from statistics import fmean

from accuracy.scores import (
    METRIC,
    Board,
    Record,
    anchor_of,
    anchors,
    board_of,
    geometric_mean,
    mean,
    mean_ranks,
    ratios,
    share_better,
    time_ratio,
)

__all__ = ["TASKS", "Goal", "goals", "splits_of", "successes"]

TASKS = {"reg": "regression", "class": "classes"}
_FIRST_STEP = {"reg": 1.09, "class": 1.06}


@dataclass(frozen=True)
class Goal:
    """What is wanted, what there is, and whether that is enough; None where nothing was measured."""

    what: str
    wanted: str
    measured: str
    reached: bool | None

    @property
    def verdict(self) -> str:
        """In words."""
        return {True: "reached", False: "not reached", None: "not measured"}[self.reached]


def goals(peers: list[Record], results: list[Record]) -> list[Goal]:
    """All of them, those of the default first."""
    tasks = list(TASKS)
    return [
        *(_mean_rank(peers, results, task) for task in tasks),
        *(_head_to_head(peers, results, peer) for peer in ("realmlp", "catboost")),
        *(_ratio_to_best(peers, results, task) for task in tasks),
        *(_time(peers, results, "default", "realmlp", 1 / 5, task) for task in tasks),
        *(_time(peers, results, "default", "catboost", 4.0, task) for task in tasks),
        *(_time(peers, results, "fast", "catboost", 1.0, task) for task in tasks),
        *(_fast_ranks(peers, results, task) for task in tasks),
        *_best(results),
        _calibration(results),
        _coverage(results),
        _failures(results),
    ]


def splits_of(results: list[Record], own: str) -> list[int]:
    """Those in which one of ours has a record."""
    return sorted({record["split"] for record in results if record["method"] == own})


def successes(results: list[Record], own: str, figure: str) -> list[float]:
    """A figure of all records of one of ours that have it."""
    found = [record.get(figure) for record in results if record["method"] == own]
    return [value for value in found if value is not None]


def _boards(peers: list[Record], results: list[Record], own: str, task: str) -> dict[int, Board]:
    """Split -> board, where there is anything to compare."""
    boards = {split: board_of(peers, results, own, task, split) for split in splits_of(results, own)}
    return {split: board for split, board in boards.items() if board}


def _mean_rank(peers: list[Record], results: list[Record], task: str) -> Goal:
    texts, reached = [], []
    for split, board in _boards(peers, results, "default", task).items():
        found = mean_ranks(board)
        own = found.pop("default")
        best = min(found, key=lambda method: found[method], default=None)
        if best:
            texts.append(f"{own:.2f} (split {split}; {best} {found[best]:.2f})")
            reached.append(own < found[best])
    return _goal(f"mean rank, {TASKS[task]} ({METRIC[task]})", "the best", texts, reached)


def _head_to_head(peers: list[Record], results: list[Record], peer: str) -> Goal:
    share, n = share_better(board_of(peers, results, "default"), "default", peer)
    texts = [f"{share:.0%} of {n}"] if n else []
    return _goal(f"better than {peer}", ">= 60 % of the sets", texts, [share >= 0.6])


def _ratio_to_best(peers: list[Record], results: list[Record], task: str) -> Goal:
    texts, reached = [], []
    for split, board in _boards(peers, results, "default", task).items():
        ratio = geometric_mean(ratios(board, "default", "default").values())
        if not math.isnan(ratio):
            texts.append(f"{ratio:.3f} (split {split})")
            reached.append(ratio <= 1.0)
    wanted = f"<= 1.00; first step < {_FIRST_STEP[task]}"
    return _goal(f"score over the best peer's, {TASKS[task]}", wanted, texts, reached)


def _time(peers: list[Record], results: list[Record], own: str, peer: str, most: float, task: str) -> Goal:
    """Anchored, if peers were measured again: on what machine the file was made does not matter then."""
    ratio = time_ratio(board_of(peers, results, own, task), own, peer)
    known = anchors(peers, results)
    anchored = ratio / anchor_of(peer, known)
    basis = f"anchored; {ratio:.3g} by the file" if known else "not anchored"
    texts = [] if math.isnan(ratio) else [f"{anchored:.3g} ({basis})"]
    return _goal(f"time of {own} over {peer}'s, {TASKS[task]}", f"<= {most:g}", texts, [anchored <= most])


def _fast_ranks(peers: list[Record], results: list[Record], task: str) -> Goal:
    rivals = ("hgb", "lgbm", "xgb")
    texts, reached = [], []
    for split, board in _boards(peers, results, "fast", task).items():
        found = mean_ranks(board)
        others = [found[name] for name in rivals if name in found]
        if others:
            texts.append(f"{found['fast']:.2f} (split {split}; theirs from {min(others):.2f})")
            reached.append(found["fast"] < min(others))
    return _goal(f"mean rank of fast, {TASKS[task]}", "before hgb, lgbm, xgb", texts, reached)


def _best(results: list[Record]) -> list[Goal]:
    board = board_of([record for record in results if record["method"] in ("default", "best")], [])
    share, n = share_better(board, "best", "default")
    ratio = time_ratio(board, "best", "default")
    times = [] if math.isnan(ratio) else [f"{ratio:.3g}"]
    return [
        _goal(
            "best better than default",
            ">= 70 % of the sets",
            [f"{share:.0%} of {n}"] if n else [],
            [share >= 0.7],
        ),
        _goal("time of best over default's", "<= 5", times, [ratio <= 5]),
    ]


def _calibration(results: list[Record]) -> Goal:
    found = successes(results, "default", "ece")
    texts = [f"{mean(found):.4f}"] if found else []
    return _goal("expected calibration error, mean", "<= 0.03", texts, [mean(found) <= 0.03])


def _coverage(results: list[Record]) -> Goal:
    found = successes(results, "default", "coverage")
    texts = [f"{fmean(found):.1%}"] if found else []
    return _goal("90 % intervals cover, mean", "88-92 %", texts, [0.88 <= mean(found) <= 0.92])


def _failures(results: list[Record]) -> Goal:
    ours = [record for record in results if record["method"] == "default"]
    failed = [record for record in ours if "failed" in record or "interval_failed" in record]
    texts = [f"{len(failed)} of {len(ours)}"] if ours else []
    return _goal("fits that failed, no argument given", "0", texts, [not failed])


def _goal(what: str, wanted: str, texts: list[str], reached: list[bool]) -> Goal:
    """Reached if it is in every part that was measured."""
    return Goal(what, wanted, ", ".join(texts), all(reached) if texts else None)
