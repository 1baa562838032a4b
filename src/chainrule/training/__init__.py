"""When: the training loop, which rows are held out, and Ctrl-C."""

from chainrule.training.interrupt import ctrl_c
from chainrule.training.loop import EpochRecord, Training
from chainrule.training.split import hold_out

__all__ = ["EpochRecord", "Training", "ctrl_c", "hold_out"]
