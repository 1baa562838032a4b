"""Part "fit": from the start of a Python process to its end, with a fitted and scored MLPClassifier."""

from importlib.util import find_spec
from statistics import median
from typing import Any

from speed.cases import Settings
from speed.processes import WorkerError, fresh_folder, wall_time
from speed.results import markdown
from speed.turns import Notes

__all__ = ["run", "tables"]

EPOCHS = 100
_TITLES = {
    "scikit-learn": "scikit-learn",
    "auto": "chainrule",
    "xla": 'engine="xla"',
    "xla cold": 'engine="xla", nothing compiled before',
}


def run(settings: Settings, systems: list[str], cache: str, notes: Notes) -> dict[str, Any]:
    runs = _runs(settings, systems)
    found: dict[str, Any] = {}
    for table in settings.tables:
        print(f"  {table}", flush=True)
        results: dict[str, Any] = {choice: {"seconds": []} for choice in runs}
        # Not counted: writes compiled programs to disk, of XLA for every table, of Python for all.
        for choice in runs:
            if choice == "xla" or (choice in ("scikit-learn", "auto") and table == settings.tables[0]):
                _one_run(choice, table, cache, results, notes, counted=False)
        for number in range(max(runs.values(), default=0)):
            for choice in settings.order(list(runs), number):
                if number < runs[choice]:
                    _one_run(choice, table, cache, results, notes)
        found[table] = {
            choice: result | {"median": median(result["seconds"]), "best": min(result["seconds"])}
            for choice, result in results.items()
            if result["seconds"]
        }
    return {"unit": "seconds", "epochs": EPOCHS, "tables": found}


def _runs(settings: Settings, systems: list[str]) -> dict[str, int]:
    """How often each choice is run."""
    runs = {}
    if "scikit-learn" in systems:
        runs["scikit-learn"] = settings.runs
    if "chainrule" in systems:
        runs["auto"] = settings.runs
        if find_spec("jax"):
            runs |= {"xla": settings.cold_runs, "xla cold": settings.cold_runs}
    return runs


def _one_run(
    choice: str, table: str, cache: str, results: dict[str, Any], notes: Notes, counted: bool = True
) -> None:
    program = ["-m", "speed.fit_once", choice.split(" ")[0], table]
    try:
        if choice == "xla cold":
            with fresh_folder() as empty:
                seconds, said = wall_time(program, empty)
        else:
            seconds, said = wall_time(program, cache)
        if said["epochs"] != EPOCHS or said["dtype"] != "float32":
            raise WorkerError(f"{said['epochs']} epochs in {said['dtype']} instead of {EPOCHS} in float32")
    except WorkerError as failure:
        notes.failure(f"{choice}: fit of {table}: {failure}")
        return
    if counted:
        results[choice]["seconds"].append(seconds)
        results[choice] |= {"score": said["score"], "engine": said["engine"]}


def tables(results: dict[str, Any]) -> str:
    header = ["table", *(f"{title}, s" for title in _TITLES.values())]
    header += ["scikit-learn / chainrule, medians (bests)", "accuracy: scikit-learn, chainrule"]
    rows = []
    for table, found in results["tables"].items():
        cells = [table]
        for choice in _TITLES:
            result = found.get(choice)
            engine = f" {result['engine']}" if result and choice == "auto" else ""
            cells.append(f"{result['median']:.2f} ({result['best']:.2f}){engine}" if result else "")
        theirs, ours = found.get("scikit-learn"), found.get("auto")
        both = theirs and ours
        cells.append(
            f"{theirs['median'] / ours['median']:.2f} ({theirs['best'] / ours['best']:.2f})" if both else ""
        )
        cells.append(f"{theirs['score']:.3f}, {ours['score']:.3f}" if both else "")
        rows.append(cells)
    title = (
        "Whole process, from its start to a fitted and scored MLPClassifier, "
        f"{results['epochs']} epochs: median (best)"
    )
    return f"{title}\n\n" + markdown(header, rows)
