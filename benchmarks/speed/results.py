"""From repetitions to numbers, from numbers to tables. Imports no library."""

from collections.abc import Iterable
from statistics import median
from typing import Any

__all__ = ["add", "best_of", "markdown", "ratio", "summary"]


def add(pool: dict[str, dict[str, list[float]]], name: str, found: dict[str, list[float]]) -> None:
    """Put what a process has found with what it had found before."""
    own = pool.setdefault(name, {})
    for variant, times in found.items():
        own.setdefault(variant, []).extend(times)


def summary(times: list[float], factor: float = 1.0) -> dict[str, float]:
    """Best and median, and how many repetitions they are of."""
    return {"median": factor * median(times), "best": factor * min(times), "repetitions": len(times)}


def best_of(variants: dict[str, dict[str, float]], chosen: Iterable[str] | None = None) -> dict[str, Any]:
    """The smallest median and the smallest best of the variants, and whose they are; {} without any."""
    among = {name: variants[name] for name in (variants if chosen is None else chosen) if name in variants}
    if not among:
        return {}
    found: dict[str, Any] = {key: min(v[key] for v in among.values()) for key in ("median", "best")}
    return found | {"variant": min(among, key=lambda name: among[name]["median"])}


def ratio(other: dict[str, float], ours: dict[str, float]) -> str:
    """How many times as long the other takes: by medians, and by bests."""
    if not other or not ours:
        return ""
    return f"{other['median'] / ours['median']:.2f} ({other['best'] / ours['best']:.2f})"


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table; columns that are empty throughout are left out."""
    if not rows:
        return "(nothing measured)"
    kept = [i for i in range(len(header)) if i == 0 or any(row[i] for row in rows)]
    lines = [[header[i] for i in kept], ["---"] * len(kept), *([row[i] for i in kept] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
