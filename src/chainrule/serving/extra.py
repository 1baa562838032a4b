"""Names of a package that are imported at first use, as they need an extra that may not be installed."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["names_of"]


def names_of(package: str, home: Mapping[str, tuple[str, Sequence[str]]], extra: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package (PEP 562).

    Parameters
    ----------
    home : mapping
        For each name its module, and the further packages that this one needs.
    extra : str
        What installs them.
    """

    def get(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {sorted(home)}")
        module, needed = home[name]
        missing = [one for one in needed if find_spec(one) is None]
        if missing:
            raise ImportError(
                f'{name} needs {", ".join(missing)}; install it with: pip install "chainrule[{extra}]"'
            )
        return getattr(import_module(f"{package}.{module}"), name)

    return get
