"""Who computes: the numpy engine and the xla engine run the same equations."""

from chainrule.engine.base import Data, Engine, Plan, Program, Records, State
from chainrule.engine.choose import choose_engine, estimated_seconds
from chainrule.engine.monitor import start, watch

__all__ = [
    "Data",
    "Engine",
    "Plan",
    "Program",
    "Records",
    "State",
    "choose_engine",
    "estimated_seconds",
    "start",
    "watch",
]
