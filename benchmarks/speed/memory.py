"""Part "memory": peak resident memory of a process that fits one large table."""

from typing import Any

from speed.cases import Settings
from speed.processes import WorkerError, fresh_folder, once
from speed.results import markdown
from speed.turns import Notes

__all__ = ["run", "tables"]

_COLUMNS = 50
_ALLOWED_OVER_DATA = 200e6


def run(settings: Settings, systems: list[str], cache: str, notes: Notes) -> dict[str, Any]:  # noqa: ARG001
    """The highest peak of some runs, each with nothing compiled before."""
    found: dict[str, Any] = {}
    for _ in range(settings.again):
        for name in systems:
            print(f"  {name}", flush=True)
            job = {"part": "memory", "system": name, "rows": settings.table_rows, "columns": _COLUMNS}
            try:
                with fresh_folder() as folder:
                    result = once(job, folder)
            except WorkerError as failure:
                notes.failure(f"{name}: memory: {failure}")
                continue
            result["over_import"] = result["peak"] - result["imported"]
            result["over_data"] = result["peak"] - result["with_data"]
            if name not in found or result["over_import"] > found[name]["over_import"]:
                found[name] = result
    goal = 2 * 4 * settings.table_rows * _COLUMNS + _ALLOWED_OVER_DATA
    return {
        "unit": "bytes",
        "rows": settings.table_rows,
        "columns": _COLUMNS,
        "goal": goal,
        "systems": found,
    }


def tables(results: dict[str, Any]) -> str:
    rows = []
    for name, found in results["systems"].items():
        over, data = found["over_import"], found["data"]
        rows.append(
            [
                name,
                f"{found['imported'] / 1e6:.0f}",
                f"{over / 1e6:.0f}",
                f"{over / data:.1f}",
                f"{found['over_data'] / 1e6:.0f}",
                "yes" if over <= results["goal"] else "no",
            ]
        )
    title = (
        f"Peak memory of a fit of {results['rows']:,} x {results['columns']} float32 numbers "
        f"({4 * results['rows'] * results['columns'] / 1e6:.0f} MB), hidden layers 64-64, B 256, 2 epochs.\n"
        "Peak: `ru_maxrss` at the end. Subtracted: resident memory after the imports (and a first operation "
        "of JAX and PyTorch), before the table was made; in the column before the last, after it was made."
    )
    header = [
        "system",
        "after imports, MB",
        "peak over imports, MB",
        "as a multiple of the data",
        "peak over imports and table, MB",
        f"at most {results['goal'] / 1e6:.0f} MB over imports",
    ]
    return f"{title}\n\n" + markdown(header, rows)
