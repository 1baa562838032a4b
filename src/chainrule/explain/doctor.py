"""`doctor`: what is wrong with a trained model, and what to do about it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators import TabularClassifier, TabularRegressor
from chainrule.estimators.base import BaseNetwork
from chainrule.estimators.forms import before_last_step, refuse_forecaster
from chainrule.explain.diagnosis import Diagnosis, Finding
from chainrule.explain.examined import Examined, looked_at
from chainrule.explain.findings_answers import constant_predictions, probabilities_off
from chainrule.explain.findings_columns import (
    constant_columns,
    copied_columns,
    missing_values,
    rows_outside_the_training_range,
    unscaled_inputs,
)
from chainrule.explain.findings_fit import overfitting, underfitting
from chainrule.explain.findings_network import (
    dead_units,
    gradients,
    saturated_units,
    size_of_a_step,
)
from chainrule.explain.findings_rows import imbalanced_classes, leaking_column, too_few_rows
from chainrule.explain.findings_time import gradients_through_time
from chainrule.explain.findings_training import learning_rate_too_high, learning_rate_too_low

__all__ = ["EXAMINATIONS", "Diagnosis", "Finding", "doctor"]

Examination = Callable[[Examined], Finding | str | None]
"""A finding, or None where all is well, or why it could not be examined. Changes nothing."""

# Causes come before what they lead to; the findings are in this order.
EXAMINATIONS: tuple[Examination, ...] = (
    leaking_column,
    unscaled_inputs,
    learning_rate_too_high,
    learning_rate_too_low,
    constant_predictions,
    underfitting,
    overfitting,
    probabilities_off,
    size_of_a_step,
    dead_units,
    saturated_units,
    gradients,
    constant_columns,
    copied_columns,
    missing_values,
    rows_outside_the_training_range,
    too_few_rows,
    imbalanced_classes,
)

_ABOUT_COLUMNS = (
    leaking_column,
    unscaled_inputs,
    constant_columns,
    copied_columns,
    missing_values,
    rows_outside_the_training_range,
)
EXAMINATIONS_OF_GRIDS = (
    *(examination for examination in EXAMINATIONS if examination not in _ABOUT_COLUMNS),
    gradients_through_time,
)
"""Of images and sequences, whose pixels and steps are no columns of a table."""


def doctor(model: Any, X: Any, y: Any, *, X_val: Any = None, y_val: Any = None) -> Diagnosis:
    """What is wrong with a trained model, in plain words, with the numbers and the cure.

    The model is not changed and nothing of it is trained again: the table, the curve of losses, the units,
    one backward pass and the predictions are looked at, and a linear model and decision trees of single
    columns are trained beside it. At most 10,000 rows of X and of X_val are looked at, drawn with a fixed
    seed, so that the same call gives the same answer.

    Parameters
    ----------
    model : an estimator of this package
        Fitted; or a pipeline that ends in one, of which the last step is examined.
    X, y : table or array, and targets
        What it was trained with, as it was given to `fit`.
    X_val, y_val : optional
        Rows that it has not seen. Only with them overfitting, drift and honest probabilities can be told.

    Returns
    -------
    Diagnosis
        Print it, or see `findings`.

    Raises
    ------
    ParameterError, TableError (both are ValueErrors), NotFittedError

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from chainrule import MLPClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = MLPClassifier((16,), early_stopping=True, random_state=0).fit(1000 * X, y)
    >>> [finding.name for finding in doctor(model, 1000 * X, y).findings if "inputs" in finding.name]
    ['unscaled inputs']
    """
    pipeline, (model, X) = model, before_last_step(model, X)
    if X_val is not None:
        X_val = before_last_step(pipeline, X_val)[1]
    if not isinstance(model, BaseNetwork | TabularClassifier | TabularRegressor):
        refuse_forecaster(model)
        raise ParameterError(
            f"doctor examines the estimators of this package, however: {type(model).__name__}"
        )
    if (X_val is None) != (y_val is None):
        raise ParameterError("X_val and y_val belong together: give both or neither")
    with np.errstate(all="ignore"):  # what overflows is seen by the examinations
        rows, targets = looked_at(model, X, y)
        unseen = None if X_val is None else looked_at(model, X_val, y_val)[0]
        examined = Examined(model, rows, unseen, targets)
        chosen = EXAMINATIONS if examined.has_columns else EXAMINATIONS_OF_GRIDS
        answers = {examine.__name__.replace("_", " "): examine(examined) for examine in chosen}
    findings = [answer for answer in answers.values() if isinstance(answer, Finding)]
    return Diagnosis(
        findings=tuple(sorted(findings, key=lambda finding: finding.severity != "severe")),
        healthy=tuple(name for name, answer in answers.items() if answer is None),
        not_examined={name: answer for name, answer in answers.items() if isinstance(answer, str)},
        n_rows=len(rows),
        n_rows_given=len(targets),
    )
