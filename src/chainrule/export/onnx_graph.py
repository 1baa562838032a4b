"""A graph of ONNX operations as plain data: what to write, before any library writes it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["ML", "ML_OPSET", "Graph", "Node"]

ML = "ai.onnx.ml"
"""The domain of ONNX operations that are no arithmetic, such as looking up text."""

ML_OPSET = 3
"""The set of these operations that is used."""

_OPSET = 18  # its reductions take axes as inputs, as those of all later ones do
_NEWER = {"RegexFullMatch": 20}


@dataclass(frozen=True)
class Node:
    """results = operation(inputs), everything by its name."""

    operation: str
    inputs: tuple[str, ...]
    results: tuple[str, ...]
    attributes: dict[str, Any]
    domain: str


class Graph:
    """Operations in the order in which they are computed, each with a name for its result.

    Parameters
    ----------
    taken : collection of str
        Names that nothing in it may have: those of inputs and outputs.

    Attributes
    ----------
    nodes : list of Node
    constants : dict of str to array
    """

    def __init__(self, taken: Collection[str] = ()) -> None:
        self.nodes: list[Node] = []
        self.constants: dict[str, np.ndarray] = {}
        self._taken = set(taken)

    def add(
        self, operation: str, *inputs: str, results: tuple[str, ...] = (), domain: str = "", **attributes: Any
    ) -> str:
        """Add an operation; the name of its first result, of which there is one unless they have names."""
        results = results or (self.free(operation.lower()),)
        self.nodes.append(Node(operation, inputs, results, attributes, domain))
        return results[0]

    def constant(self, array: Any) -> str:
        """Add an array; its name."""
        name = self.free("constant")
        self.constants[name] = np.asarray(array)
        return name

    @property
    def opset(self) -> int:
        """The oldest set of operations in which all of these are."""
        return max([_OPSET, *(_NEWER.get(node.operation, 0) for node in self.nodes)])

    def free(self, stem: str) -> str:
        """Find a name that nothing else has."""
        number = len(self.nodes) + len(self.constants)
        while (name := f"{stem}_{number}") in self._taken:
            number += 1
        self._taken.add(name)
        return name
