"""What can be made of a point of the plane before the network sees it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ParameterError

__all__ = ["FEATURES", "derived"]

Array = Any


@dataclass(frozen=True)
class Feature:
    """A number made of (x₁, x₂).

    Parameters
    ----------
    label : as people write it
    code : the same in NumPy, for rows `X`
    """

    label: str
    code: str
    value: Callable[[Array, Array], Array]


FEATURES = {
    "x1": Feature("x₁", "X[:, 0]", lambda x1, _: x1),
    "x2": Feature("x₂", "X[:, 1]", lambda _, x2: x2),
    "x1^2": Feature("x₁²", "X[:, 0] ** 2", lambda x1, _: x1**2),
    "x2^2": Feature("x₂²", "X[:, 1] ** 2", lambda _, x2: x2**2),
    "x1*x2": Feature("x₁·x₂", "X[:, 0] * X[:, 1]", lambda x1, x2: x1 * x2),
    "sin(x1)": Feature("sin x₁", "np.sin(X[:, 0])", lambda x1, _: np.sin(x1)),
    "sin(x2)": Feature("sin x₂", "np.sin(X[:, 1])", lambda _, x2: np.sin(x2)),
    "cos(x1)": Feature("cos x₁", "np.cos(X[:, 0])", lambda x1, _: np.cos(x1)),
    "cos(x2)": Feature("cos x₂", "np.cos(X[:, 1])", lambda _, x2: np.cos(x2)),
}


def derived(names: tuple[str, ...], X: Array) -> Array:
    """Rows (n, len(names)) of the named features of points X (n, 2).

    Raises
    ------
    ParameterError
        For a name that there is not, and where none is chosen.
    """
    check_features(names)
    return np.stack([FEATURES[name].value(X[:, 0], X[:, 1]) for name in names], axis=1)


def check_features(names: tuple[str, ...]) -> None:
    """Refuse what `derived` cannot make."""
    if not names:
        raise ParameterError("a network needs an input; choose a feature")
    for name in names:
        if not isinstance(name, str) or name not in FEATURES:
            raise ParameterError(f"there is no feature {name!r:.80}; there are: {', '.join(FEATURES)}")
    if len(set(names)) < len(names):
        raise ParameterError(f"every feature can be chosen once, however: {', '.join(names)}")
