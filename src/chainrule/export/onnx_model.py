"""A model as an ONNX file: what other languages and servers run without this library."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import __version__
from chainrule.errors import ParameterError
from chainrule.estimators.grid_network import GridNetwork
from chainrule.export.onnx_answers import class_labels, network_answers, tabular_answers
from chainrule.export.onnx_graph import ML, ML_OPSET, Graph
from chainrule.export.onnx_grids import rows_of_grids
from chainrule.export.onnx_ports import OUTPUTS, Port, is_tabular, ports_of
from chainrule.export.onnx_value import ROWS, Value

__all__ = ["plain_attributes", "to_onnx"]


def to_onnx(model: Any, path: str | Path | None = None) -> Any:
    """Write a model as ONNX, with all that it does to a table's columns.

    Parameters
    ----------
    model : TabularClassifier, MLPClassifier, ImageClassifier, SequenceClassifier, or one of their regressors
        Fitted; of exactly these classes.
    path : str or Path, optional
        Also write the file; one that exists is replaced.

    Returns
    -------
    onnx.ModelProto
        A table model has an input (n, 1) for each column that it goes by: float64 for numbers, with NaN where
        missing, and for dates, in days since 1970-01-01; text for everything else, empty where missing. An
        MLP has the input "X" (n, n_features), float32; an image classifier (n, height, width, channels); a
        model of sequences (n, steps, features), and beside it "lengths" (n,), int64, where they may differ in
        length, and "static" (n, columns), float32, where there are static columns. Classifiers answer "label"
        (n,) and "probabilities" (n, n_classes), regressors "prediction" (n, n_outputs).

    Raises
    ------
    ParameterError
        For what ONNX cannot express, such as a column of sentences; names it. If the file cannot be written.
    ImportError
        If onnx is not installed.
    """
    onnx = _onnx()
    ports = ports_of(model)
    graph = Graph({*(port.name for port in ports), *OUTPUTS})
    inputs = {port.name: Value(graph, port.name, (ROWS, *port.shape), port.dtype) for port in ports}
    if is_tabular(model):
        columns = {port.column.name: inputs[port.name] for port in ports if port.column is not None}
        answers = tabular_answers(model, columns)
    else:
        is_grid = isinstance(model, GridNetwork)
        answers = network_answers(model, rows_of_grids(model, inputs) if is_grid else inputs["X"])
        floats = [name for name, answer in answers.items() if answer.dtype == np.float64]
        answers |= {name: answers[name].astype(np.float32) for name in floats}
    for name, answer in answers.items():
        graph.add("Identity", answer.name, results=(name,))
    written = _model(onnx, graph, list(inputs.values()), answers)
    onnx.helper.set_model_props(written, _metadata(model, ports))
    if path is not None:
        _write(Path(path), written.SerializeToString(deterministic=True))
    return written


def _onnx() -> Any:
    try:
        import onnx
        import onnx.helper
        import onnx.numpy_helper
    except ImportError:
        raise ImportError(
            'writing ONNX needs onnx, which is not installed: pip install "chainrule[onnx]"'
        ) from None
    return onnx


def _model(onnx: Any, graph: Graph, inputs: list[Value], answers: dict[str, Value]) -> Any:
    helper = onnx.helper
    operations = [
        helper.make_node(
            node.operation, node.inputs, node.results, domain=node.domain, **plain_attributes(node.attributes)
        )
        for node in graph.nodes
    ]
    made = helper.make_graph(
        operations,
        "chainrule",
        [_described(helper, value.name, value) for value in inputs],
        [_described(helper, name, value) for name, value in answers.items()],
        [onnx.numpy_helper.from_array(array, name) for name, array in graph.constants.items()],
    )
    opsets = [helper.make_opsetid("", graph.opset), helper.make_opsetid(ML, ML_OPSET)]
    return helper.make_model(
        made,
        opset_imports=opsets,
        ir_version=helper.find_min_ir_version_for(opsets),
        producer_name="chainrule",
        producer_version=__version__,
    )


def plain_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes of an operation as ONNX has them: a dtype is the number of a type."""
    from onnx.helper import np_dtype_to_tensor_dtype

    return {
        name: int(np_dtype_to_tensor_dtype(value)) if isinstance(value, np.dtype) else value
        for name, value in attributes.items()
    }


def _described(helper: Any, name: str, value: Value) -> Any:
    shape = ["rows" if dim == ROWS else dim for dim in value.shape]
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), shape)


def _metadata(model: Any, ports: tuple[Port, ...]) -> dict[str, str]:
    """Texts that a reader of the file finds in it: what it is, and what each input holds."""
    found: dict[str, Any] = {"inputs": [port.describe() for port in ports]}
    if hasattr(model, "classes_"):
        found["classes"] = class_labels(model).tolist()
    elif getattr(model, "quantiles", None) is not None:
        found["quantiles"] = [float(share) for share in model.quantiles]
    plain = {name: json.dumps(value) for name, value in found.items()}
    return {"chainrule_version": __version__, "model": type(model).__name__, **plain}


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ParameterError(f"path: {path} cannot be written: {error.strerror}") from None
