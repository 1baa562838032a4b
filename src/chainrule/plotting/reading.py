"""What pictures read out of a fitted model: its last step, its names, its loss on rows."""

from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from chainrule.errors import ParameterError
from chainrule.estimators.base import BaseNetwork
from chainrule.estimators.mlp_base import BaseMLP
from chainrule.estimators.problem import Problem, problem_of
from chainrule.estimators.tabular_base import BaseTabular

__all__ = [
    "checked_mlp",
    "last_step",
    "loss_on_rows",
    "numbered",
    "own_model",
]


def last_step(estimator: Any) -> Any:
    """The model itself, where it stands at the end of a pipeline; fitted."""
    model = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    check_is_fitted(model)
    return model


def own_model(estimator: Any, purpose: str) -> Any:
    """The model of this package behind `estimator`.

    Raises
    ------
    ParameterError
        If it is something else.
    """
    model = last_step(estimator)
    if not isinstance(model, BaseNetwork | BaseTabular):
        raise ParameterError(f"{purpose} needs a model of this package, however: {type(model).__name__}")
    return model


def checked_mlp(estimator: Any, purpose: str) -> BaseMLP:
    """The MLP behind `estimator`.

    Raises
    ------
    ParameterError
        If it is something else.
    """
    model = last_step(estimator)
    if not isinstance(model, BaseMLP):
        raise ParameterError(
            f"{purpose} needs an MLPClassifier or MLPRegressor, however: {type(model).__name__}"
        )
    return model


def numbered(letter: str, n: int) -> list[str]:
    """x₁, x₂, ... as matplotlib writes them."""
    return [f"${letter}_{{{i}}}$" for i in range(1, n + 1)]


def loss_on_rows(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> Problem:
    """What the model's training lowers, on these rows, in float64.

    Raises
    ------
    ParameterError
        If the model is none of this package's.
    """
    own_model(estimator, "a picture of gradients")
    return problem_of(estimator, X, y, sample_weight=sample_weight).in_float64()
