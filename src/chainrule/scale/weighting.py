"""Weights of rows that come piece by piece: by factors that all rows have decided, not those of a piece."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.weights import in_reach
from chainrule.scale.survey import Survey
from chainrule.table.levels import level_text

__all__ = ["Weighting", "weighting_of"]

Array = Any


@dataclass(frozen=True)
class Weighting:
    """How a row counts: its weight, in a unit that float32 reaches, times the factor of its class.

    Attributes
    ----------
    unit : float
        A power of two.
    coding : ClassCoding or None
    factors : array (n_classes,) or None
    """

    unit: float
    coding: Any = None
    factors: Array | None = None

    def of(self, y: Array, weights: Array) -> Array:
        """The weights of rows with these targets."""
        if self.factors is None:
            return weights / self.unit
        return weights / self.unit * self.factors[self.coding.encode(y)[:, 0].astype(int)]


def weighting_of(estimator: Any, known: Survey, weights: Array) -> Weighting:
    """What `class_weight` and the weights of the sample make of the weights of all rows.

    Raises
    ------
    ParameterError
        If `class_weight` cannot be used.
    """
    unit = in_reach(weights, np.float32)[1]
    chosen = getattr(estimator, "class_weight", None)
    if chosen is None:
        return Weighting(unit)
    coding = estimator._coding
    classes = coding.classes
    if isinstance(chosen, str) and chosen == "balanced":
        if known.classes is None:
            raise ParameterError(
                "class_weight='balanced' needs classes that can be counted: 1,000 at most, no real numbers; "
                "give a dictionary"
            )
        counts = np.array([known.classes[level_text(label)] for label in classes.tolist()])
        chosen = dict(zip(classes.tolist(), counts.sum() / (len(counts) * counts), strict=True))
    return Weighting(unit, coding, coding.row_factors(chosen, classes))
