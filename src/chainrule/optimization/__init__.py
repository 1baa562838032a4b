"""How parameters move: optimizers, schedules, penalties, L-BFGS."""

from chainrule.optimization.optimizers import SGD, Adam, Optimizer
from chainrule.optimization.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
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
    "InverseScaling",
    "OneCycle",
    "Optimizer",
    "Schedule",
    "WarmUp",
    "get_schedule",
]
