"""Findings about what was learned: less than a linear model does, or by heart."""

from typing import Any

import numpy as np

from chainrule.engine.blas import one_thread
from chainrule.estimators.silence import without_warnings
from chainrule.explain.diagnosis import Finding
from chainrule.explain.examined import Examined, Rows
from chainrule.explain.findings_answers import constant_predictions

__all__ = ["linear_answers", "overfitting", "points", "underfitting"]

Array = Any

WORSE_THAN_LINEAR = {"accuracy": 0.02, "R²": 0.05}
"""On rows it has learned from, a network that is merely as good as a linear model is on rows it has not is
healthy where the truth is linear; beyond these margins, and two standard errors, it has missed something."""

MUCH_WORSE_ON_UNSEEN = {"accuracy": 0.1, "R²": 0.2}
"""Flexible models that are as good as can be (forests, boosting, ensembles of networks) know the rows of
training nearly by heart: a gap alone is no fault. It is one if what was learned by heart is of no use: a
linear model does as well on the unseen rows."""

RISE_OF_VALIDATION_LOSS = 0.1
"""Early stopping would have kept weights with a validation loss that is a tenth lower."""

_FEWEST_EPOCHS = 10
_MOST_ROWS = 2_000
_MOST_COLUMNS = 300


def underfitting(examined: Examined) -> Finding | str | None:
    """On the rows given the model is worse than a linear model on rows that this one has not seen."""
    reason = _not_to_be_scored(examined)
    if reason:
        return reason
    rows = examined.rows
    y = _numbers(rows.y, examined)
    if len(y) < 20 or len(np.unique(y)) < 2:
        return "too few rows or targets"
    if isinstance(constant_predictions(examined), Finding):
        return "its predictions are constant"
    drawn = np.random.default_rng(2).permutation(len(y))[:_MOST_ROWS]
    y, own = y[drawn], _numbers(rows.predicted, examined)[drawn]
    weights = _row_weights(examined, y)
    linear = linear_answers(_few_columns(rows.simple_inputs)[drawn], y, examined.is_classifier, weights)
    own_points, linear_points = (points(told, y, examined.is_classifier) for told in (own, linear))
    lag = (linear_points - own_points) * weights
    error = float(lag.std() / np.sqrt(len(lag)))
    measure = "accuracy" if examined.is_classifier else "R²"
    if lag.mean() <= WORSE_THAN_LINEAR[measure] + 2 * error:
        return None
    score, score_linear = float(np.mean(own_points * weights)), float(np.mean(linear_points * weights))
    return Finding(
        "underfitting",
        "severe",
        f"{_capital(measure)} is {score:.3f} on the very rows given; a linear model has "
        f"{score_linear:.3f} on rows that it has not seen. The network has learned less than the table "
        "offers.",
        {
            "measure": measure if (weights == 1).all() else f"{measure}, rows weighted by class",
            "model": score,
            "linear_model": score_linear,
            "standard_error_of_the_difference": error,
            "rows": len(y),
        },
        "Train longer or with another learning_rate_init, scale inputs and target, take more units, or "
        "less alpha, weight_decay or dropout.",
        "the whole network",
    )


def overfitting(examined: Examined) -> Finding | str | None:
    """Much worse on unseen rows, and no better there than a linear model; or a rising validation loss."""
    if examined.unseen is not None:
        reason = _not_to_be_scored(examined)
        return reason if reason else _gap(examined, examined.rows, examined.unseen)
    curve = examined.curve("validation_loss_curve_")
    if len(curve) < _FEWEST_EPOCHS or not np.isfinite(curve).all():
        return "needs X_val and y_val, here or in fit"
    if examined.is_table_model or examined.model.early_stopping:
        return None  # the weights of the best epoch were kept
    return _rise(curve, examined.curve("loss_curve_"))


def _gap(examined: Examined, rows: Rows, unseen: Rows) -> Finding | str | None:
    measure = "accuracy" if examined.is_classifier else "R²"
    y, y_unseen = _numbers(rows.y, examined), _numbers(unseen.y, examined)
    if len(unseen) < 10 or len(np.unique(y_unseen)) < 2:
        return "too few rows or targets in X_val"
    own = points(_numbers(rows.predicted, examined), y, examined.is_classifier).mean()
    own_unseen = points(_numbers(unseen.predicted, examined), y_unseen, examined.is_classifier)
    error = float(own_unseen.std() / np.sqrt(len(own_unseen)))
    if own - own_unseen.mean() <= MUCH_WORSE_ON_UNSEEN[measure] + 2 * error:
        return None
    drawn = np.random.default_rng(2).permutation(len(y))[:_MOST_ROWS]
    predict = _linear_model(_few_columns(rows.simple_inputs)[drawn], y[drawn], examined.is_classifier)
    told = predict(_few_columns(unseen.simple_inputs))
    linear = float(points(told, y_unseen, examined.is_classifier).mean())
    if linear < own_unseen.mean():
        return None
    return Finding(
        "overfitting",
        "severe" if own_unseen.mean() < 0 else "notable",
        f"{_capital(measure)} is {own:.3f} on X and {own_unseen.mean():.3f} on X_val, where a linear "
        f"model reaches {linear:.3f}: what was learned by heart is of no use for new rows.",
        {
            "measure": measure,
            "X": float(own),
            "X_val": float(own_unseen.mean()),
            "linear_model_on_X_val": linear,
            "standard_error": error,
        },
        "Use early_stopping=True, more alpha, weight_decay or dropout, or fewer units; more rows help most.",
        "X_val",
    )


def _rise(validation: Array, training: Array) -> Finding | None:
    """The validation loss rose from its lowest while the training loss fell; the last weights were kept."""
    best, last = int(np.argmin(validation)), max(1, len(validation) // 10)
    lowest, end = float(validation[best]), float(validation[-last:].mean())
    if end <= lowest + RISE_OF_VALIDATION_LOSS * abs(lowest) or training[-1] >= training[best]:
        return None
    return Finding(
        "overfitting",
        "severe" if end > lowest + abs(lowest) else "notable",
        f"The validation loss was lowest in epoch {best + 1} of {len(validation)} ({lowest:.3g}) and rose "
        f"to {end:.3g}, while the training loss fell on, from {training[best]:.3g} to {training[-1]:.3g}.",
        {
            "best_epoch": best + 1,
            "lowest_validation_loss": lowest,
            "validation_loss_at_the_end": end,
            "threshold": RISE_OF_VALIDATION_LOSS,
        },
        "Set early_stopping=True, which keeps the best weights; or take more alpha, dropout, fewer units.",
        f"epochs {best + 1} to {len(validation)}",
    )


def points(told: Array, true: Array, is_classifier: bool) -> Array:
    """What each row adds to the score: their mean is the accuracy, or R² (of several targets the mean)."""
    if is_classifier:
        return (told == true).astype(np.float64)
    unit = np.maximum(np.abs(true).max(axis=0), np.finfo(float).tiny)
    variance = (true / unit).var(axis=0)
    missed = (told / unit - true / unit) ** 2
    shares = 1 - missed / np.where(variance > 0, variance, 1.0)
    return shares.mean(axis=1) if shares.ndim == 2 else shares


def linear_answers(x: Array, y: Array, is_classifier: bool, weights: Array | None = None) -> Array:
    """What a linear model says of each row, learned from the two thirds of the others."""
    fold = np.arange(len(y)) % 3
    told = np.empty_like(y)
    for k in range(3):
        learned = fold != k
        own = None if weights is None else weights[learned]
        told[~learned] = _linear_model(x[learned], y[learned], is_classifier, own)(x[~learned])
    return told


def _linear_model(x: Array, y: Array, is_classifier: bool, weights: Array | None = None) -> Any:
    """X ↦ answer of a logistic or a ridge regression behind standardization."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if is_classifier and len(np.unique(y)) < 2:
        return lambda asked: np.full(len(asked), y[0])
    last = LogisticRegression(max_iter=100) if is_classifier else Ridge()
    model = make_pipeline(StandardScaler(), last)
    unit = np.maximum(np.abs(x).max(axis=0), np.finfo(float).tiny)  # squares of 1e200 are no numbers
    unit_of_y = 1 if is_classifier else max(float(np.abs(y).max()), np.finfo(float).tiny)
    with without_warnings(), np.errstate(all="ignore"), one_thread():  # hardly converged is still a baseline
        model.fit(
            x / unit,
            y if is_classifier else y / unit_of_y,
            **{f"{type(last).__name__.lower()}__sample_weight": weights},
        )
    return lambda asked: model.predict(asked / unit) * unit_of_y


def _not_to_be_scored(examined: Examined) -> str:
    """Why accuracy and R² say nothing of this model; empty where they do."""
    if examined.is_classifier:
        return "" if examined.one_label_per_row else "for two and more classes only"
    return "" if examined.predicts_means else "its loss aims at something else than the mean"


def _row_weights(examined: Examined, y: Array) -> Array:
    """1, or for a model with class weights so that every class counts alike."""
    if not examined.is_classifier or examined.model.class_weight is None:
        return np.ones(len(y))
    counts = np.bincount(y)
    return len(y) / (np.count_nonzero(counts) * counts[y])


def _numbers(y: Array, examined: Examined) -> Array:
    return np.searchsorted(examined.model.classes_, y) if examined.is_classifier else np.asarray(y)


def _few_columns(x: Array) -> Array:
    """The first 300 columns: a baseline that lacks some promises less, never more."""
    return x[:, :_MOST_COLUMNS]


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
