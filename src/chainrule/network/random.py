"""Random bits that both engines compute alike: the i-th number of a stream is a hash of key + i."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.network.special import namespace

__all__ = ["Draw"]

Array = Any

_WEYL = np.uint32(0x9E3779B9)


def _mix(x: Array) -> Array:
    """A permutation of the 32-bit numbers in which every input bit reaches every output bit.

    Two rounds of multiply and xor-shift, constants of C. Wellons' search "Prospecting for Hash Functions"
    (2018, bias 0.17). Arrays only: NumPy scalars would warn of the wanted overflow.
    """
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x7FEB352D)
    x = x ^ (x >> np.uint32(15))
    x = x * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


@dataclass(frozen=True)
class Draw:
    """A stream of uniform 32-bit numbers without state; costs a few integer operations a number.

    Parameters
    ----------
    key : array of shape (1,), uint32
        Where the stream begins in one sequence of 2³² numbers. Two streams may overlap, shifted; dropout
        does not mind.
    fade : float, default=1
        Factor on the rate of dropout, for trainings that end without it.
    first_row : int, or uint32 array, default=0
        Place in the batch of the first row that is drawn for, where a batch is computed piece by piece.
    """

    key: Array
    fade: Any = 1.0
    first_row: Any = 0

    @classmethod
    def from_seed(cls, seed: int) -> "Draw":
        return cls(_mix(np.asarray([seed], dtype=np.uint32)))

    def fold(self, number: Array) -> "Draw":
        """The stream with `number` (a step, the place of a layer) folded in; `number` may be traced."""
        xp = namespace(self.key)
        key = _mix(self.key ^ _mix(xp.asarray(number, dtype=xp.uint32).reshape(1) * _WEYL + _WEYL))
        return replace(self, key=key)

    def bits(self, shape: tuple[int, ...]) -> Array:
        """Uniform numbers in [0, 2³²) of that shape; row i does not depend on the number of rows."""
        xp = namespace(self.key)
        if len(shape) == 3:  # members in front: their values of one row follow each other
            members, n, width = shape
            rows = self._places(n)[None, :, None] * xp.asarray(members * width, dtype=xp.uint32)
            places = rows + xp.arange(members * width, dtype=xp.uint32).reshape(members, 1, width)
            return _mix(places + self.key)
        n, first = int(np.prod(shape)), self.first_row * int(np.prod(shape[1:]))
        return _mix(self._places(n, first) + self.key).reshape(shape)

    def _places(self, n: int, first: Any = None) -> Array:
        """`n` numbers, from that of the first row on."""
        first = self.first_row if first is None else first
        xp = namespace(self.key)
        if isinstance(first, int):
            return xp.arange(first, first + n, dtype=np.uint32)
        return xp.arange(n, dtype=np.uint32) + first
