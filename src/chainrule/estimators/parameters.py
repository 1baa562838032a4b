"""Constructor parameters of the estimators: what each may be, checked in `fit`."""

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network import INITIALIZERS, get_activation
from chainrule.optimization import get_schedule

__all__ = ["RULES", "SOLVERS", "check_parameters", "hidden_layer_sizes", "store"]

SOLVERS = ("lbfgs", "sgd", "adam", "adamw")


def _is_real(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_) and not np.isnan(float(value))


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool | np.bool_)


def _positive(value: Any) -> bool:
    return _is_real(value) and 0 < value < np.inf


def _not_negative(value: Any) -> bool:
    return _is_real(value) and 0 <= value < np.inf


def _from_0_below_1(value: Any) -> bool:
    return _is_real(value) and 0 <= value < 1


def _from_0_to_1(value: Any) -> bool:
    return _is_real(value) and 0 <= value <= 1


def _positive_whole(value: Any) -> bool:
    return _is_whole(value) and value >= 1


def _yes_or_no(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _none_or(rule: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or rule(value)


def _one_of(*choices: Any) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in choices


def _is_dtype(value: Any) -> bool:
    try:
        return np.dtype(value) in (np.float32, np.float64)
    except TypeError:
        return False


RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "solver": (_one_of(*SOLVERS), f"one of {list(SOLVERS)}"),
    "alpha": (_not_negative, "a number ≥ 0"),
    "l1": (_not_negative, "a number ≥ 0"),
    "weight_decay": (_none_or(_not_negative), "a number ≥ 0 or None"),
    "max_grad_norm": (
        _none_or(lambda v: _is_real(v) and v > 0),
        "a positive number, or None or infinity for no clipping",
    ),
    "batch_size": (
        lambda v: _one_of("auto", "full")(v) or _positive_whole(v),
        "a positive integer, 'auto' (at most 200 rows) or 'full' (all rows)",
    ),
    "learning_rate_init": (_positive, "a positive number"),
    "power_t": (_not_negative, "a number ≥ 0"),
    "max_iter": (_positive_whole, "a positive integer"),
    "shuffle": (_yes_or_no, "True or False"),
    "tol": (_not_negative, "a number ≥ 0"),
    "verbose": (
        lambda v: _yes_or_no(v) or (_is_whole(v) and v >= 0),
        "True, False or a whole number of epochs",
    ),
    "warm_start": (_yes_or_no, "True or False"),
    "momentum": (_from_0_to_1, "a number in [0, 1]"),
    "nesterovs_momentum": (_yes_or_no, "True or False"),
    "early_stopping": (_yes_or_no, "True or False"),
    "validation_fraction": (_from_0_below_1, "a number in [0, 1)"),
    "beta_1": (_from_0_below_1, "a number in [0, 1)"),
    "beta_2": (_from_0_below_1, "a number in [0, 1)"),
    "epsilon": (_positive, "a positive number"),
    "n_iter_no_change": (
        lambda v: _positive_whole(v) or (isinstance(v, float) and v == np.inf),
        "a positive integer or infinity",
    ),
    "max_fun": (_positive_whole, "a positive integer"),
    "label_smoothing": (_from_0_below_1, "a number in [0, 1)"),
    "initializer": (_one_of("auto", *INITIALIZERS), f"one of {['auto', *INITIALIZERS]}"),
    "scoring": (
        lambda v: v is None or isinstance(v, str) or callable(v),
        "None, 'loss', a scorer's name or a callable (estimator, X, y)",
    ),
    "engine": (_one_of("auto", "numpy", "xla"), "'auto', 'numpy' or 'xla'"),
    "cell": (_one_of("lstm", "gru", "rnn"), "'lstm', 'gru' or 'rnn'"),
    "steps": (_none_or(_positive_whole), "a positive integer or None"),
    "truncate": (_none_or(_positive_whole), "a positive integer or None"),
    "bidirectional": (_yes_or_no, "True or False"),
    "kernel": (_positive_whole, "a positive integer"),
    "shift": (lambda v: _is_whole(v) and v >= 0, "a whole number of pixels from 0 on"),
    "dtype": (_none_or(_is_dtype), "'float32', 'float64' or None"),
}


def check_parameters(estimator: Any) -> None:
    """Refuse a parameter that cannot be, by name, value and what is wanted.

    Raises
    ------
    ParameterError
    """
    for name, value in estimator.get_params(deep=False).items():
        if name in RULES:
            rule, wanted = RULES[name]
            if not rule(value):
                raise ParameterError(f"{name} must be {wanted}, however: {value!r}")
    if estimator.scoring is not None and not estimator.early_stopping:
        raise ParameterError(f"scoring={estimator.scoring!r} needs early_stopping=True, which judges by it")
    if hasattr(estimator, "activation"):
        _check_layers(estimator)
    get_schedule(estimator.learning_rate)
    if estimator.solver == "lbfgs":
        _check_lbfgs(estimator)


def _check_layers(estimator: Any) -> None:
    """Refuse what is wrong for the hidden layers, even where there are none that it would matter for."""
    for choice in estimator.activation if isinstance(estimator.activation, list) else [estimator.activation]:
        get_activation(choice)
    rates = np.atleast_1d(np.asarray(estimator.dropout, dtype=float))
    if not ((rates >= 0) & (rates < 1)).all():
        raise ParameterError(f"dropout must be in [0, 1), however: {estimator.dropout!r}")
    if rates.any() and not hidden_layer_sizes(estimator.hidden_layer_sizes):
        raise ParameterError(f"dropout={estimator.dropout!r} needs a hidden layer, however there is none")


def _check_lbfgs(estimator: Any) -> None:
    """Refuse what L-BFGS cannot do, rather than leave it out silently."""
    impossible = {
        "l1": (estimator.l1 > 0, "the L1 penalty has a kink at 0"),
        "weight_decay": (
            bool(estimator.weight_decay),
            "there is no learning rate to decouple it from; use alpha",
        ),
        "max_grad_norm": (estimator._clips, "a line search needs the true gradient"),
        "dropout": (np.any(np.asarray(estimator.dropout) > 0), "a line search needs a loss without chance"),
    }
    for name, (used, reason) in impossible.items():
        if used:
            raise ParameterError(
                f"{name}={getattr(estimator, name)!r} does not go with solver='lbfgs': {reason}; "
                "use solver='adam' or 'sgd'"
            )


def hidden_layer_sizes(value: Any) -> tuple[int, ...]:
    """The neurons of each hidden layer as a tuple; a single number is one layer, () none.

    Raises
    ------
    ParameterError
    """
    sizes = tuple(value) if np.iterable(value) else (value,)
    if not all(_positive_whole(size) for size in sizes):
        positive = [size for size in sizes if _positive_whole(size)]
        cure = f"drop what is not, as in {tuple(positive)}" if positive else "use () for no hidden layer"
        raise ParameterError(f"hidden_layer_sizes must be positive integers, however: {value!r}; {cure}")
    return tuple(int(size) for size in sizes)


def store(estimator: Any, arguments: dict[str, Any]) -> None:
    """Keep the constructor's arguments as they are, as scikit-learn wants it; `fit` checks them."""
    vars(estimator).update({k: v for k, v in arguments.items() if k not in ("self", "__class__")})
