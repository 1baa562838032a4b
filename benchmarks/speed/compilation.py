"""Part "compile": what the first call costs beyond a later one, in a fresh process."""

from statistics import median
from typing import Any

from speed.cases import TO_COMPILE, Settings
from speed.processes import WorkerError, fresh_folder, once
from speed.results import markdown
from speed.turns import Notes

__all__ = ["run", "tables"]

_TITLES = {"chainrule": "chainrule", "jax": "JAX by hand"}
_STAGES = {"trace_s": "trace", "lower_s": "lower", "backend_s": "compile or read from disk"}


def run(settings: Settings, systems: list[str], cache: str, notes: Notes) -> dict[str, Any]:  # noqa: ARG001
    """Cold with an empty cache, then warm with what the cold process has left on disk."""
    found: dict[str, Any] = {name: {"cold": [], "warm": []} for name in systems}
    for number in range(settings.again):
        for name in settings.order(systems, number):
            print(f"  {name}", flush=True)
            with fresh_folder() as folder:
                for state in ("cold", "warm"):
                    try:
                        found[name][state].append(once({"part": "compile", "system": name}, folder))
                    except WorkerError as failure:
                        notes.failure(f"{name}: compile: {failure}")
    return {
        "unit": "seconds",
        "network": TO_COMPILE.name,
        "systems": {
            name: {state: _medians(runs) for state, runs in states.items() if runs}
            for name, states in found.items()
        },
    }


def _medians(runs: list[dict[str, float]]) -> dict[str, Any]:
    names = [name for name, value in runs[0].items() if value is not None]
    result: dict[str, Any] = {name: median(run[name] for run in runs) for name in names}
    return result | {"best_compile_s": min(run["compile_s"] for run in runs), "runs": len(runs)}


def tables(results: dict[str, Any]) -> str:
    rows = []
    for name, states in results["systems"].items():
        for state, found in states.items():
            times = f"{found['compile_s']:.3f} ({found['best_compile_s']:.3f})"
            stages = [f"{found[stage]:.3f}" if stage in found else "" for stage in _STAGES]
            rows.append([f"{_TITLES[name]}, {state} cache", times, *stages])
    header = ["system", "first call less a later one, s: median (best)", *_STAGES.values()]
    return f"Compiling {results['network']}\n\n" + markdown(header, rows)
