"""Reports for people: tables in the terminal that fit 80 columns, from the plain data of the commands."""

import sys
from typing import Any

from rich.console import Group
from rich.text import Text

from chainrule.cli.drawing import (
    WIDTH,
    count,
    facts,
    left_out,
    number,
    quoted,
    seconds_text,
    size,
    sparkline,
    table,
)
from chainrule.cli.forecast_report import evaluated_parts, forecast_facts, score_texts, trained_parts
from chainrule.cli.network_drawing import drawn
from chainrule.cli.score_report import score_parts
from chainrule.cli.terminal import results

__all__ = ["show", "training_text"]

_MOST_ROWS_SHOWN = 20
_MOST_IGNORED = 5


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
    if report["task"] == "forecast":
        return trained_parts(report, _network(report["network"]))
    data, training = report["data"], report["training"]
    kinds = ", ".join(count(n, *_KINDS[kind]) for kind, n in data["kinds"].items() if kind != "ignore")
    lost = data["rows_without_target"]
    ignored = [f"{c['name']} ({c['reason']})" for c in report["columns"] if c["kind"] == "ignore"]
    more = [f"{len(ignored) - _MOST_IGNORED} more"] if len(ignored) > _MOST_IGNORED else []
    parts = [
        facts(
            ("Table", f"{data['file']}: {count(data['rows'], 'row')}, {kinds}"),
            ("Ignored", ", ".join([*ignored[:_MOST_IGNORED], *more])) if ignored else None,
            ("Target", _target(report) + (f"; {count(lost, 'row')} without it left out" if lost else "")),
            ("Rows", f"{report['rows']['training']:,} for training, {report['rows']['held_out']:,} held out"),
            ("Network", _network(report["network"])),
            ("Training", training_text(training)),
            *_loss_curves(training),
        ),
        *(score_parts(report, "Held-out rows") if report["scores"] else []),
    ]
    model = report["model"]
    return [*parts, Text(), facts(("Saved", f"{model['file']} ({size(model['bytes'])})"))]


_KINDS = {
    "number": ("number", "numbers"),
    "boolean": ("boolean", "booleans"),
    "category": ("category", "categories"),
    "date": ("date", "dates"),
    "text": ("text", "texts"),
    "mixed": ("mixed", "mixed"),
}


def training_text(training: dict[str, Any]) -> str:
    """How long a training was, and what ended it, in a few words."""
    before = training["resumed_from"]
    kept = f", {before:,} of them from the checkpoint," if before else ""
    done = f"{count(training['epochs'], 'epoch')}{kept} in {seconds_text(training['seconds'])}"
    if training["interrupted"]:
        return f"{done}, stopped by Ctrl-C"
    if training["out_of_time"]:
        return f"{done}, ended by the time limit of {training['time_limit']:g} s"
    return f"{done}, preset {training['preset']}"


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
    members = f"{count(network['members'], 'member')} of " if "members" in network else ""
    return f"{members}{widths}, {' and '.join(names)}, {count(network['n_parameters'], 'parameter')}"


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
    if report["task"] == "forecast":
        return evaluated_parts(report)
    data = report["data"]
    return [
        facts(
            ("Model", report["model"]),
            ("Table", f"{data['file']}: {count(data['rows'], 'row')}"),
            ("Target", f"{report['target']} ({report['task']})"),
        ),
        *score_parts(report, "Scores"),
    ]


# -- predict -----------------------------------------------------------------------------------------------


def _predict(report: dict[str, Any]) -> list[Any]:
    n_rows = count(report["data"]["rows"], "prediction")
    return [facts(("Saved", f"{report['output']} ({n_rows} of {report['target']})"))]


# -- doctor and report --------------------------------------------------------------------------------------


def _doctor(report: dict[str, Any]) -> list[Any]:
    return [
        facts(("Model", report["model"]), ("Table", report["data"]["file"])),
        Text(),
        Text(report["text"]),
    ]


def _report(report: dict[str, Any]) -> list[Any]:
    output, findings = report["output"], report["findings"]["findings"]
    return [
        *score_parts(report | {"training": None}, "Scores"),
        Text(),
        facts(
            ("Findings", ", ".join(finding["name"] for finding in findings) or "none"),
            ("Saved", f"{output['file']} ({size(output['bytes'])})"),
        ),
    ]


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
    if "median" in column:
        ends = f"{number(column['min'])} … {number(column['median'])} … {number(column['max'])}"
        return [ends, f"{column['different']:,} different"]
    if "levels" in column:
        more = ["…"] if column["levels_cut"] else []
        return [*(f"{quoted(level)} {count:,}" for level, count in column["levels"].items()), *more]
    if "extent" in column:
        return [column["extent"], f"{column['different']:,} different"]
    if column["kind"] == "unsupported":
        return [
            column["reason"]
            .removeprefix(f"column {column['name']!r} ")
            .partition(", which")[0]
            .partition("; ")[0]
        ]
    return [""]


def _inspected_model(report: dict[str, Any]) -> list[Any]:
    members = report.get("network", {}).get("members", 0)
    parts = [
        facts(
            ("Model", f"{report['file']} ({size(report['bytes'])}, format {report['format_version']})"),
            ("SHA-256", report["sha256"]),
            ("Kind", report["model"]),
            ("Target", f"{report['target']} ({report['task']})") if "target" in report else None,
            *forecast_facts(report.get("forecast")),
            ("Classes", ", ".join(map(quoted, report["classes"]))) if "classes" in report else None,
            *(_training_facts(report) if "training" in report else []),
        ),
        *(Text(line, "green") for line in ["", *drawn(report["layers"], members)]),
        _layer_table(report["layers"]),
    ]
    if "columns" in report:
        rows = [
            (
                *(c[name] for name in ("name", "kind", "extent")),
                f"{c['missing']:.0%}" if c["missing"] else "",
                c["becomes"].split(", "),
            )
            for c in report["columns"][:_MOST_ROWS_SHOWN]
        ]
        headings = (
            ("column", "left"),
            ("kind", "left"),
            ("levels or range", "left"),
            ("missing", "right"),
            ("becomes", "left"),
        )
        parts.append(table(count(len(report["columns"]), "column"), headings, rows))
        parts += left_out(len(report["columns"]), _MOST_ROWS_SHOWN, "column")
    return parts


def _training_facts(report: dict[str, Any]) -> list[tuple[str, str | Text]]:
    training, record = report["training"], report.get("record") or {}
    rows: list[tuple[str, str | Text]] = []
    if "data" in record and "version" in record and type(record.get("rows")) is int:
        rows.append(
            ("Trained", f"on {record['rows']:,} rows of {record['data']}, by chainrule {record['version']}")
        )
    most = f" of at most {training['most_epochs']:,}" if "most_epochs" in training else ""
    preset = f", preset {training['preset']}" if "preset" in training else ""
    rows.append(("Network", _network(report["network"])))
    rows.append(("Training", f"{count(training['epochs'], 'epoch')}{most}{preset}"))
    rows += _loss_curves(training)
    if training.get("temperature"):
        rows.append(("Calibration", f"temperature {number(training['temperature'])}"))
    if isinstance(scores := record.get("scores"), dict):
        told = score_texts(scores) if "forecast" in report else []
        shown = ("accuracy", "baseline_accuracy", "log_loss", "rmse", "baseline_rmse", "r2")
        texts = [
            f"{name.replace('_', ' ')} {number(scores[name])}"
            for name in shown
            if type(scores.get(name)) in (int, float)
        ]
        rows += [("Held-out", ", ".join(told or texts))] if told or texts else []
    return rows


def _layer_table(layers: list[dict[str, Any]]) -> Group:
    """Draw the layers; where there are branches the arrays are left to --json: the lines are full."""
    has_branches = any("columns" in layer for layer in layers)
    rows: list[tuple[str, ...]] = []
    for layer in layers[:_MOST_ROWS_SHOWN]:
        name = layer["layer"] + (" [{}:{}]".format(*layer["columns"]) if "columns" in layer else "")
        arrays = ", ".join(
            f"{array} {' × '.join(map(str, shape))}" for array, shape in layer["shapes"].items()
        )
        n = f"{layer['parameters']:,}" if layer["parameters"] else ""
        rows.append((name, f"{layer['inputs']} → {layer['outputs']}", arrays, n, layer["formula"]))
    more = layers[_MOST_ROWS_SHOWN:]
    if more:
        rows.append((f"... {len(more)} more", "", "", f"{sum(layer['parameters'] for layer in more):,}", ""))
    rows.append(("total", "", "", f"{sum(layer['parameters'] for layer in layers):,}", ""))
    headings = [
        ("layer", "left"),
        ("from → to", "left"),
        ("arrays", "left"),
        ("parameters", "right"),
        ("", "left"),
    ]
    if has_branches:
        del headings[2]
        rows = [row[:2] + row[3:] for row in rows]
    return table("Network", headings, rows)


_REPORTS = {
    "train": _train,
    "evaluate": _evaluate,
    "predict": _predict,
    "doctor": _doctor,
    "report": _report,
    "table": _inspected_table,
    "model": _inspected_model,
}
