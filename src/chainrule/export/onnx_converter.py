"""The models inside scikit-learn pipelines that skl2onnx converts."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ParameterError
from chainrule.estimators import (
    ImageClassifier,
    MLPClassifier,
    MLPRegressor,
    SequenceClassifier,
    SequenceRegressor,
    TabularClassifier,
    TabularRegressor,
)
from chainrule.estimators.grid_network import GridNetwork
from chainrule.export.onnx_answers import class_labels, network_answers, tabular_answers
from chainrule.export.onnx_graph import ML_OPSET, Graph
from chainrule.export.onnx_grids import rows_of_grids
from chainrule.export.onnx_model import plain_attributes
from chainrule.export.onnx_ports import check_model, is_tabular, ports_of
from chainrule.export.onnx_value import ROWS, Value, concat

__all__ = ["register_with_skl2onnx"]


def register_with_skl2onnx() -> None:
    """Teach skl2onnx to convert the library's models, alone and as the last step of a pipeline.

    Call it once, before `skl2onnx.to_onnx` or `skl2onnx.convert_sklearn`. Columns go by their place; those
    that the model reads as text must come as text. So do the inputs of a model of images or sequences, which
    are of the shapes that `to_onnx` names. What cannot be written raises as there.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.
    """
    try:
        from skl2onnx import update_registered_converter
    except ImportError:
        raise ImportError(
            "converting pipelines needs skl2onnx, which is not installed: pip install skl2onnx"
        ) from None
    options = {"zipmap": [True, False, "columns"], "nocl": [True, False]}
    for classifier in (MLPClassifier, TabularClassifier, ImageClassifier, SequenceClassifier):
        alias = f"Chainrule{classifier.__name__}"
        update_registered_converter(classifier, alias, _shape_of_classes, _convert, options=options)
    for regressor in (MLPRegressor, TabularRegressor, SequenceRegressor):
        alias = f"Chainrule{regressor.__name__}"
        update_registered_converter(regressor, alias, _shape_of_numbers, _convert)


def _shape_of_classes(operator: Any) -> None:
    from skl2onnx.common.data_types import Int64TensorType, StringTensorType

    model = operator.raw_operator
    check_model(model)
    is_text = class_labels(model).dtype == object
    several = [len(model.classes_)] if model._coding.multilabel else []
    rows = operator.inputs[0].get_first_dimension()
    label, probabilities = operator.outputs
    label.type = (StringTensorType if is_text and not several else Int64TensorType)([rows, *several])
    probabilities.type = _floats_of(operator)([rows, len(model.classes_)])


def _shape_of_numbers(operator: Any) -> None:
    model = operator.raw_operator
    check_model(model)
    rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type = _floats_of(operator)([rows, model._n_network_outputs])


def _floats_of(operator: Any) -> Any:
    """The type of the numbers that are answered: that of the inputs, float32 where they are text."""
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    is_double = isinstance(operator.inputs[0].type, DoubleTensorType)
    return DoubleTensorType if is_double else FloatTensorType


def _convert(scope: Any, operator: Any, container: Any) -> None:
    names = {variable.onnx_name: variable.onnx_name for variable in operator.inputs}
    graph = Graph(set(names))
    answers = _answers(graph, operator.raw_operator, operator.inputs)
    for output, answer in zip(operator.outputs, answers.values(), strict=True):
        result = graph.free("output")
        graph.add("Identity", answer.astype(_dtype_of(output)).name, results=(result,))
        names[result] = output.full_name
    _add(graph, names, scope, container)


def _answers(graph: Graph, model: Any, variables: Sequence[Any]) -> dict[str, Value]:
    """What the model answers, by name."""
    if isinstance(model, GridNetwork):
        return network_answers(model, rows_of_grids(model, _grids(graph, model, variables)))
    inputs = [_input(graph, variable) for variable in variables]
    if is_tabular(model):
        columns = [values[:, place : place + 1] for values in inputs for place in range(values.shape[1])]
        return tabular_answers(model, _by_name(model, columns))
    common = np.result_type(*(values.dtype for values in inputs))
    return network_answers(model, concat([values.astype(common) for values in inputs]))


def _grids(graph: Graph, model: Any, variables: Sequence[Any]) -> dict[str, Value]:
    """The inputs of a model of images or sequences."""
    ports = ports_of(model)
    if len(variables) != len(ports):
        raise ParameterError(
            f"the model takes {', '.join(port.name for port in ports)}, in this order, however: "
            f"{len(variables)} input{'s' * (len(variables) != 1)}; see initial_types of skl2onnx"
        )
    found = {}
    for variable, port in zip(variables, ports, strict=True):
        if tuple(variable.type.shape[1:]) != port.shape:
            raise ParameterError(
                f"the input {variable.raw_name!r} ({port.holds}) must have the shape {[None, *port.shape]}, "
                f"however: {variable.type.shape}"
            )
        value = Value(graph, variable.onnx_name, (ROWS, *port.shape), _dtype_of(variable))
        found[port.name] = value.astype(port.dtype)
    return found


def _input(graph: Graph, variable: Any) -> Value:
    shape = variable.type.shape
    if len(shape) != 2 or not isinstance(shape[1], int):
        raise ParameterError(
            f"the input {variable.raw_name!r} must have a known number of columns, however its shape: "
            f"{shape}; give it in initial_types, such as [None, 4]"
        )
    return Value(graph, variable.onnx_name, (ROWS, shape[1]), _dtype_of(variable))


def _dtype_of(variable: Any) -> Any:
    from skl2onnx.common.data_types import guess_numpy_type

    found = np.dtype(guess_numpy_type(variable.type))
    return np.dtype(object) if found.kind == "U" else found


def _by_name(model: Any, columns: Sequence[Value]) -> dict[str, Value]:
    """The columns that the model goes by, as the types that it reads them in."""
    known = model.encoder_.schema.columns
    if len(columns) != len(known):
        raise ParameterError(
            f"the model was trained on {len(known)} columns, however the inputs have {len(columns)}; give "
            "all of them, in the same order"
        )
    by_column = {column.name: value for column, value in zip(known, columns, strict=True)}
    found = {}
    for port in ports_of(model):
        column = port.column
        if column is None:
            continue
        value, wants_text = by_column[column.name], port.dtype == object
        if wants_text != (value.dtype == object):
            raise ParameterError(
                f"column {column.name!r} is a {column.kind} and must come as "
                f"{'text' if wants_text else 'numbers'}; see initial_types of skl2onnx, or use "
                "chainrule.export.to_onnx, which has an input for each column"
            )
        found[column.name] = value.astype(port.dtype)
    return found


def _add(graph: Graph, names: dict[str, str], scope: Any, container: Any) -> None:
    """Hand the operations over, under names that nothing else in the pipeline has."""
    from onnx.helper import np_dtype_to_tensor_dtype

    if container.target_opset < graph.opset:
        raise ParameterError(
            f"target_opset must be {graph.opset} at least for this model, however: {container.target_opset}"
        )

    def named(name: str) -> str:
        if name not in names:
            names[name] = scope.get_unique_variable_name(f"chainrule_{name}")
        return names[name]

    for name, array in graph.constants.items():
        type_ = int(np_dtype_to_tensor_dtype(array.dtype))
        container.add_initializer(named(name), type_, list(array.shape), array.ravel().tolist())
    for node in graph.nodes:
        container.add_node(
            node.operation,
            [named(name) for name in node.inputs],
            [named(name) for name in node.results],
            op_domain=node.domain,
            op_version=ML_OPSET if node.domain else None,
            name=scope.get_unique_operator_name(node.operation),
            **plain_attributes(node.attributes),
        )
