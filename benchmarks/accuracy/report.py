"""The tables of a set of records, as Markdown whose columns are aligned: the same text is printed."""

import math
from collections import defaultdict

from accuracy.goals import TASKS, goals, splits_of, successes
from accuracy.scores import (
    METRIC,
    Board,
    Record,
    anchor_of,
    anchors,
    best_peer,
    board_of,
    fit_times,
    geometric_mean,
    mean,
    mean_ranks,
    ranks,
    ratios,
    score_of,
    share_better,
    time_ratio,
)
from accuracy.systems import OWN

__all__ = ["aligned", "report"]

Rows = list[list[str]]


def report(peers: list[Record], results: list[Record]) -> str:
    """All tables; those of a system of ours only where it has records."""
    present = [own for own in OWN if splits_of(results, own)]
    parts = [
        circumstances(results),
        "## Goals",
        aligned(
            ["", "goal", "measured", ""],
            [[goal.what, goal.wanted, goal.measured, goal.verdict] for goal in goals(peers, results)],
        ),
    ]
    for own in present:
        parts += [
            f"## {own}: mean rank, score over the best peer's, share of the sets on which {own} wins",
            standing(peers, results, own),
        ]
    parts += ["## Time to fit", times(peers, results, present), anchors_in_words(peers, results)]
    parts += ["## Probabilities and intervals", quality(results)]
    parts += ["## Presets against each other", presets(results)]
    if present:
        parts += ["## Score over the best peer's, set by set", set_by_set(peers, results, present)]
    parts.append(failures(results))
    return "\n\n".join(filter(None, parts)) + "\n"


def aligned(header: list[str], rows: Rows) -> str:
    """A Markdown table whose columns are as wide as their widest cell."""
    if not rows:
        return "(nothing measured)"
    widths = [max(3, *(len(row[i]) for row in [header, *rows])) for i in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    cells = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def circumstances(results: list[Record]) -> str:
    """Dates, machines and versions of the records."""

    def all_of(*names: str) -> str:
        found = {" ".join(str(record.get(name, "?")) for name in names) for record in results}
        return ", ".join(sorted(found))

    dates = sorted(str(record.get("date", "?"))[:10] for record in results)
    caches = {True: "empty", False: "the user's"}
    used = sorted({caches[record.get("cold", True)] for record in results})
    return "\n".join(
        [
            f"{len(results)} records, {dates[0]} to {dates[-1]}; chainrule {all_of('version', 'revision')};",
            f"cores and processor: {all_of('cores', 'processor')}; cache of programs: {', '.join(used)}.",
        ]
    )


def standing(peers: list[Record], results: list[Record], own: str) -> str:
    """A table per task."""
    return "\n\n".join(filter(None, (standing_of(peers, results, own, task) for task in TASKS)))


def standing_of(peers: list[Record], results: list[Record], own: str, task: str) -> str:
    """One row per system, three columns per split: rank, ratio, on how many sets ours is better."""
    splits = splits_of(results, own)
    groups = {
        f"split {split}" if split is not None else "all": board
        for split in [*splits, *([None] if len(splits) > 1 else [])]
        if (board := board_of(peers, results, own, task, split))
    }
    if not groups:
        return ""
    columns = [(mean_ranks(b), ratios_to_best(b, own), wins(b, own)) for b in groups.values()]
    methods = dict.fromkeys(method for ranked, _, _ in columns for method in ranked)
    rows = [[name, *(cell for column in columns for cell in _cells(name, column))] for name in methods]
    header = ["system", *(f"{name}: {what}" for name in groups for what in ("rank", "ratio", "wins"))]
    sets = ", ".join(f"{name} {len(board)}" for name, board in groups.items())
    return f"{TASKS[task].capitalize()} ({METRIC[task]}); sets: {sets}\n\n{aligned(header, rows)}"


def ratios_to_best(board: Board, own: str) -> dict[str, float]:
    """Method -> geometric mean of score over that of the best peer, ours not being one."""
    methods = {method for cell in board.values() for method in cell}
    return {method: geometric_mean(ratios(board, method, own).values()) for method in methods}


def wins(board: Board, own: str) -> dict[str, float]:
    """Peer -> share of the sets on which ours is better."""
    methods = {method for cell in board.values() for method in cell} - {own}
    return {method: share_better(board, own, method)[0] for method in methods}


def _cells(method: str, column: tuple[dict[str, float], ...]) -> list[str]:
    rank, ratio, won = (found.get(method) for found in column)
    return [_number(rank, "{:.2f}"), _number(ratio, "{:.3f}"), _number(won, "{:.0%}")]


def _number(value: float | None, form: str) -> str:
    return "" if value is None or math.isnan(value) else form.format(value)


def times(peers: list[Record], results: list[Record], present: list[str]) -> str:
    """Geometric means in seconds, by the file and anchored; ours as multiples of them on the same sets."""
    known = anchors(peers, results)
    header, rows = ["task", "system", "by the file", "anchored"], []
    header += [f"{own} over it{basis}" for own in present for basis in (", by the file", ", anchored")]
    for task, task_name in TASKS.items():
        for method, seconds in fit_times(board_of(peers, [], task=task)).items():
            anchor = anchor_of(method, known)
            row = [task_name, method, f"{seconds:.3g} s", f"{seconds * anchor:.3g} s"]
            for own in present:
                ratio = time_ratio(board_of(peers, results, own, task), own, method)
                row += [_number(ratio, "{:.3g}"), _number(ratio / anchor, "{:.3g}")]
            rows.append(row)
        for own in present:
            seconds = fit_times(board_of([], results, own, task)).get(own, math.nan)
            rows.append([task_name, own, "", _number(seconds, "{:.3g} s"), *[""] * (2 * len(present))])
    return aligned(header, rows)


def anchors_in_words(peers: list[Record], results: list[Record]) -> str:
    """By how much the times of the peers that were measured again differ from the file's."""
    known = anchors(peers, results)
    if not known:
        return (
            "No peer was measured again: the times of the file are from another run, maybe another machine."
        )
    each = ", ".join(f"{method} {ratio:.2f} ({n})" for method, (ratio, n) in known.items())
    return (
        f"Time of the rerun over that of the file, and of how many fits: {each}; others: "
        f"{anchor_of('', known):.2f}. Anchored: the file's time multiplied by that."
    )


def quality(results: list[Record]) -> str:
    """Calibration of every system measured here; intervals of ours, their width in sd of the target."""
    header = ["system", "ECE, mean", "largest", "90 % intervals cover", "least", "most", "width / sd"]
    rows = []
    for method in dict.fromkeys(record["method"] for record in results):
        errors, covered = successes(results, method, "ece"), successes(results, method, "coverage")
        widths = [r["width"] / r["sd"] for r in results if r["method"] == method and r.get("sd")]
        row = [method, _number(mean(errors), "{:.4f}"), _number(max(errors, default=math.nan), "{:.4f}")]
        row += [_number(mean(covered), "{:.1%}"), _number(min(covered, default=math.nan), "{:.1%}")]
        row += [_number(max(covered, default=math.nan), "{:.1%}")]
        rows.append([*row, _number(geometric_mean(widths), "{:.3f}")])
    return aligned(header, rows)


def presets(results: list[Record]) -> str:
    """On how many sets each preset is better than another, and its time over the other's."""
    rows = []
    for one, other in (("best", "default"), ("default", "fast"), ("best", "fast")):
        both = [record for record in results if record["method"] in (one, other)]
        for task, name in TASKS.items():
            board = board_of(both, [], task=task)
            share, n = share_better(board, one, other)
            score = geometric_mean(
                score_of(cell[one]) / score_of(cell[other])
                for cell in board.values()
                if {one, other} <= {method for method, record in cell.items() if "failed" not in record}
            )
            if n:
                time = _number(time_ratio(board, one, other), "{:.3g}")
                rows.append(
                    [f"{one} against {other}", name, f"{share:.0%} of {n}", _number(score, "{:.3f}"), time]
                )
    return aligned(["", "task", "better", "score ratio", "time ratio"], rows)


def set_by_set(peers: list[Record], results: list[Record], present: list[str]) -> str:
    """One row per set and split: score of each of ours over the best peer's, the weakest on top."""
    boards = {own: board_of(peers, results, own) for own in present}
    found = {own: ratios(board, own, own) for own, board in boards.items()}
    rows = []
    for key in sorted(boards[present[0]], key=lambda key: -found[present[0]].get(key, math.inf)):
        cell = boards[present[0]][key]
        first, best = cell[present[0]], best_peer(cell, present[0])
        if best is None:
            continue
        place = f"{ranks(cell)[present[0]]:g} of {len(cell)}"
        each = [_ratio_or_failure(key, own, boards[own], found[own]) for own in present]
        where = [key[0], str(key[1]), f"{best['n']} x {best['d']}"]
        rows.append([*where, METRIC[first["task"]], f"{best['method']} {score_of(best):.5g}", *each, place])
    header = ["set", "split", "rows x columns", "metric", "best peer", *present, f"rank of {present[0]}"]
    return aligned(header, rows)


def _ratio_or_failure(
    key: tuple[str, int], own: str, board: Board, found: dict[tuple[str, int], float]
) -> str:
    if key in found:
        return f"{found[key]:.3f}"
    return "failed" if own in board.get(key, {}) else ""


def failures(results: list[Record]) -> str:
    """Each message with the sets and splits; empty if there are none."""
    found = defaultdict(list)
    for record in results:
        for kind in ("failed", "interval_failed"):
            if kind in record:
                found[record["method"], record[kind]].append(f"{record['data']} {record['split']}")
    lines = [f"- {method} on {', '.join(where)}: {why}" for (method, why), where in found.items()]
    return "\n".join(["## Failed", "", *lines]) if lines else ""
