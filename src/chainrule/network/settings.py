"""Plain settings of layers: refused in words where they are none that there can be."""

from typing import Any

from chainrule.errors import ParameterError

__all__ = ["check_flag", "check_positive"]


def check_positive(**settings: Any) -> None:
    """Refuse what is no positive integer.

    Raises
    ------
    ParameterError
    """
    for name, value in settings.items():
        if type(value) is not int or value < 1:
            raise ParameterError(f"{name} must be a positive integer, however: {value!r}")


def check_flag(**settings: Any) -> None:
    """Refuse what is neither True nor False.

    Raises
    ------
    ParameterError
    """
    for name, value in settings.items():
        if type(value) is not bool:
            raise ParameterError(f"{name} must be True or False, however: {value!r}")
