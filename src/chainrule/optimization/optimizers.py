"""Optimizers: how θ moves, given its gradient. Pure: init + update on one flat vector.

    SGD        v ← μ v - η g;  θ ← θ + v                     Robbins and Monro 1951; Polyak 1964
    Nesterov   v ← μ v - η g;  θ ← θ + μ v - η g             Nesterov 1983; Sutskever et al. 2013
    Adam       m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²
               θ ← θ - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)    Kingma and Ba 2014, arXiv 1412.6980

Decoupled weight decay, θ ← θ - η λ θ before the step and never on biases, turns Adam into AdamW
(Loshchilov and Hutter 2017, arXiv 1711.05101).

The numbers (μ, β, ε) are arguments of `update`, not attributes: a compiled program serves all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from chainrule.network.special import namespace

__all__ = ["SGD", "Adam", "Optimizer"]

Array = Any
Numbers = Mapping[str, Any]


class Optimizer(Protocol):
    """What every optimizer has."""

    @property
    def n_moments(self) -> int:
        """How many vectors of the length of θ it carries from step to step."""
        ...

    def correction(self, numbers: Numbers, steps: Array) -> Array:
        """Factor on the learning rate at each step, counted from 1; float64."""
        ...

    def update(
        self, numbers: Numbers, moments: tuple[Array, ...], theta: Array, gradient: Array, rate: Any
    ) -> tuple[Array, tuple[Array, ...]]:
        """(θ, moments) after one step; `rate` is the learning rate times the correction."""
        ...


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent; with the whole table as its batch, gradient descent: equation (17).

    Parameters
    ----------
    momentum : bool, default=True
        Whether there is a velocity v; False for μ = 0.
    nesterov : bool, default=True
        Look ahead along the velocity.
    """

    momentum: bool = True
    nesterov: bool = True

    @property
    def n_moments(self) -> int:
        return int(self.momentum)

    def correction(self, numbers: Numbers, steps: Array) -> Array:
        return np.ones(np.shape(steps))

    def update(
        self, numbers: Numbers, moments: tuple[Array, ...], theta: Array, gradient: Array, rate: Any
    ) -> tuple[Array, tuple[Array, ...]]:
        step = -rate * gradient
        if not self.momentum:
            return theta + step, ()
        velocity = numbers["momentum"] * moments[0] + step
        move = numbers["momentum"] * velocity + step if self.nesterov else velocity
        return theta + move, (velocity,)


@dataclass(frozen=True)
class Adam:
    """Adam: every parameter has a step length of its own."""

    @property
    def n_moments(self) -> int:
        return 2

    def correction(self, numbers: Numbers, steps: Array) -> Array:
        steps = np.asarray(steps, dtype=np.float64)
        return np.sqrt(1 - numbers["beta_2"] ** steps) / (1 - numbers["beta_1"] ** steps)

    def update(
        self, numbers: Numbers, moments: tuple[Array, ...], theta: Array, gradient: Array, rate: Any
    ) -> tuple[Array, tuple[Array, ...]]:
        m, v = moments
        m = numbers["beta_1"] * m + (1 - numbers["beta_1"]) * gradient
        v = numbers["beta_2"] * v + (1 - numbers["beta_2"]) * (gradient * gradient)
        return theta - rate * m / (namespace(v).sqrt(v) + numbers["epsilon"]), (m, v)
