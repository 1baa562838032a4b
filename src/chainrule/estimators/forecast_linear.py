"""The linear autoregression of a forecaster, learned in closed form."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from chainrule.engine.blas import one_thread

__all__ = ["LinearModel"]

Array = Any

_PENALTIES = np.logspace(-9, 2, 23)
"""λ/n that are tried."""

_VALUES, _LARGE = 40_000_000, 3000
"""Of the rows to learn from: more would hardly tell other weights. And a matrix whose eigenvectors take
seconds."""


@dataclass(frozen=True)
class LinearModel:
    """y = W x + b, with the W that minimizes Σ (y - W x - b)² + λ |W|² of standardized x.

    Attributes
    ----------
    W : array (n_outputs, n_inputs)
    b : array (n_outputs,)
    error : float
        Root mean square of the errors on rows that were left out of the learning.
    """

    W: Array
    b: Array
    error: float

    @classmethod
    @one_thread()
    def learned(cls, X: Array, Y: Array) -> Self:
        """Learn from rows X (n, n_inputs) and Y (n, n_outputs), all outputs with the same λ.

        λ is the one whose errors on rows left out are least in the mean square. For a linear smoother ŷ = H y
        they are (y - ŷ) / (1 - h), h the diagonal of H: nothing is learned anew (Allen 1974, PRESS; Hastie,
        Tibshirani, Friedman 2009, section 7.10). With XᵀX = V S Vᵀ and Z = X V, H = Z (S + λ)⁻¹ Zᵀ + 1/n.
        """
        X, Y = X.astype(np.float64), Y.astype(np.float64)
        n = len(X)
        mean, scale, offset = X.mean(0), X.std(0), Y.mean(0)
        scale[scale <= 1e-12 * np.abs(mean)] = 1
        X -= mean
        X /= scale
        Y = Y - offset
        S, V, Z = _turned(X)
        seen = Z.T @ Y
        leverages = (Z * Z) @ (1 / (S[:, None] + n * _PENALTIES)) + 1 / n
        errors = []
        for penalty, h in zip(n * _PENALTIES, leverages.T, strict=True):
            left = Y - Z @ (seen / (S + penalty)[:, None])
            errors.append(float(np.sqrt(np.mean((left / (1 - h).clip(min=1e-6)[:, None]) ** 2))))
        best = int(np.argmin(errors))
        W = (V @ (seen / (S + n * _PENALTIES[best])[:, None])).T / scale
        W = np.ascontiguousarray(W)  # as a file gives it: other orders in memory, other last bits
        return cls(W, offset - W @ mean, errors[best])

    @staticmethod
    def enough_rows(n: int, n_inputs: int) -> int:
        """Of n rows so many are enough to learn from."""
        return min(n, _VALUES // n_inputs if n_inputs < _LARGE else _LARGE)

    def with_unused(self, n: int) -> Self:
        """The same for rows with n more values at their end."""
        return replace(self, W=np.pad(self.W, ((0, 0), (0, n))))

    def __call__(self, X: Array) -> Array:
        """Outputs (n, n_outputs) for rows X (n, n_inputs)."""
        return X @ self.W.T + self.b


def _turned(X: Array) -> tuple[Array, Array, Array]:
    """(S, V, Z): XᵀX = V S Vᵀ and Z = X V, by the smaller of XᵀX and XXᵀ."""
    n, n_inputs = X.shape
    if n_inputs <= n:
        S, V = np.linalg.eigh(X.T @ X)
        return S.clip(min=0), V, X @ V
    S, U = np.linalg.eigh(X @ X.T)
    above = 1e-12 * S[-1] < S
    S, Z = S[above], U[:, above] * np.sqrt(S[above])
    return S, X.T @ (Z / S), Z
