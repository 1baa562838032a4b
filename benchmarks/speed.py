"""How fast is chainrule, side by side with scikit-learn, PyTorch, JAX by hand and onnxruntime?

    python benchmarks/speed.py [--quick] [--only step,fit,...] [--systems chainrule,torch,...] [--output FILE]

step      microseconds per training step, beside the matmul peak measured in the same run
fit       a whole process: import, fit, score
predict   one row, and a million rows in one call
compile   what the first call costs, with nothing compiled before and with programs on disk
memory    peak of a fit of a large table

Each system runs in processes of its own, on the same cores, with float32 numbers, the same batches, and Adam
with learning rate 0.001. The processes of a measurement take turns (one measures while the others sleep), and
are started anew in every round; torch.compile, which starts slowly, only in the first one. scikit-learn and
PyTorch are given one thread and all threads, and the better counts. JAX by hand and PyTorch have no penalty.

A full run takes about 15 minutes and writes benchmarks/results/speed.json; a part of it writes only where
--output says. Libraries that are not installed are left out; a system that fails, or whose loss does not
fall, is left out too, and the exit status is 1.

The machine should do nothing else: where another process takes one of two cores, a product on two threads can
take 20 times as long. How much of the cores others had is measured and written beside the results.
"""

import argparse
import json
import sys
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from speed import compilation, fit, memory, prediction, step
from speed.cases import FULL, PARTS, QUICK, SYSTEMS
from speed.machine import Usage, describe
from speed.processes import fresh_folder
from speed.turns import Notes

MODULES = {"step": step, "fit": fit, "predict": prediction, "compile": compilation, "memory": memory}
OUTPUT = Path(__file__).parent / "results" / "speed.json"


def main() -> int:
    arguments = parsed()
    settings = QUICK if arguments.quick else FULL
    notes = Notes()
    systems = [name for name in arguments.systems if installed(name, notes)]
    record: dict[str, Any] = {"machine": describe(), "settings": asdict(settings), "parts": {}}
    with fresh_folder() as cache:
        for part in arguments.only:
            print(f"{part} ...", flush=True)
            taking_part = [name for name in systems if part in SYSTEMS[name].parts]
            usage = Usage()
            results = MODULES[part].run(settings, taking_part, cache, notes)
            record["parts"][part] = results | {"usage": usage.since()}
    record["left_out"] = notes
    print(f"\n{report(record)}")
    whole = not arguments.quick and arguments.only == list(PARTS) and len(arguments.systems) == len(SYSTEMS)
    if target := arguments.output or (OUTPUT if whole else None):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(record, indent=1) + "\n")
        print(f"\nwritten to {target}")
    return 1 if notes.failed else 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer networks, tables and turns: 2 minutes")
    parser.add_argument("--only", type=some_of(PARTS), default=list(PARTS), help=",".join(PARTS))
    parser.add_argument("--systems", type=some_of(SYSTEMS), default=list(SYSTEMS), help=",".join(SYSTEMS))
    parser.add_argument("--output", type=Path, help=f"default, for a full run: {OUTPUT.name} in results/")
    return parser.parse_args()


def some_of(names: Any) -> Any:
    """A type of argument: some of the names, separated by commas, in their own order."""

    def chosen(text: str) -> list[str]:
        wanted = text.split(",")
        if unknown := [name for name in wanted if name not in names]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: known are {','.join(names)}")
        return [name for name in names if name in wanted]

    return chosen


def installed(name: str, notes: Notes) -> bool:
    """Whether a system's libraries are there; says so if not."""
    missing = [library for library in SYSTEMS[name].needs if find_spec(library) is None]
    if missing:
        notes.say(f"{name}: not installed: {', '.join(missing)}")
    return not missing


def report(record: dict[str, Any]) -> str:
    """The tables, as Markdown."""
    machine = record["machine"]
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    where = f"{machine['date']}, {machine['cores']} cores of {machine['processor']}, {machine['system']}"
    lines = [f"{where}, Python {machine['python']}, {libraries}"]
    for part, results in record["parts"].items():
        lines += [f"## {part}", MODULES[part].tables(results), usage_in_words(results["usage"])]
    if record["left_out"]:
        lines.append("\n".join(["Left out:", *(f"- {note}" for note in record["left_out"])]))
    return "\n\n".join(lines)


def usage_in_words(usage: dict[str, float]) -> str:
    """How long a part took, and how much of the cores' time others had."""
    took = f"Took {usage['minutes']:.1f} minutes"
    if "others" not in usage:
        return f"{took}."
    return (
        f"{took}; other processes had {usage['others']:.0%} of the cores' time, "
        f"the host withheld {usage['withheld']:.0%}."
    )


if __name__ == "__main__":
    sys.exit(main())
