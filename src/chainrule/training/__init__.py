"""When: the training loop, and which rows are held out."""

from chainrule.training.loop import EpochRecord, Training
from chainrule.training.split import hold_out

__all__ = ["EpochRecord", "Training", "hold_out"]
