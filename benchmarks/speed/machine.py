"""The machine and the libraries, in words; and how fast it multiplies matrices."""

import os
import platform
import time
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from speed.cases import cores
from speed.processes import once

__all__ = ["Usage", "describe", "faster", "measured_peak"]

_LIBRARIES = ("chainrule", "numpy", "scipy", "scikit-learn", "jax", "jaxlib", "torch", "onnx", "onnxruntime")


_SECONDS = 0.8


def describe() -> dict[str, Any]:
    """What a reader needs to know to compare the numbers with his own."""
    return {
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "cores": cores(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: found for name in _LIBRARIES if (found := _version(name))},
    }


def measured_peak(cache: str) -> dict[str, float]:
    """Operations per second of NumPy's float32 product of 1024 x 1024 matrices: one thread, all threads."""
    return dict(once({"part": "peak", "seconds": _SECONDS}, cache))


def faster(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    """The better of two measurements of the peak."""
    return {name: max(one.get(name, 0.0), value) for name, value in other.items()}


class Usage:
    """Minutes from now on, and who had the cores: on Linux, where the kernel counts it."""

    def __init__(self) -> None:
        self.start = self._now()

    def since(self) -> dict[str, float]:
        """minutes; and shares of the cores' time: others, of processes not ours; withheld, by the host.

        Processes of ours count once they have ended.
        """
        now = self._now()
        seconds, own, busy, withheld = (after - before for after, before in zip(now, self.start, strict=True))
        if not busy:
            return {"minutes": seconds / 60}
        all_cores = seconds * (os.cpu_count() or 1)
        return {
            "minutes": seconds / 60,
            "others": max(0.0, busy - own) / all_cores,
            "withheld": withheld / all_cores,
        }

    def _now(self) -> tuple[float, float, float, float]:
        """Seconds: of the clock; of the cores for us, for all, for other guests of the host."""
        busy = withheld = 0.0
        try:
            with open("/proc/stat") as file:
                counts = [int(word) / os.sysconf("SC_CLK_TCK") for word in file.readline().split()[1:]]
            user, nice, system, _, _, interrupts, soft, withheld = counts[:8]
            busy = user + nice + system + interrupts + soft
        except (OSError, ValueError):
            pass
        return time.perf_counter(), sum(os.times()[:4]), busy, withheld


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
