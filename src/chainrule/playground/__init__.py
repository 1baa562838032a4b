"""A network that trains before your eyes: `chainrule playground` in a browser, `Playground` in a notebook.

All mathematics is the engine's, in a process of its own; the page shows and steers.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

__all__ = ["Playground", "Run", "drawn_examples", "serve", "table_examples", "toy_examples"]

if TYPE_CHECKING:
    from chainrule.playground.drawn import drawn_examples
    from chainrule.playground.examples import toy_examples
    from chainrule.playground.run import Run
    from chainrule.playground.server import serve
    from chainrule.playground.tables import table_examples
    from chainrule.playground.widget import Playground

_HOME = {
    "Playground": ("widget", ("anywidget",)),
    "Run": ("run", ()),
    "drawn_examples": ("drawn", ()),
    "table_examples": ("tables", ("narwhals", "polars")),
    "toy_examples": ("examples", ()),
    "serve": ("server", ("starlette", "uvicorn", "wsproto")),
}
"""Module of each name, and the packages that it needs."""


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {__all__}")
    module, packages = _HOME[name]
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise ImportError(
            f'{name} needs {", ".join(missing)}; install it with: pip install "chainrule[playground]"'
        )
    return getattr(import_module(f"{__name__}.{module}"), name)
