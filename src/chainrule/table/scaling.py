"""Numbers to the range that networks like: robustly scaled, smoothly clipped, placed among their quantiles.

    z = s / √(1 + (s/3)²),   s = (x - median) / (q₇₅ - q₂₅)          |z| < 3
    u = number of bins below x + share of the way through its bin

Holzmüller et al. 2024, arXiv 2407.04491, section 3.1 (robust scaling, smooth clipping); Gorishniy et al.
2022, arXiv 2203.05556, section 3.1 (bins).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.errors import ParameterError

__all__ = ["NumberScaling", "bin_edges"]

_CLIP = 3.0


def bin_edges(values: np.ndarray, counts: np.ndarray, bins: int) -> np.ndarray:
    """Edges of at most `bins` bins that hold equal shares of the square roots of the values' counts.

    Where one value fills half of the rows (a zero that means "none"), quantiles of the rows would leave the
    others one bin: with square roots, values that come often get bins of their own, and the rest keep most.
    With few different values each is an edge. Edges less than 6e-309 apart are one.

    Parameters
    ----------
    values : array
        Different values, ascending.
    counts : array
        How often each comes.
    """
    edges = values
    if len(values) > bins + 1:
        cumulated = np.concatenate([[0.0], np.cumsum(np.sqrt(counts))])
        edges = np.interp(
            np.linspace(0, cumulated[-1], bins + 1), cumulated, np.concatenate([values[:1], values])
        )
        edges = np.unique(np.minimum(edges, values[-1]))  # between ±1e308 the slope of a line is infinite
    with np.errstate(over="ignore"):
        return edges[np.isfinite(1 / np.diff(edges, prepend=-np.inf))]


@dataclass(frozen=True)
class NumberScaling:
    """How one number becomes inputs.

    Attributes
    ----------
    name : str
    fill : float
        What stands for a missing value: the median.
    center, factor : float
        s = (x - center) · factor.
    edges : tuple of float
        Ascending. With two edges the number has two values in training and becomes one flag, -1 to 1; with
        fewer it was constant and becomes nothing.
    has_missing : bool
        Some values were missing in training: a flag says where.
    """

    name: str
    fill: float
    center: float
    factor: float
    edges: tuple[float, ...]
    has_missing: bool

    @classmethod
    def learn(cls, name: str, x: np.ndarray, weights: np.ndarray, bins: int) -> "NumberScaling":
        """Learn from the float64 values of training, NaN where missing, as often as their weights say."""
        is_present = ~np.isnan(x)
        present, has_missing = x[is_present], not is_present.all()
        if not len(present):
            return cls(name, 0.0, 0.0, 0.0, (), has_missing)
        values, places = np.unique(present, return_inverse=True)
        counts = np.bincount(places, weights=weights[is_present])
        low, median, high = values[_quantile_places(counts, (0.25, 0.5, 0.75))]
        with np.errstate(over="ignore", divide="ignore"):  # halves: the difference of ±1e308 overflows
            factor = 0.5 / (high / 2 - low / 2) if high > low else 1 / (values[-1] / 2 - values[0] / 2)
        factor = float(factor) if np.isfinite(factor) else 0.0
        edges = tuple(bin_edges(values, counts, bins).tolist())
        return cls(name, float(median), float(median), factor, edges, has_missing)

    @property
    def role(self) -> str:
        """What it becomes: "number", "flag" or, for what was constant, "nothing"."""
        return ("nothing", "nothing", "flag")[len(self.edges)] if len(self.edges) < 3 else "number"

    def position(self, x: np.ndarray) -> np.ndarray:
        """Positions u of values without a missing one."""
        u: np.ndarray = np.interp(x, self.edges, np.arange(len(self.edges)))
        return u

    def describe(self) -> dict[str, Any]:
        """Return plain data from which `from_description` makes an equal scaling."""
        return {**vars(self), "edges": list(self.edges)}

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "NumberScaling":
        """Make the scaling that `describe` described.

        Raises
        ------
        ParameterError
            If the description is not one that `describe` writes.
        """
        plain = description if isinstance(description, dict) else {}
        edges = plain.get("edges")
        numbers = [plain.get(name) for name in ("fill", "center", "factor")]
        if (
            set(plain) != {"name", "fill", "center", "factor", "edges", "has_missing"}
            or type(description["name"]) is not str
            or type(description["has_missing"]) is not bool
            or not isinstance(edges, list)
            or not all(type(number) is float and np.isfinite(number) for number in (*numbers, *edges))
            or not all(low < high and 1 / (high - low) < np.inf for low, high in pairwise(edges))
        ):
            raise ParameterError(f"not the description of a number's scaling: {description!r:.200}")
        return cls(**{**description, "edges": tuple(edges)})


def _quantile_places(counts: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Places of the values up to which these shares of all counts come."""
    cumulated = np.cumsum(counts)
    places: np.ndarray = np.searchsorted(cumulated, np.asarray(shares) * cumulated[-1] * (1 - 1e-9))
    return places


def scaled(x: np.ndarray, scalings: Sequence[NumberScaling]) -> np.ndarray:
    """Scaled values z of values x (n, numbers) without a missing one; finite for every finite x."""
    center = np.array([scaling.center for scaling in scalings])
    factor = np.array([scaling.factor for scaling in scalings])
    with np.errstate(over="ignore"):
        s = np.clip((x - center) * factor, -1e9, 1e9)
    z: np.ndarray = s / np.sqrt(1 + (s / _CLIP) ** 2)
    return z
