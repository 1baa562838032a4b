"""Reports on forecasters for people."""

from math import isfinite
from typing import Any

from rich.text import Text

from chainrule.cli.drawing import count, facts, number, score, seconds_text, size, sparkline, table

__all__ = ["evaluated_parts", "forecast_facts", "score_texts", "trained_parts"]

_MOST_STEPS_SHOWN = 8


def trained_parts(report: dict[str, Any], network: str) -> list[Any]:
    """What `train --task forecast` shows; `network` are the words for the network."""
    data, training, model = report["data"], report["training"], report["model"]
    curve = training["loss_curve"]
    losses = f"  {number(curve[0])} → {number(curve[-1])}"
    return [
        facts(
            ("Table", f"{data['file']}: {count(data['rows'], 'row')}"),
            *forecast_facts(report["forecast"]),
            ("Network", network),
            ("Training", f"{count(training['epochs'], 'epoch')}, all in {seconds_text(training['seconds'])}"),
            ("  loss", Text(sparkline(curve), "green").append(losses, "default")),
        ),
        *(_scores(report["scores"], "told by what was learned before them") if report["scores"] else []),
        Text(),
        facts(("Saved", f"{model['file']} ({size(model['bytes'])}), learned from all steps")),
    ]


def evaluated_parts(report: dict[str, Any]) -> list[Any]:
    """What `evaluate` shows of a forecaster."""
    data = report["data"]
    seen = "which training has seen" if data["used_for_training"] else "which training has not seen"
    return [
        facts(
            ("Model", report["model"]),
            ("Table", f"{data['file']}: {count(data['rows'], 'row')}"),
            ("Target", report["target"]),
        ),
        *_scores(report["scores"], seen),
    ]


def forecast_facts(forecast: dict[str, Any] | None) -> list[tuple[str, str]]:
    """What a forecaster tells, and from what; nothing of another model."""
    if forecast is None:
        return []
    season, others = forecast["season"], forecast["others"]
    rows = [
        ("Target", f"{', '.join(forecast['targets'])}, {count(forecast['horizon'], 'step')} ahead"),
        ("Times", forecast["times"] or "rows in their order"),
        ("Known", ", ".join(forecast["known"]) + " of the steps to tell"),
        ("Reads", ", ".join(others) + " of the past"),
        (
            "Window",
            count(forecast["window"], "step")
            + (f", a season of {season:,}" if season > 1 else ", no season")
            + f"; {_DIFFERENCES[forecast['difference']]}",
        ),
    ]
    rows.append(("Linear", f"autoregression, {count(forecast['linear_parameters'], 'parameter')}"))
    left_out = {"Known": not forecast["known"], "Reads": not others}
    return [row for row in rows if not left_out.get(row[0])]


_DIFFERENCES = {
    "last": "read as differences to the last value",
    "scaled": "read as differences to the last value, in standard deviations",
    "season": "read as differences to the mean of the last season",
    "none": "read as they are",
}


def score_texts(scores: dict[str, Any]) -> list[str]:
    """The main scores in words."""
    names = {"mae": "MAE", "naive_mae": "seasonal naive MAE", "mase": "MASE"}
    return [f"{names[key]} {number(scores[key])}" for key in names if type(scores.get(key)) in (int, float)]


def _scores(scores: dict[str, Any], how: str) -> list[Any]:
    rows = [
        (name, write(scores[key]), write(scores[f"naive_{key}"]))
        for name, key, write in (("MAE", "mae", number), ("RMSE", "rmse", number), ("MASE", "mase", score))
        if isfinite(scores[key])  # MASE has no unit where too little lies before
    ]
    title = f"The last {count(scores['steps'], 'step')}, {how}"
    parts: list[Any] = [table(title, (("", "left"), ("model", "right"), ("last season", "right")), rows)]
    if "coverage" in scores:
        parts.append(Text(f"{scores['coverage']:.0%} of these steps lie within their bounds"))
    steps = scores["by_step"]
    if len(steps) > 1:
        chosen = sorted(
            {round(i * (len(steps) - 1) / (_MOST_STEPS_SHOWN - 1)) for i in range(_MOST_STEPS_SHOWN)}
        )
        ahead = [
            (f"{s['step']:,}", number(s["mae"]), number(s["naive_mae"]))
            for s in map(steps.__getitem__, chosen)
        ]
        headings = (("steps ahead", "right"), ("MAE", "right"), ("last season", "right"))
        parts.append(table("How far ahead", headings, ahead))
    return parts
