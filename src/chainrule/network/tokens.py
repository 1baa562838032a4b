"""Tokens: a learned row of values for every code of a sequence."""

from dataclasses import dataclass, fields
from math import prod
from typing import Any, ClassVar

import numpy as np

from chainrule.errors import ParameterError
from chainrule.network.settings import check_flag, check_positive
from chainrule.network.special import as_rows, namespace

__all__ = ["TokenEmbedding"]

Array = Any


@dataclass(frozen=True)
class TokenEmbedding:
    """x_t = E[code_t] at every step t: the same as W z for the one-hot z of the code.

    Bengio et al. 2003, A neural probabilistic language model, section 2. Rows of codes 0, 1, ..., levels - 1,
    one per step, go in; rows of (steps, units) come out. Backward: dE[k] = Σ dx_t over all rows and steps
    with code_t = k; a code has no derivative, its dz is 0.

    Parameters
    ----------
    levels : int
        Codes there are, those for padding and for what is unknown included; others are refused by NumPy, and
        become NaN in a program of JAX, whose training stops then.
    units : int
        Values that come out per step.
    steps : int
        Codes of a row.
    masked : bool, default=False
        Code 0 is padding, which stands behind: x_t = 0, and E[0] is not learned. The mask that layers with
        ``masked=True`` read comes out as the last feature of every step, 1 where there is a code, else 0.
    """

    kind: ClassVar[str] = "token_embedding"
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False
    levels: int
    units: int
    steps: int
    masked: bool = False

    def __post_init__(self) -> None:
        check_positive(levels=self.levels, units=self.units, steps=self.steps)
        check_flag(masked=self.masked)

    @property
    def out_shape(self) -> tuple[int, int]:
        """(steps, features): what a row that comes out consists of; a mask is a feature."""
        return self.steps, self.units + self.masked

    def n_out(self, n_in: int) -> int:
        if n_in != self.steps:
            raise ParameterError(
                f"TokenEmbedding takes rows of steps={self.steps} codes, however: {n_in}; "
                "give the steps that the rows have"
            )
        return prod(self.out_shape)

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        self.n_out(n_in)
        return {"E": (self.levels, self.units)}

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        return {"E": rng.normal(0, 1, shapes["E"])}

    def multiplications(self, n_in: int) -> int:
        """None, but every value is moved."""
        return self.n_out(n_in)

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        xp = namespace(z)
        if isinstance(z, np.ndarray):
            self.check_codes(z)
            codes = z
        else:
            codes = xp.where(z < 0, self.levels, z)  # JAX takes a negative one from the end, others as NaN
        x = xp.take(p["E"], codes.astype(xp.int32), axis=0)
        if self.masked:
            exists = _exists(z)
            x = xp.concat([xp.where(exists, x, 0), exists.astype(x.dtype)], axis=2)
        return as_rows(x), z

    def backward(self, p: dict[str, Array], z: Array, dout: Array) -> tuple[dict[str, Array], Array]:
        return self.parameter_gradients(p, z, dout), namespace(z).zeros_like(z)

    def parameter_gradients(self, p: dict[str, Array], z: Array, dout: Array) -> dict[str, Array]:
        """The gradient alone: what the first layer of a network needs."""
        xp = namespace(z)
        dx = dout.reshape(-1, *self.out_shape)[:, :, : self.units]
        if self.masked:
            dx = xp.where(_exists(z), dx, 0)
        return {"E": _sums(z.reshape(-1).astype(xp.int32), dx.reshape(-1, self.units), self.levels)}

    def check_codes(self, codes: Array) -> None:
        """Refuse what is no code.

        Raises
        ------
        ParameterError
        """
        wrong = ~((codes >= 0) & (codes < self.levels))
        if wrong.any():
            raise ParameterError(
                f"codes must be from 0 to levels - 1 = {self.levels - 1}, however: {codes[wrong][0]:g}; give "
                "more levels, or code what is unknown as one of them"
            )

    def describe(self) -> dict[str, Any]:
        return {"layer": self.kind} | {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "TokenEmbedding":
        return cls(**{field.name: description[field.name] for field in fields(cls)})


def _exists(codes: Array) -> Array:
    """Which steps have a code, (n, steps, 1)."""
    return (codes > 0.5)[:, :, None]


def _sums(codes: Array, values: Array, levels: int) -> Array:
    """Sum of the rows of `values` for every code."""
    if not isinstance(values, np.ndarray):
        return namespace(values).zeros((levels, values.shape[1]), dtype=values.dtype).at[codes].add(values)
    from scipy.sparse import csr_array

    n = len(codes)
    onehot = csr_array((np.ones(n, values.dtype), codes, np.arange(n + 1)), shape=(n, levels))
    return onehot.T @ values  # 20 times as fast as np.add.at
