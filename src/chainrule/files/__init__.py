"""Model files: `save` and `load`."""

from chainrule.files.model_file import load, save

__all__ = ["load", "save"]
