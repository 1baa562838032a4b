"""Reports for people: tables in the terminal that fit 80 columns, from the plain data of the commands."""

import sys
from typing import Any

import numpy as np
from rich.console import Group
from rich.text import Text

from chainrule.cli.drawing import (
    GAP,
    WIDTH,
    count,
    facts,
    left_out,
    number,
    quoted,
    score,
    size,
    sparkline,
    table,
)
from chainrule.cli.terminal import results

__all__ = ["show"]

_MOST_ROWS_SHOWN = 20
_CONFUSION = "true ↓  predicted →"
_LONGEST_LABEL = 24


def show(report: dict[str, Any]) -> None:
    """Print the report of a command on standard output."""
    shown = report["command"] if report["command"] != "inspect" else report["kind"]
    console = results()
    console.width = WIDTH
    with console.capture() as captured:
        console.print(Group(*_REPORTS[shown](report)))
    # rich fills lines up with blanks, which belong neither in a pipe nor in a file
    lines = [line.rstrip() for line in captured.get().splitlines()]
    sys.stdout.write("\n".join([*lines, ""]))


# -- train and evaluate ------------------------------------------------------------------------------------


def _train(report: dict[str, Any]) -> list[Any]:
    data, training = report["data"], report["training"]
    kinds = ", ".join(count(n, kind, _PLURALS[kind]) for kind, n in data["kinds"].items())
    lost = data["rows_without_target"]
    trained = f"{count(training['epochs'], 'epoch')} in {_seconds(training['seconds'])}, {_ended(training)}"
    parts = [
        facts(
            ("Table", f"{data['file']}: {count(data['rows'], 'row')}, {kinds}"),
            ("Target", _target(report) + (f"; {count(lost, 'row')} without it left out" if lost else "")),
            ("Rows", f"{report['rows']['training']:,} for training, {report['rows']['held_out']:,} held out"),
            ("Network", _network(report["network"])),
            ("Training", trained),
            *_loss_curves(training),
        ),
        *(_scores(report, "Held-out rows") if report["scores"] else []),
    ]
    model = report["model"]
    return [*parts, Text(), facts(("Saved", f"{model['file']} ({size(model['bytes'])})"))]


_PLURALS = {"number": "numbers", "boolean": "booleans", "category": "categories", "empty": "empty"}


def _ended(training: dict[str, Any]) -> str:
    if training["interrupted"]:
        return "stopped by Ctrl-C"
    return "stopped early" if training["epochs"] < training["most_epochs"] else "all epochs done"


def _target(report: dict[str, Any]) -> str:
    classes = report["classes"]
    if classes is None:
        return f"{report['target']}, a number (regression)"
    shown = sorted(classes, key=lambda label: -classes[label])[:5]
    listed = ", ".join(f"{quoted(label)} {classes[label]:,}" for label in shown) + (
        ", ..." if len(classes) > 5 else ""
    )
    return f"{report['target']}, {len(classes)} classes ({listed})"


def _network(network: dict[str, Any]) -> str:
    names = list(dict.fromkeys(network["activations"])) or ["linear"]
    widths = " → ".join(map(str, network["widths"]))
    return f"{widths}, {' and '.join(names)}, {count(network['n_parameters'], 'parameter')}"


def _seconds(seconds: float) -> str:
    return (
        f"{seconds:.2f} s"
        if seconds < 10
        else f"{seconds:.0f} s"
        if seconds < 600
        else f"{seconds / 60:.0f} min"
    )


def _loss_curves(training: dict[str, Any]) -> list[tuple[str, Text]]:
    rows = []
    for name, key in (("  loss", "loss_curve"), ("  validation", "validation_loss_curve")):
        curve = training[key]
        if curve:
            text = Text(sparkline(curve), "green")
            rows.append((name, text.append(f"  {number(curve[0])} → {number(curve[-1])}", "default")))
    if training["best_epoch"] and training["validation_loss_curve"]:
        best = training["best_epoch"]
        at_best = number(training["validation_loss_curve"][best - 1])
        rows.append(("", Text(f"kept is epoch {best}, with the validation loss {at_best}")))
    return rows


def _evaluate(report: dict[str, Any]) -> list[Any]:
    data = report["data"]
    return [
        facts(
            ("Model", report["model"]),
            ("Table", f"{data['file']}: {count(data['rows'], 'row')}"),
            ("Target", f"{report['target']} ({report['task']})"),
        ),
        *_scores(report, "Scores"),
    ]


def _scores(report: dict[str, Any], title: str) -> list[Any]:
    scores = report["scores"]
    title = f"{title} ({scores['rows']:,})"
    return (_class_scores if report["task"] == "classification" else _number_scores)(scores, title)


def _class_scores(scores: dict[str, Any], title: str) -> list[Any]:
    rows = [
        ("accuracy", score(scores["accuracy"]), score(scores["baseline_accuracy"])),
        ("balanced accuracy", score(scores["balanced_accuracy"]), ""),
        ("log loss", score(scores["log_loss"]), ""),
        *([("area under ROC", score(scores["roc_auc"]), "")] if scores["roc_auc"] is not None else []),
    ]
    baseline = f"always {scores['baseline']!r}"
    parts = [table(title, (("", "left"), ("model", "right"), (baseline, "right")), rows)]
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


def _number_scores(scores: dict[str, Any], title: str) -> list[Any]:
    rows = [
        ("RMSE", number(scores["rmse"]), number(scores["baseline_rmse"])),
        ("MAE", number(scores["mae"]), number(scores["baseline_mae"])),
        ("R²", score(scores["r2"]), ""),
    ]
    baseline = f"always the mean, {number(scores['baseline'])}"
    residuals = scores["residuals"]
    names = {"0": "min", "0.5": "median", "1": "max"}
    quantiles = residuals["quantiles"]
    columns = [(names.get(level) or f"{float(level):.0%}", "right") for level in quantiles]
    return [
        table(title, (("", "left"), ("model", "right"), (baseline, "right")), rows),
        table("Residuals: true minus predicted", columns, [[number(value) for value in quantiles.values()]]),
        Text(sparkline(residuals["counts"], 30, from_zero=True), "green"),
    ]


# -- predict -----------------------------------------------------------------------------------------------


def _predict(report: dict[str, Any]) -> list[Any]:
    n_rows = count(report["data"]["rows"], "prediction")
    return [facts(("Saved", f"{report['output']} ({n_rows} of {report['target']})"))]


# -- inspect -----------------------------------------------------------------------------------------------


def _inspected_table(report: dict[str, Any]) -> list[Any]:
    columns = report["columns"]
    rows = [
        (c["name"], c["kind"], f"{c['missing']:,}" if c["missing"] else "", _contents(c))
        for c in columns[:_MOST_ROWS_SHOWN]
    ]
    headings = (("column", "left"), ("kind", "left"), ("missing", "right"), ("values", "left"))
    return [
        facts(("Table", f"{report['file']} ({size(report['bytes'])})"), ("Rows", f"{report['rows']:,}")),
        table(count(len(columns), "column"), headings, rows),
        *left_out(len(columns), _MOST_ROWS_SHOWN, "column"),
    ]


def _contents(column: dict[str, Any]) -> list[str]:
    if column["kind"] == "number":
        ends = f"{number(column['min'])} … {number(column['median'])} … {number(column['max'])}"
        return [ends, f"{column['different']:,} different"]
    if "levels" in column:
        more = ["…"] if column["levels_cut"] else []
        return [*(f"{quoted(level)} {count:,}" for level, count in column["levels"].items()), *more]
    if column["kind"] == "unsupported":
        return [
            column["reason"]
            .removeprefix(f"column {column['name']!r} ")
            .partition(", which")[0]
            .partition("; ")[0]
        ]
    return [""]


def _inspected_model(report: dict[str, Any]) -> list[Any]:
    parts = [
        facts(
            ("Model", f"{report['file']} ({size(report['bytes'])}, format {report['format_version']})"),
            ("SHA-256", report["sha256"]),
            ("Kind", report["model"]),
            ("Target", f"{report['target']} ({report['task']})") if "target" in report else None,
            ("Classes", ", ".join(map(quoted, report["classes"]))) if "classes" in report else None,
            *(_training_facts(report) if "training" in report else []),
        ),
        _layer_table(report["layers"]),
    ]
    if "columns" in report:
        rows = [(c["name"], c["kind"], _learned(c)) for c in report["columns"][:_MOST_ROWS_SHOWN]]
        headings = (("column", "left"), ("kind", "left"), ("learned", "left"))
        parts.append(table(count(len(report["columns"]), "column"), headings, rows))
        parts += left_out(len(report["columns"]), _MOST_ROWS_SHOWN, "column")
    return parts


def _training_facts(report: dict[str, Any]) -> list[tuple[str, str | Text]]:
    training, record = report["training"], report.get("record") or {}
    rows: list[tuple[str, str | Text]] = []
    if "data" in record:
        rows.append(
            ("Trained", f"on {record['rows']:,} rows of {record['data']}, by chainrule {record['version']}")
        )
    rows.append(("Training", f"{count(training['epochs'], 'epoch')} of at most {training['most_epochs']:,}"))
    rows += _loss_curves(training)
    if record.get("scores"):
        shown = ("accuracy", "baseline_accuracy", "log_loss", "rmse", "baseline_rmse", "r2")
        scores = [
            f"{name.replace('_', ' ')} {number(record['scores'][name])}"
            for name in shown
            if name in record["scores"]
        ]
        rows.append(("Held-out", ", ".join(scores)))
    return rows


def _layer_table(layers: list[dict[str, Any]]) -> Group:
    rows = [
        (
            layer["layer"],
            f"{layer['inputs']} → {layer['outputs']}",
            ", ".join(f"{name} {' × '.join(map(str, shape))}" for name, shape in layer["shapes"].items()),
            f"{layer['parameters']:,}" if layer["parameters"] else "",
            layer["formula"],
        )
        for layer in layers
    ]
    rows.append(("total", "", "", f"{sum(layer['parameters'] for layer in layers):,}", ""))
    headings = (
        ("layer", "left"),
        ("from → to", "left"),
        ("arrays", "left"),
        ("parameters", "right"),
        ("", "left"),
    )
    return table("Network", headings, rows)


def _learned(column: dict[str, Any]) -> list[str]:
    missing = ["missing marked"] if column.get("has_missing") else []
    if column["kind"] == "number":
        return [f"mean {number(column['mean'])}", f"deviation {number(column['scale'])}", *missing]
    return [*map(quoted, column.get("levels", ())), *missing]


_REPORTS = {
    "train": _train,
    "evaluate": _evaluate,
    "predict": _predict,
    "table": _inspected_table,
    "model": _inspected_model,
}
