"""Predictions of a model file over HTTP: `chainrule serve MODEL`."""

from typing import TYPE_CHECKING

from chainrule.serving.extra import names_of

__all__ = ["Limits", "serve"]

if TYPE_CHECKING:
    from chainrule.serving.limits import Limits
    from chainrule.serving.server import serve

__getattr__ = names_of(
    __name__,
    {
        "Limits": ("limits", ()),
        "serve": ("server", ("narwhals", "polars", "starlette", "uvicorn")),
    },
    extra="serve",
)
