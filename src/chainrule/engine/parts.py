"""How an engine holds θ while it runs: large matrices by themselves, all that is small packed together.

A part is an array that the optimizer updates in one go. Packing saves operations, of which each has a price
whatever its size, in running and in compiling; a large matrix is spared the copies into and out of a vector.
No part mixes what penalties shrink (weights) with what they leave alone (biases), or parameters whose
learning rates differ, so none needs a mask.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import inf, prod
from typing import Any

import numpy as np

from chainrule.engine.base import State
from chainrule.network import Network
from chainrule.network.special import namespace

__all__ = ["Parts", "each", "over_vectors"]

Array = Any


def each(function: Callable[..., Any], *parts: Any) -> Any:
    """`function` of arrays, or of every part where they come in parts."""
    if isinstance(parts[0], tuple):
        return tuple(function(*arrays) for arrays in zip(*parts, strict=True))
    return function(*parts)


def over_vectors(function: Callable[[Any], Any], state: State) -> State:
    """The state with `function` applied to each vector of the length of θ."""
    return state._replace(
        theta=function(state.theta),
        moments=tuple(map(function, state.moments)),
        best_theta=function(state.best_theta),
    )


@dataclass(frozen=True)
class Parts:
    """The parts of a network's θ.

    Parameters
    ----------
    network : Network
    largest : float, default=inf
        Parameters with more numbers than this are parts of their own.
    from_to : bool, default=False
        Hold the weights W[to, from], and U of recurrent layers, as [from, to]: what XLA multiplies fastest.
    """

    network: Network
    largest: float = inf
    from_to: bool = False

    @cached_property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return self.network.shapes(self.network.n_inputs)

    @cached_property
    def _groups(self) -> tuple[tuple[str, ...], ...]:
        """Full names of the parameters in each part."""
        alone = [(name,) for name, shape in self._shapes.items() if prod(shape) > self.largest]
        small = [name for name, shape in self._shapes.items() if prod(shape) <= self.largest]
        alike: dict[tuple[bool, float], list[str]] = {}
        for name in small:
            key = (name not in self.network.decayed, self.network.rates.get(name, 1.0))
            alike.setdefault(key, []).append(name)
        return (*alone, *(tuple(alike[key]) for key in sorted(alike)))

    @cached_property
    def decays(self) -> tuple[bool, ...]:
        """For each part, whether penalties and weight decay shrink it."""
        return tuple(group[0] in self.network.decayed for group in self._groups)

    @cached_property
    def rates(self) -> tuple[float, ...]:
        """For each part, its factor on the learning rate."""
        return tuple(self.network.rates.get(group[0], 1.0) for group in self._groups)

    def split(self, theta: Array) -> tuple[Array, ...]:
        """The parts of a vector θ (or of a vector like it)."""
        return self.gathered(self.network.named(theta))

    def join(self, parts: tuple[Array, ...]) -> Array:
        """The vector θ: the inverse of `split`."""
        named = self.named(parts)
        return np.concatenate([np.ravel(named[name]) for name in self._shapes] or [np.zeros(0)])

    def named(self, parts: tuple[Array, ...]) -> dict[str, Array]:
        """The parameters by full names, as `Network.forward` takes them."""
        found = {}
        for group, part in zip(self._groups, parts, strict=True):
            if self._is_alone(group):
                found[group[0]] = self._turned(group[0], part)
                continue
            start = 0
            for name in group:
                shape = self._shapes[name]
                stored = part[start : start + prod(shape)].reshape(self._stored(name, shape))
                found[name] = self._turned(name, stored)
                start += prod(shape)
        return found

    def gathered(self, named: dict[str, Array]) -> tuple[Array, ...]:
        """The parts, from parameters or gradients by full names."""
        parts = []
        for group in self._groups:
            stored = [self._turned(name, named[name]) for name in group]
            if not self._is_alone(group):
                stored = [namespace(stored[0]).concat([array.reshape(-1) for array in stored])]
            parts += stored
        return tuple(parts)

    def _is_alone(self, group: tuple[str, ...]) -> bool:
        return prod(self._shapes[group[0]]) > self.largest

    def _is_turned(self, name: str) -> bool:
        return self.from_to and name.rsplit(".", 1)[-1] in ("W", "U")

    def _stored(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (*shape[:-2], shape[-1], shape[-2]) if self._is_turned(name) else shape

    def _turned(self, name: str, array: Array) -> Array:
        if not self._is_turned(name):
            return array
        return array.T if array.ndim == 2 else namespace(array).permute_dims(array, (0, 2, 1))
