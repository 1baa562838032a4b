"""When: the training loop, which rows are held out, and Ctrl-C."""

from chainrule.training.interrupt import ctrl_c
from chainrule.training.loop import EpochRecord, Position, Training
from chainrule.training.progress import Progress
from chainrule.training.split import hold_out

__all__ = ["EpochRecord", "Position", "Progress", "Training", "ctrl_c", "hold_out"]
