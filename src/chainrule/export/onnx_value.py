"""An array that is not there yet: what is done to it becomes operations of an ONNX graph.

Layers, activations and losses are written once against the array namespace of what comes in. A `Value` comes
in as an array does, and its namespace writes down what it is asked to compute: the graph is the library's own
forward pass, not a second one.
"""

from collections.abc import Sequence
from math import factorial, pi, prod
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from chainrule.export.onnx_graph import Graph

__all__ = [
    "ROWS",
    "Value",
    "argmax",
    "as_value",
    "columns_of",
    "concat",
    "erf",
    "permute_dims",
    "sorted_rows",
    "take",
    "where",
]

Array = Any

ROWS = 2_147_483_647
"""Stands for the number of rows, which nobody knows yet: a prime so large that no other axis is as long."""

_SAME: dict[Any, str] = {
    np.add: "Add",
    np.subtract: "Sub",
    np.multiply: "Mul",
    np.true_divide: "Div",
    np.power: "Pow",
    np.matmul: "MatMul",
    np.maximum: "Max",
    np.minimum: "Min",
    np.negative: "Neg",
    np.absolute: "Abs",
    np.sqrt: "Sqrt",
    np.exp: "Exp",
    np.log: "Log",
    np.tanh: "Tanh",
    np.floor: "Floor",
    np.rint: "Round",
}
_TRUTHS: dict[Any, str] = {
    np.greater: "Greater",
    np.greater_equal: "GreaterOrEqual",
    np.less: "Less",
    np.less_equal: "LessOrEqual",
    np.equal: "Equal",
    np.isnan: "IsNaN",
}
_COMPOSED: dict[Any, Any] = {
    np.log1p: lambda a: np.log(1 + a),
    np.expm1: lambda a: np.exp(a) - 1,
    np.square: lambda a: a * a,
    np.cos: lambda a: _cosine(a),
    np.sin: lambda a: _cosine(a - 0.5 * pi),
}

_SINE = tuple((-1) ** i / factorial(2 * i + 1) for i in range(11))
"""Taylor's series of the sine to the 21st power: exact to 2e-18 up to a quarter of a turn."""


class Value(NDArrayOperatorsMixin):
    """The result of an operation, or an input, as an array with a shape and a dtype and no numbers.

    Parameters
    ----------
    graph : Graph
        Where operations are written down.
    name : str
        What the value is called there.
    shape : tuple of int
        With `ROWS` for the number of rows.
    dtype : dtype
        `object` for text.
    """

    def __init__(self, graph: Graph, name: str, shape: tuple[int, ...], dtype: Any) -> None:
        self.graph = graph
        self.name = name
        self.shape = shape
        self.dtype = np.dtype(dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def T(self) -> "Value":
        """The axes in the opposite order."""
        return permute_dims(self, tuple(reversed(range(self.ndim))))

    def __len__(self) -> int:
        return self.shape[0]

    def __bool__(self) -> bool:
        raise TypeError("what the numbers will be is not known yet; use where instead of if")

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("there are no numbers yet; use functions of a.__array_namespace__()")

    def __array_namespace__(self) -> Any:
        return _NAMESPACE

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        operation: Any = _SAME.get(ufunc) or _TRUTHS.get(ufunc) or _COMPOSED.get(ufunc)
        if operation is None or method != "__call__" or settings:
            raise TypeError(f"{ufunc.__name__} has no counterpart in ONNX")
        if ufunc in _COMPOSED:
            return operation(*inputs)
        common = np.result_type(*(_kind(x) for x in inputs))
        values = [as_value(self.graph, x, common) for x in inputs]
        shapes = [value.shape for value in values]
        shape = _product_shape(*shapes) if ufunc is np.matmul else np.broadcast_shapes(*shapes)
        return values[0].then(operation, *values[1:], shape=shape, dtype=bool if ufunc in _TRUTHS else common)

    def then(
        self,
        operation: str,
        *others: "Value",
        shape: tuple[int, ...] | None = None,
        dtype: Any = None,
        **attributes: Any,
    ) -> "Value":
        """Apply an operation to this value and others; the result is of its shape and dtype unless told."""
        names = [value.name for value in (self, *others)]
        result = self.graph.add(operation, *names, **attributes)
        return Value(self.graph, result, self.shape if shape is None else shape, dtype or self.dtype)

    def astype(self, dtype: Any) -> "Value":
        """The same numbers in another type."""
        dtype = np.dtype(dtype)
        return self if dtype == self.dtype else self.then("Cast", dtype=dtype, to=dtype)

    def reshape(self, *dims: Any) -> "Value":
        """The same numbers along other axes, given one by one or as a tuple; one of them may be -1."""
        dims = dims[0] if isinstance(dims[0], tuple) else dims
        known = prod(dim for dim in dims if dim != -1)
        shape = tuple(prod(self.shape) // known if dim == -1 else dim for dim in dims)
        wanted = np.array([-1 if dim == ROWS else dim for dim in shape], dtype=np.int64)
        return self.then("Reshape", as_value(self.graph, wanted, np.int64), shape=shape)

    def clip(self, low: Any, high: Any, out: None = None) -> Array:  # noqa: ARG002  # np.clip gives it
        """The numbers, none of them below `low` or above `high`."""
        return np.minimum(np.maximum(self, low), high)

    def max(self, axis: int) -> "Value":
        """The largest along an axis."""
        return self._reduced("ReduceMax", axis)

    def sum(self, axis: int) -> "Value":
        """The sum along an axis."""
        return self._reduced("ReduceSum", axis)

    def mean(self, axis: int, keepdims: bool = False) -> "Value":
        """The mean along an axis, which stays with a length of 1 where asked for."""
        return self._reduced("ReduceMean", axis, keepdims)

    def _reduced(self, operation: str, axis: int, keepdims: bool = False) -> "Value":
        axis %= self.ndim
        axes = as_value(self.graph, [axis], np.int64)
        shape = (*self.shape[:axis], *((1,) if keepdims else ()), *self.shape[axis + 1 :])
        return self.then(operation, axes, shape=shape, keepdims=int(keepdims))

    def __getitem__(self, key: Any) -> "Value":
        """Slices, single places, new axes, and `...` in front."""
        items = key if isinstance(key, tuple) else (key,)
        if items[0] is Ellipsis:
            items = (slice(None),) * (self.ndim + 1 - len(items) + items.count(None)) + items[1:]
        found, axis = self, 0
        for item in items:
            if item is None:
                axes = as_value(self.graph, [axis], np.int64)
                found = found.then("Unsqueeze", axes, shape=(*found.shape[:axis], 1, *found.shape[axis:]))
                axis += 1
            elif isinstance(item, slice):
                found = found if item == slice(None) else found._sliced(item, axis)
                axis += 1
            else:
                place = as_value(self.graph, int(item), np.int64)
                shape = found.shape[:axis] + found.shape[axis + 1 :]
                found = found.then("Gather", place, shape=shape, axis=axis)
        return found

    def _sliced(self, item: slice, axis: int) -> "Value":
        begin, end, step = item.indices(self.shape[axis])
        if step != 1:
            raise TypeError(f"slices go in steps of 1, however: {step}")
        bounds = [as_value(self.graph, [place], np.int64) for place in (begin, end, axis)]
        return self.then("Slice", *bounds, shape=(*self.shape[:axis], end - begin, *self.shape[axis + 1 :]))


def _kind(x: Any) -> Any:
    """What decides on the common dtype: plain Python numbers follow the others, as in NumPy."""
    return x if isinstance(x, int | float) else x.dtype


def as_value(graph: Graph, x: Any, dtype: Any) -> Value:
    """`x` in that dtype; an array becomes a constant of the graph."""
    if isinstance(x, Value):
        return x.astype(dtype)
    array = np.asarray(x, dtype=dtype)
    return Value(graph, graph.constant(array), array.shape, array.dtype)


def _product_shape(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    if min(len(left), len(right)) < 2 or left[-1] != right[-2]:
        raise TypeError(f"matrices of shapes {left} and {right} have no product")
    return (*np.broadcast_shapes(left[:-2], right[:-2]), left[-2], right[-1])


def _cosine(a: Array) -> Array:
    """The cosine by 1 - 2 sin² ½a, for what runs ONNX seldom has one in float64."""
    half = 0.5 * (a - 2 * pi * np.rint(a / (2 * pi)))
    square = half * half
    series = _SINE[-1]
    for coefficient in _SINE[-2::-1]:
        series = series * square + coefficient
    sine = half * series
    return 1 - 2 * sine * sine


def where(condition: Any, x: Any, y: Any) -> Value:
    """The numbers of `x` where the condition holds, those of `y` elsewhere."""
    value = next(part for part in (condition, x, y) if isinstance(part, Value))
    common = np.result_type(_kind(x), _kind(y))
    parts = [
        as_value(value.graph, part, kind) for part, kind in ((condition, bool), (x, common), (y, common))
    ]
    shape = np.broadcast_shapes(*(part.shape for part in parts))
    return parts[0].then("Where", *parts[1:], shape=shape, dtype=common)


def concat(values: Sequence[Value], axis: int = 1) -> Value:
    """Values one behind the other along an axis."""
    first, *others = values
    if not others:
        return first
    length = sum(value.shape[axis] for value in values)
    shape = (*first.shape[:axis], length, *first.shape[axis + 1 :])
    return first.then("Concat", *others, shape=shape, axis=axis)


def permute_dims(value: Value, axes: tuple[int, ...]) -> Value:
    """The axes in another order."""
    return value.then("Transpose", shape=tuple(value.shape[axis] for axis in axes), perm=list(axes))


def broadcast_to(value: Value, shape: tuple[int, ...]) -> Value:
    """The value as often as the shape asks for."""
    wanted = [1 if dim == ROWS else dim for dim in shape]
    return value.then("Expand", as_value(value.graph, wanted, np.int64), shape=tuple(shape))


def take(array: Any, places: Value, axis: int = 0) -> Value:
    """The parts of an array that stand at these places of its first axis."""
    source = array if isinstance(array, Value) else as_value(places.graph, array, array.dtype)
    if axis:
        raise TypeError(f"parts are taken from the first axis, however: axis={axis}")
    return source.then("Gather", places, shape=(*places.shape, *source.shape[1:]), axis=0)


def argmax(value: Value) -> Value:
    """The place of the largest in each row, of several the first."""
    return value.then("ArgMax", shape=value.shape[:1], dtype=np.int64, axis=1, keepdims=0)


def columns_of(value: Value, places: Any) -> Value:
    """Some columns of a matrix."""
    chosen = as_value(value.graph, places, np.int64)
    return value.then("Gather", chosen, shape=(*value.shape[:1], *chosen.shape), axis=1)


def sorted_rows(value: Value) -> Value:
    """Every row of a matrix in ascending order."""
    count = as_value(value.graph, value.shape[1:], np.int64)
    results = tuple(value.graph.free(name) for name in ("sorted", "places"))
    return value.then("TopK", count, results=results, axis=1, largest=0)


def erf(value: Value) -> Value:
    """The error function, in float32: what runs ONNX has it in no other precision."""
    return value.astype(np.float32).then("Erf").astype(value.dtype)


class _Namespace:
    """NumPy, of whose functions those with another way of finding their arrays are the ones above."""

    where = staticmethod(where)
    concat = staticmethod(concat)
    permute_dims = staticmethod(permute_dims)
    broadcast_to = staticmethod(broadcast_to)
    take = staticmethod(take)
    round = staticmethod(np.rint)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


_NAMESPACE = _Namespace()
