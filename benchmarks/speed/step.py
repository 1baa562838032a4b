"""Part "step": microseconds per training step, beside the matmul peak of the machine."""

from typing import Any

from speed.cases import CASES, Case, Settings
from speed.machine import faster, measured_peak
from speed.results import add, best_of, markdown, ratio, summary
from speed.turns import Notes, take_turns

__all__ = ["run", "tables"]

_EAGER = ("1 thread", "all threads")
_COLUMNS: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "chainrule": ("chainrule", None),
    "chainrule, numpy": ("chainrule-numpy", None),
    "scikit-learn": ("scikit-learn", None),
    "PyTorch": ("torch", _EAGER),
    "torch.compile": ("torch", ("compiled, 1 thread", "compiled, all threads")),
    "JAX by hand": ("jax", None),
}
"""Title -> system, and which of its variants."""


def run(settings: Settings, systems: list[str], cache: str, notes: Notes) -> dict[str, Any]:
    """Every round starts every system once for every network."""
    pools: dict[int, Any] = {case: {} for case in settings.cases}
    checks: dict[int, Any] = {case: {} for case in settings.cases}
    peak: dict[str, float] = {}
    for number in range(settings.rounds):
        peak = faster(peak, measured_peak(cache))
        for case in settings.cases:
            print(f"  round {number + 1}: {CASES[case].name}", flush=True)
            job = {"part": "step", "case": case, "round": number, "seconds": settings.seconds}
            jobs = {
                name: job | {"system": name}
                for name in systems
                if not (name == "scikit-learn" and CASES[case].dropout)
            }
            times, ends = take_turns(jobs, settings, cache, notes, CASES[case].name)
            for name, found in times.items():
                add(pools[case], name, found)
            checks[case].update({name: end for name, end in ends.items() if end})
    peak = faster(peak, measured_peak(cache))
    return {
        "unit": "microseconds per step",
        "peak": peak,
        "networks": [_result(CASES[case], pools[case], checks[case], peak) for case in settings.cases],
    }


def _result(case: Case, pool: Any, checks: Any, peak: dict[str, float]) -> dict[str, Any]:
    systems: dict[str, Any] = {}
    for name, variants in pool.items():
        systems[name] = {variant: summary(times, 1e6) for variant, times in variants.items() if times}
        for found in systems[name].values():
            for key in ("median", "best"):
                rate = case.operations / found[key] * 1e6
                found[f"gflops_{key}"] = rate / 1e9
                found |= {f"of_peak_{threads}_{key}": rate / peak[threads] for threads in peak}
    return {"network": case.name, "operations": case.operations, "systems": systems, "checks": checks}


def tables(results: dict[str, Any]) -> str:
    """Three tables: times, ratios, operations per second."""
    peak = results["peak"]
    titles = list(_COLUMNS)
    times, ratios, rates = [], [], []
    for result in results["networks"]:
        found = {title: _found(result, title) for title in titles}
        ours = found[titles[0]]
        name = result["network"]
        times.append([name, *(_time(found[title]) for title in titles)])
        ratios.append([name, *(ratio(found[title], ours) for title in titles[1:])])
        rates.append([name, *(_rate(result["operations"], found[title], peak) for title in titles)])
    compared = any(cell for row in ratios for cell in row[1:])
    one, every = peak["one_thread"] / 1e9, peak["all_threads"] / 1e9
    lines = ["Microseconds per training step: median (best)", markdown(["network", *titles], times)]
    if compared:
        lines += [
            "Ratio to chainrule: of medians (of bests); above 1, chainrule is faster",
            markdown(["network", *(f"{title} / chainrule" for title in titles[1:])], ratios),
        ]
    lines += [
        f"GFLOP/s by the median, and its share of the matmul peak of one thread ({one:.0f} GFLOP/s) "
        f"and of all threads ({every:.0f})",
        markdown(["network", *titles], rates),
    ]
    return "\n\n".join(lines)


def _found(result: dict[str, Any], title: str) -> dict[str, Any]:
    system, variants = _COLUMNS[title]
    return best_of(result["systems"].get(system, {}), variants)


def _time(found: dict[str, Any]) -> str:
    return f"{found['median']:.1f} ({found['best']:.1f})" if found else ""


def _rate(operations: int, found: dict[str, Any], peak: dict[str, float]) -> str:
    if not found:
        return ""
    rate = operations / found["median"] * 1e6
    return f"{rate / 1e9:.1f} ({rate / peak['one_thread']:.0%}, {rate / peak['all_threads']:.0%})"
