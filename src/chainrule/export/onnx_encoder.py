"""The columns of a table to the matrix that the network takes: `NetworkEncoder` in ONNX operations."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.export.onnx_columns import features_of
from chainrule.export.onnx_value import columns_of, concat, where
from chainrule.table.network_encoder import CodeInput, NetworkEncoder
from chainrule.table.scaling import NumberScaling, scaled

__all__ = ["encoded"]

Array = Any

_LARGEST = np.finfo(np.float64).max


def encoded(encoder: NetworkEncoder, inputs: Mapping[str, Array]) -> Array:
    """The matrix (n, layout.width), rounded to float32 as the encoder's, and in float64.

    Parameters
    ----------
    encoder : NetworkEncoder
    inputs : mapping of column to Value (n, 1)
        Of all columns that become something.
    """
    columns = [column for column in encoder.schema.columns if column.features]
    found = [value for column in columns for value in features_of(column, inputs[column.name])]
    is_code = [feature.role == "code" for feature in encoder.schema.features]
    numbers = [value for value, code in zip(found, is_code, strict=True) if not code]
    read = [value for value, code in zip(found, is_code, strict=True) if code]
    codes = [(code, _known(code, value)) for code, value in zip(encoder.codes, read, strict=True)]
    parts = _of_numbers(encoder.numbers, concat(numbers)) if numbers else []
    parts += [_flags(code, value) for code, value in codes if code.as_flags]
    parts += [value for code, value in codes if not code.as_flags]
    return concat([part.astype(np.float32) for part in parts]).astype(np.float64)


def _known(code: CodeInput, value: Array) -> Array:
    return value if code.has_missing else np.maximum(value, 1)


def _flags(code: CodeInput, value: Array) -> Array:
    """One column per code, 1 where it is the row's."""
    return np.equal(value, np.arange(code.n_levels - code.n_flags, code.n_levels))


def _of_numbers(scalings: Sequence[NumberScaling], x: Array) -> list[Array]:
    """Scaled numbers, their positions, numbers of two values, flags of missing ones."""
    missing = np.isnan(x)
    fill = np.array([scaling.fill for scaling in scalings])
    x = np.clip(where(missing, fill, x), -_LARGEST, _LARGEST)
    roles = np.array([scaling.role for scaling in scalings], dtype=object)
    wide, two_valued = (np.flatnonzero(roles == role).tolist() for role in ("number", "flag"))
    marked = [i for i, scaling in enumerate(scalings) if scaling.has_missing]
    parts = []
    if wide:
        chosen = [scalings[i] for i in wide]
        numbers: Array = columns_of(x, wide)
        parts += [scaled(numbers, chosen), _positions(numbers, chosen)]
    if two_valued:
        parts.append(2 * _positions(columns_of(x, two_valued), [scalings[i] for i in two_valued]) - 1)
    if marked:
        parts.append(columns_of(missing, marked))
    return parts


def _positions(x: Array, scalings: Sequence[NumberScaling]) -> Array:
    """Σ over the bins of the share of the way through each, from 0 before it to 1 behind it."""
    n_bins = max(len(scaling.edges) for scaling in scalings) - 1
    starts, slopes = np.zeros((2, len(scalings), n_bins))  # a bin of slope 0 is one that a number lacks
    for row, scaling in enumerate(scalings):
        widths = np.diff(scaling.edges)
        starts[row, : len(widths)], slopes[row, : len(widths)] = scaling.edges[:-1], 1 / widths
    return np.clip((x[:, :, None] - starts) * slopes, 0, 1).sum(2)
