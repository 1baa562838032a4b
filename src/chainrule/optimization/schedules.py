"""Schedules: the learning rate of every step, as a factor on the initial one.

    Constant         1
    InverseScaling   1 / (samples seen before the epoch + 1)^p       as scikit-learn's "invscaling"
    Cosine           ½ (1 + cos π t)                                 Loshchilov, Hutter 2016, arXiv 1608.03983
    OneCycle         up from 1/25 to 1, then down to 1/10000         Smith and Topin 2017, arXiv 1708.07120
    WarmUp           up in a straight line, then another schedule    Goyal et al. 2017, arXiv 1706.02677
    CosineLog        ½ (1 - cos 2π log₂(1 + (2^c - 1) t))            Holzmüller et al. 2024, arXiv 2407.04491
    FlatCosine       1, from the middle on ½ (1 + cos π (2t - 1))    the same, for dropout and weight decay

t in [0, 1) is the share of the planned training that is done. "adaptive" (divide by 5 when progress stops)
follows the training instead of a plan: it lives with early stopping in `engine/monitor.py`.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from chainrule.errors import ParameterError

__all__ = [
    "SCHEDULES",
    "Constant",
    "Cosine",
    "CosineLog",
    "FlatCosine",
    "InverseScaling",
    "OneCycle",
    "Schedule",
    "WarmUp",
    "get_schedule",
]

Array = Any


class Schedule(Protocol):
    """What every schedule has."""

    def factors(self, t: Array, samples: Array) -> Array:
        """Factor per step, float64.

        Parameters
        ----------
        t : array
            Share of the planned training that is done before the step, in [0, 1).
        samples : array
            Rows seen before the step's epoch began, in all fits of the model.
        """
        ...


@dataclass(frozen=True)
class Constant:
    """1."""

    def factors(self, t: Array, samples: Array) -> Array:
        return np.ones_like(t)


@dataclass(frozen=True)
class InverseScaling:
    """1 / (samples + 1)^power."""

    power: float = 0.5

    def factors(self, t: Array, samples: Array) -> Array:
        return 1 / (np.asarray(samples, dtype=np.float64) + 1) ** self.power


@dataclass(frozen=True)
class Cosine:
    """½ (1 + cos π t): slowly, then fast, then slowly down to 0."""

    def factors(self, t: Array, samples: Array) -> Array:
        return 0.5 * (1 + np.cos(np.pi * t))


@dataclass(frozen=True)
class OneCycle:
    """Up from `start` to 1 during the first `rise` of the training, then down to `end`, both by a cosine."""

    rise: float = 0.3
    start: float = 1 / 25
    end: float = 1e-4

    def __post_init__(self) -> None:
        _check_share("rise", self.rise)

    def factors(self, t: Array, samples: Array) -> Array:
        up = self.start + (1 - self.start) * 0.5 * (1 - np.cos(np.pi * np.minimum(t / self.rise, 1)))
        down = self.end + (1 - self.end) * 0.5 * (
            1 + np.cos(np.pi * np.maximum(t - self.rise, 0) / (1 - self.rise))
        )
        return np.where(t < self.rise, up, down)


@dataclass(frozen=True)
class WarmUp:
    """From `start` to 1 in a straight line during the first `share` of the training, then `then`."""

    share: float = 0.1
    then: Schedule = Constant()
    start: float = 0.01

    def factors(self, t: Array, samples: Array) -> Array:
        rest = np.maximum(t - self.share, 0) / (1 - self.share)
        ramp = self.start + (1 - self.start) * np.minimum(t / self.share, 1)
        return ramp * self.then.factors(rest, samples)

    def __post_init__(self) -> None:
        _check_share("share", self.share)


@dataclass(frozen=True)
class CosineLog:
    """½ (1 - cos 2π log₂(1 + (2^c - 1) t)): c times up and down to 0, every time twice as long.

    With c = 4 ("coslog4") it is 0 at t = 0, 1/15, 3/15, 7/15 and 1: at every scale of time one of its cycles
    ends. They are warm restarts (Loshchilov, Hutter 2016) that come up as gently as they go down.

    Parameters
    ----------
    cycles : int, default=4
    """

    cycles: int = 4

    def factors(self, t: Array, samples: Array) -> Array:
        return 0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + (2**self.cycles - 1) * np.asarray(t))))


@dataclass(frozen=True)
class FlatCosine:
    """1 in the first half, then ½ (1 + cos π (2t - 1)) down to 0."""

    def factors(self, t: Array, samples: Array) -> Array:
        t = np.asarray(t)
        return np.where(t < 0.5, 1.0, 0.5 * (1 + np.cos(np.pi * (2 * t - 1))))


def _check_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ParameterError(f"{name} must be in (0, 1), however: {value!r}")


SCHEDULES: dict[str, Any] = {
    "constant": Constant,
    "adaptive": Constant,
    "invscaling": InverseScaling,
    "cosine": Cosine,
    "one_cycle": OneCycle,
    "warmup": WarmUp,
    "coslog4": CosineLog,
    "flat_cosine": FlatCosine,
    "warmup_cosine": lambda: WarmUp(then=Cosine()),
}


def get_schedule(choice: Any, power: float = 0.5) -> Any:
    """The schedule behind a name, or the schedule itself; `power` is that of "invscaling"."""
    if isinstance(choice, str):
        if choice not in SCHEDULES:
            raise ParameterError(f"learning_rate {choice!r} is unknown; use one of {sorted(SCHEDULES)}")
        return InverseScaling(power) if choice == "invscaling" else SCHEDULES[choice]()
    if hasattr(choice, "factors"):
        return choice
    raise ParameterError(
        f"learning_rate must be one of {sorted(SCHEDULES)} or a schedule, however: {choice!r}; "
        "the initial value goes into learning_rate_init"
    )
