"""Constructor parameters of the table models: what each may be, checked in `fit`."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators.parameters import RULES, hidden_layer_sizes
from chainrule.estimators.presets import EMBEDDINGS, PRESETS
from chainrule.network import get_activation

__all__ = ["SETTINGS", "check_table_parameters", "kinds_of_columns"]

SETTINGS = (
    "members",
    "hidden_layer_sizes",
    "activation",
    "embedding",
    "bins",
    "learning_rate_init",
    "weight_decay",
    "dropout",
    "label_smoothing",
    "validation_fraction",
    "folds",
)
"""Parameters that, unless None, replace a preset's setting of the same name."""

_AS_ELSEWHERE = (
    "learning_rate_init",
    "weight_decay",
    "validation_fraction",
    "label_smoothing",
    "n_iter_no_change",
    "verbose",
    "engine",
)


def check_table_parameters(estimator: Any) -> None:
    """Refuse a parameter that cannot be, by name, value and what is wanted.

    Raises
    ------
    ParameterError
    """
    given = estimator.get_params(deep=False)
    for name in _AS_ELSEWHERE:
        rule, wanted = RULES[name]
        if given.get(name) is not None and not rule(given[name]):
            raise ParameterError(f"{name} must be {wanted}, however: {given[name]!r}")
    for name, least in (("members", 1), ("bins", 2), ("batch_size", 1), ("max_iter", 1), ("folds", 0)):
        value = given[name]
        whole = isinstance(value, Integral) and not isinstance(value, bool | np.bool_)
        if value is not None and not (whole and value >= least):
            raise ParameterError(f"{name} must be a whole number ≥ {least} or None, however: {value!r}")
    if given["preset"] not in PRESETS:
        raise ParameterError(f"preset must be one of {list(PRESETS)}, however: {given['preset']!r}")
    if given["embedding"] not in (None, *EMBEDDINGS):
        raise ParameterError(f"embedding must be one of {list(EMBEDDINGS)}, however: {given['embedding']!r}")
    limit = given["time_limit"]
    if limit is not None and not (isinstance(limit, int | float) and limit > 0):
        raise ParameterError(f"time_limit must be a positive number of seconds, however: {limit!r}")
    dropout = given["dropout"]
    rates = dropout if isinstance(dropout, tuple) else (dropout,)
    if dropout is not None and not (
        len(rates) in (1, 2) and all(isinstance(rate, int | float) and 0 <= rate < 1 for rate in rates)
    ):
        raise ParameterError(
            f"dropout must be in [0, 1), or a tuple of the lowest and the highest rate, however: {dropout!r}"
        )
    if given["hidden_layer_sizes"] is not None:
        hidden_layer_sizes(given["hidden_layer_sizes"])
    if given["activation"] is not None:
        get_activation(given["activation"])


def kinds_of_columns(estimator: Any, names: Sequence[str]) -> dict[str, str]:
    """The kinds that `categorical_features` and `column_kinds` ask for.

    Raises
    ------
    ParameterError
        For a column that there is not.
    """
    chosen = estimator.categorical_features
    kinds: dict[str, str] = {}
    if not (isinstance(chosen, str) and chosen == "from_dtype") and chosen is not None:
        array = np.asarray(chosen)
        if array.dtype == bool:
            if array.shape != (len(names),):
                raise ParameterError(
                    f"categorical_features as a mask must have {len(names)} entries, however: {array.shape}"
                )
            array = np.flatnonzero(array)
        for place in array.tolist():
            if isinstance(place, int):
                if not -len(names) <= place < len(names):
                    raise ParameterError(
                        f"categorical_features names column {place}, however there are {len(names)}"
                    )
                place = names[place]
            kinds[str(place)] = "category"
    if estimator.column_kinds is not None:
        if not isinstance(estimator.column_kinds, Mapping):
            raise ParameterError(
                f"column_kinds must map columns to kinds, however: {estimator.column_kinds!r:.200}"
            )
        kinds |= {str(name): kind for name, kind in estimator.column_kinds.items()}
    return kinds
