"""What came of a fit, and how the estimator remembers it."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from chainrule.engine import State
from chainrule.errors import DivergenceError, ParameterError
from chainrule.training import EpochRecord

__all__ = ["Outcome", "remember"]

Array = Any

_FAR_ABOVE = 10.0


@dataclass
class Outcome:
    """What came of a fit.

    Attributes
    ----------
    first : parameters before it
    state : where it ended
    judged_by_rows : held-out rows decide which weights are kept
    single_epochs : epochs of `partial_fit` before this one
    message : why L-BFGS did not converge
    """

    first: Array
    state: State
    n_rows: int
    engine: str
    monitor: str
    has_validation: bool
    judged_by_rows: bool
    largest_input: float = np.nan
    largest_target: float = np.nan
    records: list[EpochRecord] = field(default_factory=list)
    single_epochs: int = 0
    interrupted: bool = False
    message: str = ""

    @property
    def kept(self) -> Array:
        """The parameters that the model keeps: the best ones, or the last ones where nothing chose."""
        return self.state.best_theta if self.judged_by_rows or not self.state.finite else self.state.theta

    @property
    def learned_nothing(self) -> bool:
        """Nothing better than the first parameters was ever found, and the last ones are no use."""
        return self.kept is not self.state.theta and bool(np.array_equal(self.kept, self.first))


def remember(estimator: Any, outcome: Outcome, fresh: bool, incremental: bool) -> None:
    """Store what was learned on the estimator, as scikit-learn's attributes, and say what went wrong.

    Raises
    ------
    DivergenceError
        If nothing finite was ever reached.
    """
    state = outcome.state
    _check_that_it_learned(estimator, outcome, fresh)
    # A copy, because what JAX hands out cannot be written to.
    estimator.__dict__.update(estimator._as_coefficients(np.array(outcome.kept)))
    estimator._progress = {
        "monitor": outcome.monitor,
        "moments": [np.asarray(moment) for moment in state.moments],
        "step": int(state.step),
        "best": float(state.best),
        "count": int(state.count),
        "rate_factor": float(state.rate_factor),
        "single_epochs": outcome.single_epochs + len(outcome.records) if incremental else 0,
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


def _check_that_it_learned(estimator: Any, outcome: Outcome, fresh: bool) -> None:
    """Refuse to return an untrained model; say when the last weights were given up for better ones."""
    if outcome.interrupted:
        return
    scale = f"learning_rate_init={estimator.learning_rate_init}, largest |X| {outcome.largest_input:.3g}"
    if not outcome.state.finite:
        if outcome.learned_nothing and fresh:
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
    elif outcome.judged_by_rows and np.isinf(outcome.state.best):
        raise ParameterError(
            f"scoring={estimator.scoring!r} gave no number for any epoch, so no weights could be chosen; "
            "are all classes among the validation rows?"
        )


def _warn(estimator: Any, outcome: Outcome, incremental: bool) -> None:
    if outcome.interrupted:
        untrained = "" if outcome.records else " before the first epoch ended; the weights are as they were"
        warnings.warn(f"Training interrupted by user{untrained}.", stacklevel=6)
    elif outcome.message:
        warnings.warn(outcome.message, ConvergenceWarning, stacklevel=6)
    elif _grew(outcome) and not incremental:
        first, last, rate = outcome.records[0].loss, outcome.records[-1].loss, estimator.learning_rate_init
        warnings.warn(
            f"The loss grew from {first:.3g} to {last:.3g} (learning_rate_init={rate}, largest |X| "
            f"{outcome.largest_input:.3g}): lower the learning rate, or scale X to about 1.",
            ConvergenceWarning,
            stacklevel=6,
        )
    elif _ran_out_of_epochs(estimator, outcome) and not incremental:
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the optimization "
            "hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=6,
        )


def _grew(outcome: Outcome) -> bool:
    """Whether the loss at the end is far above that of the first epoch, although finite."""
    records = outcome.records
    return len(records) > 1 and records[-1].loss > _FAR_ABOVE * records[0].loss


def _ran_out_of_epochs(estimator: Any, outcome: Outcome) -> bool:
    """Whether the training was to converge, and `max_iter` came first."""
    meant_to = not getattr(estimator, "goes_to_max_iter", False)
    return meant_to and estimator.n_iter_ >= estimator.max_iter and not outcome.state.stopped


def _joined(estimator: Any, name: str, values: list[float] | None, keep: bool) -> list[float] | None:
    before = getattr(estimator, name, None) if keep else None
    return values if before is None else before + (values or [])


def _watched(monitor: str, record: EpochRecord) -> float:
    """The score as people read it, higher is better; NaN where the network ran away."""
    value = -record.validation_loss if monitor == "validation_loss" else record.score
    return value if np.isfinite(value) else float("nan")
