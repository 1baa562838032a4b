"""How parameters move: optimizers, schedules, penalties, L-BFGS."""

from chainrule.optimization.optimizers import SGD, Adam, Optimizer
from chainrule.optimization.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    CosineLog,
    FlatCosine,
    InverseScaling,
    OneCycle,
    Schedule,
    WarmUp,
    get_schedule,
)

__all__ = [
    "SCHEDULES",
    "SGD",
    "Adam",
    "Constant",
    "Cosine",
    "CosineLog",
    "FlatCosine",
    "InverseScaling",
    "OneCycle",
    "Optimizer",
    "Schedule",
    "WarmUp",
    "get_schedule",
]
