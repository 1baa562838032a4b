"""Findings about what the model says: the same for every row, or with the wrong confidence."""

from typing import Any

import numpy as np

from chainrule.explain.diagnosis import Finding, percent
from chainrule.explain.examined import Examined, Rows

__all__ = ["constant_predictions", "probabilities_off"]

Array = Any

SAME_PROBABILITY = 0.01
"""Models that have learned anything at all from a table spread their probabilities further than this."""
SAME_NUMBER = 0.01
"""Of the targets' standard deviation: such predictions explain at most 0.01 % of the variance on their own
scale, the square of this."""

N_BINS = 10
FEWEST_ROWS = 100
"""Ten rows to each of the ten bins: of fewer the mean is mostly noise."""
WORTH_A_WORD = 0.05
"""What people can feel: a stated 80 % that is 75 %."""
BEYOND_NOISE = 4.0
"""Standard deviations above what a calibrated model's error would be by chance: once in 30,000 tables."""
_SIMULATIONS = 200


def constant_predictions(examined: Examined) -> Finding | str | None:
    """The same answer for all rows, while targets differ."""
    rows = examined.rows
    if len(rows) < 2 or not np.ptp(rows.class_numbers if examined.one_label_per_row else _as_numbers(rows.y)):
        return "all targets are the same"
    if examined.is_classifier:
        spread, least = float(np.ptp(rows.probabilities, axis=0).max()), SAME_PROBABILITY
        what = f"No probability differs by more than {spread:.2g} between any two rows"
    else:
        unit = np.abs(_as_numbers(rows.y)).max() or 1.0
        spread = float(
            (rows.predicted / unit).std(axis=0).max() / (_as_numbers(rows.y) / unit).std(axis=0).max()
        )
        least = SAME_NUMBER
        what = f"Predictions vary by {spread:.2g} of the standard deviation of the targets"
    if spread >= least:
        return None
    return Finding(
        "constant predictions",
        "severe",
        f"{what}: the model does not look at the row.",
        {"spread": spread, "threshold": least, "rows": len(rows)},
        "Scale inputs and target, lower learning_rate_init, take less alpha or weight_decay, and look "
        "for dead units.",
        "predictions",
    )


def _as_numbers(y: Array) -> Array:
    return np.asarray(y, dtype=np.float64)


def probabilities_off(examined: Examined) -> Finding | str | None:
    """Stated probabilities miss the shares that come true by more than chance can do.

    Rows of training speak of overconfidence only: a model that is honest about new rows is more often right
    about them than it says.
    """
    if not examined.one_label_per_row:
        return "for two and more classes only"
    rows = examined.rows if examined.unseen is None else examined.unseen
    if len(rows) < FEWEST_ROWS:
        return f"needs at least {FEWEST_ROWS} rows"
    stated, chosen = rows.probabilities.max(axis=1), rows.probabilities.argmax(axis=1)
    bins = _bins(stated, chosen if rows.probabilities.shape[1] == 2 else np.zeros_like(chosen))
    only_over = examined.unseen is None
    error = _calibration_error(stated, chosen == rows.class_numbers, bins, only_over)
    rng = np.random.default_rng(4)
    by_chance = [
        _calibration_error(stated, rng.random(len(stated)) < stated, bins, only_over)
        for _ in range(_SIMULATIONS)
    ]
    bound = float(np.mean(by_chance) + BEYOND_NOISE * np.std(by_chance))
    if error <= bound or error - np.mean(by_chance) <= WORTH_A_WORD:
        return None
    return _finding(examined, rows, stated, chosen, error, bound)


def _finding(
    examined: Examined, rows: Rows, stated: Array, chosen: Array, error: float, bound: float
) -> Finding:
    accuracy = float((chosen == rows.class_numbers).mean())
    how = "too sure" if stated.mean() > accuracy else "too unsure"
    because = ""
    if examined.model.class_weight is not None:
        because = " class_weight shifts probabilities on purpose: without it they are closer to the shares."
    return Finding(
        "probabilities off",
        "severe" if error > 2 * WORTH_A_WORD else "notable",
        f"On average the model states {percent(stated.mean())} for its answers and {percent(accuracy)} of "
        f"them are right: it is {how}. The expected calibration error is {error:.3f}; chance explains up "
        f"to {bound:.3f}.",
        {
            "expected_calibration_error": error,
            "by_chance_at_most": bound,
            "mean_confidence": float(stated.mean()),
            "accuracy": accuracy,
            "rows": len(rows),
            "rows_from": "X" if examined.unseen is None else "X_val",
        },
        "Use TabularClassifier, which calibrates, or sklearn.calibration.CalibratedClassifierCV around "
        f"the MLP; early_stopping=True with scoring='loss', more alpha and dropout help too.{because}",
        "predict_proba",
    )


def _bins(stated: Array, group: Array) -> Array:
    """A bin for each row: ten of equal numbers of rows by what was stated, for each group its own."""
    rank = np.argsort(np.lexsort((stated, group)), kind="stable")
    bins = rank * N_BINS // len(stated)
    return bins + N_BINS * group


def _calibration_error(stated: Array, right: Array, bins: Array, only_over: bool) -> float:
    """Σ_b n_b/n |mean stated - share right|, or only where too much was stated: Naeini et al. 2015."""
    gap = np.bincount(bins, weights=stated - right)
    gap = np.maximum(gap, 0) if only_over else np.abs(gap)
    return float(gap.sum() / len(stated))
