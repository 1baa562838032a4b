"""Predictions of a model file over HTTP: `chainrule serve MODEL`."""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

__all__ = ["Limits", "serve"]

if TYPE_CHECKING:
    from chainrule.serving.limits import Limits
    from chainrule.serving.server import serve

_HOME = {
    "Limits": ("limits", ()),
    "serve": ("server", ("narwhals", "polars", "starlette", "uvicorn")),
}
"""Module of each name, and the packages that it needs."""


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {__all__}")
    module, packages = _HOME[name]
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise ImportError(
            f'{name} needs {", ".join(missing)}; install it with: pip install "chainrule[serve]"'
        )
    return getattr(import_module(f"{__name__}.{module}"), name)
