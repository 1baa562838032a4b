"""chainrule: neural networks for tables, that show their work.

Names are imported when they are first used, so that `import chainrule` costs next to nothing.
"""

from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Activation": "network",
    "Checkpoint": "files",
    "Dense": "network",
    "Dropout": "network",
    "MLPClassifier": "estimators",
    "MLPRegressor": "estimators",
    "Network": "network",
    "Polynomial": "network",
    "TabularClassifier": "estimators",
    "TabularRegressor": "estimators",
    "check_gradients": "explain",
    "doctor": "explain",
    "fit_together": "estimators",
    "load": "files",
    "save": "files",
    "show_versions": "versions",
    "trace": "explain",
}

_importing = RLock()

__all__ = [
    "Activation",
    "Checkpoint",
    "Dense",
    "Dropout",
    "MLPClassifier",
    "MLPRegressor",
    "Network",
    "Polynomial",
    "TabularClassifier",
    "TabularRegressor",
    "__version__",
    "check_gradients",
    "doctor",
    "fit_together",
    "load",
    "save",
    "show_versions",
    "trace",
]

if TYPE_CHECKING:
    from chainrule.estimators import (
        MLPClassifier,
        MLPRegressor,
        TabularClassifier,
        TabularRegressor,
        fit_together,
    )
    from chainrule.explain.doctor import doctor
    from chainrule.explain.gradient_check import check_gradients
    from chainrule.explain.trace import trace
    from chainrule.files import Checkpoint, load, save
    from chainrule.network import Activation, Dense, Dropout, Network, Polynomial
    from chainrule.versions import show_versions


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}; it has {sorted(_HOME)}")
    # One thread at a time: two that enter packages, ours or scikit-learn's, at different modules may each
    # wait for what the other has begun, and Python then hands out modules that are half imported.
    with _importing:
        if _HOME[name] == "estimators":
            # From here and not from our own modules: deeper in the stack the same import takes 0.1 s longer
            # (CPython 3.11 maps and unmaps memory again and again for frames at the end of a chunk).
            import sklearn.base  # noqa: F401
        return getattr(import_module(f"chainrule.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
