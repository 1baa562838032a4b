"""Schedules: the learning rate of every step, as a factor on the initial one.

    Constant         1
    InverseScaling   1 / (samples seen before the epoch + 1)^p       as scikit-learn's "invscaling"
    Cosine           ½ (1 + cos π t)                                 Loshchilov, Hutter 2016, arXiv 1608.03983
    OneCycle         up from 1/25 to 1, then down to 1/10000         Smith and Topin 2017, arXiv 1708.07120
    WarmUp           up in a straight line, then another schedule    Goyal et al. 2017, arXiv 1706.02677

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
