"""Part "predict": one row in one call, and many rows in one call."""

from typing import Any

from speed.cases import TO_PREDICT, Settings
from speed.results import add, best_of, markdown, ratio, summary
from speed.turns import Notes, take_turns

__all__ = ["run", "tables"]

_COLUMNS = {
    "chainrule `predict`": ("chainrule", ("predict",)),
    "chainrule `predictor()`": ("chainrule", ("predictor",)),
    "scikit-learn": ("scikit-learn", None),
    "PyTorch": ("torch", None),
    "onnxruntime": ("onnxruntime", None),
}


def run(settings: Settings, systems: list[str], cache: str, notes: Notes) -> dict[str, Any]:
    pool: dict[str, dict[str, list[float]]] = {}
    for number in range(settings.rounds):
        print(f"  round {number + 1}", flush=True)
        jobs = {
            name: {
                "part": "predict",
                "system": name,
                "rows": settings.bulk_rows,
                "seconds": settings.seconds,
            }
            for name in systems
        }
        times, _ = take_turns(jobs, settings, cache, notes, "predict")
        for name, found in times.items():
            add(pool, name, found)
    return {
        "unit": "seconds per call",
        "network": TO_PREDICT.name,
        "rows": {
            str(n): {name: _of_rows(variants, n) for name, variants in pool.items()}
            for n in (1, settings.bulk_rows)
        },
    }


def _of_rows(variants: dict[str, list[float]], n: int) -> dict[str, dict[str, float]]:
    """The variants of the calls with so many rows; a key is the number of rows and the variant's name."""
    keys = [key.split(" ", 1) for key in variants]
    return {name: summary(variants[f"{rows} {name}"]) for rows, name in keys if rows == str(n)}


def tables(results: dict[str, Any]) -> str:
    single, bulk = results["rows"].values()
    n = int(list(results["rows"])[-1])
    rows = []
    for title, (system, chosen) in _COLUMNS.items():
        one = best_of(single.get(system, {}), chosen)
        many = best_of(bulk.get(system, {}), chosen)
        if not one:
            continue
        ours_one = best_of(single.get("chainrule", {}))
        ours_many = best_of(bulk.get("chainrule", {}))
        rows.append(
            [
                title,
                f"{1e6 * one['median']:.1f} ({1e6 * one['best']:.1f})",
                ratio(one, ours_one),
                f"{n / many['median'] / 1e6:.2f} ({n / many['best'] / 1e6:.2f})",
                ratio(many, ours_many),
            ]
        )
    header = [
        "system",
        "one row, µs per call: median (best)",
        "its ratio to chainrule's faster way",
        f"{n:,} rows in one call, million rows per second: median (best)",
        "time's ratio to chainrule's faster way",
    ]
    return f"Prediction with {results['network'].split(' ')[0]}\n\n" + markdown(header, rows)
