"""What layers over grids share: a shape that rows are checked against, and plain settings."""

from dataclasses import fields
from math import prod
from typing import Any, ClassVar, Self

from chainrule.errors import ParameterError
from chainrule.network.patches import Pair

__all__ = ["GridLayer", "grid_shape", "pair"]


class GridLayer:
    """A frozen dataclass of plain settings, among them the `shape` of the grids that go in."""

    kind: ClassVar[str]
    decayed: ClassVar[tuple[str, ...]] = ()
    is_random: ClassVar[bool] = False
    shape: Any

    def check_width(self, n_in: int) -> None:
        """Refuse rows that are not of this layer's shape.

        Raises
        ------
        ParameterError
        """
        if n_in != prod(self.shape):
            raise ParameterError(
                f"shape={self.shape} takes rows of {prod(self.shape)} values, however: {n_in} go into "
                f"{type(self).__name__}; it must be that of the rows, or the out_shape of the layer in front"
            )

    def describe(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        plain = {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
        return {"layer": self.kind} | plain

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> Self:
        return cls(**{field.name: description[field.name] for field in fields(cls)})  # type: ignore[arg-type]


def pair(name: str, value: Any) -> Pair:
    """(vertical, horizontal), from one number for both or from two.

    Raises
    ------
    ParameterError
    """
    both = (value, value) if type(value) is int else value
    if not _are_positive(both, 2):
        raise ParameterError(f"{name} must be a positive integer or a pair of them, however: {value!r}")
    vertical, horizontal = both
    return vertical, horizontal


def grid_shape(value: Any, *names: str) -> tuple[int, ...]:
    """The shape of a grid: a number for each of the names.

    Raises
    ------
    ParameterError
    """
    if not _are_positive(value, len(names)):
        raise ParameterError(
            f"shape must be ({', '.join(names)}), all positive integers, however: {value!r}; give that of "
            "the rows, or the out_shape of the layer in front"
        )
    return tuple(value)


def _are_positive(values: Any, n: int) -> bool:
    sound = isinstance(values, tuple | list) and len(values) == n
    return sound and all(type(value) is int and value > 0 for value in values)
