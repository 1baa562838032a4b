"""Written derivatives beside central differences and automatic differentiation, entry by entry.

Where the function bends, a central difference with the bend inside its step is no derivative. So every
entry is differenced with steps from 1e-3 down, if need be in Richardson's way, (4 D(h/2) - D(h)) / 3 with an
error of h⁴, until one agrees with what is written. Where none does, the step at which two estimates in a row
agree best decides, and no step if they never agree. What then disagrees is a fault, unless the point itself
lies on a bend: derivatives there are a matter of convention, and all is compared again at a point nearby.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError, ParameterError
from chainrule.explain.gradient_problem import GradientProblem
from chainrule.network.automatic import load_jax

__all__ = ["Compared", "compare", "direction_of", "is_on_a_bend", "nearby", "random_directions"]

Array = Any

_STEPS = 1e-3 * 8.0 ** -np.arange(5)
_ROUNDING = 16 * float(np.finfo(np.float64).eps)
_SMALL = 1e-3
"""Entries smaller than this share of their array's largest are judged as if they had that size."""


@dataclass
class Compared:
    """One array: what is written, and what differs from it; `problem` says why nothing could be compared."""

    written: Any
    reference: Any = None
    places: list[tuple[int, ...]] = field(default_factory=list)
    n_undecided: int = 0
    differences: float | None = None
    automatic: float | None = None
    worst: tuple[tuple[int, ...], float, float] | None = None
    problem: str = ""

    @property
    def largest(self) -> float:
        """Largest relative difference; infinite where the array is missing or of another shape."""
        return np.inf if self.problem else max(self.differences or 0.0, self.automatic or 0.0)

    @property
    def is_undecided(self) -> bool:
        """Whether some entry has nothing that it could be held against."""
        return not self.problem and self.automatic is None and self.n_undecided > 0

    def note(self, kind: str, relative: float, place: tuple[int, ...], reference: float) -> None:
        """Remember a relative difference if it is the largest."""
        relative = np.inf if np.isnan(relative) else relative
        if self.worst is None or relative > self.largest:
            self.worst = place, float(self.written[place]), float(reference)
        before = getattr(self, kind)
        setattr(self, kind, relative if before is None else max(before, relative))


def compare(
    problem: GradientProblem,
    tolerance: float,
    max_entries: int,
    seed: int,
    only: Any = None,
    automatic: bool = True,
) -> tuple[dict[str, Compared], str]:
    """(what was found per array, why there is no automatic differentiation or "").

    Parameters
    ----------
    only : collection of str, optional
        Names of the arrays to compare; default: all.
    automatic : bool, default=True
        False: differences alone.
    """
    written, size = problem.written()
    if not np.isfinite(size):
        raise ParameterError(
            f"the loss or its slope is not finite here ({size}); give other X, y or theta to check at"
        )
    slopes, why_not = _automatic(problem) if automatic else (None, "")
    found = {}
    for name, x in problem.arrays.items():
        if only is None or name in only:
            found[name] = _compared(written.get(name), x.shape)
            if not found[name].problem:
                own = None if slopes is None else slopes[name]
                _hold_against(found[name], problem, name, own, size, tolerance, max_entries, seed)
    return found, why_not


def _compared(written: Any, shape: tuple[int, ...]) -> Compared:
    if written is None:
        return Compared(None, problem="missing: backward gives none")
    written = np.asarray(written, dtype=np.float64)
    if written.shape != shape:
        return Compared(written, problem=f"shape: backward gives {written.shape}, not {shape}")
    return Compared(written)


def _hold_against(
    found: Compared,
    problem: GradientProblem,
    name: str,
    automatic: Array | None,
    size: float,
    tolerance: float,
    max_entries: int,
    seed: int,
) -> None:
    """Compare one array, whole with the automatic derivatives, at some places with differences."""
    written, x = found.written, problem.arrays[name]
    largest = float(np.abs(np.nan_to_num(written)).max())
    if automatic is not None:
        # what rounding can do to sums of numbers of that size
        lost = _ROUNDING * 64 * size * max(1.0, float(np.abs(x).max())) / tolerance
        floor = max(_SMALL * max(largest, float(np.abs(np.nan_to_num(automatic)).max())), lost)
        relative = _relative(written, automatic, floor)
        highest = _place(np.unravel_index(np.argmax(np.nan_to_num(relative, nan=np.inf)), relative.shape))
        found.note("automatic", float(relative[highest]), highest, automatic[highest])
    places = np.argwhere(problem.movable(name))
    if len(places) > max_entries:
        chosen = np.random.default_rng(seed).choice(len(places), max_entries, replace=False)
        places = places[np.sort(chosen)]
    found.places = [_place(place) for place in places]
    for place in found.places:
        floor = max(_SMALL * largest, _ROUNDING * size / _STEPS[0] / tolerance)
        slope = _difference(problem, name, place, written[place], size, tolerance, floor)
        if slope is None:
            found.n_undecided += 1
        else:
            found.note("differences", float(_relative(written[place], slope, floor)), place, slope)


def _place(indices: Any) -> tuple[int, ...]:
    return tuple(int(i) for i in indices)


def _relative(written: Array, reference: Array, floor: float) -> Array:
    """|written - reference| / max(|written|, |reference|, floor)."""
    scale = np.maximum(np.maximum(np.abs(written), np.abs(reference)), max(floor, np.finfo(float).tiny))
    return np.abs(written - reference) / scale


def _difference(
    problem: GradientProblem,
    name: str,
    place: tuple[int, ...],
    written: float,
    size: float,
    tolerance: float,
    floor: float,
) -> float | None:
    """The slope of L by one entry: the first estimate that agrees with `written`, else the surest, if any."""
    x = problem.arrays[name]
    changed = x.copy()
    arrays = {**problem.arrays, name: changed}

    def central(h: float) -> float:
        ends = []
        for end in (x[place] + h, x[place] - h):
            changed[place] = end
            ends.append(float(problem.value(arrays)))
        return (ends[0] - ends[1]) / (2 * h)

    estimates, noises = [], []
    with np.errstate(all="ignore"):  # a step may leave the domain of a logarithm; a smaller one will not
        for h in _STEPS * max(1.0, abs(x[place])):
            narrow = central(h / 2)
            if _relative(written, narrow, floor) <= tolerance:
                return narrow
            estimates.append((4 * narrow - central(h)) / 3)
            noises.append(_ROUNDING * size / h)
            if _relative(written, estimates[-1], floor) <= tolerance:
                return estimates[-1]
    errors = np.abs(np.diff(estimates)) + noises[:-1]
    if not np.isfinite(errors).any():
        return None
    best = int(np.nanargmin(errors))
    return estimates[best] if not abs(written - estimates[best]) <= 4 * errors[best] else None


def _automatic(problem: GradientProblem) -> tuple[dict[str, Array] | None, str]:
    """(derivatives of the forward pass by JAX in float64, ""), or (None, why there are none)."""
    try:
        jax = load_jax("automatic differentiation")
    except ChainruleError as error:
        return None, str(error)
    try:
        with jax.enable_x64(True):
            slopes = jax.jit(jax.grad(problem.value))(
                {name: jax.numpy.asarray(x) for name, x in problem.arrays.items()}
            )
            return {name: np.asarray(slope) for name, slope in slopes.items()}, ""
    except Exception as error:  # functions of one's own need not run in JAX, and may fail in any way
        return (
            None,
            f"JAX cannot run this forward pass ({type(error).__name__}: {str(error).splitlines()[0]:.80})",
        )


def is_on_a_bend(problem: GradientProblem, directions: list[dict[str, Array]], step: float) -> bool:
    """Whether L bends within a step of this point, in one of the directions.

    (L(+h) - 2 L(0) + L(-h)) / h is a jump of the slope, whatever h, on a bend, and goes with h elsewhere.
    The many units of a large network bend somewhere within any step but a tiny one.
    """
    size = problem.written()[1]
    middle = float(problem.value(problem.arrays))

    def second(h: float, direction: dict[str, Array]) -> float:
        above, below = (
            float(problem.value({name: x + step * direction[name] for name, x in problem.arrays.items()}))
            for step in (h, -h)
        )
        return abs(above - 2 * middle + below) / h

    with np.errstate(all="ignore"):
        bends = [(second(step, direction), second(step / 2, direction)) for direction in directions]
    return any(narrow > max(0.7 * wide, 8 * _ROUNDING * size / step) for wide, narrow in bends)


def random_directions(problem: GradientProblem, seed: int) -> list[dict[str, Array]]:
    """Four directions in which all arrays change."""
    rng = np.random.default_rng(seed)
    return [
        {name: rng.normal(size=x.shape) * problem.movable(name) for name, x in problem.arrays.items()}
        for _ in range(4)
    ]


def direction_of(problem: GradientProblem, name: str, place: tuple[int, ...]) -> list[dict[str, Array]]:
    """The direction in which one entry changes alone."""
    direction = {other: np.zeros(x.shape) for other, x in problem.arrays.items()}
    direction[name][place] = 1.0
    return [direction]


def nearby(problem: GradientProblem, seed: int) -> GradientProblem:
    """The problem at a point nearby, at which no bend is hit but by bad luck."""
    rng = np.random.default_rng(seed + 1)
    return problem.moved(
        {
            name: x + 1e-3 * rng.normal(size=x.shape) * np.maximum(1, np.abs(x)) * problem.movable(name)
            for name, x in problem.arrays.items()
        }
    )
