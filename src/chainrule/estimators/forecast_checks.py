"""What a forecaster refuses: parameters that cannot be, steps that nobody can tell."""

from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.forecast_series import Series, SeriesForm
from chainrule.estimators.forecast_windows import DIFFERENCES
from chainrule.estimators.sequence import CELLS

__all__ = ["check_forecaster", "check_recursion", "check_share", "incomplete"]


def check_forecaster(estimator: Any) -> None:
    """Refuse a parameter that cannot be; those of the training are checked by `SequenceRegressor`.

    Raises
    ------
    ParameterError
    """
    for name in ("horizon", "window", "season", "stride"):
        value = getattr(estimator, name)
        may_be_none = name in ("window", "season")
        if not (value is None and may_be_none) and (
            not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1
        ):
            raise ParameterError(
                f"{name} must be a positive integer{' or None' * may_be_none}, however: {value!r}"
            )
    choices = {
        "cell": ("dense", *CELLS),
        "strategy": ("direct", "recursive"),
        "difference": ("auto", *DIFFERENCES),
        "missing": ("leave_out", "fill"),
        "calendar": (True, False),
    }
    for name, allowed in choices.items():
        if getattr(estimator, name) not in allowed:
            raise ParameterError(
                f"{name} must be one of {list(allowed)}, however: {getattr(estimator, name)!r}"
            )
    for name in ("coverage", "validation_fraction"):
        value = getattr(estimator, name)
        if not (value is None and name == "coverage"):
            check_share(name, value)
    if estimator.difference == "season" and estimator.season == 1:
        raise ParameterError("difference='season' needs a season, however season=1: there is none")


def check_share(name: str, value: Any) -> None:
    """Refuse what is not between 0 and 1.

    Raises
    ------
    ParameterError
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1:
        raise ParameterError(f"{name} must be a number between 0 and 1, however: {value!r:.80}")


def check_recursion(form: SeriesForm, steps: int, block: int) -> None:
    """Refuse to go on where columns would be needed whose future nobody knows.

    Raises
    ------
    ParameterError
    """
    unknown = [column.name for column in form.exogenous if not column.known]
    if steps > block and unknown:
        raise ParameterError(
            f"{steps} steps, {block} at a time, need the future of every further column, however that of "
            f"{unknown!r:.200} is not known; name it in known=, leave it out, or tell all steps at once "
            "with strategy='direct'"
        )


def incomplete(series: Series, reach: int) -> ParameterError:
    """Why nothing can be told behind a series."""
    gaps = np.isnan(np.concatenate([series.targets, series.inputs], axis=1)[-reach:]).any(axis=1).sum()
    found = f"there are {len(series)}" if len(series) < reach else f"{gaps} of them lack some"
    return ParameterError(
        f"the last {reach} steps must be there without missing values, however {found}; give more of the "
        "past, fill in what is missing, or fit with missing='fill'"
    )
