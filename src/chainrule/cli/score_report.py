"""Scores for people: beside those of a linear model and a constant answer, with the mistakes."""

from typing import Any

import numpy as np
from rich.console import Group
from rich.text import Text

from chainrule.cli.drawing import GAP, WIDTH, number, score, seconds_text, sparkline, table

__all__ = ["score_parts"]

_CONFUSION = "true ↓  predicted →"
_LONGEST_LABEL = 24


def score_parts(report: dict[str, Any], title: str) -> list[Any]:
    """The scores in a report of train or evaluate: of the model, a linear model if any, a constant answer."""
    scores = report["scores"]
    title = f"{title} ({scores['rows']:,})"
    show_scores = _class_scores if report["task"] == "classification" else _number_scores
    return show_scores(scores, title, report.get("linear"), report.get("training"))


def _score_table(
    title: str,
    baseline: str | None,
    rows: list[tuple[str, str, Any]],
    columns: tuple[dict[str, Any], dict[str, Any] | None, dict[str, Any] | None],
) -> Group:
    """Draw the scores of the model, a linear model and a constant answer.

    Rows are (name, key, how to write it), columns (model, linear model, training of the model).
    """
    ours, linear, training = columns
    headings, tables = [("", "left"), ("model", "right")], [ours]
    if linear is not None:
        headings.append(("linear model", "right"))
        tables.append(linear)
    cells = [[name, *(write(column[key]) for column in tables)] for name, key, write in rows]
    if linear is not None and training is not None:
        cells.append(["seconds", *(seconds_text(column["seconds"]) for column in (training, linear))])
    if baseline is not None:
        headings.append((baseline, "right"))
        for row, (_, key, write) in zip(cells, rows, strict=False):
            known = ours.get(f"baseline_{key}")
            row.append("" if known is None else write(known))
        cells = [row + [""] * (len(headings) - len(row)) for row in cells]
    return table(title, headings, cells)


def _class_scores(
    scores: dict[str, Any], title: str, linear: dict[str, Any] | None, training: dict[str, Any] | None
) -> list[Any]:
    rows = [
        ("accuracy", "accuracy", score),
        ("balanced accuracy", "balanced_accuracy", score),
        ("log loss", "log_loss", score),
        *([("area under ROC", "roc_auc", score)] if scores["roc_auc"] is not None else []),
        ("calibration error", "calibration_error", score),
    ]
    baseline = None if scores["baseline"] is None else f"always {scores['baseline']!r}"
    parts = [_score_table(title, baseline, rows, (scores, linear, training))]
    labels = scores["labels"]
    first = max(len(_CONFUSION), min(_LONGEST_LABEL, max(map(len, labels))))
    width = (WIDTH - first - GAP - len("recall")) // len(labels) - GAP
    if width >= max(3, len(f"{np.max(scores['confusion']):,}")):
        return [*parts, _confusion(scores, width)]
    return [*parts, *_worst_confusions(scores)]


def _confusion(scores: dict[str, Any], width: int) -> Group:
    """Draw the confusion matrix: mistakes in red, hits in green, stronger where there are more."""
    labels, counts = scores["labels"], np.array(scores["confusion"])
    rows = []
    for true, label in enumerate(labels):
        total = counts[true].sum()
        cells = []
        for predicted, n in enumerate(counts[true]):
            color = "green" if true == predicted else "red"
            strength = "bold " if total and n >= total / 2 else ""
            cells.append(Text(f"{n:,}", f"{strength}{color}" if n else "dim"))
        recall = f"{counts[true, true] / total:.3f}" if total else "–"
        rows.append([Text(_cut(label, _LONGEST_LABEL)), *cells, Text(recall)])
    headings = [_cut(label, width) for label in labels]
    columns = [
        (_CONFUSION, "left"),
        *((heading, "right") for heading in headings),
        ("recall", "right"),
    ]
    return table("Confusion matrix", columns, rows)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _worst_confusions(scores: dict[str, Any]) -> list[Any]:
    counts = np.array(scores["confusion"])
    mistakes = counts - np.diag(counts.diagonal())
    worst = np.argsort(-mistakes, axis=None, kind="stable")[:10]
    rows = [
        (
            scores["labels"][place // len(counts)],
            scores["labels"][place % len(counts)],
            f"{mistakes.flat[place]:,}",
        )
        for place in worst
        if mistakes.flat[place]
    ]
    title = f"Most frequent mistakes among {len(counts)} classes"
    return [table(title, (("true", "left"), ("predicted", "left"), ("rows", "right")), rows)] if rows else []


def _number_scores(
    scores: dict[str, Any], title: str, linear: dict[str, Any] | None, training: dict[str, Any] | None
) -> list[Any]:
    rows = [("RMSE", "rmse", number), ("MAE", "mae", number), ("R²", "r2", score)]
    baseline = f"always the mean, {number(scores['baseline'])}"
    residuals = scores["residuals"]
    names = {"0": "min", "0.5": "median", "1": "max"}
    quantiles = residuals["quantiles"]
    columns = [(names.get(level) or f"{float(level):.0%}", "right") for level in quantiles]
    return [
        _score_table(title, baseline, rows, (scores, linear, training)),
        table("Residuals: true minus predicted", columns, [[number(value) for value in quantiles.values()]]),
        Text(sparkline(residuals["counts"], 30, from_zero=True), "green"),
    ]
