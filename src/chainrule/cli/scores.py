"""Scores beside a trivial baseline, as plain data."""

from math import ceil
from typing import Any

import numpy as np

__all__ = ["classification_scores", "regression_scores"]

_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def classification_scores(
    truth: np.ndarray, probabilities: np.ndarray, labels: list[str], baseline: int
) -> dict[str, Any]:
    """Score predicted probabilities.

    Parameters
    ----------
    truth : array of int (n rows,)
        Places of the true classes.
    probabilities : array (n rows, n classes)
    labels : list of str
        The classes as they are shown.
    baseline : int
        Place of the class that was most frequent in training: who always answers it needs no model.

    Returns
    -------
    dict
        rows, accuracy, balanced_accuracy (mean recall of the classes that occur), log_loss (in nats), roc_auc
        (two classes, both of which occur; else None), baseline, baseline_accuracy, labels and confusion
        (true class down, predicted class across).
    """
    from sklearn.metrics import confusion_matrix, log_loss, roc_auc_score

    predicted = probabilities.argmax(axis=1)
    places = np.arange(len(labels))
    confusion = confusion_matrix(truth, predicted, labels=places)
    occurs = confusion.sum(axis=1) > 0
    recall = confusion.diagonal()[occurs] / confusion.sum(axis=1)[occurs]
    probabilities = np.asarray(probabilities, dtype=np.float64)
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    is_binary = len(labels) == 2 and bool(occurs.all())
    return {
        "rows": len(truth),
        "accuracy": float((predicted == truth).mean()),
        "balanced_accuracy": float(recall.mean()),
        "log_loss": float(log_loss(truth, probabilities, labels=places)),
        "roc_auc": float(roc_auc_score(truth, probabilities[:, 1])) if is_binary else None,
        "baseline": labels[baseline],
        "baseline_accuracy": float((truth == baseline).mean()),
        "labels": labels,
        "confusion": confusion.tolist(),
    }


def regression_scores(truth: np.ndarray, predicted: np.ndarray, baseline: float) -> dict[str, Any]:
    """Score predicted numbers.

    Parameters
    ----------
    truth, predicted : arrays (n rows,)
    baseline : float
        Mean of the target in training: who always answers it needs no model.

    Returns
    -------
    dict
        rows, rmse, mae, r2 (None where all true values are equal), baseline, baseline_rmse, baseline_mae, and
        residuals (true minus predicted): mean, quantiles (by their level), counts (of equally wide bins).
    """
    residuals = truth - predicted
    spread = np.square(truth - truth.mean()).sum()
    # the Rice rule, as far as a line of bars goes
    counts, _ = np.histogram(residuals, bins=min(30, ceil(2 * len(residuals) ** (1 / 3))))
    return {
        "rows": len(truth),
        "rmse": _root_mean_square(residuals),
        "mae": float(np.abs(residuals).mean()),
        "r2": float(1 - np.square(residuals).sum() / spread) if spread > 0 else None,
        "baseline": baseline,
        "baseline_rmse": _root_mean_square(truth - baseline),
        "baseline_mae": float(np.abs(truth - baseline).mean()),
        "residuals": {
            "mean": float(residuals.mean()),
            "quantiles": {f"{q:g}": float(np.quantile(residuals, q)) for q in _QUANTILES},
            "counts": counts.tolist(),
        },
    }


def _root_mean_square(x: np.ndarray) -> float:
    return float(np.sqrt(np.square(x).mean()))
