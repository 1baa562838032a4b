"""The data as the xla engine takes it: padded to buckets, on one device or in blocks on several."""

from math import prod
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from chainrule.engine.base import Data, Program
from chainrule.engine.devices import placed, shared_by, usable_devices
from chainrule.engine.numpy import as_dtype, quiet, validation_rows

__all__ = ["Loaded", "bucket"]

Array = Any

_ALIGNMENT = 64


def bucket(n: int) -> int:
    """`n` rounded up: to a multiple of 8, above 64 to one of 8 sizes per power of two (at most 1/8 more)."""
    step = max(8, 1 << max(n.bit_length() - 4, 0))
    return -(-n // step) * step


class Loaded:
    """The data, on the devices where it is computed with.

    Parameters
    ----------
    data : Data
        As the training loop hands it over; sparse rows become dense.
    dtype

    Attributes
    ----------
    data : padded arrays, where they were placed last; in the host's memory until a program needs them
    n_rows : rows that are real
    weight : sum of their weights
    validation : the rows to judge by, as they came
    """

    def __init__(self, data: Data, dtype: Any) -> None:
        self._devices = usable_devices()
        self._placed: dict[Mesh | None, Data] = {}
        multiple = max(1, len(self._devices))
        self.data = Data(
            *(
                None if part is None else _padded(part, dtype, multiple, weights=name.startswith("weights"))
                for name, part in data._asdict().items()
            )
        )
        self.n_rows = len(data.weights)
        self.weight = float(np.sum(data.weights, dtype=np.float64))
        rows = validation_rows(data)
        self.validation = None if rows is None else tuple(as_dtype(part, dtype) for part in rows)
        if len(self._devices) < 2:
            self.placed(None)

    def mesh(self, program: Program, batch_size: int) -> Mesh | None:
        """The devices that share a batch of this size; None: one computes it."""
        return shared_by(self._devices, program, min(batch_size, self.n_rows))

    def placed(self, mesh: Mesh | None) -> Data:
        """The data in blocks of rows on the devices of `mesh`, or whole on one device."""
        if mesh not in self._placed:
            data = self._on_one() if mesh is None else placed(self.data, mesh)
            self.data = self._placed[mesh] = data  # the host keeps no copy of its own
        return self._placed[mesh]

    def _on_one(self) -> Data:
        first = self._devices[0] if len(self._devices) > 1 else None
        return Data(*(None if part is None else jax.device_put(part, first) for part in self.data))


def _padded(part: Any, dtype: Any, multiple: int = 1, weights: bool = False) -> Array:
    """`part`, filled up to a bucket and a multiple, with weights of 0 or with copies of the first row.

    On those any loss is as finite as on the others. The buffer lies as XLA wants it, so that a CPU takes it
    over instead of copying it once more.
    """
    part = part.toarray() if hasattr(part, "toarray") else np.asarray(part)
    shape = (-(-bucket(len(part)) // multiple) * multiple, *part.shape[1:])
    n_bytes = prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(n_bytes + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    whole = memory[start : start + n_bytes].view(dtype).reshape(shape)
    with quiet():
        whole[: len(part)] = part
    whole[len(part) :] = 0 if weights else part[:1]
    return whole
