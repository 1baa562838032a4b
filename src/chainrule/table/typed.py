"""What all kinds of columns have in common: they are learned, they read, they describe themselves."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, Self

import numpy as np

from chainrule.errors import ParameterError
from chainrule.table.cells import Cells

__all__ = ["Feature", "TypedColumn"]


@dataclass(frozen=True)
class Feature:
    """One column of numbers that a network's encoder gets.

    Attributes
    ----------
    name : str
        "age", "bought year", "comment ~3".
    column : str
        The table's column it comes from.
    role : "number", "flag" or "code"
        A number, NaN where missing; a flag, 0 or 1; or the code of a level: 0 where missing, 1 for a level
        that training never saw or that was too rare to be kept, 2, 3, ... for the others.
    n_levels : int
        Of a code: how many codes there are, 0 and 1 included.
    """

    name: str
    column: str
    role: Literal["number", "flag", "code"]
    n_levels: int = 0


@dataclass(frozen=True)
class TypedColumn(ABC):
    """What training has learned about one column: numbers and strings only.

    Attributes
    ----------
    name : str
    missing : float
        Share of the rows of training in which it was missing.
    """

    name: str
    missing: float

    kind: ClassVar[str]

    @classmethod
    @abstractmethod
    def learn(cls, cells: Cells) -> Self:
        """Learn from the column of training, which holds at least one value."""

    @property
    @abstractmethod
    def features(self) -> tuple[Feature, ...]:
        """What it becomes."""

    @abstractmethod
    def read(self, cells: Cells) -> np.ndarray:
        """Turn a column into float64 numbers (n, number of features)."""

    @property
    @abstractmethod
    def extent(self) -> str:
        """Its levels or its range, in a few words."""

    @property
    def becomes(self) -> str:
        """What it becomes, in a few words."""
        roles = [feature.role for feature in self.features]
        counts = [(roles.count(role), role) for role in dict.fromkeys(roles)]
        return ", ".join(f"{n} {role}{'s' * (n > 1)}" for n, role in counts)

    def unseen(self, cells: Cells) -> list[Any]:  # noqa: ARG002
        """Find the values, one per row, that are levels which training never saw."""
        return []

    def describe(self) -> dict[str, Any]:
        """Return plain data (numbers, strings, lists) from which `from_description` makes an equal column."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
        return {"kind": self.kind, **plain}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> Self:
        """Make the column that `describe` described.

        Raises
        ------
        ParameterError
            If the description is not one that `describe` writes.
        """
        types: dict[str, Any] = {field.name: field.type for field in fields(cls)}
        if set(description) != {"kind", *types}:
            raise ParameterError(f"not the description of a column: {description!r:.200}")
        values = {key: description[key] for key in types}
        for key, value in values.items():
            if not _IS_PLAIN[types[key]](value):
                raise ParameterError(f"{key} of a column cannot be {value!r:.200}")
        arguments: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        column = cls(**arguments)
        if not (0 <= column.missing <= 1 and column.is_sound()):
            raise ParameterError(f"not the description of a column: {description!r:.200}")
        return column

    def is_sound(self) -> bool:
        """Whether its attributes fit each other."""
        return True


def _are_texts(value: Any) -> bool:
    return (
        isinstance(value, list) and all(type(text) is str for text in value) and len(set(value)) == len(value)
    )


_IS_PLAIN: dict[Any, Callable[[Any], bool]] = {
    str: lambda value: type(value) is str,
    bool: lambda value: type(value) is bool,
    bool | None: lambda value: value is None or type(value) is bool,
    float: lambda value: type(value) is float and math.isfinite(value),
    tuple[str, ...]: _are_texts,
    tuple[int, ...]: lambda value: (
        isinstance(value, list) and all(type(n) is int and 0 <= n < 2**63 for n in value)
    ),
}
