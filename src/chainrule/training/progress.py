"""How far a fit is: what a checkpoint keeps."""

from typing import NamedTuple

import numpy as np

from chainrule.training.loop import EpochRecord, Position

__all__ = ["Progress"]


class Progress(NamedTuple):
    """How far a fit is.

    Attributes
    ----------
    records : of all epochs so far
    position : where the training stands
    cycle : cycles of the learning rate that are over
    best_before : best value of what is watched, before this cycle
    """

    records: list[EpochRecord]
    position: Position
    cycle: int = 0
    best_before: float = np.inf
