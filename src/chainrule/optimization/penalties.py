"""Penalties on weights, decoupled weight decay, and the bound on the gradient's length.

    L2    ½ α Σ W² / S        L1    α₁ Σ |W| / S        S: the sum of the batch's sample weights

as in scikit-learn's MLP: the penalty belongs to the whole table, and the more rows speak, the less it weighs.
A loss that adds up instead of averaging takes the penalty undivided. Biases are never penalized.
"""

from typing import Any

from chainrule.network.special import namespace

__all__ = ["clip", "l1_penalty", "l2_penalty"]

Array = Any


def l2_penalty(weights: Array, strength: Any) -> tuple[Array, Array]:
    """(½ α Σ W², α W)."""
    return 0.5 * strength * sum_of_squares(weights), strength * weights


def sum_of_squares(weights: Array) -> Any:
    """Σ W²."""
    return weights @ weights if weights.ndim == 1 else (weights * weights).sum()


def l1_penalty(weights: Array, strength: Any) -> tuple[Array, Array]:
    """(α₁ Σ |W|, α₁ sign W)."""
    xp = namespace(weights)
    return strength * xp.abs(weights).sum(), strength * xp.sign(weights)


def clip(gradient: tuple[Array, ...], max_norm: Any) -> tuple[Array, ...]:
    """G · min(1, c / ‖g‖): never longer than c.          Pascanu, Mikolov, Bengio 2013, arXiv 1211.5063.

    An infinite c cuts nothing.

    `gradient` comes in parts; its length ‖g‖ is that of all of them together.
    """
    if not gradient:
        return gradient
    xp = namespace(gradient[0])
    largest = xp.stack([xp.abs(part).max() for part in gradient]).max()
    largest = xp.maximum(largest, 1e-30)
    squares = xp.stack([((part / largest) ** 2).sum() for part in gradient])  # undivided they overflow
    norm = largest * xp.sqrt(squares.sum())
    bound = xp.minimum(max_norm, xp.finfo(norm.dtype).max)  # ∞ / ∞ is no number
    factor = bound / xp.maximum(norm, bound)
    return tuple(part * factor for part in gradient)
