"""How well rows are answered."""

from typing import Any, NamedTuple

import numpy as np

from chainrule.engine.monitor import score
from chainrule.engine.numpy import quiet
from chainrule.playground.moment import Moment

__all__ = ["Scores", "scores_of"]


class Scores(NamedTuple):
    """How well rows are answered: mean loss without penalties, and accuracy or R²; NaN without rows."""

    loss: float
    score: float


def scores_of(now: Moment, answers: Any, test: bool) -> Scores:
    """The scores of raw outputs for all training or test rows."""
    y = now.examples.y_test if test else now.examples.y_train
    if not len(y):
        return Scores(np.nan, np.nan)
    loss, weights = now.setup.program.loss, np.ones(len(y))
    metric = "accuracy" if now.examples.rows.classes else "r2"
    with quiet():
        return Scores(
            float(loss.judged(answers, y[:, None], weights)),
            float(score(metric, loss, answers, y[:, None], weights)),
        )
