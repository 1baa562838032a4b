"""chainrule: a preset and a seed, no other argument."""

from functools import partial
from typing import Any

__all__ = ["best", "default", "fast"]


def own(preset: str, classes: bool) -> Any:
    """The estimator of a preset."""
    import chainrule

    estimator = chainrule.TabularClassifier if classes else chainrule.TabularRegressor
    return estimator(preset=preset, random_state=0)


default, fast, best = (partial(own, preset) for preset in ("default", "fast", "best"))
