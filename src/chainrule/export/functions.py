"""Which functions a source holds, and in which order."""

from collections.abc import Iterable

__all__ = ["with_what_they_need"]

_NEEDED = {"selu": "elu", "gelu": "erf", "mish": "softplus"}


def with_what_they_need(names: Iterable[str]) -> list[str]:
    """The names, each once, each behind the one that it calls."""
    found: dict[str, None] = {}
    for name in names:
        if name in _NEEDED:
            found[_NEEDED[name]] = None
        found[name] = None
    return list(found)
