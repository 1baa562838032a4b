"""Model files: `save` and `load`; `Checkpoint` of a training."""

from chainrule.files.checkpoint import Checkpoint
from chainrule.files.model_file import load, save

__all__ = ["Checkpoint", "load", "save"]
