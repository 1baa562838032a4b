"""chainrule: neural networks for tables, that show their work.

Names are imported when they are first used, so that `import chainrule` costs next to nothing.
"""

from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Activation": "network",
    "AveragePool1D": "network",
    "AveragePool2D": "network",
    "Bidirectional": "network",
    "Checkpoint": "files",
    "Conv1D": "network",
    "Conv2D": "network",
    "Dense": "network",
    "Dropout": "network",
    "Forecaster": "estimators",
    "GRU": "network",
    "GlobalAveragePool": "network",
    "GlobalMaxPool": "network",
    "ImageClassifier": "estimators",
    "LSTM": "network",
    "LayerNormalization": "network",
    "MLPClassifier": "estimators",
    "MLPRegressor": "estimators",
    "MaxPool1D": "network",
    "MaxPool2D": "network",
    "Network": "network",
    "Polynomial": "network",
    "RNN": "network",
    "SequenceClassifier": "estimators",
    "SequenceRegressor": "estimators",
    "TabularClassifier": "estimators",
    "TabularRegressor": "estimators",
    "TokenEmbedding": "network",
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
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "AveragePool1D",
    "AveragePool2D",
    "Bidirectional",
    "Checkpoint",
    "Conv1D",
    "Conv2D",
    "Dense",
    "Dropout",
    "Forecaster",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "ImageClassifier",
    "LayerNormalization",
    "MLPClassifier",
    "MLPRegressor",
    "MaxPool1D",
    "MaxPool2D",
    "Network",
    "Polynomial",
    "SequenceClassifier",
    "SequenceRegressor",
    "TabularClassifier",
    "TabularRegressor",
    "TokenEmbedding",
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
        Forecaster,
        ImageClassifier,
        MLPClassifier,
        MLPRegressor,
        SequenceClassifier,
        SequenceRegressor,
        TabularClassifier,
        TabularRegressor,
        fit_together,
    )
    from chainrule.explain.doctor import doctor
    from chainrule.explain.gradient_check import check_gradients
    from chainrule.explain.trace import trace
    from chainrule.files import Checkpoint, load, save
    from chainrule.network import (
        GRU,
        LSTM,
        RNN,
        Activation,
        AveragePool1D,
        AveragePool2D,
        Bidirectional,
        Conv1D,
        Conv2D,
        Dense,
        Dropout,
        GlobalAveragePool,
        GlobalMaxPool,
        LayerNormalization,
        MaxPool1D,
        MaxPool2D,
        Network,
        Polynomial,
        TokenEmbedding,
    )
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
