"""Scores beside a trivial baseline, as plain data."""

from math import ceil
from typing import Any

import numpy as np

__all__ = ["calibration_error", "classification_scores", "mean_of", "regression_scores", "unit_of"]

_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_N_BINS = 15


def classification_scores(
    truth: np.ndarray, probabilities: np.ndarray, labels: list[str], baseline: int | None
) -> dict[str, Any]:
    """Score predicted probabilities.

    Parameters
    ----------
    truth : array of int (n rows,)
        Places of the true classes.
    probabilities : array (n rows, n classes)
    labels : list of str
        The classes as they are shown.
    baseline : int or None
        Place of the class that was most frequent in training: who always answers it needs no model.

    Returns
    -------
    dict
        rows, accuracy, balanced_accuracy (mean recall of the classes that occur), log_loss (in nats), roc_auc
        (two classes, both of which occur; else None), calibration_error, baseline, baseline_accuracy, labels
        and confusion (true class down, predicted class across).
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
        "calibration_error": calibration_error(truth, probabilities),
        "baseline": None if baseline is None else labels[baseline],
        "baseline_accuracy": None if baseline is None else float((truth == baseline).mean()),
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
    spread = _root_mean_square(truth - mean_of(truth))
    # the Rice rule, as far as a line of bars goes
    counts, _ = np.histogram(residuals, bins=min(30, ceil(2 * len(residuals) ** (1 / 3))))
    return {
        "rows": len(truth),
        "rmse": _root_mean_square(residuals),
        "mae": mean_of(np.abs(residuals)),
        "r2": 1 - (_root_mean_square(residuals) / spread) ** 2 if spread > 0 else None,
        "baseline": baseline,
        "baseline_rmse": _root_mean_square(truth - baseline),
        "baseline_mae": mean_of(np.abs(truth - baseline)),
        "residuals": {
            "mean": mean_of(residuals),
            "quantiles": {f"{q:g}": float(np.quantile(residuals, q)) for q in _QUANTILES},
            "counts": counts.tolist(),
        },
    }


def calibration_error(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """ECE = Σ_b n_b/n |share right - mean probability|, of the predicted class, in 15 bins of equal width.

    Guo, Pleiss, Sun, Weinberger 2017, arXiv 1706.04599, section 2. 0: of the predictions made with a
    probability of 0.8, eight in ten are right.
    """
    top = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bins = np.clip((top * _N_BINS).astype(int), 0, _N_BINS - 1)
    return float(np.abs(np.bincount(bins, right - top, _N_BINS)).sum() / len(top))


def _root_mean_square(x: np.ndarray) -> float:
    unit = unit_of(x)
    return float(np.sqrt(np.square(x / unit).mean()) * unit)


def mean_of(x: np.ndarray) -> float:
    """The mean, of numbers of any size."""
    unit = unit_of(x)
    return float((x / unit).mean() * unit)


def unit_of(x: np.ndarray) -> float:
    """A power of two of the order of x, which changes no digit: in it, squares of 1e200 are numbers too."""
    largest = float(np.abs(x).max())
    return float(np.ldexp(1.0, np.frexp(largest)[1] - 1)) if largest > 0 else 1.0
