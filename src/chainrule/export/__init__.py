"""A trained network for where chainrule is not installed: as ONNX, or as plain source code."""

from chainrule.export.javascript_source import javascript_source
from chainrule.export.numpy_source import numpy_source
from chainrule.export.onnx_converter import register_with_skl2onnx
from chainrule.export.onnx_model import to_onnx
from chainrule.export.onnx_ports import onnx_inputs

__all__ = ["javascript_source", "numpy_source", "onnx_inputs", "register_with_skl2onnx", "to_onnx"]
