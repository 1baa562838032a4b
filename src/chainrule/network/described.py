"""What pickle and its relatives keep of an object that can describe itself."""

from dataclasses import fields
from typing import Any

from chainrule.errors import ParameterError

__all__ = ["Described"]


class Described:
    """A frozen dataclass that is pickled as its own description: plain data, without objects in it.

    One with a function of your own in it, which no description holds, is pickled field by field.
    """

    def __getstate__(self) -> dict[str, Any]:
        try:
            return {"description": self.describe()}  # type: ignore[attr-defined]
        except ParameterError:
            return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "description" in state:
            state = dict(vars(type(self).from_description(state["description"])))  # type: ignore[attr-defined]
        vars(self).update(state)
