"""The numbers behind the pictures, as data for the page: trace, gradient check, doctor."""

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.problem import problem_of
from chainrule.estimators.silence import without_warnings
from chainrule.explain import Finding, check_gradients, doctor
from chainrule.explain.document import Document, Formula, Grid, Section, number
from chainrule.explain.gradient_table import GOOD
from chainrule.explain.tracing import traced
from chainrule.playground.model import estimator_of
from chainrule.playground.run import Run

__all__ = [
    "as_data",
    "examination",
    "finding_data",
    "findings",
    "gradient_check",
    "neuron_page",
    "trace_page",
]

Array = Any

_UNITS = 8
_ROWS_OF_AN_EXAMINATION = 400
_ENTRIES = 40

_NOT_WHILE_TRAINING = (
    "probabilities off",
    "underfitting",
    "too few rows",
    "imbalanced classes",
    "leaking column",
    "copied columns",
    "constant columns",
)
"""A network that has hardly begun fits badly, and the data do not change while it trains."""


def trace_page(run: Run, row: Any) -> dict[str, Any]:
    """Forward pass, loss, backward pass and update of one row, as a `DocumentData` of the page."""
    trace = _trace(run, row)
    document = trace.document(units=_UNITS)
    n = len(trace.layers)
    stages: list[tuple[str, int | None]] = [("inputs", None)]
    stages += [("forward", layer) for layer in range(n)]
    stages += [("loss", None)]
    stages += [("backward", layer) for layer in reversed(range(n))]
    stages += [("update", None)]
    return as_data(document, stages)


def neuron_page(run: Run, row: Any, layer: Any, unit: Any) -> dict[str, Any]:
    """One neuron's part in the answer to a row and in what is learned from it; all count from 0."""
    if type(layer) is not int or type(unit) is not int:
        raise ParameterError(f"a neuron has a layer and a unit, however: {layer!r:.40}, {unit!r:.40}")
    document = _trace(run, row).neuron(layer + 1, unit + 1).document
    return as_data(document, [("", layer)] * len(document.sections))


def _trace(run: Run, row: Any) -> Any:
    place = _row(run, row)
    model, examples = estimator_of(run), run.examples
    y = examples.y[place]
    label = int(y) if examples.rows.labels else float(y)
    problem = problem_of(model, examples.X[place][None], [label])
    problem = replace(problem, input_names=examples.inputs.names)
    with np.errstate(all="ignore"):
        return traced(problem, None)


def _row(run: Run, row: Any) -> int:
    n = len(run.examples.y)
    if type(row) is not int or not 0 <= row < n:
        raise ParameterError(f"there is no row {row!r:.80}; there are {n}")
    return row


def as_data(document: Document, stages: list[tuple[str, int | None]]) -> dict[str, Any]:
    """A page of explanations as plain data: its sections, each with the stage and the layer it is about."""
    return {
        "title": document.title,
        "sections": [
            {
                "title": section.title,
                "stage": stage,
                "layer": layer,
                "parts": list(map(_part, _with_notes(section))),
            }
            for section, (stage, layer) in zip(document.sections, stages, strict=True)
        ],
    }


def _with_notes(section: Section) -> list[Any]:
    """The parts of a section; what stands below a table is a text of its own."""
    found: list[Any] = []
    for part in section.parts:
        note = part.note if isinstance(part, Grid) else ""
        found += [one for one in (part, note) if one]
    return found


def _part(part: str | Formula | Grid) -> dict[str, Any]:
    if isinstance(part, str):
        return {"kind": "text", "text": part}
    if isinstance(part, Formula):
        equation = f"    ({part.equation})" if part.equation else ""
        return {"kind": "formula", "text": part.text + equation, "tex": part.latex}
    return {
        "kind": "grid",
        "caption": _text(part.caption) if part.caption else None,
        "columns": list(map(_text, part.header)),
        "rows": [[_text(cell) for cell in row] for row in part.rows],
        "is_bold_first": True,
    }


def _text(cell: Any) -> dict[str, str]:
    if isinstance(cell, Formula):
        return {"text": cell.text, "tex": cell.latex}
    return {"text": number(cell)}


def gradient_check(run: Run, row: Any) -> dict[str, Any]:
    """The written derivatives of a row's loss, held against differences and automatic differentiation."""
    place = _row(run, row)
    model, examples = estimator_of(run), run.examples
    y = examples.y[place]
    label = int(y) if examples.rows.labels else float(y)
    found = check_gradients(model, examples.X[place][None], [label], max_entries=_ENTRIES)
    return {
        "ok": found.ok,
        "summary": str(found).splitlines()[0],
        "rows": [
            {
                "name": one.name,
                "lecture": one.lecture_name,
                "shape": " × ".join(map(str, one.shape)),
                "checked": f"{one.n_checked} of {one.n_entries}",
                "difference": _largest(one),
                "ok": one.verdict in GOOD,
            }
            for one in found.table
        ],
    }


def _largest(row: Any) -> float | None:
    known = [one for one in (row.differences, row.automatic) if one is not None and np.isfinite(one)]
    return max(known) if known else None


def examination(run: Run) -> tuple[list[dict[str, Any]], list[str]]:
    """(findings, names of examinations that found nothing) of the doctor, on training and test rows."""
    examples = run.examples
    X, y = examples.X_train[:_ROWS_OF_AN_EXAMINATION], examples.y_train[:_ROWS_OF_AN_EXAMINATION]
    X_test, y_test = examples.X_test[:_ROWS_OF_AN_EXAMINATION], examples.y_test[:_ROWS_OF_AN_EXAMINATION]
    if examples.rows.labels:
        y, y_test = y.astype(int), y_test.astype(int)
    unseen = {"X_val": X_test, "y_val": y_test} if len(y_test) else {}
    with without_warnings(), np.errstate(all="ignore"):
        found = doctor(estimator_of(run), X, y, **unseen)
    return list(map(finding_data, found.findings)), list(found.healthy)


def findings(run: Run) -> list[dict[str, Any]]:
    """What the doctor finds of the network and its training; data and answers are for a full examination."""
    return [one for one in examination(run)[0] if one["name"] not in _NOT_WHILE_TRAINING]


def finding_data(finding: Finding) -> dict[str, str]:
    """A finding as the page shows it."""
    return {
        "name": finding.name,
        "severity": finding.severity,
        "what": finding.what,
        "cure": finding.cure,
        "where": finding.where,
    }
