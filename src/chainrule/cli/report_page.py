"""The page of `chainrule report`: HTML that holds its pictures and needs nothing beside it."""

from html import escape
from typing import Any

import numpy as np

from chainrule.cli.drawing import number, score
from chainrule.cli.inputs import TrainedModel
from chainrule.cli.network_drawing import drawn
from chainrule.cli.report_parts import html_picture, html_table
from chainrule.explain import Diagnosis
from chainrule.table.levels import level_text

__all__ = ["page_of"]

_MOST_BARS = 20
_MOST_CLASSES = 25

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1c2330; background: #fff; max-width: 60rem;
  margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin-top: 2.4rem;
  border-bottom: 1px solid #ccd3de; padding-bottom: .2rem; }
table { border-collapse: collapse; margin: .8rem 0; } th, td { padding: .25rem .9rem .25rem 0;
  text-align: left; vertical-align: top; font-variant-numeric: tabular-nums; }
th { border-bottom: 1px solid #8a94a6; font-weight: 600; } td.n, th.n { text-align: right; }
figure { margin: 1rem 0; } img { max-width: 100%; height: auto; } figcaption { color: #4b5566; }
pre { background: #f4f6f9; padding: .8rem; overflow-x: auto; font-size: .85rem; }
.scroll { overflow-x: auto; } .warn { background: #fff4e0; border-left: 4px solid #d97706;
  padding: .5rem .9rem; margin: .8rem 0; } .severe { background: #fdeceb; border-color: #c2261c; }
.fine { background: #e9f6ec; border-left: 4px solid #2e7d32; padding: .5rem .9rem; }
nav a { margin-right: 1rem; } .muted { color: #4b5566; }
@media print { body { margin: 0; max-width: none; } nav { display: none; } }
"""


def page_of(about: dict[str, Any], model: TrainedModel, table: Any, y: np.ndarray, found: Diagnosis) -> str:
    """The whole page.

    Parameters
    ----------
    about : what `report` gives
    table, y : the rows that have a target, and their targets
    found : what the doctor says
    """
    parts = {
        "Scores": _scores(about),
        "Where it is right and wrong": _answers(about, model, table, y),
        "What it goes by": _importance(about),
        "How it was trained": _training(about, model),
        "What the doctor says": _findings(found),
        "What became of each column": _columns(about),
        "The network": _network(about, model),
    }
    links = "".join(f'<a href="#part{i}">{escape(title)}</a> ' for i, title in enumerate(parts))
    sections = "".join(
        f'<section id="part{i}"><h2>{escape(title)}</h2>{body}</section>'
        for i, (title, body) in enumerate(parts.items())
    )
    title = f"{about['target']}: report of a model"
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<header><h1>{escape(title)}</h1>{_head(about)}<nav>{links}</nav></header>"
        f"<main>{sections}</main></body></html>\n"
    )


def _head(about: dict[str, Any]) -> str:
    record, data = about["record"], about["data"]
    trained = ""
    if "data" in record:
        trained = f" It was trained on {record['rows']:,} rows of {record['data']}."
    text = (
        f"{about['date']}. The model {about['model']['file']} predicts "
        f"{'the class' if about['task'] == 'classification' else 'the number'} {about['target']!r}; here it "
        f"answers for {data['rows']:,} rows of {data['file']}.{trained}"
    )
    warning = ""
    if data["used_for_training"]:
        warning = (
            '<p class="warn">These rows were used for training. What the page says of scores is too good; '
            "only rows that the model has not seen show its worth.</p>"
        )
    digest = f'<p class="muted">SHA-256 of the model: {about["model"]["sha256"]}</p>'
    return f"<p>{escape(text)}</p>{warning}{digest}"


# -- scores --------------------------------------------------------------------------------------------------

_CLASS_SCORES = (
    ("accuracy", "accuracy", score),
    ("balanced accuracy", "balanced_accuracy", score),
    ("log loss", "log_loss", number),
    ("area under ROC", "roc_auc", score),
    ("calibration error", "calibration_error", score),
)
_NUMBER_SCORES = (
    ("RMSE, root of the mean squared error", "rmse", number),
    ("MAE, mean absolute error", "mae", number),
    ("R², share of the variance explained", "r2", score),
)


def _scores(about: dict[str, Any]) -> str:
    scores, linear = about["scores"], about["linear"]
    is_class = about["task"] == "classification"
    baseline = scores["baseline"]
    head = ["", "model"]
    head += ["linear model"] if linear else []
    head += [] if baseline is None else [f"always {baseline if is_class else number(baseline)}"]
    rows = []
    for name, key, write in _CLASS_SCORES if is_class else _NUMBER_SCORES:
        if scores.get(key) is None:
            continue
        row = [name, write(scores[key])]
        row += [write(linear[key]) if linear.get(key) is not None else ""] if linear else []
        known = scores.get(f"baseline_{key}")
        row += [] if baseline is None else ["" if known is None else write(known)]
        rows.append(row)
    note = ""
    if linear:
        note = (
            f'<p class="muted">On {scores["rows"]:,} rows. The linear model is five models, each trained on '
            f"four fifths of {about['rows_looked_at']:,} of these rows and scored on the last fifth.</p>"
        )
    return html_table(head, rows) + note


def _answers(about: dict[str, Any], model: TrainedModel, table: Any, y: np.ndarray) -> str:
    from chainrule.plotting import IntervalDisplay, ReliabilityDisplay

    if about["task"] == "classification":
        probabilities = model.estimator.predict_proba(table)
        labels = [level_text(label) for label in model.classes]
        shown = _reliability(y, probabilities, model, ReliabilityDisplay)
        return _confusion(about["scores"], labels) + shown
    predicted = model.estimator.predict(table)

    def residuals(ax: Any) -> None:
        from sklearn.metrics import PredictionErrorDisplay

        PredictionErrorDisplay.from_predictions(y, predicted, kind="actual_vs_predicted", ax=ax)
        ax.set(xlabel=f"predicted {about['target']}", ylabel=f"true {about['target']}")

    pictures = html_picture(residuals, "True against predicted values; on the line the answer is exact.")
    from chainrule.errors import ParameterError

    try:
        few = np.linspace(0, len(y) - 1, min(len(y), 300)).astype(int)
        display = IntervalDisplay.from_predictions
        intervals = model.estimator.predict_interval(table[few], coverage=0.9)
    except ParameterError as error:
        return f"{pictures}<p>No intervals: {escape(str(error))}</p>"
    center = predicted[few]
    pictures += html_picture(
        lambda ax: display(y[few], center, intervals, coverage=0.9, target=about["target"], ax=ax),
        "90 % intervals: nine in ten rows should lie within.",
    )
    return pictures


def _reliability(y: np.ndarray, probabilities: np.ndarray, model: TrainedModel, display: Any) -> str:
    def draw(ax: Any) -> None:
        display.from_predictions(y, probabilities, classes=model.classes, ax=ax)

    return html_picture(draw, "Of the answers given with a probability of 0.8, eight in ten should be right.")


def _confusion(scores: dict[str, Any], labels: list[str]) -> str:
    counts = np.array(scores["confusion"])
    if len(labels) > _MOST_CLASSES:
        mistakes = counts - np.diag(counts.diagonal())
        worst = np.argsort(-mistakes, axis=None, kind="stable")[:15]
        rows = [
            [labels[i // len(labels)], labels[i % len(labels)], f"{mistakes.flat[i]:,}"]
            for i in worst
            if mistakes.flat[i]
        ]
        return f"<p>Most frequent mistakes among {len(labels)} classes</p>" + html_table(
            ["true", "predicted", "rows"], rows
        )

    def draw(ax: Any) -> None:
        from sklearn.metrics import ConfusionMatrixDisplay

        names = [label if len(label) <= 14 else f"{label[:13]}…" for label in labels]
        shown = ConfusionMatrixDisplay(counts, display_labels=names)
        turned = 45 if len(labels) > 4 else 0
        shown.plot(ax=ax, cmap="Blues", colorbar=False, xticks_rotation=turned)

    return html_picture(draw, "Confusion matrix: true classes down, answers across.")


def _importance(about: dict[str, Any]) -> str:
    drops = list(about["importance"].items())[:_MOST_BARS]
    what = "accuracy" if about["task"] == "classification" else "R²"

    def draw(ax: Any) -> None:
        names = [name if len(name) <= 28 else f"{name[:27]}…" for name, _ in drops][::-1]
        means, spreads = (np.array([drop[i] for _, drop in drops])[::-1] for i in (0, 1))
        places = np.arange(len(names))
        ax.barh(places, means, xerr=spreads, color="#0072B2", ecolor="#4b5566")
        ax.set_yticks(places, names)
        ax.set_xlabel(f"loss of {what} when the column is shuffled")
        ax.axvline(0, color="#8a94a6", linewidth=0.8)

    more = len(about["importance"]) - len(drops)
    note = f" The {more} other columns matter less." if more > 0 else ""
    return html_picture(
        draw, f"Permutation importance, mean and spread of three shuffles.{note}", len(drops) / 4
    )


# -- training, doctor, columns, network --------------------------------------------------------------


def _training(about: dict[str, Any], model: TrainedModel) -> str:
    from chainrule.plotting import LossCurveDisplay

    training = about["training"]
    facts = [
        ["preset", str(training.get("preset", ""))],
        ["epochs", f"{training['epochs']:,}"],
        ["parameters", f"{about['network']['n_parameters']:,}"],
    ]
    if training.get("best_epoch"):
        facts.append(["kept", f"epoch {training['best_epoch']}"])
    if training.get("temperature"):
        facts.append(["temperature of the probabilities", number(training["temperature"])])
    picture = html_picture(
        lambda ax: LossCurveDisplay.from_estimator(model.estimator, ax=ax), "Loss by epoch; lower is better."
    )
    return html_table(None, facts) + picture


def _findings(found: Diagnosis) -> str:
    if found.ok:
        return f'<p class="fine">No finding in {len(found.healthy)} examinations.</p>'
    blocks = []
    for finding in found.findings:
        kind = "warn severe" if finding.severity == "severe" else "warn"
        blocks.append(
            f'<div class="{kind}"><b>{escape(finding.name)}</b>: {escape(finding.where)}<br>'
            f"{escape(finding.what)}<br><b>Cure:</b> {escape(finding.cure)}</div>"
        )
    return "".join(blocks) + f'<p class="muted">Found healthy: {escape(", ".join(found.healthy))}.</p>'


def _columns(about: dict[str, Any]) -> str:
    rows = [
        [
            column["name"],
            column["kind"],
            str(column["extent"]),
            f"{column['missing']:.0%}" if column["missing"] else "",
            str(column["becomes"]),
        ]
        for column in about["columns"]
    ]
    return html_table(["column", "kind", "levels or range", "missing", "becomes"], rows)


def _network(about: dict[str, Any], model: TrainedModel) -> str:
    from chainrule.plotting import NetworkDisplay

    lines = "\n".join(drawn(about["layers"], about["network"].get("members", 0)))
    picture = html_picture(
        lambda ax: NetworkDisplay.from_estimator(model.estimator, ax=ax), "The network, layer by layer.", 4.5
    )
    return f"{picture}<pre>{escape(lines)}</pre>"
