"""onnxruntime: the network as an ONNX graph of Gemm and Relu; its own choice of threads, one, and all."""

from typing import Any

import onnxruntime
from onnx import TensorProto, checker, helper, numpy_helper

from speed.cases import cores
from speed.systems import Predictor

__all__ = ["predictors"]

Array = Any

_OPERATOR_SET = 17


def _model(weights: list[tuple[Array, Array]]) -> bytes:
    nodes, constants, here = [], [], "X"
    for i, (W, b) in enumerate(weights):
        constants += [numpy_helper.from_array(W, f"W{i}"), numpy_helper.from_array(b, f"b{i}")]
        nodes.append(helper.make_node("Gemm", [here, f"W{i}", f"b{i}"], [f"a{i}"]))
        here = f"a{i}"
        if i < len(weights) - 1:
            nodes.append(helper.make_node("Relu", [here], [f"z{i}"]))
            here = f"z{i}"
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])
        for name, width in (("X", len(weights[0][0])), (here, len(weights[-1][1])))
    ]
    graph = helper.make_graph(nodes, "network", ends[:1], ends[1:], constants)
    operator_sets = [helper.make_opsetid("", _OPERATOR_SET)]
    ir_version = helper.find_min_ir_version_for(operator_sets)
    model = helper.make_model(graph, opset_imports=operator_sets, ir_version=ir_version)
    checker.check_model(model)
    return model.SerializeToString()


def predictors(weights: list[tuple[Array, Array]]) -> dict[str, Predictor]:
    model = _model(weights)
    found = {}
    for name, n_threads in {"default": 0, "1 thread": 1, "all threads": cores()}.items():
        options = onnxruntime.SessionOptions()
        if n_threads:
            options.intra_op_num_threads = n_threads
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        found[name] = Predictor(lambda X, session=session: session.run(None, {"X": X})[0])
    return found
