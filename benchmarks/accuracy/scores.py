"""Ranks, wins, ratios and times of records: pure functions, which know no file and no library.

A board is what is compared: (data set, split) -> method -> record. A failed record has the score infinity.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

__all__ = [
    "METRIC",
    "Board",
    "Record",
    "anchor_of",
    "anchors",
    "best_peer",
    "board_of",
    "fit_times",
    "geometric_mean",
    "mean",
    "mean_ranks",
    "ranks",
    "ratios",
    "score_of",
    "share_better",
    "time_ratio",
]

Record = dict[str, Any]
Cell = dict[str, Record]
Board = dict[tuple[str, int], Cell]

METRIC = {"reg": "rmse", "class": "nll"}
_SMALLEST = 1e-12  # a score of 0 has no logarithm


def mean(values: Iterable[float]) -> float:
    """NaN of nothing."""
    values = list(values)
    return sum(values) / len(values) if values else math.nan


def geometric_mean(values: Iterable[float]) -> float:
    """exp(mean of the logarithms); NaN of nothing."""
    return math.exp(mean(math.log(max(value, _SMALLEST)) for value in values))


def score_of(record: Record) -> float:
    """The smaller the better: rmse or nll; infinity if it failed."""
    return math.inf if "failed" in record else float(record[METRIC[record["task"]]])


def board_of(
    peers: list[Record],
    results: list[Record],
    own: str = "",
    task: str | None = None,
    split: int | None = None,
) -> Board:
    """The peers' records and those of one of ours, where it has one; without a name, the peers' alone."""
    board: Board = defaultdict(dict)
    for record in peers + [record for record in results if record["method"] == own]:
        if task in (None, record["task"]) and split in (None, record["split"]):
            board[record["data"], record["split"]][record["method"]] = record
    return {key: cell for key, cell in board.items() if not own or own in cell}


def ranks(cell: Cell) -> dict[str, float]:
    """Method -> rank, 1 the best; equal scores share the mean of their ranks, failures have the last rank."""
    scores = {method: score_of(record) for method, record in cell.items()}
    found = {}
    for method, score in scores.items():
        better = sum(other < score for other in scores.values())
        equal = sum(other == score for other in scores.values())
        found[method] = float(len(scores)) if score == math.inf else better + (equal + 1) / 2
    return found


def mean_ranks(board: Board) -> dict[str, float]:
    """Method -> mean of its ranks over the cells in which it has a record, the best first."""
    found = defaultdict(list)
    for cell in board.values():
        for method, rank in ranks(cell).items():
            found[method].append(rank)
    return dict(
        sorted(((method, mean(values)) for method, values in found.items()), key=lambda pair: pair[1])
    )


def share_better(board: Board, one: str, other: str) -> tuple[float, int]:
    """(share of the cells with both in which one is better, how many these are); a draw counts half."""
    pairs = [
        (score_of(cell[one]), score_of(cell[other])) for cell in board.values() if {one, other} <= set(cell)
    ]
    return mean(1.0 if a < b else 0.5 if a == b else 0.0 for a, b in pairs), len(pairs)


def best_peer(cell: Cell, own: str = "") -> Record | None:
    """The record with the best score of all others; None where there is none."""
    others = [record for method, record in cell.items() if method != own and "failed" not in record]
    return min(others, key=score_of, default=None)


def ratios(board: Board, method: str, own: str = "") -> dict[tuple[str, int], float]:
    """Cell -> a method's score over that of the best peer; cells in which it failed are left out."""
    found = {}
    for key, cell in board.items():
        best = best_peer(cell, own)
        if best and method in cell and "failed" not in cell[method]:
            found[key] = max(score_of(cell[method]), _SMALLEST) / max(score_of(best), _SMALLEST)
    return found


def fit_times(board: Board) -> dict[str, float]:
    """Method -> geometric mean of its times to fit, the fastest first."""
    found = defaultdict(list)
    for cell in board.values():
        for method, record in cell.items():
            if "failed" not in record:
                found[method].append(record["fit_s"])
    times = ((method, geometric_mean(values)) for method, values in found.items())
    return dict(sorted(times, key=lambda pair: pair[1]))


def time_ratio(board: Board, one: str, other: str) -> float:
    """Geometric mean of the time to fit of one over that of the other, over the cells with both."""
    cells = [
        cell for cell in board.values() if {one, other} <= {m for m, r in cell.items() if "failed" not in r}
    ]
    return geometric_mean(cell[one]["fit_s"] / cell[other]["fit_s"] for cell in cells)


def anchors(peers: list[Record], results: list[Record]) -> dict[str, tuple[float, int]]:
    """Method -> (geometric mean of the time of its rerun over that in the file, how many these are)."""
    known = {(r["data"], r["split"], r["method"]): r["fit_s"] for r in peers if "failed" not in r}
    found = defaultdict(list)
    for record in results:
        key = (record["data"], record["split"], record["method"])
        if key in known and "failed" not in record:
            found[record["method"]].append(record["fit_s"] / known[key])
    return {method: (geometric_mean(values), len(values)) for method, values in found.items()}


def anchor_of(method: str, found: dict[str, tuple[float, int]]) -> float:
    """What a method's times in the file are multiplied by: its own anchor, else the mean of all, else 1."""
    if method in found:
        return found[method][0]
    return geometric_mean(anchor for anchor, _ in found.values()) if found else 1.0
