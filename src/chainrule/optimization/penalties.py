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
    gradient = strength * weights
    return 0.5 * (gradient * weights).sum(), gradient


def l1_penalty(weights: Array, strength: Any) -> tuple[Array, Array]:
    """(α₁ Σ |W|, α₁ sign W)."""
    xp = namespace(weights)
    return strength * xp.abs(weights).sum(), strength * xp.sign(weights)


def clip(gradient: Array, max_norm: Any) -> Array:
    """G · min(1, c / ‖g‖): never longer than c.          Pascanu, Mikolov, Bengio 2013, arXiv 1211.5063."""
    xp = namespace(gradient)
    largest = xp.maximum(xp.abs(gradient).max(), 1e-30)
    norm = largest * xp.sqrt(((gradient / largest) ** 2).sum())  # squares alone overflow in float32
    return gradient * (max_norm / xp.maximum(norm, max_norm))
