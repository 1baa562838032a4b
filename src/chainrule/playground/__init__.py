"""A network that trains before your eyes: `chainrule playground` in a browser, `Playground` in a notebook.

All mathematics is the engine's, in a process of its own; the page shows and steers.
"""

from typing import TYPE_CHECKING

from chainrule.serving.extra import names_of

__all__ = ["Playground", "Run", "drawn_examples", "serve", "table_examples", "toy_examples"]

if TYPE_CHECKING:
    from chainrule.playground.drawn import drawn_examples
    from chainrule.playground.examples import toy_examples
    from chainrule.playground.run import Run
    from chainrule.playground.server import serve
    from chainrule.playground.tables import table_examples
    from chainrule.playground.widget import Playground

__getattr__ = names_of(
    __name__,
    {
        "Playground": ("widget", ("anywidget",)),
        "Run": ("run", ()),
        "drawn_examples": ("drawn", ()),
        "table_examples": ("tables", ("narwhals", "polars")),
        "toy_examples": ("examples", ()),
        "serve": ("server", ("starlette", "uvicorn", "wsproto")),
    },
    extra="playground",
)
