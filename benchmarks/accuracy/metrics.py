"""From predictions to the figures of a record. Imports scikit-learn when called."""

from typing import Any

import numpy as np

__all__ = ["calibration_error", "for_all_classes", "of_classes", "of_intervals", "of_numbers"]

Array = Any
_BINS = 15


def of_numbers(y: Array, predicted: Array) -> dict[str, float]:
    """The keys rmse, r2."""
    from sklearn.metrics import r2_score, root_mean_squared_error

    predicted = _finite(predicted)
    return {"rmse": float(root_mean_squared_error(y, predicted)), "r2": float(r2_score(y, predicted))}


def of_classes(y: Array, probabilities: Array, classes: Array) -> dict[str, float | None]:
    """The keys error, nll, auc (None unless there are two classes), ece; column k is that of classes[k]."""
    from sklearn.metrics import log_loss, roc_auc_score

    right = np.searchsorted(classes, y)
    p = _finite(probabilities)
    return {
        "error": float(np.mean(p.argmax(1) != right)),
        "nll": float(log_loss(right, p, labels=np.arange(len(classes)))),
        "auc": float(roc_auc_score(right, p[:, 1])) if len(classes) == 2 else None,
        "ece": calibration_error(p, right),
    }


def of_intervals(y: Array, intervals: Array) -> dict[str, float]:
    """The keys coverage, share of targets inside, and width, in the mean."""
    low, high = _finite(intervals).T
    return {"coverage": float(np.mean((low <= y) & (y <= high))), "width": float(np.mean(high - low))}


def calibration_error(probabilities: Array, right: Array) -> float:
    """ECE = Σ_b n_b/n |share right - mean probability|, of the top class, in 15 bins of equal width."""
    top = probabilities.max(1)
    hit = probabilities.argmax(1) == right
    bins = np.clip((top * _BINS).astype(int), 0, _BINS - 1)
    gaps = np.bincount(bins, hit - top, _BINS)  # Σ over the rows of a bin: n_b times the gap
    return float(np.abs(gaps).sum() / len(top))


def for_all_classes(probabilities: Array, known: Array, classes: Array) -> Array:
    """Columns of the classes that a model knows, put among all; 0 for a class that had no row in training."""
    p = np.asarray(probabilities, dtype=np.float64)
    p = np.stack([1 - p, p], axis=1) if p.ndim == 1 else p
    result = np.zeros((len(p), len(classes)))
    result[:, np.searchsorted(classes, np.asarray(known).astype(classes.dtype))] = p
    return result / result.sum(1, keepdims=True)


def _finite(values: Array) -> Array:
    """As float64; a prediction that is not finite is a failure."""
    values = np.asarray(values, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"{int((~np.isfinite(values)).sum())} predictions are not finite")
    return values
