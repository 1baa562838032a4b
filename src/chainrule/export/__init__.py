"""A trained network as plain source code, for where chainrule is not installed."""

from chainrule.export.javascript_source import javascript_source
from chainrule.export.numpy_source import numpy_source

__all__ = ["javascript_source", "numpy_source"]
