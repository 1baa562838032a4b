"""How good forecasts are, as plain data."""

from typing import Any
from warnings import warn

from chainrule.errors import DegradedWarning
from chainrule.estimators.forecast_backtest import Backtest

__all__ = ["scores_of", "warn_if_trivial"]


def scores_of(tested: Backtest, steps: int) -> dict[str, Any]:
    """Scores over so many steps, of all of them and by how far ahead they lie."""
    return {"steps": steps, **tested.totals, "by_step": tested.by_step.drop("target").to_dicts()}


def warn_if_trivial(scores: dict[str, Any], cure: str) -> None:
    """Warn if the last season once more is as good; `cure` ends the sentence."""
    if scores["mae"] >= scores["naive_mae"] > 0:
        warn(
            f"the forecasts are no better than the last season once more (MAE {scores['mae']:.4g} and "
            f"{scores['naive_mae']:.4g}); {cure}",
            DegradedWarning,
            stacklevel=2,
        )
