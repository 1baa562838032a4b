"""Predictions as the body of an answer: JSON or CSV."""

import csv
import json
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

from chainrule.serving.model import Predictions, ServedModel

__all__ = ["to_csv", "to_json"]


def to_json(model: ServedModel, predictions: Predictions) -> bytes:
    """One object per row, in the order of the rows."""
    columns: dict[str, Sequence[Any]] = {"prediction": predictions.values.tolist()}
    if predictions.probabilities is not None:
        names = model.class_names
        columns["probabilities"] = [
            dict(zip(names, row, strict=True)) for row in predictions.probabilities.tolist()
        ]
    if predictions.bounds is not None:
        columns["lower"], columns["upper"] = predictions.bounds.T.tolist()
    document = {
        "target": model.target,
        "predictions": [dict(zip(columns, row, strict=True)) for row in _rows(columns)],
        "warnings": predictions.warnings,
    }
    # In ASCII: a warning may show half of a character that the request held.
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode("ascii")


def to_csv(model: ServedModel, predictions: Predictions) -> bytes:
    """A header and one line per row, with the columns of `chainrule predict`."""
    columns: dict[str, Sequence[Any]] = {f"predicted_{model.target}": predictions.values.tolist()}
    if predictions.probabilities is not None:
        names = [f"probability_{name}" for name in model.class_names]
        columns |= dict(zip(names, predictions.probabilities.T.tolist(), strict=True))
    if predictions.bounds is not None:
        lower, upper = predictions.bounds.T.tolist()
        columns |= {f"lower_{model.target}": lower, f"upper_{model.target}": upper}
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(_rows(columns))
    return text.getvalue().encode()


def _rows(columns: dict[str, Sequence[Any]]) -> Iterable[tuple[Any, ...]]:
    return zip(*columns.values(), strict=True)
