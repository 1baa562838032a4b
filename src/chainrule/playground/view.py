"""Which pictures the page wants to see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chainrule.errors import ParameterError
from chainrule.playground.examples import Rows

__all__ = ["View"]


@dataclass(frozen=True)
class View:
    """Which pictures are wanted: see `View` of the page's messages."""

    axes: tuple[str, str] | None = None
    held: Mapping[str, Any] = field(default_factory=dict)
    main: tuple[int, int] | None = None
    unit_size: int = 20
    main_size: int = 100
    histograms: bool = False
    hidden_space: int | None = None
    lines: int | None = None
    row: int | None = None

    def changed(self, changes: Any, rows: Rows) -> "View":
        """The view with some of it replaced, as the page sends it.

        Raises
        ------
        ParameterError
            For what there is not to see.
        """
        if not isinstance(changes, Mapping):
            raise ParameterError(f"a view must be an object, however: {changes!r:.80}")
        if unknown := [name for name in changes if name not in _CHECKS]:
            raise ParameterError(f"a view has no {unknown[0]!r:.80}; there are: {', '.join(_CHECKS)}")
        checked = {name: _CHECKS[name](name, value, rows) for name, value in changes.items()}
        if "held" in checked:
            checked["held"] = {**self.held, **checked["held"]}
        return replace(self, **checked)


def _axes(_name: str, pair: Any, rows: Rows) -> tuple[str, str] | None:
    if pair is None:
        return None
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise ParameterError(f"axes are two columns, however: {pair!r:.80}")
    for name in pair:
        rows.place_of(name)
    return (pair[0], pair[1])


def _held(_name: str, held: Any, rows: Rows) -> dict[str, Any]:
    if not isinstance(held, Mapping):
        raise ParameterError(f"held must be an object, however: {held!r:.80}")
    for name, value in held.items():
        rows.columns[rows.place_of(name)].place(value)
    return dict(held)


def _neuron(_name: str, chosen: Any, _rows: Rows) -> tuple[int, int] | None:
    if chosen is None:
        return None
    if not isinstance(chosen, list | tuple) or [type(one) for one in chosen] != [int, int]:
        raise ParameterError(f"a neuron has a layer and a unit, however: {chosen!r:.80}")
    return (chosen[0], chosen[1])


def _layer(name: str, layer: Any, _rows: Rows) -> int | None:
    if layer is not None and type(layer) is not int:
        raise ParameterError(f"{name} is the number of a layer, however: {layer!r:.80}")
    return layer


def _row(_name: str, row: Any, rows: Rows) -> int | None:
    if row is not None and (type(row) is not int or not 0 <= row < len(rows.y)):
        raise ParameterError(f"there is no row {row!r:.80}; there are {len(rows.y)}")
    return row


def _size(most: int) -> Callable[[str, Any, Rows], int]:
    def check(name: str, size: Any, _rows: Rows) -> int:
        if type(size) is not int or not 2 <= size <= most:
            raise ParameterError(f"{name} must be from 2 to {most}, however: {size!r:.80}")
        return size

    return check


def _whether(name: str, value: Any, _rows: Rows) -> bool:
    if type(value) is not bool:
        raise ParameterError(f"{name} must be true or false, however: {value!r:.80}")
    return value


_CHECKS: dict[str, Callable[[str, Any, Rows], Any]] = {
    "axes": _axes,
    "held": _held,
    "main": _neuron,
    "unit_size": _size(64),
    "main_size": _size(200),
    "histograms": _whether,
    "hidden_space": _layer,
    "lines": _layer,
    "row": _row,
}
