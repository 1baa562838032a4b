"""What came of a fit, and how the estimator remembers it."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from chainrule.engine import State
from chainrule.errors import DivergenceError
from chainrule.training import EpochRecord

__all__ = ["Outcome", "remember"]

Array = Any


@dataclass
class Outcome:
    """What came of a fit; `message` says why L-BFGS did not converge."""

    state: State
    n_rows: int
    engine: str
    monitor: str
    has_validation: bool
    largest_input: float = np.nan
    largest_target: float = np.nan
    records: list[EpochRecord] = field(default_factory=list)
    interrupted: bool = False
    message: str = ""


def remember(estimator: Any, outcome: Outcome, fresh: bool, incremental: bool) -> None:
    """Store what was learned on the estimator, as scikit-learn's attributes, and say what went wrong.

    Raises
    ------
    DivergenceError
        If nothing finite was ever reached.
    """
    state = outcome.state
    theta = state.theta
    if not state.finite:
        theta = _last_good_theta(estimator, outcome)
    elif estimator.early_stopping:
        theta = state.best_theta
    estimator.__dict__.update(estimator._as_coefficients(np.asarray(theta)))
    estimator._progress = {
        "monitor": outcome.monitor,
        "moments": [np.asarray(moment) for moment in state.moments],
        "step": int(state.step),
        "best": float(state.best),
        "count": int(state.count),
        "rate_factor": float(state.rate_factor),
    }
    n_rows, records = outcome.n_rows, outcome.records
    losses = [record.loss for record in records]
    watched = [_watched(outcome.monitor, record) for record in records] if outcome.has_validation else None
    validation = [record.validation_loss for record in records] if outcome.has_validation else None
    keep = not fresh
    estimator.loss_curve_ = (getattr(estimator, "loss_curve_", []) if keep else []) + losses
    estimator.validation_loss_curve_ = _joined(estimator, "validation_loss_curve_", validation, keep)
    estimator.validation_scores_ = _joined(estimator, "validation_scores_", watched, keep)
    estimator.n_iter_ = len(records)
    estimator.t_ = (getattr(estimator, "t_", 0) if keep else 0) + n_rows * len(records)
    estimator.loss_ = losses[-1] if losses else np.nan
    estimator.best_loss_ = None if estimator.early_stopping else float(state.best)
    scores = [score for score in estimator.validation_scores_ or [] if np.isfinite(score)]
    estimator.best_validation_score_ = max(scores) if scores else None
    estimator.learning_rate_ = records[-1].learning_rate if records else float(estimator.learning_rate_init)
    estimator.engine_ = outcome.engine
    _warn(estimator, outcome, incremental)


def _last_good_theta(estimator: Any, outcome: Outcome) -> Array:
    scale = f"learning_rate_init={estimator.learning_rate_init}, largest |X| {outcome.largest_input:.3g}"
    if not np.isfinite(outcome.state.best):
        raise DivergenceError(
            "Solver produced non-finite parameter weights. The input data may contain large values and "
            f"need to be preprocessed. Nothing finite was reached ({scale}, largest |target| "
            f"{outcome.largest_target:.3g}): scale X and y to about 1, or lower the learning rate."
        )
    warnings.warn(
        f"The loss was not finite in epoch {len(outcome.records)}; training stopped and the best finite "
        f"weights were restored ({scale}): scale X to about 1, or lower the learning rate.",
        ConvergenceWarning,
        stacklevel=6,
    )
    return outcome.state.best_theta


def _warn(estimator: Any, outcome: Outcome, incremental: bool) -> None:
    if outcome.interrupted:
        warnings.warn("Training interrupted by user.", stacklevel=6)
    elif outcome.message:
        warnings.warn(outcome.message, ConvergenceWarning, stacklevel=6)
    elif estimator.n_iter_ >= estimator.max_iter and not outcome.state.stopped and not incremental:
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the optimization "
            "hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=6,
        )


def _joined(estimator: Any, name: str, values: list[float] | None, keep: bool) -> list[float] | None:
    before = getattr(estimator, name, None) if keep else None
    return values if before is None else before + (values or [])


def _watched(monitor: str, record: EpochRecord) -> float:
    """The score as people read it, higher is better; NaN where the network ran away."""
    value = -record.validation_loss if monitor == "validation_loss" else record.score
    return value if np.isfinite(value) else float("nan")
